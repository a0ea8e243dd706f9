import type { Rib6 } from "./_rib6.ts";
import { maskInto, MASKS6 } from "./_route6.ts";

/** Words of an entry: four of prefix, one tag. */
export const ENTRY_WORDS = 5;
/** Bytes of a slot: the entry, and the count of routes that it is a marker of. */
export const SLOT_BYTES = 4 * ENTRY_WORDS + 4;
/** Bits of the best matching prefix's next hop + 1; 0 when there is none of depth 2 or more. */
export const BMP = 0x003f_ffff;
/** The entry is a marker: longer routes lie behind it. */
export const MARKER = 1 << 22;
/** The entry is a route. */
export const ROUTE = 1 << 23;
/** How far the length is shifted. */
export const LENGTH_SHIFT = 24;
/** Slots of an empty table. */
export const SLOTS_MIN = 64;

/**
 * What a binary search on prefix lengths searches: the lengths in use, in ascending order, and the
 * hash tables of all of them, which share one array because the length is part of the key.
 *
 * A slot is five words in `slots`: the prefix, and a tag of bits 0-21 best matching prefix (next hop
 * + 1), 22 marker, 23 route, 24-31 length (0: empty slot). Beside it `references` counts the routes
 * that left the marker. Open addressing with linear probing; the table doubles when half full, and
 * removal shifts later slots back (Knuth, TAOCP 3, 6.4, algorithms L and R).
 *
 * The search for a length goes to the middle of the lengths that are left, `(low + high) >> 1`. A
 * route leaves a marker at each length at which its own search goes on to longer ones, and nowhere
 * else. Whoever calls keeps the routes (`rules`) in step: a method that changes entries is called
 * after the route has been set or removed there.
 */
export class LengthSearch {
  /** Lengths in use, ascending; the first `lengthCount` count. */
  readonly lengths: Uint8Array = new Uint8Array(127);
  /** How many lengths there are. */
  readonly lengthCount: number;
  /** The entries. */
  slots: Int32Array;
  /** Number of slots - 1. */
  mask: number;
  /** Entries in use. */
  count = 0;
  private references: Uint32Array;
  private readonly key = new Uint32Array(4);

  /** No entries over these lengths, which are 2..128 in ascending order. */
  constructor(lengths: ArrayLike<number>, private readonly rules: Rib6) {
    this.lengths.set(lengths);
    this.lengthCount = lengths.length;
    this.slots = new Int32Array(ENTRY_WORDS * SLOTS_MIN);
    this.references = new Uint32Array(SLOTS_MIN);
    this.mask = SLOTS_MIN - 1;
  }

  /** Slots allocated. */
  get capacity(): number {
    return this.mask + 1;
  }

  /** Whether the length is one of those searched. */
  has(length: number): boolean {
    return this.lengths.indexOf(length) >= 0;
  }

  /** Entries that a new route would add. */
  missing(prefix: Uint32Array, depth: number): number {
    let count = 0;
    this.eachMarker(depth, (length) => {
      if (this.tagOf(this.find(prefix, 0, length)) === 0) count++;
    });
    return count + (this.tagOf(this.find(prefix, 0, depth)) === 0 ? 1 : 0);
  }

  /** Enters a new route: itself, and its markers with the routes that match them best. */
  insert(prefix: Uint32Array, depth: number, nextHop: number): void {
    this.eachMarker(depth, (length) => {
      let slot = this.find(prefix, 0, length);
      if (this.tagOf(slot) === 0) slot = this.newEntry(prefix, length, this.bestOf(prefix, length));
      this.slots[ENTRY_WORDS * slot + 4]! |= MARKER;
      this.references[slot]!++;
    });
    let slot = this.find(prefix, 0, depth);
    if (this.tagOf(slot) === 0) slot = this.newEntry(prefix, depth, 0);
    this.setTag(slot, (this.tagOf(slot) & ~BMP) | ROUTE | (nextHop + 1));
  }

  /** Gives a route that is there another next hop. */
  change(prefix: Uint32Array, depth: number, nextHop: number): void {
    const slot = this.find(prefix, 0, depth);
    this.setTag(slot, (this.tagOf(slot) & ~BMP) | (nextHop + 1));
  }

  /** Takes a route out: itself, and the markers that no other route left. */
  remove(prefix: Uint32Array, depth: number): void {
    this.eachMarker(depth, (length) => {
      const slot = this.find(prefix, 0, length);
      if (--this.references[slot]! > 0) return;
      this.setTag(slot, this.tagOf(slot) & ~MARKER);
      if ((this.tagOf(slot) & ROUTE) === 0) this.removeSlot(slot);
    });
    const slot = this.find(prefix, 0, depth);
    if ((this.tagOf(slot) & MARKER) === 0) this.removeSlot(slot);
    else this.setTag(slot, (this.tagOf(slot) & ~(ROUTE | BMP)) | this.bestOf(prefix, depth));
  }

