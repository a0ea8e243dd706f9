/**
 * A ring whose elements are several 32-bit words each, as rte_ring_elem has them (4, 8, 16, 20 bytes
 * and so on, a multiple of 4), over a ring of words.
 *
 * An element is a run of `elementWords` words of the ring below, which is used through this one alone.
 * Then both of its indices are multiples of that, and so are its room and what is in: a burst that is
 * cut short is cut between elements. So all that the ring below promises for words holds for
 * elements, in each of its modes, in shared memory and in batches, without a word of state of its own;
 * `batch` and `htdMax` are still counted in words.
 *
 * The size of an element stands nowhere in memory, as in rte_ring, whose every call names it: who
 * attaches to a shared ring has to name the same. The words of an element may lie around the last
 * slot, and the slots are the power of two above the words of all elements: with 5 words, 8 slots for
 * each element of a ring of 2^n, where rte_ring has 5 and copies element by element at its end.
 *
 * Source: DPDK lib/ring/rte_ring_elem.h.
 */

import type { MpmcRing } from "./mpmc.ts";
import type { SpscRing } from "./spsc.ts";
import { checkPart } from "./spsc_memory.ts";

/** Most words of an element: 1 KiB. What is larger is better named by an index. */
export const ELEMENT_WORDS_MAX = 256;

/**
 * A ring of elements of some 32-bit words; the contract is at the head of the file. Numbers are
 * counted in elements, places in the arrays of callers in words. Every operation is O(words moved),
 * waiting of the ring below apart.
 *
 * @example
 * ```ts
 * import { ElementRing, SpscRing } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * // Two elements of three words: an address, a length, flags.
 * const ring = new ElementRing(new SpscRing(6, { exactSize: true }), 3);
 * const burst = Int32Array.of(0x1000, 60, 1, 0x2000, 64, 0, 0x3000, 68, 0);
 * assertEquals(ring.enqueueBulk(burst, 0, 3), 0); // all or nothing
 * assertEquals(ring.enqueueBurst(burst, 0, 3), 2); // as many as fit
 * const out = new Int32Array(3);
 * assertEquals(ring.dequeueBurst(out, 1), 1);
 * assertEquals([...out], [0x1000, 60, 1]);
 * assertEquals([ring.count, ring.free], [1, 1]);
 * ```
 */
export class ElementRing {
  /** Most elements that it holds. */
  readonly size: number;
  /** Words of an element. */
  readonly elementWords: number;
  readonly #ring: SpscRing | MpmcRing;
  #reserved = 0;
  #peeked = 0;

  /**
   * A ring of `ring.size / elementWords` elements over the words of `ring`, which is empty or in use
   * by such rings alone.
   *
   * @throws {RangeError} when `elementWords` is not 1..ELEMENT_WORDS_MAX, or the words of the ring are
   * no whole number of elements
   */
  constructor(ring: SpscRing | MpmcRing, elementWords: number) {
    const words = elementWords;
    if (!Number.isInteger(words) || words < 1 || words > ELEMENT_WORDS_MAX) {
      throw new RangeError(
        `Cannot create ring: elementWords is ${words}, not 1..${ELEMENT_WORDS_MAX}`,
      );
    }
    if (ring.size % words !== 0) {
      throw new RangeError(
        `Cannot create ring: ${ring.size} words are no whole number of elements of ${words} words`,
      );
    }
    this.#ring = ring;
    this.elementWords = words;
    this.size = ring.size / words;
  }

  /** Elements that are published and not released; between threads, at some moment of the call. */
  get count(): number {
    return this.#ring.count / this.elementWords;
  }

  /** `size - count`. Elements reserved but not committed count as free. */
  get free(): number {
    return this.size - this.count;
  }

  /**
   * Enqueues as many of the `n` elements from word `words[at]` on as fit, in order; how many.
   * @throws {RangeError} when the words are not all in the array, or a reservation is open
   */
  enqueueBurst(words: Int32Array, at: number, n: number): number {
    this.#check("enqueue", words, at, n);
    return this.#ring.enqueueBurst(words, at, n * this.elementWords) / this.elementWords;
  }

  /**
   * Enqueues all `n` elements from word `words[at]` on, or none: answers `n` or 0.
   * @throws {RangeError} when the words are not all in the array, or a reservation is open
   */
  enqueueBulk(words: Int32Array, at: number, n: number): number {
    this.#check("enqueue", words, at, n);
    return this.#ring.enqueueBulk(words, at, n * this.elementWords) / this.elementWords;
  }

