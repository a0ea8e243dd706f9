/**
 * The translations that an IOMMU keeps: pages by least recent use, all of them compared. Neugebauer et al.
 * (SIGCOMM 2018, section 6.5) infer 64 entries; a device whose buffers spread over more pages waits for a walk of
 * the page table at every other access.
 */

/**
 * A fully associative table of pages. A look-up takes time in proportion to the entries.
 *
 * @example
 * ```ts
 * import { Iotlb } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const tlb = new Iotlb(2);
 * // the second page of the first round was used longer ago than the first
 * assertEquals([1, 2, 1, 3, 1, 2].map((page) => tlb.look(page)), [false, false, true, false, true, false]);
 * ```
 */
export class Iotlb {
  readonly #page: Float64Array = new Float64Array(0);
  readonly #used: Float64Array = new Float64Array(0);
  #looks = 0;
  #count = 0;

  /**
   * A table of `entries` pages that holds none yet.
   * @throws {RangeError} unless that is an integer in 1..4096
   */
  constructor(entries: number) {
    if (!(Number.isInteger(entries) && entries >= 1 && entries <= 4096)) {
      throw new RangeError(
        `Cannot make an IOTLB: entries is ${entries}, not an integer in 1..4096`,
      );
    }
    this.#page = new Float64Array(entries);
    this.#used = new Float64Array(entries);
  }

  /** Whether a page is there; afterwards it is, in place of the one that was used longest ago. */
  look(page: number): boolean {
    this.#looks++;
    let oldest = 0;
    for (let at = 0; at < this.#count; at++) {
      if (this.#page[at] === page) {
        this.#used[at] = this.#looks;
        return true;
      }
      if (this.#used[at]! < this.#used[oldest]!) oldest = at;
    }
    const at = this.#count < this.#page.length ? this.#count++ : oldest;
    this.#page[at] = page;
    this.#used[at] = this.#looks;
    return false;
  }

  /** Holds none again. */
  reset(): void {
    this.#looks = 0;
    this.#count = 0;
  }
}
