/**
 * Where a run could go more than one way (events of one instant, faults, random numbers), it asks
 * `pick(site, n)`. The answer is 0, the default, unless a deviation is stored for this site and this
 * occurrence of it. So a run is replayed from its few deviations, and they survive changes elsewhere: a
 * positional stream of random numbers would die with the first optimisation.
 */

/** One departure from the default: the `occurrence`-th question at `site` is answered with `value`. */
export interface Deviation {
  /** Name of the place that asks, e.g. `tie`. */
  readonly site: string;
  /** Which of its questions in a run, from 0. */
  readonly occurrence: number;
  /** The answer; taken modulo the number of answers there are. */
  readonly value: number;
}

/**
 * The choices of one run.
 *
 * @example
 * ```ts
 * import { Choices } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const choices = new Choices();
 * choices.reset([{ site: "tie", occurrence: 1, value: 2 }]);
 * const tie = choices.site("tie");
 * assertEquals([choices.pick(tie, 3), choices.pick(tie, 3), choices.pick(tie, 3)], [0, 2, 0]);
 * ```
 */
export class Choices {
  readonly #sites = new Map<string, number>();
  readonly #asked: number[] = [];
  readonly #answers: (Map<number, number> | null)[] = [];
  #deviates = false;

  /** Number of a site, made at first use; ask once, outside the hot path. */
  site(name: string): number {
    let site = this.#sites.get(name);
    if (site === undefined) {
      site = this.#asked.push(0) - 1;
      this.#sites.set(name, site);
      this.#answers.push(null);
    }
    return site;
  }

  /** Whether any deviation is stored. */
  get deviates(): boolean {
    return this.#deviates;
  }

  /** Whether a deviation is stored for a site: without one nobody needs to ask there. */
  deviatesAt(site: number): boolean {
    return this.#answers[site] !== null;
  }

  /** A number in 0..n-1: 0 unless a deviation says otherwise (taken modulo n). */
  pick(site: number, n: number): number {
    const occurrence = this.#asked[site]!++;
    const answers = this.#answers[site];
    if (answers === null || answers === undefined) return 0;
    return (answers.get(occurrence) ?? 0) % n;
  }

  /** How often `pick` was asked at a site since the last reset. */
  asked(site: number): number {
    return this.#asked[site]!;
  }

  /** Forgets all counts and takes a new set of deviations. */
  reset(deviations: readonly Deviation[] = []): void {
    this.#asked.fill(0);
    this.#answers.fill(null);
    this.#deviates = deviations.length > 0;
    for (const { site, occurrence, value } of deviations) {
      const index = this.site(site);
      const answers = this.#answers[index] ?? new Map<number, number>();
      answers.set(occurrence, value);
      this.#answers[index] = answers;
    }
  }
}
