/**
 * The event queue of virtual time. Time is an integer number of picoseconds in a double (exact up to 2^53 ps,
 * two and a half hours). A handler is registered once and named by a small integer; an event is
 * (time, handler, integer). Events of the same instant run in the order in which they were asked for, or in
 * the order that the choices decide; `atEnd` asks for the end of an instant, after all `at` events of it,
 * which is where lcores look: so a poll that starts at t sees everything that landed at t, whether the idle
 * polls before it were stepped or skipped.
 *
 * Two kinds of handlers: work, and timers. A timer is something that would go on for ever (a drain timer, an
 * interrupt throttle); timers alone do not keep a run going once the machine is quiet.
 *
 * Events wait in a calendar queue (`_calendar.ts`): asking for one and running it take constant time, O(log n) for
 * those more than a microsecond ahead.
 */
import { Calendar } from "./_calendar.ts";
import type { Choices } from "./choices.ts";

/** How a run ended: nothing left to do, the time limit reached, or too many events (all that `stop` allowed). */
export type RunEnd = "quiet" | "horizon" | "limit";

/** Bounds of a run: virtual time in picoseconds and number of events. */
export interface RunLimits {
  /** Last instant whose events are run, in picoseconds. */
  readonly horizonPs: number;
  /** Most events that this call runs. */
  readonly events: number;
}

/** Places of `atEnd` events lie above all others, in bands of one for each argument. */
const END_OF_INSTANT = 2 ** 50;
const END_BAND = 2 ** 40;
/** How many events of one instant the choices may reorder at a time. */
const TIES_MAX = 8;

/**
 * Virtual time and its event queue.
 *
 * @example
 * ```ts
 * import { Clock } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const seen: number[] = [];
 * const tick: number = clock.register((n) => {
 *   seen.push(clock.now);
 *   if (n > 0) clock.at(clock.now + 1000, tick, n - 1);
 * });
 * clock.at(500, tick, 2);
 * assertEquals(clock.run({ horizonPs: 1e9, events: 100 }), "quiet");
 * assertEquals(seen, [500, 1500, 2500]);
 * ```
 */
export class Clock {
  /** The current instant in picoseconds. */
  now = 0;
  /** Events run since the last reset. */
  events = 0;
  /** A hash over every event run since the last reset: equal traces have equal hashes. */
  traceHash = 0;

  readonly #queue: Calendar;
  #work = 0;
  #sequence = 0;
  #stopped = false;
  readonly #handlers: ((arg: number) => void)[] = [];
  readonly #timers: ((arg: number) => void)[] = [];
  #choices: Choices | null = null;
  #tieSite = 0;
  readonly #ties = new Float64Array(TIES_MAX * 3);

  /**
   * An empty queue at time 0.
   * @param capacity events it can hold before it has to grow
   */
  constructor(capacity = 4096) {
    this.#queue = new Calendar(capacity);
  }

  /** Registers a handler of work events and answers its number, 0 or more. */
  register(handler: (arg: number) => void): number {
    return this.#handlers.push(handler) - 1;
  }

  /** Registers a handler whose events do not keep a run going; its number is below 0. */
  registerTimer(handler: (arg: number) => void): number {
    return -this.#timers.push(handler);
  }

  /**
   * Asks for `handler(arg)` at `ps`.
   * @throws {RangeError} when `ps` lies in the past or is no integer
   */
  at(ps: number, handler: number, arg: number): void {
    this.#push(ps, this.#sequence++, handler, arg);
  }

  /**
   * As `at`, but after all events that `at` put on the same instant; those that meet at the end of an instant
   * run in order of their argument (0..1023), e.g. the number of an lcore, whenever they were asked for.
   */
  atEnd(ps: number, handler: number, arg: number): void {
    this.#push(ps, END_OF_INSTANT + arg * END_BAND + this.#sequence++, handler, arg);
  }

  /** Runs a handler within the present event: for a device that passes an event on. */
  dispatch(handler: number, arg: number): void {
    this.#handlers[handler]!(arg);
  }

