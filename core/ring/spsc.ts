/**
 * A ring of 32-bit items for one producer and one consumer.
 *
 * Two indices run freely through all 2^32 values and wrap: the producer alone moves `tail`, which
 * counts what was ever enqueued, the consumer alone `head`. Item i lies in slot `i & (slots - 1)`;
 * slots are a power of two, so the wrap of the indices is a wrap of the slots. `tail - head` tells
 * full from empty, so a ring of size n holds n (rte_ring: n - 1, but for RING_F_EXACT_SZ).
 *
 * The producer writes slots, then publishes `tail`; the consumer reads them, then publishes `head`.
 * At the limit nothing waits: a burst moves what fits or is there, a bulk all or none.
 *
 * On its own memory one thread has both ends. On a SharedArrayBuffer each end may be in another
 * Worker, the producer calling the producer's methods only. There Atomics publish and read the
 * indices, which orders the slot accesses around them (ECMA-262, "Memory Model"); a plain store is
 * faster, and nothing promises that it works.
 *
 * An atomic store costs as much as many plain ones, so an end in shared memory may publish once for
 * `batch` items (Lee, Bu, Chandranmenon, "A Lock-Free, Cache-Efficient Multi-Core Synchronization
 * Mechanism for Line-Rate Network Traffic Monitoring", IPDPS 2010, batched updates). Until then the
 * other end sees neither items nor free slots: the price is that who has nothing more to do for now
 * has to call `flush`. An operation that gets less than it asks for publishes by itself.
 */

import { Slots } from "./_slots.ts";
import { SpscEnd } from "./_spsc_end.ts";
import {
  checkBurst,
  checkCount,
  checkPart,
  END_WORDS,
  HEAD_WORDS,
  openSpscMemory,
  ringIndex,
  sharedRingSize,
  type SpscRingOptions,
  TAIL_WORDS,
} from "./spsc_memory.ts";

/**
 * A single-producer, single-consumer ring of 32-bit integers; the contract is at the head of the
 * file. Every operation is O(items moved).
 *
 * @example
 * ```ts
 * import { SpscRing } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new SpscRing(4);
 * assertEquals(ring.enqueueBurst(Int32Array.of(10, 11, 12, 13, 14), 0, 5), 4); // as many as fit
 * assertEquals(ring.enqueueBulk(Int32Array.of(15), 0, 1), 0); // all or nothing
 * const out = new Int32Array(3);
 * assertEquals(ring.dequeueBurst(out, 3), 3);
 * assertEquals([...out], [10, 11, 12]);
 * assertEquals(ring.dequeue(), 13);
 * assertEquals(ring.dequeue(), -1);
 * ```
 */
export class SpscRing {
  /** Most items that it holds. */
  readonly size: number;
  /** Items that an end in shared memory moves before it publishes. */
  readonly batch: number;
  readonly #in: SpscEnd;
  readonly #out: SpscEnd;
  #reserved = 0;
  #peeked = 0;

  /**
   * A new, empty ring, or with `attach` the one that the shared memory holds. Constructing writes
   * the control block: construct once, then {@link SpscRing.attach} in the other thread.
   *
   * @throws {RangeError} when `size` is not 1..RING_SIZE_MAX or, without `exactSize`, no power of
   * two, when `batch` is not 1..size or `startIndex` not an integer, when the shared memory is too
   * small or does not hold what is attached to
   */
  constructor(size: number, options: SpscRingOptions = {}) {
    const { control, slots, batch } = openSpscMemory(size, options);
    this.size = size;
    this.batch = batch;
    const shared = options.shared !== undefined;
    const tail = control.subarray(TAIL_WORDS, TAIL_WORDS + END_WORDS);
    const head = control.subarray(HEAD_WORDS, HEAD_WORDS + END_WORDS);
    this.#in = new SpscEnd(new Slots(slots), tail, head, size, batch, shared);
    this.#out = new SpscEnd(new Slots(slots), head, tail, 0, batch, shared);
    if (options.attach !== true) this.reset(options.startIndex ?? 0);
  }

  /**
   * The ring that another thread constructed in `shared`.
   * @throws {RangeError} when the memory holds no ring
   */
  static attach(shared: SharedArrayBuffer): SpscRing {
    return new SpscRing(sharedRingSize(shared), { exactSize: true, shared, attach: true });
  }