  /**
   * Dequeues up to `max` elements into `out[0]` and up, oldest first; how many. Forgets a peek.
   * @throws {RangeError} when `out` is shorter than `max` elements
   */
  dequeueBurst(out: Int32Array, max: number): number {
    this.#check("dequeue", out, 0, max);
    this.#peeked = 0;
    return this.#ring.dequeueBurst(out, max * this.elementWords) / this.elementWords;
  }

  /**
   * Dequeues exactly `n` elements, or none: answers `n` or 0. Forgets a peek.
   * @throws {RangeError} when `out` is shorter than `n` elements
   */
  dequeueBulk(out: Int32Array, n: number): number {
    this.#check("dequeue", out, 0, n);
    this.#peeked = 0;
    return this.#ring.dequeueBulk(out, n * this.elementWords) / this.elementWords;
  }

  /**
   * Copies up to `max` of the oldest elements to `out` and leaves them in, for {@link release}; how
   * many.
   * @throws {RangeError} when `out` is shorter than `max` elements, or the ring below cannot peek
   */
  peekBurst(out: Int32Array, max: number): number {
    this.#check("peek at", out, 0, max);
    const words = this.#ring.peekBurst(out, max * this.elementWords);
    return this.#peeked = words / this.elementWords;
  }

  /** As {@link peekBurst}, but exactly `n` elements, or none: answers `n` or 0. */
  peekBulk(out: Int32Array, n: number): number {
    this.#check("peek at", out, 0, n);
    return this.#peeked = this.#ring.peekBulk(out, n * this.elementWords) / this.elementWords;
  }

  /**
   * Takes out the first `n` of the peeked elements; 0 leaves all. Ends the peek.
   * @throws {RangeError} when `n` is not 0..peeked
   */
  release(n: number): void {
    checkPart(n, "release", this.#peeked, "elements", "peeked");
    this.#peeked = 0;
    this.#ring.release(n * this.elementWords);
  }

  /**
   * Sets up to `n` free elements aside, to be written with {@link put} and published with {@link
   * commit}; how many. While any are set aside nothing can be enqueued.
   * @throws {RangeError} when `n` is no count, a reservation is open already, or the ring below cannot
   * reserve
   */
  reserve(n: number): number {
    this.#checkCount("reserve", n);
    return this.#reserved = this.#ring.reserve(n * this.elementWords) / this.elementWords;
  }

  /** As {@link reserve}, but exactly `n` elements, or none: answers `n` or 0. */
  reserveBulk(n: number): number {
    this.#checkCount("reserve", n);
    return this.#reserved = this.#ring.reserveBulk(n * this.elementWords) / this.elementWords;
  }

  /**
   * Writes one word of what is reserved; word `j` of element `i` is word `i * elementWords + j`.
   * @throws {RangeError} when it is not a word of a reserved element
   */
  put(word: number, value: number): void {
    this.#ring.put(word, value);
  }

  /**
   * Enqueues the first `n` reserved elements, gives the others back and ends the reservation.
   * @throws {RangeError} when `n` is not 0..reserved
   */
  commit(n: number): void {
    checkPart(n, "commit", this.#reserved, "elements", "reserved");
    this.#reserved = 0;
    this.#ring.commit(n * this.elementWords);
  }

  /** Gives all reserved elements back: `commit(0)`. */
  abort(): void {
    this.commit(0);
  }

  /**
   * Empties the ring and starts its indices, which count words, at `startIndex`; only while nobody
   * uses it.
   * @throws {RangeError} when `startIndex` is not an integer
   */
  reset(startIndex = 0): void {
    this.#reserved = 0;
    this.#peeked = 0;
    this.#ring.reset(startIndex);
  }

  #check(verb: string, words: Int32Array, at: number, n: number): void {
    this.#checkCount(verb, n);
    if ((at | 0) === at && at >= 0 && at + n * this.elementWords <= words.length) return;
    throw new RangeError(
      `Cannot ${verb} ${n} elements of ${this.elementWords} words at ${at}: the array holds ` +
        `${words.length} words`,
    );
  }

  /** A part of an element would tear all that come after it. */
  #checkCount(verb: string, n: number): void {
    if ((n | 0) === n && n >= 0) return;
    throw new RangeError(`Cannot ${verb} ${n} elements: not a count`);
  }
}
