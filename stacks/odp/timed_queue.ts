/**
 * A FIFO of any number of producers and consumers in virtual time: what `ring_mpmc` is between threads.
 *
 * The local times of threads differ: a body that runs later may put something in at an earlier time. So each
 * item stands at its time of publication, those of one instant in the order in which they were put in, and a
 * consumer sees an item only at or after that. Room counts as taken until the item has left in the run, so a
 * producer that is a little ahead may find a slot full that is being emptied, never the other way round.
 */

/** Slots to begin with; doubled up to the size. */
const SLOTS = 16;

/** A FIFO of 32-bit integers, each with the time from which on it can be seen. O(items) a call. */
export class TimedQueue {
  /** Most items. */
  readonly size: number;
  #items = new Int32Array(SLOTS);
  #ps = new Float64Array(SLOTS);
  #head = 0;
  #count = 0;

  /** An empty queue of at most `size` items. */
  constructor(size: number) {
    this.size = size;
  }

  /** Items in it, visible or not. */
  get count(): number {
    return this.#count;
  }

  /** When the oldest item is visible; Infinity when there is none. */
  get nextPs(): number {
    return this.#count === 0 ? Infinity : this.#ps[this.#head]!;
  }

  /** Puts an item in, visible from `ps` on; answers false when there is no room. */
  push(item: number, ps: number): boolean {
    if (this.#count === this.size) return false;
    if (this.#count === this.#items.length) this.#grow();
    const mask = this.#items.length - 1;
    let slot = (this.#head + this.#count) & mask;
    for (let n = this.#count; n > 0; n--) {
      const before = (slot - 1) & mask;
      if (this.#ps[before]! <= ps) break;
      this.#items[slot] = this.#items[before]!;
      this.#ps[slot] = this.#ps[before]!;
      slot = before;
    }
    this.#items[slot] = item;
    this.#ps[slot] = ps;
    this.#count++;
    return true;
  }

  /** Takes the oldest item that is visible at `ps`, or -1. */
  pop(ps: number): number {
    if (this.#count === 0 || this.#ps[this.#head]! > ps) return -1;
    const item = this.#items[this.#head]!;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#count--;
    return item;
  }

  /** Takes up to `max` items that are visible at `ps` into `out[at..]`; answers how many. */
  take(out: Int32Array, at: number, max: number, ps: number): number {
    let n = 0;
    for (; n < max; n++) {
      const item = this.pop(ps);
      if (item < 0) break;
      out[at + n] = item;
    }
    return n;
  }

  /** Item `i` from the oldest on, whether visible or not: what a ledger walks. */
  at(i: number): number {
    return this.#items[(this.#head + i) & (this.#items.length - 1)]!;
  }

  #grow(): void {
    const slots = this.#items.length;
    const items = new Int32Array(2 * slots);
    const ps = new Float64Array(2 * slots);
    for (let i = 0; i < this.#count; i++) {
      const slot = (this.#head + i) & (slots - 1);
      items[i] = this.#items[slot]!;
      ps[i] = this.#ps[slot]!;
    }
    this.#items = items;
    this.#ps = ps;
    this.#head = 0;
  }
}
