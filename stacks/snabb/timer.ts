/** Timers of a process: run between breaths, when their time has come. Source: core/timer.lua. */

/** A timer. */
export interface Timer {
  /** For reports. */
  readonly name: string;
  /** What it does. */
  readonly fn: () => void;
  /** Microseconds from activation, and from one time to the next. */
  readonly us: number;
  /** How often it does it. */
  readonly mode: "once" | "repeating";
}

/** The timer module of a process. */
export class Timers {
  readonly #waiting: { timer: Timer; atUs: number }[] = [];
  readonly #nowUs: () => number;

  /** By this clock. */
  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  /** A timer that nobody has activated. */
  new(name: string, fn: () => void, us: number, mode: "once" | "repeating" = "once"): Timer {
    return { name, fn, us, mode };
  }

  /** From now on it waits. */
  activate(timer: Timer): void {
    this.#waiting.push({ timer, atUs: this.#nowUs() + timer.us });
  }

  /** Runs those whose time has come, in the order in which it came. */
  run(): void {
    const now = this.#nowUs();
    const due = this.#waiting.filter(({ atUs }) => atUs <= now).sort((a, b) => a.atUs - b.atUs);
    for (const entry of due) {
      if (entry.timer.mode === "repeating") entry.atUs += entry.timer.us;
      else this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.timer.fn();
    }
  }
}
