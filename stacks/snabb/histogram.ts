/**
 * A histogram of durations with buckets that grow by a constant factor, one below and one above. The engine keeps one
 * of breaths from 1 us to 1 s. Source: core/histogram.lua (509 buckets: log-linear).
 */

/** Buckets between least and most. */
const BUCKETS = 507;

/** Counts of durations. */
export class Histogram {
  /** How many there are. */
  total = 0;
  /** Longest of them. */
  longest = 0;
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS + 2);
  readonly #least: number;
  readonly #growth: number;

  /** For durations from `least` to `most`. */
  constructor(least: number, most: number) {
    this.#least = least;
    this.#growth = Math.log(most / least) / BUCKETS;
  }

  /** Counts a duration. */
  add(duration: number): void {
    const at = Math.floor(Math.log(duration / this.#least) / this.#growth) + 1;
    this.#counts[Math.min(Math.max(at, 0), BUCKETS + 1)]!++;
    this.total++;
    if (duration > this.longest) this.longest = duration;
  }

  /** Upper bound of the bucket in which the duration of this rank lies, e.g. 0.99. */
  quantile(share: number): number {
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]!;
      if (seen >= share * this.total && seen > 0) return this.#least * Math.exp(this.#growth * i);
    }
    return 0;
  }

  /** How many were at least so long, to the width of a bucket (2.8 %). */
  atLeast(duration: number): number {
    const from = Math.floor(Math.log(duration / this.#least) / this.#growth) + 1;
    let count = 0;
    for (let i = Math.max(from, 0); i < this.#counts.length; i++) count += this.#counts[i]!;
    return count;
  }
}
