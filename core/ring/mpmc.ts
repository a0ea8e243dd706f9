/**
 * A ring of 32-bit items for several producers and several consumers, in the modes of rte_ring.
 *
 * Item i lies in slot `i & (slots - 1)`; slots are a power of two, a ring of size n holds n items.
 * A participant claims a run of indices of its side, copies, and publishes; between claim and
 * publication the run is its own. Both sides choose how their participants agree (`RingSync`):
 *
 * - `st`: there is only one, which is up to the caller.
 * - `mt`: claims by CAS, publications wait for all earlier claims. One that stalls between the two
 *   blocks the others of its side when they publish.
 * - `mt-rts`: nobody waits to publish, the last to finish publishes for all; claims wait while they
 *   are more than `htdMax` items ahead. An operation may end before its items can be seen, so an
 *   empty or full ring may be reported although a finished operation changed that.
 * - `mt-hts`: one participant at a time, the others wait before they claim.
 *
 * No mode lets one side block the other: a full or empty ring is an answer, never a wait. Waits
 * spin and sleep now and then: who is preempted, or dies, in mid-operation keeps those waiting whom
 * the mode says. Slots claimed and not published are full for producers, empty for consumers.
 *
 * On its own memory one thread is all participants: nothing is waited for, Atomics are not used.
 * On a SharedArrayBuffer each thread has a handle of its own, made by {@link MpmcRing.attach};
 * Atomics move the indices, which orders the slot accesses around them (ECMA-262, "Memory Model").
 */

import { Slots } from "./_slots.ts";
import { MpmcSide } from "./_mpmc_side.ts";
import {
  CONSUMER_WORDS,
  type MpmcRingOptions,
  openMpmcMemory,
  PRODUCER_WORDS,
  type RingSync,
  sharedMpmcSize,
  SIDE_DONE,
  SIDE_HEAD,
  SIDE_TAIL,
} from "./mpmc_memory.ts";
import { checkBurst, checkCount, checkPart, ringIndex } from "./spsc_memory.ts";

/**
 * A handle on a multi-producer, multi-consumer ring of 32-bit integers; the contract is at the head
 * of the file. Every operation is O(items moved), waiting apart.
 *
 * @example
 * ```ts
 * import { MpmcRing } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new MpmcRing(4, { producers: "mt-hts", consumers: "st" });
 * assertEquals(ring.enqueueBurst(Int32Array.of(10, 11, 12, 13, 14), 0, 5), 4); // as many as fit
 * const out = new Int32Array(3);
 * assertEquals(ring.dequeueBurst(out, 3), 3);
 * assertEquals([...out], [10, 11, 12]);
 * assertEquals([ring.count, ring.free], [1, 3]);
 * ```
 */
export class MpmcRing {
  /** Most items that it holds. */
  readonly size: number;
  /** How producers agree. */
  readonly producers: RingSync;
  /** How consumers agree. */
  readonly consumers: RingSync;
  readonly #control: Int32Array;
  readonly #slotsIn: Slots;
  readonly #slotsOut: Slots;
  readonly #shared: boolean;
  readonly #in: MpmcSide;
  readonly #out: MpmcSide;
  #reserved = 0;
  #peeked = 0;

  /**
   * A new, empty ring, or with `attach` a handle on the one that the shared memory holds.
   * Constructing writes the control block: construct once, then {@link MpmcRing.attach}.
   *
   * @throws {RangeError} when `size`, a mode, `htdMax` or `startIndex` is not what the options say,
   * or the shared memory is too small or does not hold what is attached to
   */
  constructor(size: number, options: MpmcRingOptions = {}) {
    const { control, slots, producers, consumers, htdMax } = openMpmcMemory(size, options);
    this.size = size;
    this.producers = producers;
    this.consumers = consumers;
    this.#control = control;
    this.#slotsIn = new Slots(slots);
    this.#slotsOut = new Slots(slots);
    this.#shared = options.shared !== undefined;
    const [p, c] = [PRODUCER_WORDS, CONSUMER_WORDS];
    this.#in = new MpmcSide(control, p, c, size, producers, htdMax, this.#shared);
    this.#out = new MpmcSide(control, c, p, 0, consumers, htdMax, this.#shared);
    if (options.attach !== true) this.reset(options.startIndex ?? 0);
  }

  /**
   * A handle on the ring that another thread constructed in `shared`.
   * @throws {RangeError} when the memory holds no such ring
   */
  static attach(shared: SharedArrayBuffer): MpmcRing {
    return new MpmcRing(sharedMpmcSize(shared), { exactSize: true, shared, attach: true });
  }

