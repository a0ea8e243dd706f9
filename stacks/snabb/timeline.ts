/**
 * The timeline: the last events of a process with their times, each of a rate from 1 (fine) to 9 (coarse). A breath logs
 * events down to a rate that is drawn for it, each rate in five times as many breaths as the one below, so that the log
 * holds long histories of what is coarse. The draw is by turns here, not at random. Source: core/timeline.lua.
 */

/** One event. */
export interface TimelineEvent {
  /** Cycles since the start. */
  readonly tsc: number;
  /** 1 to 9. */
  readonly rate: number;
  /** E.g. `engine.breath_start`. */
  readonly event: string;
  /** Its arguments. */
  readonly args: readonly number[];
}

/** A ring of events. */
export class Timeline {
  /** Events of at least this rate are logged at present. */
  rate = 9;
  readonly #size: number;
  readonly #events: TimelineEvent[] = [];
  #next = 0;

  /** The last `size` events are kept. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Rates of the breath of this number: 9 in all of them, 8 in every fifth, 7 in every 25th, ... */
  roll(breath: number): void {
    let rate = 9;
    for (let every = 5; rate > 1 && breath % every === 0; every *= 5) rate--;
    this.rate = rate;
  }

  /** Logs an event, unless its rate is below the present one. */
  log(tsc: number, rate: number, event: string, ...args: number[]): void {
    if (rate < this.rate) return;
    this.#events[this.#next % this.#size] = { tsc, rate, event, args };
    this.#next++;
  }

  /** Events in order of time. */
  events(): TimelineEvent[] {
    const first = Math.max(0, this.#next - this.#size);
    return Array.from(
      { length: this.#next - first },
      (_, i) => this.#events[(first + i) % this.#size]!,
    );
  }
}
