/** The clock as the model sees it, and one that lets models follow each other. */
import type { Clock } from "../../time/clock.ts";

/** What the model asks of a clock; `Clock` is one. */
export interface PcieClock {
  /** The current instant in ps. */
  readonly now: number;
  /** Events that wait, timers not counted. */
  readonly pending: number;
  /** Asks for `handler(arg)` at `ps`. */
  at(ps: number, handler: number, arg: number): void;
  /** Runs a handler now. */
  dispatch(handler: number, arg: number): void;
  /** Registers a handler and answers its number. */
  register(handler: (arg: number) => void): number;
  /** The same for one whose events do not keep a run going. */
  registerTimer(handler: (arg: number) => void): number;
}

/**
 * Lets one model after another use the same handlers of a clock, so that a fabric that was reset runs as a new
 * one does, event for event.
 */
export class Handlers implements PcieClock {
  readonly #clock: Clock;
  readonly #kinds: { work: Slots; timer: Slots };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#kinds = {
      work: new Slots(9, (handler) => clock.register(handler)),
      timer: new Slots(3, (handler) => clock.registerTimer(handler)),
    };
  }

  get now(): number {
    return this.#clock.now;
  }

  get pending(): number {
    return this.#clock.pending;
  }

  at(ps: number, handler: number, arg: number): void {
    this.#clock.at(ps, handler, arg);
  }

  dispatch(handler: number, arg: number): void {
    this.#clock.dispatch(handler, arg);
  }

  register(handler: (arg: number) => void): number {
    return this.#kinds.work.take(handler);
  }

  registerTimer(handler: (arg: number) => void): number {
    return this.#kinds.timer.take(handler);
  }

  /** The next model begins with the first handler again. */
  restart(): void {
    this.#kinds.work.used = 0;
    this.#kinds.timer.used = 0;
  }
}

/** Numbers of handlers, and what runs under them now. */
class Slots {
  used = 0;
  readonly #now: ((arg: number) => void)[] = [];
  readonly #numbers: number[];

  constructor(n: number, register: (handler: (arg: number) => void) => number) {
    this.#numbers = Array.from({ length: n }, (_, i) => register((arg) => this.#now[i]!(arg)));
  }

  take(handler: (arg: number) => void): number {
    const i = this.used++;
    const number = this.#numbers[i];
    if (number === undefined) throw new RangeError("Cannot register: the model has more handlers");
    this.#now[i] = handler;
    return number;
  }
}
