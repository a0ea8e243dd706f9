/**
 * A context of an lcore: what runs, its own time while it runs, and what it has charged. The charge stays a
 * small integer: a double field of an object costs 13 % of the flat-out loop.
 */
import type { Cpu, RxQueueId } from "../stack.ts";

/** What a context runs on: an lcore, or a bare loop where no time passes (flat out). */
export interface Home {
  /** Number of the lcore. */
  readonly id: number;
  /** Picoseconds of a cycle; need not be whole. */
  readonly psPerCycle: number;
  /** The context wants to run at `ps` though nothing happened. */
  deadline(context: Context, ps: number): void;
  /** Something that the context could see changed now. */
  notify(context: Context): void;
  /** A running context wakes another at its own time. */
  wakeFrom(context: Context, waker: Context): void;
}

/**
 * A hard interrupt, softirq or thread context.
 *
 * @example
 * ```ts
 * import { Clock, Lcore } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const lcore = new Lcore(0, clock, 2000);
 * lcore.reset({ interrupt: () => {} });
 * const context = lcore.spawn("thread", (cpu) => {
 *   cpu.charge(600);
 *   cpu.sleep();
 *   return 1;
 * }, false);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * // 600 cycles at 2 GHz
 * assertEquals([context.nowPs, context.runnable], [300_000, false]);
 * ```
 */
export class Context implements Cpu {
  /** Number on its lcore: 0 takes interrupts, others count from 1 as they were spawned. */
  readonly id: number = 0;
  /** Number of the lcore that it belongs to. */
  readonly lcore: number = 0;
  /** Receive queues of its lcore; set once by who spawns it. */
  rxQueues: readonly RxQueueId[] = [];
  /** One burst; answers the items it moved. */
  readonly body: (cpu: Context) => number;
  /** Whether the scheduler may run it. */
  runnable = true;
  /** Something that it could see changed since its last body began. */
  dirty = false;
  /** Duration of its last poll if that was empty and may be skipped, or -1. */
  emptyPs: number = -1;
  /** When it wants to run though nothing happened, or -1. */
  deadlinePs: number = -1;
  /** Place of the transmit ring that last refused it packets, or -1. */
  refusedPlace: number = -1;
  /** Packets in that ring at that instant. */
  refusedOccupancy = 0;
  /** How many of the packets refused may still be given up for it. */
  refusedCount = 0;

  readonly #home: Home;
  #cycles = 0;
  readonly #stateless: boolean;
  #startPs = 0;
  #readClock = false;
  #namedDeadline = false;

  /** A context on `home`; `stateless` says that an empty body leaves no trace. */
  constructor(home: Home, id: number, stateless: boolean, body: (cpu: Context) => number) {
    this.#home = home;
    this.id = id;
    this.lcore = home.id;
    this.#stateless = stateless;
    this.body = body;
  }

  /** A body of this context starts at `ps`. */
  begin(ps: number): void {
    this.#startPs = ps;
    this.#cycles = 0;
    this.#readClock = false;
    this.#namedDeadline = false;
    this.dirty = false;
    this.refusedCount = 0;
  }

  /** As a new one. */
  reset(): void {
    this.begin(0);
    this.emptyPs = -1;
    this.deadlinePs = -1;
  }

  /** Adds to the body's cycles, whole ones; the lcore checks their sum when the body is over. */
  charge(cycles: number): void {
    this.#cycles += cycles;
  }

  /** How errors call it. */
  get name(): string {
    return `context ${this.id} of lcore ${this.lcore}`;
  }

  /** Cycles that the body has charged. */
  get cycles(): number {
    return this.#cycles;
  }

  /** Own time in picoseconds: start of the body and what it has charged, rounded to whole picoseconds. */
  get nowPs(): number {
    return this.#startPs + Math.round(this.#cycles * this.#home.psPerCycle);
  }

  /** Own time in whole cycles, rounded down; forbids parking unless `wakeAt` follows. */
  tsc(): number {
    this.#readClock = true;
    return Math.floor(this.nowPs / this.#home.psPerCycle);
  }

  /** Asks to be run at `tsc` cycles, rounded up to picoseconds; one deadline at a time. */
  wakeAt(tsc: number): void {
    if (!Number.isFinite(tsc)) {
      throw new RangeError(`Cannot wake ${this.name} at ${tsc} cycles`);
    }
    this.#namedDeadline = true;
    this.#home.deadline(this, Math.ceil(tsc * this.#home.psPerCycle));
  }

  /** Not run again until woken; the body that says so runs to its end. */
  sleep(): void {
    this.runnable = false;
  }

  /** Makes another context of the machine runnable at this one's own time. */
  wake(other: Cpu): void {
    const context = other as Context;
    context.#home.wakeFrom(context, this);
  }

  /** Something changed that this context could see. */
  notify(): void {
    this.#home.notify(this);
  }

  /** The lcore that it belongs to. */
  get home(): Home {
    return this.#home;
  }

  /** Whether its next poll is known to be as empty as the last one. */
  get idles(): boolean {
    return this.emptyPs > 0 && !this.dirty;
  }

  /** Whether its last poll, if empty, may be repeated without running it. */
  get mayPark(): boolean {
    return this.#stateless && (!this.#readClock || this.#namedDeadline);
  }
}

/** @throws {RangeError} when a body charged what is no number of cycles, or answered no number of items */
export function checkBody(context: Context, moved: number): void {
  if (!(Number.isInteger(context.cycles) && context.cycles >= 0 && context.cycles < 2 ** 40)) {
    throw new RangeError(`Cannot run ${context.name} on: it charged ${context.cycles} cycles`);
  }
  if (!(moved >= 0)) {
    throw new RangeError(
      `Cannot run ${context.name} on: its poll answered ${moved}, not how much it moved`,
    );
  }
}