  /** Items that are published and not released; between threads, roughly. */
  get count(): number {
    const head = this.#load(CONSUMER_WORDS + SIDE_TAIL);
    const used = (this.#load(PRODUCER_WORDS + SIDE_TAIL) - head) | 0;
    return used < this.size ? used : this.size;
  }

  /** `size - count`. */
  get free(): number {
    return this.size - this.count;
  }

  /**
   * Enqueues one item. False when the ring is full.
   * @throws {RangeError} when a reservation is open
   */
  enqueue(item: number): boolean {
    if (this.#reserved !== 0) this.#refuseReserved();
    if (this.#in.claim(1, true) === 0) return false;
    this.#slotsIn.write(this.#in.start, item);
    this.#in.publish(1);
    return true;
  }

  /**
   * Enqueues as many of the `n` items from `items[at]` on as fit, next to each other; how many.
   * @throws {RangeError} when the `n` items are not all in the array, or a reservation is open
   */
  enqueueBurst(items: Int32Array, at: number, n: number): number {
    return this.#enqueue(items, at, n, false);
  }

  /**
   * Enqueues all `n` items from `items[at]` on, next to each other, or none: answers `n` or 0.
   * @throws {RangeError} when the `n` items are not all in the array, or a reservation is open
   */
  enqueueBulk(items: Int32Array, at: number, n: number): number {
    return this.#enqueue(items, at, n, true);
  }

  /** Dequeues one item, which should not be -1; -1 when the ring is empty. */
  dequeue(): number {
    if (this.#peeked !== 0) this.release(0);
    if (this.#out.claim(1, true) === 0) return -1;
    const item = this.#slotsOut.read(this.#out.start);
    this.#out.publish(1);
    return item;
  }

  /**
   * Dequeues up to `max` items into `out[0]` and up, oldest first, and answers how many.
   * @throws {RangeError} when `out` is shorter than `max`
   */
  dequeueBurst(out: Int32Array, max: number): number {
    const n = this.#copyOut(out, max, false);
    if (n > 0) this.#out.publish(n);
    return n;
  }

  /**
   * Dequeues exactly `n` items, or none: answers `n` or 0.
   * @throws {RangeError} when `out` is shorter than `n`
   */
  dequeueBulk(out: Int32Array, n: number): number {
    const moved = this.#copyOut(out, n, true);
    if (moved > 0) this.#out.publish(moved);
    return moved;
  }

  /**
   * Copies up to `max` of the oldest items to `out` and leaves them in, for {@link release}; how
   * many. A dequeue or peek by the same handle forgets it. Other `mt-hts` consumers wait meanwhile.
   * @throws {RangeError} when `out` is shorter than `max`, or consumers are `mt` or `mt-rts`
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
    const peeked = this.#peeked;
    this.#peeked = 0;
    if (peeked > 0) this.#out.settle(peeked, n);
  }

  /**
   * Sets up to `n` free slots aside, for {@link put} and {@link commit}; how many. Other `mt-hts`
   * producers wait meanwhile.
   * @throws {RangeError} when `n` is negative, a reservation is open already, or producers are `mt`
   * or `mt-rts`
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
    this.#slotsIn.write(this.#in.start + i, item);
  }

  /**
   * Publishes the first `n` reserved slots, gives the others back and ends the reservation.
   * @throws {RangeError} when `n` is not 0..reserved
   */
  commit(n: number): void {
    checkPart(n, "commit", this.#reserved, "slots", "reserved");
    const reserved = this.#reserved;
    this.#reserved = 0;
    if (reserved > 0) this.#in.settle(reserved, n);
  }

  /** Gives all reserved slots back: `commit(0)`. */
  abort(): void {
    this.commit(0);
  }

  /**
   * Empties the ring and starts all indices at `startIndex` (modulo 2^32). Only while nobody else
   * uses it; other handles must have no reservation or peek open.
   * @throws {RangeError} when `startIndex` is not an integer
   */
  reset(startIndex = 0): void {
    const start = ringIndex(startIndex);
    this.#reserved = 0;
    this.#peeked = 0;
    for (const side of [PRODUCER_WORDS, CONSUMER_WORDS]) {
      for (const word of [SIDE_HEAD, SIDE_DONE, SIDE_TAIL]) {
        Atomics.store(this.#control, side + word, start);
      }
    }
  }

  #load(word: number): number {
    return this.#shared ? Atomics.load(this.#control, word) : this.#control[word]!;
  }

  #refuseReserved(): never {
    throw new RangeError(`Cannot enqueue: ${this.#reserved} slots are reserved, not committed`);
  }

  #enqueue(items: Int32Array, at: number, want: number, bulk: boolean): number {
    checkBurst("enqueue", want, at, items.length);
    if (this.#reserved !== 0) this.#refuseReserved();
    const n = this.#in.claim(want, bulk);
    if (n === 0) return 0;
    this.#slotsIn.copyIn(this.#in.start, items, at, n);
    this.#in.publish(n);
    return n;
  }

  #reserve(want: number, bulk: boolean): number {
    refusePart("reserve", "producers", this.producers);
    checkCount(want);
    if (this.#reserved !== 0) this.#refuseReserved();
    return this.#reserved = this.#in.claim(want, bulk);
  }

  #peek(out: Int32Array, want: number, bulk: boolean): number {
    refusePart("peek", "consumers", this.consumers);
    return this.#peeked = this.#copyOut(out, want, bulk);
  }

  /** Claims and copies; the claim is left to be published. */
  #copyOut(out: Int32Array, want: number, bulk: boolean): number {
    checkBurst("dequeue", want, 0, out.length);
    if (this.#peeked !== 0) this.release(0);
    const n = this.#out.claim(want, bulk);
    this.#slotsOut.copyOut(this.#out.start, out, n);
    return n;
  }
}

/** Part of a claim can be given back only where nobody claims after it (rte_ring_peek.h). */
function refusePart(verb: string, side: string, sync: RingSync): void {
  if (sync === "st" || sync === "mt-hts") return;
  throw new RangeError(`Cannot ${verb}: ${side} are ${sync}, not st or mt-hts`);
}
