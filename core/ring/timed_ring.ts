/**
 * A ring for one producer and one consumer in virtual time.
 *
 * The two ends run on cpus whose local times differ: a call made later in the run may carry an
 * earlier time. So every slot holds two times beside its item. When it was *published*: the
 * consumer sees an item only at or after that. When it was *released*: the producer sees the slot
 * free only at or after that. Neither end learns anything before it happened, and neither needs the
 * other's clock.
 *
 * Each end's own time never runs backwards; a call with an earlier time than that end's last effect
 * is a mistake of the caller and throws. Times are integer picoseconds in doubles. Items are 32-bit
 * integers, order is first in first out, a burst moves what fits or is visible. Nothing is
 * allocated after construction.
 */

import { checkBurst, ringIndex, ringSlots } from "./spsc_memory.ts";

/**
 * A single-producer, single-consumer ring with a time on every slot; the contract is at the head of
 * the file. Every operation is O(items moved), but `countAt` and `freeAt`, which are O(size).
 *
 * @example
 * ```ts
 * import { TimedRing } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new TimedRing(2);
 * const out = new Int32Array(2);
 * assertEquals(ring.enqueueBurst(Int32Array.of(7, 8, 9), 0, 3, 500), 2); // published at 500 ps
 * assertEquals(ring.dequeueBurst(out, 2, 499), 0); // not yet visible
 * assertEquals(ring.nextPs(), 500);
 * assertEquals(ring.dequeueBurst(out, 2, 800), 2);
 * assertEquals(ring.enqueueBurst(Int32Array.of(9), 0, 1, 700), 0); // the slot is free from 800 on
 * assertEquals(ring.nextFreePs(), 800);
 * ```
 */
export class TimedRing {
  /** Most items that it holds; need not be a power of two. */
  readonly size: number;
  readonly #mask: number;
  readonly #items: Int32Array;
  readonly #publishedPs: Float64Array;
  readonly #releasedPs: Float64Array;
  #head = 0;
  #tail = 0;
  #lastPublishPs = -Infinity;
  #lastReleasePs = -Infinity;

  /**
   * A new, empty ring of any size.
   *
   * @throws {RangeError} when `size` is not 1..RING_SIZE_MAX, or `startIndex` is not an integer
   */
  constructor(size: number, startIndex = 0) {
    const slots = ringSlots(size, true);
    this.size = size;
    this.#mask = slots - 1;
    this.#items = new Int32Array(slots);
    this.#publishedPs = new Float64Array(slots);
    this.#releasedPs = new Float64Array(slots);
    this.reset(startIndex);
  }

  /** Items that are in, visible or not: what a ledger counts. */
  get count(): number {
    return (this.#tail - this.#head) | 0;
  }

  /** Slots that hold no item, whether the producer may know it yet or not: `size - count`. */
  get free(): number {
    return this.size - this.count;
  }

  /** Items that a consumer sees at `nowPs`. */
  countAt(nowPs: number): number {
    const count = this.count;
    let n = 0;
    while (n < count && this.#publishedPs[(this.#head + n) & this.#mask]! <= nowPs) n++;
    return n;
  }

  /** Free slots that a producer sees at `nowPs`. */
  freeAt(nowPs: number): number {
    return this.#room(this.size, nowPs);
  }

  /** When the oldest item was or will be published; Infinity when there is none. */
  nextPs(): number {
    return this.#head === this.#tail ? Infinity : this.#publishedPs[this.#head & this.#mask]!;
  }

  /** When the next slot to be written was or will be free; Infinity when all hold an item. */
  nextFreePs(): number {
    return this.free === 0 ? Infinity : this.#releasedPs[(this.#tail - this.size) & this.#mask]!;
  }

  /**
   * Enqueues as many of the `n` items from `items[at]` on as there are slots free at `publishPs`,
   * published at that time; answers how many.
   *
   * @throws {RangeError} when the items are not all in the array, or `publishPs` is before an
   * earlier publication
   */
  enqueueBurst(items: Int32Array, at: number, n: number, publishPs: number): number {
    checkBurst("enqueue", n, at, items.length);
    if (!(publishPs >= this.#lastPublishPs)) {
      throw new RangeError(
        `Cannot enqueue at ${publishPs} ps: the last was published at ${this.#lastPublishPs} ps`,
      );
    }
    const moved = this.#room(n, publishPs);
    if (moved === 0) return 0;
    for (let i = 0; i < moved; i++) {
      const slot = (this.#tail + i) & this.#mask;
      this.#items[slot] = items[at + i]!;
      this.#publishedPs[slot] = publishPs;
    }
    this.#tail = (this.#tail + moved) | 0;
    this.#lastPublishPs = publishPs;
    return moved;
  }

  /**
   * Dequeues up to `max` items that are visible at `nowPs` into `out[0]` and up, oldest first, and
   * releases their slots at that time; answers how many.
   *
   * @throws {RangeError} when `out` is shorter than `max`, or `nowPs` is before an earlier release
   */
  dequeueBurst(out: Int32Array, max: number, nowPs: number): number {
    checkBurst("dequeue", max, 0, out.length);
    if (!(nowPs >= this.#lastReleasePs)) {
      throw new RangeError(
        `Cannot dequeue at ${nowPs} ps: the last was taken at ${this.#lastReleasePs} ps`,
      );
    }
    const count = this.count;
    const most = count < max ? count : max;
    let n = 0;
    for (; n < most; n++) {
      const slot = (this.#head + n) & this.#mask;
      if (this.#publishedPs[slot]! > nowPs) break;
      out[n] = this.#items[slot]!;
      this.#releasedPs[slot] = nowPs;
    }
    if (n === 0) return 0;
    this.#head = (this.#head + n) | 0;
    this.#lastReleasePs = nowPs;
    return n;
  }

  /**
   * Empties the ring, forgets all times and starts both indices at `startIndex` (modulo 2^32).
   *
   * @throws {RangeError} when `startIndex` is not an integer
   */
  reset(startIndex = 0): void {
    this.#head = ringIndex(startIndex);
    this.#tail = this.#head;
    this.#releasedPs.fill(-Infinity);
    this.#lastPublishPs = -Infinity;
    this.#lastReleasePs = -Infinity;
  }

  /** Of `n` slots, how many are free at `nowPs`; release times never descend. */
  #room(n: number, nowPs: number): number {
    const free = this.free;
    const most = free < n ? free : n;
    // Item i may be written when item i - size has left, and that one's slot still has its release
    // time.
    const first = this.#tail - this.size;
    let room = 0;
    while (room < most && this.#releasedPs[(first + room) & this.#mask]! <= nowPs) room++;
    return room;
  }
}
