/**
 * The barrier, and vpp_main behind it. Whoever changes what workers read stops them first: the main thread asks, each
 * worker stops at the head of its loop, when all have the change is made, then they go on. vpp_main has a core of its
 * own in a VPP with workers; here its process runs on lcore 0 between bodies of the thread there.
 *
 * Source: VPP src/vlib/threads.c (vlib_worker_thread_barrier_sync_int, _release), threads.h.
 */
import type { Cpu, Env } from "../../core/stack.ts";
import type { VppCommand } from "./cli.ts";
import type { VppCosts } from "./costs.ts";
import type { VlibShared } from "./vlib_shared.ts";

/** What stops at it. */
export class Barrier {
  requested = false;
  /** Times that it was released. */
  syncs = 0;
  readonly #threads: number;
  readonly #arrived = new Set<number>();
  #main: Cpu | null = null;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Whether all threads have stopped. */
  get complete(): boolean {
    return this.#arrived.size === this.#threads;
  }

  /** vpp_main asks all threads to stop, and sleeps until they have. */
  request(cpu: Cpu, workers: readonly Cpu[]): void {
    this.requested = true;
    this.#main = cpu;
    for (const worker of workers) cpu.wake(worker);
  }

  /** A thread has come to the head of its loop. */
  arrive(cpu: Cpu, thread: number): number {
    this.#arrived.add(thread);
    cpu.sleep();
    if (this.complete) cpu.wake(this.#main!);
    return 1;
  }

  /** The change is made. */
  release(cpu: Cpu, workers: readonly Cpu[]): void {
    this.requested = false;
    this.syncs++;
    this.#arrived.clear();
    for (const worker of workers) cpu.wake(worker);
  }
}

/** What vpp_main needs. */
export interface MainProcessParts {
  readonly env: Env;
  readonly shared: VlibShared;
  readonly barrier: Barrier;
  readonly costs: VppCosts;
  readonly workers: () => readonly Cpu[];
  readonly apply: (cpu: Cpu, command: VppCommand) => void;
}

/** Starts vpp_main's CLI process; with nothing to type there is none. */
export function startMainProcess(
  commands: readonly { readonly atUs: number; readonly command: VppCommand }[],
  { env, shared, barrier, costs, workers, apply }: MainProcessParts,
): void {
  if (commands.length === 0) return;
  const mhz = env.cost("mhz");
  const cycles = { sync: costs.named("barrier.sync"), update: costs.named("barrier.update") };
  let next = 0;
  env.spawn(0, "thread", (cpu: Cpu) => {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    if (barrier.requested && barrier.complete) {
      cpu.charge(cycles.update);
      apply(cpu, commands[next++]!.command);
      shared.epoch++;
      barrier.release(cpu, workers());
    }
    const due = next < commands.length ? commands[next]!.atUs * mhz : Infinity;
    if (!barrier.requested && due <= now) {
      cpu.charge(cycles.sync);
      barrier.request(cpu, workers());
    }
    cpu.sleep();
    if (due !== Infinity && due > now) cpu.wakeAt(due);
    return 1;
  });
}