  /**
   * Tells the markers beneath a prefix, as far as no longer route lies between, what matches them
   * best now (next hop + 1, or 0). The markers of a route beneath another one are markers of that
   * one too as long as they are shorter, since both searches go the same way until then: so the
   * uppermost routes beneath the prefix lead to all of them.
   */
  repair(prefix: Uint32Array, depth: number, best: number): void {
    this.rules.beneath(prefix, depth, (words, at, below) => {
      this.eachMarker(below, (length) => {
        if (length <= depth) return;
        const slot = this.find(words, at, length);
        this.setTag(slot, (this.tagOf(slot) & ~BMP) | best);
      });
    });
  }

  /** What the routes say matches a prefix of this length best, as an entry has it. */
  bestOf(prefix: Uint32Array, length: number): number {
    const cover = this.rules.cover(prefix, length);
    return cover < 0 || (cover & 255) < 2 ? 0 : (cover >>> 8) + 1;
  }

  /** Calls `visit` with each length at which the search for `depth` goes on to longer ones. */
  eachMarker(depth: number, visit: (length: number) => void): void {
    let low = 0;
    let high = this.lengthCount - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const length = this.lengths[middle]!;
      if (length === depth) return;
      if (length > depth) high = middle - 1;
      else {
        visit(length);
        low = middle + 1;
      }
    }
  }

  /** Slot of the entry of this length for an address, or the empty slot where it would stand. */
  find(prefix: Uint32Array, at: number, length: number): number {
    const { slots, key } = this;
    maskInto(key, prefix, at, length);
    const [k0, k1, k2, k3] = [key[0]! | 0, key[1]! | 0, key[2]! | 0, key[3]! | 0];
    let slot = hash6(k0, k1, k2, k3, length) & this.mask;
    for (;;) {
      const i = ENTRY_WORDS * slot;
      const tag = slots[i + 4]!;
      if (tag === 0) return slot;
      if (
        tag >>> LENGTH_SHIFT === length && slots[i] === k0 && slots[i + 1] === k1 &&
        slots[i + 2] === k2 && slots[i + 3] === k3
      ) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  /** Tag of a slot. */
  tagOf(slot: number): number {
    return this.slots[ENTRY_WORDS * slot + 4]!;
  }

  /** Routes that left the marker in a slot. */
  referencesOf(slot: number): number {
    return this.references[slot]!;
  }

  private setTag(slot: number, tag: number): void {
    this.slots[ENTRY_WORDS * slot + 4] = tag;
  }

  private newEntry(prefix: Uint32Array, length: number, best: number): number {
    if (2 * (this.count + 1) > this.capacity) this.grow();
    this.count++;
    const slot = this.find(prefix, 0, length);
    for (let word = 0; word < 4; word++) {
      this.slots[ENTRY_WORDS * slot + word] = prefix[word]! & MASKS6[4 * length + word]!;
    }
    this.setTag(slot, (length << LENGTH_SHIFT) | best);
    this.references[slot] = 0;
    return slot;
  }

  private removeSlot(slot: number): void {
    const { slots, references, mask } = this;
    this.count--;
    let hole = slot;
    for (let next = (hole + 1) & mask; this.tagOf(next) !== 0; next = (next + 1) & mask) {
      if (((next - this.homeOf(next)) & mask) < ((next - hole) & mask)) continue;
      slots.copyWithin(ENTRY_WORDS * hole, ENTRY_WORDS * next, ENTRY_WORDS * (next + 1));
      references[hole] = references[next]!;
      hole = next;
    }
    slots.fill(0, ENTRY_WORDS * hole, ENTRY_WORDS * (hole + 1));
    references[hole] = 0;
  }

  private homeOf(slot: number): number {
    const i = ENTRY_WORDS * slot;
    const { slots } = this;
    const length = slots[i + 4]! >>> LENGTH_SHIFT;
    return hash6(slots[i]!, slots[i + 1]!, slots[i + 2]!, slots[i + 3]!, length) & this.mask;
  }

  private grow(): void {
    const { slots, references } = this;
    this.mask = 2 * this.mask + 1;
    this.slots = new Int32Array(ENTRY_WORDS * this.capacity);
    this.references = new Uint32Array(this.capacity);
    const words = new Uint32Array(4);
    for (let slot = 0; slot < references.length; slot++) {
      const i = ENTRY_WORDS * slot;
      if (slots[i + 4] === 0) continue;
      for (let word = 0; word < 4; word++) words[word] = slots[i + word]!;
      const to = this.find(words, 0, slots[i + 4]! >>> LENGTH_SHIFT);
      for (let word = 0; word < ENTRY_WORDS; word++) {
        this.slots[ENTRY_WORDS * to + word] = slots[i + word]!;
      }
      this.references[to] = references[slot]!;
    }
  }
}

/**
 * Hash of a prefix and its length: the words times odd constants, joined, and the finaliser of
 * MurmurHash3, since of a product only the upper bits depend on all bits of a word.
 */
export function hash6(k0: number, k1: number, k2: number, k3: number, length: number): number {
  let h = Math.imul(k0, 0x9e3779b1) ^ Math.imul(k1, 0x85ebca77) ^ Math.imul(k2, 0xc2b2ae3d);
  h ^= Math.imul(k3, 0x27d4eb2f) ^ Math.imul(length, 0x165667b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
