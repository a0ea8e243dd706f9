/**
 * An lcore: a scheduler of contexts on one logical core, in virtual time.
 *
 * Order: hard interrupts, then softirqs, then threads (processes and poll loops, round robin). A context
 * gives way only between bodies, each of one burst. A body runs at one instant of the clock, and what it
 * charges is its duration: its effects happen at its own time (`cpu.nowPs`), and the next starts at its end.
 *
 * Idle polls. When all threads have answered 0 in turn, each by a body that declared that an empty poll
 * changes nothing, stepping on would repeat the same empty rotation until something happens that one of them
 * could see. The lcore then parks, and whoever changes what a body could see calls `notify`. The poll that
 * would have started first at or after that instant is run at exactly its time. A law compares with stepping.
 */
import type { Clock } from "../time/clock.ts";
import { checkBody, Context, type Home } from "./context.ts";
import { Rotation } from "./rotation.ts";

/** Where an lcore's interrupts go. */
export interface InterruptSink {
  /** Runs in hard interrupt context. */
  interrupt(cpu: Context, vector: number): void;
}

/**
 * A scheduler of contexts on one core.
 *
 * @example
 * ```ts
 * import { Clock, Lcore } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const lcore = new Lcore(0, clock, 1000);
 * const order: string[] = [];
 * lcore.reset({ interrupt: (_, vector) => void order.push(`interrupt ${vector}`) });
 * lcore.spawn("thread", (cpu) => {
 *   cpu.charge(100);
 *   if (order.push(`thread at ${clock.now} ps`) > 2) cpu.sleep();
 *   return 1;
 * }, false);
 * clock.at(50_000, clock.register((vector) => lcore.raise(vector)), 3);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals(order, ["thread at 0 ps", "interrupt 3", "thread at 100000 ps"]);
 * ```
 */
export class Lcore implements Home {
  /** Number of the lcore, from 0. */
  readonly id: number = 0;
  /** Picoseconds of a cycle. */
  readonly psPerCycle: number = 0;
  /** The machine's clock. */
  readonly clock: Clock;
  /** Context of hard interrupts. */
  readonly irq: Context;
  /** Whether empty polls may be skipped at all; a law switches it off to compare. */
  skipsIdlePolls = true;
  /** When the body that ran last ends. */
  busyUntil = 0;
  /** Picoseconds in bodies that moved something, interrupts included. */
  usefulPs = 0;
  /** Picoseconds in empty polls, stepped or skipped. */
  emptyPs = 0;
  /** Cycles that taking an interrupt costs. */
  irqCycles = 0;

  readonly #softirqs: Context[] = [];
  readonly #threads = new Rotation();
  readonly #vectors: number[] = [];
  #sink: InterruptSink | null = null;
  #scheduled = false;
  /** When the turn that is not run would begin, -1 when not parked; and when a thread's turn ends that. */
  #parkedAt = -1;
  #resumeAt = -1;
  #running: Context | null = null;
  readonly #step: number = 0;
  readonly #idleStep: number = 0;
  readonly #turn: number = 0;
  readonly #idleTurn: number = 0;
  readonly #deadline: number = 0;
  readonly #woken: number = 0;
  readonly #contexts: Context[] = [];

  /** An lcore of `mhz` MHz without contexts; `reset` says where interrupts go. */
  constructor(id: number, clock: Clock, mhz: number) {
    this.id = id;
    this.clock = clock;
    this.psPerCycle = 1e6 / mhz;
    this.irq = new Context(this, 0, false, () => 0);
    this.#step = clock.register(() => this.#run());
    // looking again after an empty poll does not keep a run going: a poll loop would never be quiet
    this.#idleStep = clock.registerTimer(() => this.#run());
    this.#turn = clock.register(() => this.#takeTurn());
    this.#idleTurn = clock.registerTimer(() => this.#takeTurn());
    this.#woken = clock.register((index) => this.wake(this.#contexts[index]!, clock.now));
    this.#deadline = clock.registerTimer((index) => this.#wakeByDeadline(index));
  }

  /** Removes all contexts; the lcore equals a new one. */
  reset(sink: InterruptSink): void {
    this.#sink = sink;
    this.#softirqs.length = 0;
    this.#threads.reset();
    this.#contexts.length = 0;
    this.#vectors.length = 0;
    this.#scheduled = false;
    this.#parkedAt = -1;
    this.#resumeAt = -1;
    this.#running = null;
    this.busyUntil = 0;
    this.usefulPs = 0;
    this.emptyPs = 0;
    this.irq.reset();
  }

