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
 * faster, and nothing promises that it works. Each end keeps a copy of the other's index and loads
 * the shared one when the copy says too few; an old copy never says too many.
 */

import {
  checkBurst,
  HEAD,
  HEAD_SEEN,
  openSpscMemory,
  ringIndex,
  sharedRingSize,
  type SpscRingOptions,
  TAIL,
  TAIL_SEEN,
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
  readonly #control: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #shared: boolean;
  #reserved = 0;
  #peeked = 0;

  /**
   * A new, empty ring, or with `attach` the one that the shared memory holds. Constructing writes
   * the control block: construct once, then {@link SpscRing.attach} in the other thread.
   *
   * @throws {RangeError} when `size` is not 1..RING_SIZE_MAX or, without `exactSize`, no power of
   * two, when `startIndex` is not an integer, when the shared memory is too small or does not hold
   * what is attached to
   */
  constructor(size: number, options: SpscRingOptions = {}) {
    const memory = openSpscMemory(size, options);
    this.size = size;
    this.#control = memory.control;
    this.#slots = memory.slots;
    this.#mask = memory.slots.length - 1;
    this.#shared = options.shared !== undefined;
    if (options.attach !== true) this.reset(options.startIndex ?? 0);
  }

  /**
   * The ring that another thread constructed in `shared`.
   *
   * @throws {RangeError} when the memory holds no ring
   */
  static attach(shared: SharedArrayBuffer): SpscRing {
    return new SpscRing(sharedRingSize(shared), { exactSize: true, shared, attach: true });
  }

  /** Items that are in; between two threads, what it was at some moment during the call. */
  get count(): number {
    const head = this.#load(HEAD);
    const used = (this.#load(TAIL) - head) | 0;
    return used < this.size ? used : this.size;
  }

  /** Slots that are free: `size - count`. Slots reserved but not committed count as free. */
  get free(): number {
    return this.size - this.count;
  }

  /** Enqueues one item. False when the ring is full. Producer only. */
  enqueue(item: number): boolean {
    if (this.#room(1) < 1) return false;
    const tail = this.#control[TAIL]!;
    this.#slots[tail & this.#mask] = item;
    this.#publish(TAIL, tail + 1);
    return true;
  }

  /**
   * Enqueues as many of the `n` items from `items[at]` on as fit, in order, and answers how many.
   * Producer only.
   *
   * @throws {RangeError} when the `n` items are not all in the array, or a reservation is open
   */
  enqueueBurst(items: Int32Array, at: number, n: number): number {
    checkBurst("enqueue", n, at, items.length);
    const room = this.#room(n);
    return this.#enqueue(items, at, room < n ? room : n);
  }

  /**
   * Enqueues all `n` items from `items[at]` on, or none: answers `n` or 0. Producer only.
   *
   * @throws {RangeError} when the `n` items are not all in the array, or a reservation is open
   */
  enqueueBulk(items: Int32Array, at: number, n: number): number {
    checkBurst("enqueue", n, at, items.length);
    return this.#room(n) < n ? 0 : this.#enqueue(items, at, n);
  }

  /** Dequeues one item; -1 when the ring is empty: for items that are not -1. Consumer only. */
  dequeue(): number {
    this.#peeked = 0;
    if (this.#available(1) < 1) return -1;
    const head = this.#control[HEAD]!;
    const item = this.#slots[head & this.#mask]!;
    this.#publish(HEAD, head + 1);
    return item;
  }

  /**
   * Dequeues up to `max` items into `out[0]` and up, oldest first, and answers how many. Consumer
   * only.
   *
   * @throws {RangeError} when `out` is shorter than `max`
   */
  dequeueBurst(out: Int32Array, max: number): number {
    const n = this.#copyOut(out, max);
    this.#peeked = 0;
    if (n > 0) this.#publish(HEAD, this.#control[HEAD]! + n);
    return n;
  }

  /**
   * Dequeues exactly `n` items, or none: answers `n` or 0. Consumer only.
   *
   * @throws {RangeError} when `out` is shorter than `n`
   */
  dequeueBulk(out: Int32Array, n: number): number {
    checkBurst("dequeue", n, 0, out.length);
    return this.#available(n) < n ? 0 : this.dequeueBurst(out, n);
  }

  /**
   * Copies up to `max` of the oldest items to `out` and leaves them in; {@link release} takes out
   * the first of them, any dequeue forgets the peek. Answers how many. Consumer only.
   *
   * @throws {RangeError} when `out` is shorter than `max`
   */
  peekBurst(out: Int32Array, max: number): number {
    this.#peeked = this.#copyOut(out, max);
    return this.#peeked;
  }

  /**
   * Takes out the first `n` of the peeked items; 0 leaves all. Ends the peek. Consumer only.
   *
   * @throws {RangeError} when `n` is not 0..peeked
   */
  release(n: number): void {
    if ((n | 0) !== n || n < 0 || n > this.#peeked) {
      throw new RangeError(`Cannot release ${n} items: ${this.#peeked} are peeked`);
    }
    this.#peeked = 0;
    if (n > 0) this.#publish(HEAD, this.#control[HEAD]! + n);
  }

  /**
   * Sets up to `n` free slots aside, to be written with {@link put} and published with {@link
   * commit}; answers how many. While any are set aside nothing can be enqueued. Producer only.
   *
   * @throws {RangeError} when `n` is negative, or a reservation is open already
   */
  reserve(n: number): number {
    if ((n | 0) !== n || n < 0) throw new RangeError(`Cannot reserve ${n} slots: not a count`);
    const room = this.#room(n);
    return this.#reserved = room < n ? room : n;
  }

  /**
   * Writes reserved slot `i`, counted from 0. Producer only.
   *
   * @throws {RangeError} when `i` is not below the number reserved
   */
  put(i: number, item: number): void {
    if ((i | 0) !== i || i < 0 || i >= this.#reserved) {
      throw new RangeError(`Cannot write slot ${i}: ${this.#reserved} are reserved`);
    }
    this.#slots[(this.#control[TAIL]! + i) & this.#mask] = item;
  }

  /**
   * Publishes the first `n` reserved slots, gives the others back and ends the reservation.
   * Producer only.
   *
   * @throws {RangeError} when `n` is not 0..reserved
   */
  commit(n: number): void {
    if ((n | 0) !== n || n < 0 || n > this.#reserved) {
      throw new RangeError(`Cannot commit ${n} slots: ${this.#reserved} are reserved`);
    }
    this.#reserved = 0;
    if (n > 0) this.#publish(TAIL, this.#control[TAIL]! + n);
  }

  /** Gives all reserved slots back: `commit(0)`. Producer only. */
  abort(): void {
    this.commit(0);
  }

  /**
   * Empties the ring and starts both indices at `startIndex` (modulo 2^32). Only while neither end
   * is in use; an end in another thread must have no reservation or peek open.
   *
   * @throws {RangeError} when `startIndex` is not an integer
   */
  reset(startIndex = 0): void {
    const start = ringIndex(startIndex);
    this.#reserved = 0;
    this.#peeked = 0;
    const control = this.#control;
    control[HEAD_SEEN] = start;
    control[TAIL_SEEN] = start;
    this.#publish(HEAD, start);
    this.#publish(TAIL, start);
  }

  #load(index: number): number {
    return this.#shared ? Atomics.load(this.#control, index) : this.#control[index]!;
  }

  #publish(index: number, value: number): void {
    if (this.#shared) Atomics.store(this.#control, index, value);
    else this.#control[index] = value;
  }

  /** Free slots as the producer knows them; loads `head` when they are fewer than `n`. */
  #room(n: number): number {
    if (this.#reserved !== 0) {
      throw new RangeError(`Cannot enqueue: ${this.#reserved} slots are reserved, not committed`);
    }
    const control = this.#control;
    const tail = control[TAIL]!;
    const known = this.size - ((tail - control[HEAD_SEEN]!) | 0);
    if (known >= n) return known;
    const head = this.#load(HEAD);
    control[HEAD_SEEN] = head;
    return this.size - ((tail - head) | 0);
  }

  /** Items as the consumer knows them; loads `tail` when they are fewer than `n`. */
  #available(n: number): number {
    const control = this.#control;
    const head = control[HEAD]!;
    const known = (control[TAIL_SEEN]! - head) | 0;
    if (known >= n) return known;
    const tail = this.#load(TAIL);
    control[TAIL_SEEN] = tail;
    return (tail - head) | 0;
  }

  #enqueue(items: Int32Array, at: number, n: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const tail = this.#control[TAIL]!;
    for (let i = 0; i < n; i++) slots[(tail + i) & mask] = items[at + i]!;
    this.#publish(TAIL, tail + n);
    return n;
  }

  #copyOut(out: Int32Array, max: number): number {
    checkBurst("dequeue", max, 0, out.length);
    const there = this.#available(max);
    const n = there < max ? there : max;
    const slots = this.#slots;
    const mask = this.#mask;
    const head = this.#control[HEAD]!;
    for (let i = 0; i < n; i++) out[i] = slots[(head + i) & mask]!;
    return n;
  }
}
