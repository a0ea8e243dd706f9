/**
 * Between breaths: nothing while packets are freed, else a sleep that grows by a microsecond a breath and is halved by
 * work; or a fixed rhythm (Hz); or nothing ever (busywait). Source: core/app.lua, pace_breathing.
 */

/** Fixed rhythm, or false for a sleep that adapts; and whether it never sleeps. */
export interface PaceOptions {
  readonly Hz: number | false;
  readonly busywait: boolean;
  /** Longest sleep in microseconds. */
  readonly maxsleep: number;
}

/** How long to sleep, from breath to breath. */
export class Pace {
  /** Breaths a second, or false. */
  Hz: number | false;
  /** Never sleep. */
  busywait: boolean;
  /** Longest sleep in microseconds. */
  maxsleep: number;
  /** Present sleep in microseconds. */
  sleep = 0;
  /** Sleeps, their sum, and the longest in microseconds. */
  sleeps = 0;
  sleptUs = 0;
  longestSleepUs = 0;
  #lastfrees = 0;
  #nextbreath = -1;

  constructor({ Hz, busywait, maxsleep }: PaceOptions) {
    this.Hz = Hz;
    this.busywait = busywait;
    this.maxsleep = maxsleep;
  }

  /** Microseconds to sleep after a breath that ends at `nowUs`, with so many packets freed since the start. */
  pause(nowUs: number, frees: number): number {
    if (this.busywait) return 0;
    const us = this.Hz === false ? this.#adapt(frees) : this.#rhythm(nowUs, this.Hz);
    if (us === 0) return 0;
    this.sleeps++;
    this.sleptUs += us;
    this.longestSleepUs = Math.max(this.longestSleepUs, us);
    return us;
  }

  #adapt(frees: number): number {
    const idle = frees === this.#lastfrees;
    this.#lastfrees = frees;
    this.sleep = idle ? Math.min(this.sleep + 1, this.maxsleep) : this.sleep >> 1;
    return idle ? this.sleep : 0;
  }

  #rhythm(nowUs: number, hz: number): number {
    if (this.#nextbreath < 0) this.#nextbreath = nowUs;
    const wait = this.#nextbreath - nowUs;
    const wakes = wait > 1 ? this.#nextbreath : nowUs;
    this.#nextbreath = Math.max(this.#nextbreath + 1e6 / hz, wakes);
    return wait > 1 ? wait : 0;
  }
}