  /** Items that are published and not released; between threads, at some moment of the call. */
  get count(): number {
    const head = this.#out.published;
    const used = (this.#in.published - head) | 0;
    return used < this.size ? used : this.size;
  }

  /** `size - count`. Slots reserved but not committed count as free. */
  get free(): number {
    return this.size - this.count;
  }

  /**
   * Enqueues one item. False when the ring is full. Producer only, as all that writes.
   * @throws {RangeError} when a reservation is open
   */
  enqueue(item: number): boolean {
    if (this.#reserved !== 0) this.#refuseReserved();
    const n = this.#in.claim(1, true);
    if (n > 0) this.#in.write(0, item);
    this.#in.advance(n, 1);
    return n > 0;
  }

  /**
   * Enqueues as many of the `n` items from `items[at]` on as fit, in order, and answers how many.
   * @throws {RangeError} when the `n` items are not all in the array, or a reservation is open
   */
  enqueueBurst(items: Int32Array, at: number, n: number): number {
    return this.#enqueue(items, at, n, false);
  }

  /**
   * Enqueues all `n` items from `items[at]` on, or none: answers `n` or 0.
   * @throws {RangeError} when the `n` items are not all in the array, or a reservation is open
   */
  enqueueBulk(items: Int32Array, at: number, n: number): number {
    return this.#enqueue(items, at, n, true);
  }

  /**
   * Dequeues one item; -1 when the ring is empty: for items that are not -1. Consumer only, as all
   * that reads. Any dequeue forgets a peek.
   */
  dequeue(): number {
    this.#peeked = 0;
    const n = this.#out.claim(1, true);
    const item = n > 0 ? this.#out.read(0) : -1;
    this.#out.advance(n, 1);
    return item;
  }

  /**
   * Dequeues up to `max` items into `out[0]` and up, oldest first, and answers how many.
   * @throws {RangeError} when `out` is shorter than `max`
   */
  dequeueBurst(out: Int32Array, max: number): number {
    return this.#dequeue(out, max, false);
  }

  /**
   * Dequeues exactly `n` items, or none: answers `n` or 0.
   * @throws {RangeError} when `out` is shorter than `n`
   */
  dequeueBulk(out: Int32Array, n: number): number {
    return this.#dequeue(out, n, true);
  }

  /**
   * Copies up to `max` of the oldest items to `out` and leaves them in; {@link release} takes out
   * the first of them. Answers how many.
   * @throws {RangeError} when `out` is shorter than `max`
   */
  peekBurst(out: Int32Array, max: number): number {
    return this.#peek(out, max, false);
  }

  /** As {@link peekBurst}, but exactly `n` items, or none: answers `n` or 0. */
  peekBulk(out: Int32Array, n: number): number {
    return this.#peek(out, n, true);
  }

  /**
   * Takes out the first `n` of the peeked items; 0 leaves all. Ends the peek.
   * @throws {RangeError} when `n` is not 0..peeked
   */
  release(n: number): void {
    checkPart(n, "release", this.#peeked, "items", "peeked");
    this.#peeked = 0;
    this.#out.advance(n, n);
  }

  /**
   * Sets up to `n` free slots aside, to be written with {@link put} and published with {@link
   * commit}; answers how many. While any are set aside nothing can be enqueued.
   * @throws {RangeError} when `n` is negative, or a reservation is open already
   */
  reserve(n: number): number {
    return this.#reserve(n, false);
  }

  /** As {@link reserve}, but exactly `n` slots, or none: answers `n` or 0. */
  reserveBulk(n: number): number {
    return this.#reserve(n, true);
  }

  /**
   * Writes reserved slot `i`, counted from 0.
   * @throws {RangeError} when `i` is not below the number reserved
   */
  put(i: number, item: number): void {
    if ((i | 0) !== i || i < 0 || i >= this.#reserved) {
      throw new RangeError(`Cannot write slot ${i}: ${this.#reserved} are reserved`);
    }
    this.#in.write(i, item);
  }

  /**
   * Enqueues the first `n` reserved slots, gives the others back and ends the reservation.
   * @throws {RangeError} when `n` is not 0..reserved
   */
  commit(n: number): void {
    checkPart(n, "commit", this.#reserved, "slots", "reserved");
    this.#reserved = 0;
    this.#in.advance(n, n);
  }

  /** Gives all reserved slots back: `commit(0)`. */
  abort(): void {
    this.commit(0);
  }

  /** Publishes what was enqueued and is not yet. */
  flushEnqueued(): void {
    this.#in.flush();
  }

  /** Publishes what was dequeued and is not yet. */
  flushDequeued(): void {
    this.#out.flush();
  }

  /**
   * Empties the ring and starts both indices at `startIndex` (modulo 2^32). Only while neither end
   * is in use; an end in another thread must have no reservation or peek open.
   * @throws {RangeError} when `startIndex` is not an integer
   */
  reset(startIndex = 0): void {
    const start = ringIndex(startIndex);
    this.#reserved = 0;
    this.#peeked = 0;
    this.#in.reset(start);
    this.#out.reset(start);
  }

  #refuseReserved(): never {
    throw new RangeError(`Cannot enqueue: ${this.#reserved} slots are reserved, not committed`);
  }

  #reserve(want: number, bulk: boolean): number {
    checkCount(want);
    if (this.#reserved !== 0) this.#refuseReserved();
    const n = this.#in.claim(want, bulk);
    if (n < want) this.#in.flush();
    return this.#reserved = n;
  }

  #enqueue(items: Int32Array, at: number, want: number, bulk: boolean): number {
    checkBurst("enqueue", want, at, items.length);
    if (this.#reserved !== 0) this.#refuseReserved();
    return this.#in.enqueue(items, at, want, bulk);
  }

  #peek(out: Int32Array, want: number, bulk: boolean): number {
    checkBurst("dequeue", want, 0, out.length);
    const n = this.#out.peek(out, want, bulk);
    if (n < want) this.#out.flush();
    return this.#peeked = n;
  }

  #dequeue(out: Int32Array, want: number, bulk: boolean): number {
    checkBurst("dequeue", want, 0, out.length);
    this.#peeked = 0;
    return this.#out.dequeue(out, want, bulk);
  }
}
