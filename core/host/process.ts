/**
 * A process of a modelled operating system: a thread of an lcore that asks the kernel for things, waits, and is
 * woken.
 *
 * Who owns what. The process runs its body like any thread, one burst at a time, and takes turns with the others on
 * its lcore. A system call costs entering and leaving the kernel, beside what the kernel does in it. A process that
 * has nothing to do blocks: it does not run until an interrupt handler, a softirq or another process wakes it, or
 * until the time that it named. Who wakes it pays for that; it pays for the context switch when it runs again.
 *
 * A body is one instant to everybody else, so looking for work and blocking when there is none cannot miss a wake-up
 * that comes in between; what a real kernel needs a wait queue for, entered before the last look.
 *
 * Source: Linux kernel/sched/core.c (try_to_wake_up, schedule), include/linux/wait.h.
 */
import type { Cpu, Env } from "../stack.ts";

/** Cycles of what a kernel does for processes. */
export interface ProcessCosts {
  /** Entering the kernel and leaving it. */
  readonly syscall: number;
  /** Switching to a process that was blocked. */
  readonly switch: number;
  /** Waking one, paid by who does it. */
  readonly wakeup: number;
}

/**
 * The costs of this machine's kernel: `host.syscall`, `host.switch` and `host.wakeup` of the profile.
 * @throws {RangeError} when the profile lacks one
 *
 * @example
 * ```ts
 * import { processCosts } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const cycles: Record<string, number> = { "host.syscall": 1, "host.switch": 2, "host.wakeup": 3 };
 * const costs = processCosts({ cost: (operation) => cycles[operation]! });
 * assertEquals(costs, { syscall: 1, switch: 2, wakeup: 3 });
 * ```
 */
export function processCosts(env: Pick<Env, "cost">): ProcessCosts {
  return {
    syscall: env.cost("host.syscall"),
    switch: env.cost("host.switch"),
    wakeup: env.cost("host.wakeup"),
  };
}

/**
 * A process.
 *
 * @example
 * ```ts
 * import { Clock, Lcore, Process } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const lcore = new Lcore(0, clock, 1000);
 * let waiting = 0;
 * const env = { spawn: (_: number, priority: "softirq" | "thread", body: (cpu: never) => number) =>
 *   lcore.spawn(priority, body as never, false) };
 * lcore.reset({ interrupt: (cpu) => (waiting = 3, reader.wake(cpu)) });
 * const reader: Process = new Process(env, 0, { syscall: 100, switch: 1000, wakeup: 50 }, (cpu) => {
 *   reader.call(cpu, 30 * waiting); // read(2), 30 cycles a packet
 *   const n = waiting;
 *   waiting = 0;
 *   if (n === 0) reader.block(cpu);
 *   return n;
 * });
 * clock.at(1_000_000, clock.register(() => lcore.raise(0)), 0);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals([reader.calls, reader.switches, reader.blocked], [3, 1, true]);
 * // woken at 1,050 ns; switched to, read three packets, asked again in vain
 * assertEquals(clock.now, (1050 + 1000 + 190) * 1000);
 * ```
 */
export class Process {
  /** System calls made. */
  calls = 0;
  /** Times that the lcore was switched to it after it had blocked. */
  switches = 0;
  /** Times that it was woken by somebody. */
  wakeups = 0;

  readonly #costs: ProcessCosts;
  readonly #cpu: Cpu;
  #blocked = false;

  /**
   * Adds the process to an lcore, ready to run.
   * @param body one burst; answers how much it moved
   * @param stateless whether a body that answers 0 leaves no trace (`idlePollIsStateless`); of one that waits in a
   * loop of its own instead of blocking
   */
  constructor(
    env: Pick<Env, "spawn">,
    lcore: number,
    costs: ProcessCosts,
    body: (cpu: Cpu) => number,
    stateless = false,
  ) {
    this.#costs = costs;
    this.#cpu = env.spawn(lcore, "thread", (cpu) => {
      if (this.#blocked) {
        this.#blocked = false;
        this.switches++;
        cpu.charge(costs.switch);
      }
      return body(cpu);
    }, stateless);
  }

  /** Its context. */
  get cpu(): Cpu {
    return this.#cpu;
  }

  /** Whether it waits to be woken. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** A system call by the process itself; `cycles` is what the kernel does in it. */
  call(cpu: Cpu, cycles = 0): void {
    this.calls++;
    cpu.charge(this.#costs.syscall + cycles);
  }

  /** The body that says so is the last until the process is woken or `untilTsc`, in cycles, has come. */
  block(cpu: Cpu, untilTsc?: number): void {
    this.#blocked = true;
    if (untilTsc !== undefined) cpu.wakeAt(untilTsc);
    cpu.sleep();
  }

  /** Wakes the process if it is blocked, by whom `waker` is; nothing otherwise. */
  wake(waker: Cpu): void {
    if (!this.#blocked) return;
    this.wakeups++;
    waker.charge(this.#costs.wakeup);
    waker.wake(this.#cpu);
  }
}