  /** Adds a softirq context (asleep) or a thread (running). */
  spawn(
    priority: "softirq" | "thread",
    body: (cpu: Context) => number,
    stateless: boolean,
  ): Context {
    const context = new Context(this, this.#contexts.length + 1, stateless, body);
    this.#contexts.push(context);
    if (priority === "softirq") {
      context.runnable = false;
      this.#softirqs.push(context);
    } else {
      this.#unpark(this.clock.now);
      this.#threads.add(context);
      this.kick(this.clock.now);
    }
    return context;
  }

  /** A device raises an interrupt now. */
  raise(vector: number): void {
    this.#vectors.push(vector);
    this.#unpark(this.clock.now);
    this.kick(this.clock.now);
  }

  /** Makes a context runnable at `ps`, which is now or the own time of a body of this lcore. */
  wake(context: Context, ps: number): void {
    context.dirty = true;
    if (!context.runnable) {
      // what was skipped until now was skipped without it
      this.#unpark(ps);
      context.runnable = true;
    } else if (this.#parkedAt >= 0) this.#resume(ps);
    this.kick(ps);
  }

  /** A body that is running, here or on another lcore, wakes a context of this lcore at its own time. */
  wakeFrom(context: Context, waker: Context): void {
    if (waker.home !== this) {
      this.clock.at(waker.nowPs, this.#woken, context.id - 1);
      return;
    }
    context.dirty = true;
    context.runnable = true;
  }

  /** Something that `context` could see changed now. */
  notify(context: Context): void {
    context.dirty = true;
    if (this.#parkedAt >= 0) this.#resume(this.clock.now);
  }

  /** A body names when it wants to look again. */
  deadline(context: Context, ps: number): void {
    const at = ps > this.clock.now ? ps : this.clock.now;
    if (context.deadlinePs === at) return;
    context.deadlinePs = at;
    this.clock.at(at, this.#deadline, context.id - 1);
  }

  /** Whether the lcore is parked on a rotation of empty polls: it burns cycles but has no event. */
  get parked(): boolean {
    return this.#parkedAt >= 0;
  }

  /** Closes the books at the end of a run: what of the empty rotation has passed counts as empty polls. */
  settle(ps: number): void {
    if (this.#parkedAt >= 0 && ps > this.#parkedAt) this.emptyPs += ps - this.#parkedAt;
  }

  /** Sees to it that the next body starts, at `ps` or when the running one ends. */
  kick(ps: number, idle = false): void {
    if (this.#scheduled || this.#running !== null || this.#parkedAt >= 0) return;
    this.#scheduled = true;
    const step = idle ? this.#idleStep : this.#step;
    this.clock.atEnd(ps > this.busyUntil ? ps : this.busyUntil, step, this.id);
  }

  #run(): void {
    this.#scheduled = false;
    const now = this.clock.now;
    let idle = false;
    if (this.#vectors.length > 0) {
      this.#runInterrupt(now);
    } else {
      const context = this.#pick();
      if (context === null) return;
      idle = !this.#runBody(context, now);
    }
    this.#proceed(idle);
  }

  /** Goes on with what runs next; turns of threads that are known to find nothing are not run. */
  #proceed(idle: boolean): void {
    if (this.#parkedAt >= 0 || this.#scheduled) return;
    if (this.#urgent) return this.kick(this.busyUntil, idle);
    if (!this.#threads.runnable) return;
    const at = this.#threads.firstBusy(this.busyUntil);
    if (at === this.busyUntil) {
      this.kick(at, idle);
      return;
    }
    this.#parkedAt = this.busyUntil;
    this.#resumeAt = at;
    if (at !== Infinity) this.clock.atEnd(at, idle ? this.#idleTurn : this.#turn, this.id);
  }

  /** The turn has come that ends parking, unless something else has ended it before. */
  #takeTurn(): void {
    if (this.#parkedAt < 0 || this.#resumeAt !== this.clock.now) return;
    this.#unpark(this.clock.now);
    this.#run();
  }

  /** Whether an interrupt or a softirq waits. */
  get #urgent(): boolean {
    if (this.#vectors.length > 0) return true;
    for (const softirq of this.#softirqs) if (softirq.runnable) return true;
    return false;
  }

  #runInterrupt(now: number): void {
    const irq = this.irq;
    this.#running = irq;
    irq.begin(now);
    irq.charge(this.irqCycles);
    this.#sink!.interrupt(irq, this.#vectors.shift()!);
    this.#running = null;
    this.busyUntil = irq.nowPs;
    this.usefulPs += this.busyUntil - now;
  }

  /** Runs a body; answers whether it moved anything. */
  #runBody(context: Context, now: number): boolean {
    this.#running = context;
    context.begin(now);
    const moved = context.body(context);
    this.#running = null;
    checkBody(context, moved);
    const spent = context.nowPs - now;
    this.busyUntil = now + spent;
    if (moved > 0) {
      this.usefulPs += spent;
      context.emptyPs = -1;
      return true;
    }
    this.emptyPs += spent;
    if (spent === 0 && context.runnable) {
      const who = `an empty poll of lcore ${this.id}`;
      throw new RangeError(`Cannot poll for ever in no time: ${who} charged nothing`);
    }
    context.emptyPs = !context.dirty && context.mayPark && this.skipsIdlePolls ? spent : -1;
    return false;
  }

  #pick(): Context | null {
    for (const softirq of this.#softirqs) if (softirq.runnable) return softirq;
    return this.#threads.pick();
  }

  #wakeByDeadline(index: number): void {
    const context = this.#contexts[index];
    if (context === undefined || context.deadlinePs !== this.clock.now) return;
    context.deadlinePs = -1;
    if (!context.runnable) this.wake(context, this.clock.now);
    else this.notify(context);
  }

  /** Ends parking; the rotation goes on with the turn that begins first at or after `ps`. */
  #unpark(ps: number): void {
    if (this.#parkedAt < 0) return;
    const until = this.#threads.skip(this.#parkedAt, ps);
    this.emptyPs += until - this.#parkedAt;
    this.#parkedAt = -1;
    this.#resumeAt = -1;
    if (until > this.busyUntil) this.busyUntil = until;
  }

  #resume(ps: number): void {
    this.#unpark(ps);
    this.#proceed(false);
  }
}
