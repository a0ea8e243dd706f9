/**
 * Applications on ZC, as the examples are written: a thread that receives a burst from a channel and routes or counts
 * it (zbounce, zcount), a balancer and its consumers (zbalance_ipc, zcount_ipc). A thread waits by looking again, or
 * blocks in poll(2) until the channel's interrupt, which it unmasks after its last look.
 *
 * Source: PF_RING 8.9.0, userland/examples_zc.
 */
import { Process, type ProcessCosts } from "../../core/host/process.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { ZcCluster, ZcHandles } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";
import type { ZcChannel } from "./zc_channel.ts";
import type { ZcQueue } from "./zc_queue.ts";
import type { ZcRouter } from "./zc_router.ts";
import type { ZcWorker } from "./zc_worker.ts";

/** What the threads of an application have in common. */
export interface ZcAppParts {
  readonly env: Env;
  readonly cluster: ZcCluster;
  readonly costs: ZcCosts;
  readonly process: ProcessCosts;
}

/** Counts the packets of handles and is done with them: their buffers stay where they are for the next ones. */
export class ZcCounter {
  packets = 0;
  bytes = 0;
  readonly #parts: ZcAppParts;

  constructor(parts: ZcAppParts) {
    this.#parts = parts;
  }

  count(cpu: Cpu, handles: ZcHandles, n: number): void {
    const { env: { memory }, costs } = this.#parts;
    cpu.charge(n * costs.app);
    for (let i = 0; i < n; i++) {
      const b = handles.buffer[i]!;
      this.packets++;
      this.bytes += memory.length[b]!;
      if (memory.references[b]! > 1) {
        // others still read it: whoever is last keeps it
        memory.references[b]!--;
        handles.replace(cpu.lcore, i);
      } else handles.drop(cpu, i, REASON.consumed);
    }
  }
}

/** One thread on one channel. */
export class ZcChannelThread {
  readonly process: Process;
  /** The application is closing its channels. */
  stopped = false;
  readonly #device: ZcChannel;
  readonly #handles: ZcHandles;
  readonly #sleeps: boolean;
  readonly #work: (cpu: Cpu, handles: ZcHandles, n: number) => void;

  constructor(
    parts: ZcAppParts,
    lcore: number,
    device: ZcChannel,
    handles: ZcHandles,
    sleeps: boolean,
    work: (cpu: Cpu, handles: ZcHandles, n: number) => void,
  ) {
    this.#device = device;
    this.#handles = handles;
    this.#sleeps = sleeps;
    this.#work = work;
    this.process = new Process(parts.env, lcore, parts.process, (cpu) => this.#poll(cpu), !sleeps);
    if (!sleeps) device.watchedBy(this.process.cpu);
  }

  #poll(cpu: Cpu): number {
    if (this.stopped) {
      this.process.block(cpu);
      return 1;
    }
    const handles = this.#handles;
    const n = this.#device.recvBurst(cpu, handles, handles.fill(cpu.lcore));
    if (n > 0) this.#work(cpu, handles, n);
    // without all its handles it has to look again: no interrupt tells of buffers
    else if (this.#sleeps && handles.missing === 0) {
      this.process.call(cpu);
      if (!this.#device.arm(cpu, this.process)) this.process.block(cpu);
      return 1;
    }
    return n;
  }
}

/** Starts a balancer's thread for each of its channels. */
export function startBalancer(
  { env, process }: ZcAppParts,
  worker: ZcWorker,
  devices: readonly ZcChannel[],
): void {
  for (const device of devices) {
    new Process(env, 0, process, (cpu) => worker.poll(cpu, device), true);
  }
}

/** Starts the consumer of a queue; `work` is done for each burst. */
export function startConsumer(
  { env, process }: ZcAppParts,
  lcore: number,
  queue: ZcQueue,
  handles: ZcHandles,
  work: ZcRouter | ZcCounter,
  slowCycles: number,
): void {
  const consumer = new Process(env, lcore, process, (cpu) => {
    const n = queue.popBurst(cpu, handles, handles.fill(cpu.lcore));
    if (n === 0) return 0;
    cpu.charge(n * slowCycles);
    if ("count" in work) work.count(cpu, handles, n);
    else work.forward(cpu, handles, n);
    return n;
  }, true);
  queue.consumer = consumer.cpu;
}
