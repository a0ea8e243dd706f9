/**
 * PF_RING ZC: NICs whose descriptor rings and buffers are mapped into a process, the kernel out of the way. An
 * application exchanges buffers with them, and hands buffers to other threads and processes by queues.
 */
import { processCosts } from "../../core/host/process.ts";
import type { Cpu, Dataplane, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { KernelFib } from "../../core/linux/kernel_fib.ts";
import type { Kernel } from "../../core/linux/kernel.ts";
import { auditZc, ZC_INVARIANTS } from "./zc_audit.ts";
import {
  startBalancer,
  startConsumer,
  type ZcAppParts,
  ZcChannelThread,
  ZcCounter,
} from "./zc_apps.ts";
import type { ZcHandles } from "./zc_cluster.ts";
import { startClosing } from "./zc_close.ts";
import { zcCosts } from "./zc_costs.ts";
import { consumersOf, openChannels, type OpenedChannels } from "./zc_open.ts";
import { type PfRingZcOptions, type PfRingZcSettings, zcSettingsOf } from "./zc_options.ts";
import { zcPolicyOf } from "./zc_policy.ts";
import { ZcQueue } from "./zc_queue.ts";
import { zcReport } from "./zc_report.ts";
import { ZcRouter } from "./zc_router.ts";
import { ZcWorker } from "./zc_worker.ts";

/**
 * PF_RING ZC with one of its applications.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when one is none of its words
 * @example
 * ```ts
 * import { pfRingZc } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(pfRingZc({ application: "zbalance" }).policy!.congestion[2], "ring-full");
 * assertThrows(() => pfRingZc({ burst: 65 }), RangeError, "burst 65");
 * ```
 */
export function pfRingZc(options: PfRingZcOptions = {}): Stack {
  const settings = zcSettingsOf(options);
  const tables = new KernelFib();
  const stack = (env: Env): Dataplane => new PfRingZc(env, settings, tables);
  return Object.assign(stack, { policy: zcPolicyOf(settings), invariants: ZC_INVARIANTS });
}

class PfRingZc implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #parts: ZcAppParts;
  readonly #settings: PfRingZcSettings;
  readonly #opened: OpenedChannels;
  readonly #threads: ZcChannelThread[] = [];
  /** By interrupt vector, where threads sleep. */
  readonly #byVector = new Map<number, ZcChannelThread>();
  readonly #routers: ZcRouter[] = [];
  readonly #counters: ZcCounter[] = [];
  readonly #queues: ZcQueue[] = [];
  #worker: ZcWorker | null = null;
  /** Who takes interrupts: the kernel, where no channel is open. */
  #kernel: Kernel | null = null;

  constructor(env: Env, settings: PfRingZcSettings, tables: KernelFib) {
    this.name = `pf_ring ZC (${settings.application})`;
    this.#env = env;
    this.#settings = settings;
    const costs = zcCosts(env);
    const opened = openChannels(env, settings, costs, tables);
    const { cluster } = opened;
    this.#opened = opened;
    this.#parts = { env, cluster, costs, process: processCosts(env) };
    if (settings.application === "zbalance") this.#startBalancer();
    else for (let lcore = 0; lcore < env.lcores; lcore++) this.#startThreads(lcore);
    if (settings.driver === "standard") this.#kernel = opened.kernel;
    else if (opened.kernel !== null) {
      startClosing(
        cluster,
        this.#threads,
        opened.devices,
        opened.kernel,
        settings.closeAtUs,
        () => {
          this.#kernel = opened.kernel;
        },
      );
    }
  }

  interrupt(cpu: Cpu, vector: number): void {
    if (this.#kernel !== null) return this.#kernel.interrupt(cpu, vector);
    cpu.charge(this.#parts.costs.irq);
    // NAPI in ZC mode touches no packet: it wakes the socket
    this.#byVector.get(vector)!.process.wake(cpu);
  }

  report(): ReportRow[] {
    return [
      ...zcReport({
        env: this.#env,
        pool: this.#parts.cluster.pool,
        devices: this.#opened.channels.flat(),
        queues: this.#queues,
        routers: this.#routers,
        counters: this.#counters,
        worker: this.#worker,
        processes: this.#threads.map(({ process }) => process),
        netdevs: this.#kernel === null ? 0 : this.#env.hardware.nics.length,
      }),
      ...this.#opened.kernel?.report() ?? [],
    ];
  }

  audit(): Finding[] {
    const { cluster, kernelQueues, kernel } = this.#opened;
    return auditZc(cluster, [...this.#queues, ...kernelQueues], kernel === null);
  }

  /** One thread for each channel of an lcore's number. */
  #startThreads(lcore: number): void {
    const { application, wait, burst, flushPacket, slowCycles } = this.#settings;
    const { cluster, costs } = this.#parts;
    const channels = this.#opened.channels.map((of) => of[lcore]!);
    const handles = cluster.handles(`application on lcore ${lcore}`, lcore, burst);
    const counter = new ZcCounter(this.#parts);
    const router = new ZcRouter(
      this.#env,
      channels,
      costs,
      flushPacket,
      application === "zbounce",
    );
    if (application === "zcount") this.#counters.push(counter);
    else this.#routers.push(router);
    for (const channel of channels) {
      const work = (cpu: Cpu, of: ZcHandles, n: number): void => {
        cpu.charge(n * slowCycles);
        if (application === "zcount") counter.count(cpu, of, n);
        else router.forward(cpu, of, n);
      };
      const thread = new ZcChannelThread(
        this.#parts,
        lcore,
        channel,
        handles,
        wait === "sleep",
        work,
      );
      this.#threads.push(thread);
      if (wait !== "sleep") continue;
      this.#byVector.set(this.#env.hardware.nics[channel.port]!.vectors[lcore]!.id, thread);
    }
  }

  #startBalancer(): void {
    const { distribution, relaxed, burst, queueLen, count, slowCycles, flushPacket } =
      this.#settings;
    const { cluster, costs } = this.#parts;
    const { lcores } = this.#env;
    for (let c = 0; c < consumersOf(this.#settings, lcores); c++) {
      const lcore = lcores === 1 ? 0 : 1 + c % (lcores - 1);
      const queue = new ZcQueue(cluster, `zc:cluster@${c}`, queueLen, costs, lcore);
      const handles = cluster.handles(`consumer ${c}`, lcore, burst);
      const out = this.#opened.channels.map((of) => of[lcore]!);
      const work = count
        ? new ZcCounter(this.#parts)
        : new ZcRouter(this.#env, out, costs, flushPacket, false);
      if (work instanceof ZcCounter) this.#counters.push(work);
      else this.#routers.push(work);
      startConsumer(this.#parts, lcore, queue, handles, work, c === 0 ? slowCycles : 0);
      this.#queues.push(queue);
    }
    const handles = cluster.handles("balancer", 0, burst);
    this.#worker = new ZcWorker(cluster, handles, this.#queues, distribution, relaxed);
    startBalancer(this.#parts, this.#worker, this.#opened.channels.flat());
  }
}
