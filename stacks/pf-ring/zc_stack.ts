/**
 * PF_RING ZC: NICs whose descriptor rings and buffers are mapped into a process, the kernel out of the way. An
 * application exchanges buffers with them, and hands buffers to other threads and processes by queues.
 */
import { processCosts } from "../../core/host/process.ts";
import type { Policy } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { STRICT } from "../../core/stack.ts";
import { auditZc, ZC_INVARIANTS } from "./zc_audit.ts";
import {
  startBalancer,
  startConsumer,
  type ZcAppParts,
  ZcChannelThread,
  ZcCounter,
} from "./zc_apps.ts";
import { ZcCluster } from "./zc_cluster.ts";
import { zcCosts } from "./zc_costs.ts";
import { ZcDevice } from "./zc_device.ts";
import { type PfRingZcOptions, type PfRingZcSettings, zcSettingsOf } from "./zc_options.ts";
import { ZcQueue } from "./zc_queue.ts";
import { zcReport } from "./zc_report.ts";
import { ZcRouter } from "./zc_router.ts";
import { ZcWorker } from "./zc_worker.ts";

/**
 * What ZC declares: RFC 1812 in the application, loss at the NIC and where a transmit ring has no descriptor.
 *
 * @example
 * ```ts
 * import { pfRingZc, ZC_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pfRingZc().policy, ZC_POLICY);
 * assertEquals(pfRingZc({ application: "zcount" }).policy!.topology, "sink");
 * ```
 */
export const ZC_POLICY: Policy = { ...STRICT, congestion: ["rx-missed", "tx-full"] };

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
  const stack = (env: Env): Dataplane => new PfRingZc(env, settings);
  return Object.assign(stack, { policy: policyOf(settings), invariants: ZC_INVARIANTS });
}

function policyOf({ application, count, distribution }: PfRingZcSettings): Policy {
  const balances = application === "zbalance";
  const policy: Policy = balances
    ? { ...ZC_POLICY, congestion: [...ZC_POLICY.congestion, "ring-full"] }
    : ZC_POLICY;
  if (application === "zcount" || balances && count) return { ...policy, topology: "sink" };
  return balances && distribution === "round-robin" ? { ...policy, order: "none" } : policy;
}

/** Handles beyond what rings and queues hold, and applications begin with: what the pool's caches may keep. */
const SPARE = 64;

class PfRingZc implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #parts: ZcAppParts;
  readonly #settings: PfRingZcSettings;
  /** Channel of each port and lcore. */
  readonly #devices: ZcDevice[][] = [];
  readonly #threads = new Map<number, ZcChannelThread>();
  readonly #routers: ZcRouter[] = [];
  readonly #counters: ZcCounter[] = [];
  readonly #queues: ZcQueue[] = [];
  #worker: ZcWorker | null = null;

  constructor(env: Env, settings: PfRingZcSettings) {
    this.name = `pf_ring ZC (${settings.application})`;
    this.#env = env;
    this.#settings = settings;
    for (const nic of env.hardware.nics) nic.bootQueues();
    const costs = zcCosts(env);
    const cluster = new ZcCluster(env, settings.buffers || this.#needed());
    this.#parts = { env, cluster, costs, process: processCosts(env) };
    // channels are opened before any thread runs; whose context opens them does not matter
    const opener = env.spawn(0, "softirq", () => 1);
    for (const nic of env.hardware.nics) {
      const channels: ZcDevice[] = [];
      for (let q = 0; q < env.lcores; q++) {
        channels.push(new ZcDevice(cluster, nic, q, costs, opener));
      }
      this.#devices.push(channels);
    }
    if (settings.application === "zbalance") this.#startBalancer();
    else for (let lcore = 0; lcore < env.lcores; lcore++) this.#startThreads(lcore);
  }

  interrupt(cpu: Cpu, vector: number): void {
    cpu.charge(this.#parts.costs.irq);
    // NAPI in ZC mode touches no packet: it wakes the socket
    this.#threads.get(vector)!.process.wake(cpu);
  }

  report(): ReportRow[] {
    return zcReport({
      env: this.#env,
      pool: this.#parts.cluster.pool,
      devices: this.#devices.flat(),
      queues: this.#queues,
      routers: this.#routers,
      counters: this.#counters,
      worker: this.#worker,
      processes: [...this.#threads.values()].map(({ process }) => process),
    });
  }

  audit(): Finding[] {
    return auditZc({
      cluster: this.#parts.cluster,
      devices: this.#devices.flat(),
      queues: this.#queues,
    });
  }

  get #consumers(): number {
    return this.#settings.consumers || Math.max(1, this.#env.lcores - 1);
  }

  /** Buffers that rings, queues and applications take, and some to spare. */
  #needed(): number {
    const { lcores, hardware: { nics } } = this.#env;
    const { application, burst, queueLen } = this.#settings;
    let rings = 0;
    for (const { queues } of nics) rings += queues.rx[0]!.size + queues.tx[0]!.size;
    const queues = application === "zbalance" ? this.#consumers : 0;
    return rings * lcores + queues * (queueLen + burst) + lcores * (burst + SPARE);
  }

  /** One thread for each channel of an lcore's number. */
  #startThreads(lcore: number): void {
    const { application, wait, burst, flushPacket } = this.#settings;
    const { cluster, costs } = this.#parts;
    const channels = this.#devices.map((of) => of[lcore]!);
    const handles = cluster.handles(`application on lcore ${lcore}`, lcore, burst);
    const counter = new ZcCounter(this.#parts);
    const router = new ZcRouter(this.#env, channels, costs, flushPacket);
    if (application === "zcount") this.#counters.push(counter);
    else this.#routers.push(router);
    for (const channel of channels) {
      const work = application === "zcount"
        ? (cpu: Cpu, of: typeof handles, n: number) => counter.count(cpu, of, n)
        : (cpu: Cpu, of: typeof handles, n: number) => router.forward(cpu, of, n);
      const { vectors } = this.#env.hardware.nics[channel.port]!;
      const thread = new ZcChannelThread(
        this.#parts,
        lcore,
        channel,
        handles,
        wait === "sleep",
        work,
      );
      this.#threads.set(vectors[lcore]!.id, thread);
    }
  }

  #startBalancer(): void {
    const { distribution, relaxed, burst, queueLen, count, slowCycles, flushPacket } =
      this.#settings;
    const { cluster, costs } = this.#parts;
    const { lcores } = this.#env;
    for (let c = 0; c < this.#consumers; c++) {
      const lcore = lcores === 1 ? 0 : 1 + c % (lcores - 1);
      const queue = new ZcQueue(cluster, `zc:cluster@${c}`, queueLen, costs, lcore);
      const handles = cluster.handles(`consumer ${c}`, lcore, burst);
      const out = this.#devices.map((of) => of[lcore]!);
      const work = count
        ? new ZcCounter(this.#parts)
        : new ZcRouter(this.#env, out, costs, flushPacket);
      if (work instanceof ZcCounter) this.#counters.push(work);
      else this.#routers.push(work);
      startConsumer(this.#parts, lcore, queue, handles, work, c === 0 ? slowCycles : 0);
      this.#queues.push(queue);
    }
    const handles = cluster.handles("balancer", 0, burst);
    this.#worker = new ZcWorker(cluster, handles, this.#queues, distribution, relaxed);
    startBalancer(this.#parts, this.#worker, this.#devices.flat());
  }
}
