/**
 * The buckets of a hash table: eight slots each, of a signature (16 bits of the hash) and the
 * position of a key plus one, 0 when the slot is empty.
 *
 * A key may lie in its first bucket, `hash & mask`, or in its second, `(first ^ signature) & mask`,
 * so that either follows from the other without the key ("partial-key cuckoo hashing", Fan, Andersen,
 * Kaminsky, "MemC3", NSDI 2013). Where allowed, a chain of further buckets hangs off a second bucket
 * that is full; whoever looks there looks through its chain.
 */

/** Slots of a bucket: one cache line of signatures and positions in rte_hash. */
export const SLOTS = 8;
/** Buckets that a search for room looks at: RTE_HASH_BFS_QUEUE_MAX_LEN. */
const SEARCH_MAX = 1000;
const NONE = -1;

/** Buckets, chains and the moves that make room. */
export class Buckets {
  /** Buckets that hashes lead to, a power of two. */
  readonly count: number;
  readonly mask: number;
  readonly signatures: Uint16Array;
  /** Positions plus one; 0: empty. */
  readonly positions: Int32Array;
  /** The bucket that is chained to each one, or -1. */
  readonly next: Int32Array;
  readonly #spare: Int32Array;
  #spareCount: number;
  /** The search for room: bucket, place of its predecessor, slot there whose key would move here. */
  readonly #queue: Int32Array = new Int32Array(SEARCH_MAX);
  readonly #from: Int32Array = new Int32Array(SEARCH_MAX);
  readonly #slot: Int32Array = new Int32Array(SEARCH_MAX);
  readonly #seen: Int32Array;
  #search = 0;

  /** @param chained buckets that may be chained */
  constructor(count: number, chained: number) {
    this.count = count;
    this.mask = count - 1;
    const all = count + chained;
    this.signatures = new Uint16Array(all * SLOTS);
    this.positions = new Int32Array(all * SLOTS);
    this.next = new Int32Array(all).fill(NONE);
    this.#spare = Int32Array.from({ length: chained }, (_, i) => all - 1 - i);
    this.#spareCount = chained;
    this.#seen = new Int32Array(count);
  }

  /** Buckets that may still be chained. */
  get spare(): number {
    return this.#spareCount;
  }

  /** An empty slot of one bucket, or -1. */
  emptySlot(bucket: number): number {
    for (let at = bucket * SLOTS; at < (bucket + 1) * SLOTS; at++) {
      if (this.positions[at] === 0) return at;
    }
    return NONE;
  }

  /** Fills a slot. */
  set(slot: number, signature: number, position: number): void {
    this.signatures[slot] = signature;
    this.positions[slot] = position + 1;
  }

  /**
   * Empties a slot of `bucket`, moving keys along until it is one of that bucket: breadth first, so
   * that the fewest keys move. Each key is written to its new slot before its old one is emptied.
   * @returns the empty slot, or -1 when none was found
   */
  makeRoom(bucket: number): number {
    this.#search++;
    this.#queue[0] = bucket;
    this.#from[0] = NONE;
    this.#seen[bucket] = this.#search;
    let length = 1;
    for (let at = 0; at < length; at++) {
      const current = this.#queue[at]!;
      for (let slot = current * SLOTS; slot < (current + 1) * SLOTS; slot++) {
        if (this.positions[slot] === 0) return this.#moveAlong(at, slot);
        const other = (current ^ this.signatures[slot]!) & this.mask;
        if (this.#seen[other] === this.#search || length === SEARCH_MAX) continue;
        this.#seen[other] = this.#search;
        this.#queue[length] = other;
        this.#from[length] = at;
        this.#slot[length++] = slot;
      }
    }
    return NONE;
  }

  /** Moves the keys on the way to an empty slot, the last first. */
  #moveAlong(at: number, empty: number): number {
    while (this.#from[at] !== NONE) {
      const slot = this.#slot[at]!;
      this.signatures[empty] = this.signatures[slot]!;
      this.positions[empty] = this.positions[slot]!;
      this.positions[slot] = 0;
      empty = slot;
      at = this.#from[at]!;
    }
    return empty;
  }

  /** An empty slot in the chain behind `bucket`, which grows by a bucket if it must; -1: none left. */
  roomInChain(bucket: number): number {
    let last = bucket;
    for (let b = this.next[bucket]!; b !== NONE; b = this.next[b]!) {
      const slot = this.emptySlot(b);
      if (slot >= 0) return slot;
      last = b;
    }
    if (this.#spareCount === 0) return NONE;
    const chained = this.#spare[--this.#spareCount]!;
    this.next[last] = chained;
    return chained * SLOTS;
  }

  /**
   * Empties a slot of `bucket` or of its chain. The last key of the chain takes the place, so that
   * chained buckets are filled from the bottom; one that gets empty is spare again.
   */
  clear(bucket: number, slot: number): void {
    let before = NONE;
    let last = bucket;
    for (let b = this.next[bucket]!; b !== NONE; b = this.next[b]!) {
      before = last;
      last = b;
    }
    if (before === NONE) {
      this.positions[slot] = 0;
      return;
    }
    let end = (last + 1) * SLOTS - 1;
    while (this.positions[end] === 0) end--;
    this.signatures[slot] = this.signatures[end]!;
    this.positions[slot] = this.positions[end]!;
    this.positions[end] = 0;
    if (end > last * SLOTS) return;
    this.next[before] = NONE;
    this.#spare[this.#spareCount++] = last;
  }
}