  /** Work events that wait (timers not counted). */
  get pending(): number {
    return this.#work;
  }

  /** Empties the queue and goes back to time 0; handlers stay registered. */
  reset(choices: Choices | null = null): void {
    this.now = 0;
    this.events = 0;
    this.traceHash = 0;
    this.#queue.reset();
    this.#work = 0;
    this.#sequence = 0;
    this.#choices = null;
    if (choices === null) return;
    this.#tieSite = choices.site("tie");
    if (choices.deviatesAt(this.#tieSite)) this.#choices = choices;
  }

  /**
   * Runs events until nothing but timers waits and `isQuiet()` holds, or the queue is empty ("quiet"), or a
   * limit is reached. After "quiet" a caller that finds work undone has found something stuck.
   */
  run(limits: RunLimits, isQuiet: () => boolean = () => true): RunEnd {
    const lastEvent = this.events + limits.events;
    this.#stopped = false;
    const queue = this.#queue;
    const { horizonPs } = limits;
    for (;;) {
      if (this.#work === 0 && isQuiet()) return "quiet";
      if (this.events >= lastEvent || this.#stopped) {
        if (queue.isEmpty) return "quiet";
        return queue.timeOf(queue.peek()) > horizonPs ? "horizon" : "limit";
      }
      if (this.#choices !== null) this.#settleTie(this.#choices, horizonPs);
      const event = queue.take(horizonPs);
      if (event < 0) return queue.isEmpty ? "quiet" : "horizon";
      const time = queue.timeOf(event);
      const handler = queue.handlerOf(event);
      const arg = queue.argOf(event);
      if (handler >= 0) this.#work--;
      this.now = time;
      this.events++;
      this.traceHash =
        (Math.imul(this.traceHash, 0x01000193) ^ (time | 0) ^ (handler << 24) ^ arg) | 0;
      if (handler >= 0) this.#handlers[handler]!(arg);
      else this.#timers[-handler - 1]!(arg);
    }
  }

  /** Ends the present run after the present event, as if it had been the last one allowed. */
  stop(): void {
    this.#stopped = true;
  }

  #push(ps: number, order: number, handler: number, arg: number): void {
    if (!(ps >= this.now) || ps !== Math.floor(ps)) {
      throw timeError(ps, this.now);
    }
    if (handler >= 0) this.#work++;
    this.#queue.push(ps, order, handler, arg);
  }

  /** Puts one of the earliest events first, as the choices decide, if there are several of its instant. */
  #settleTie(choices: Choices, horizonPs: number): void {
    const queue = this.#queue;
    if (queue.isEmpty || queue.timeOf(queue.peek()) > horizonPs || !queue.tied) return;
    const ties = this.#ties;
    const time = queue.timeOf(queue.peek());
    let n = 0;
    while (n < TIES_MAX && !queue.isEmpty) {
      const event = queue.peek();
      // lcores keep their place at the end of the instant
      if (queue.timeOf(event) !== time || (n > 0 && queue.orderOf(event) >= END_OF_INSTANT)) break;
      queue.take(time);
      ties[n * 3] = queue.orderOf(event);
      ties[n * 3 + 1] = queue.handlerOf(event);
      ties[n * 3 + 2] = queue.argOf(event);
      n++;
    }
    const first = n > 1 ? choices.pick(this.#tieSite, n) : 0;
    const least = ties[0]!;
    for (let i = 0; i < n; i++) {
      // the chosen one takes the first place, the ones before it move up by one
      const order = i === first ? least : i < first ? ties[(i + 1) * 3]! : ties[i * 3]!;
      queue.push(time, order, ties[i * 3 + 1]!, ties[i * 3 + 2]!);
    }
  }
}

/** Apart from `#push`, which is to stay short enough to be inlined. */
function timeError(ps: number, now: number): RangeError {
  return new RangeError(
    `Cannot schedule an event: ${ps} ps is not a whole time at or after ${now} ps`,
  );
}
