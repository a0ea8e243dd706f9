/**
 * The hash table of one prefix length in a binary search on lengths: prefixes of that length, and
 * markers that longer prefixes have left. Open addressing with linear probing, at most half full; a
 * slot is two words, the address bits and what is known of them:
 *
 *     bit 31      the slot is taken
 *     bits 24-30  1 + depth of the longest route that covers the entry, 0 where none but the
 *                 default route does; depth = length: the entry is a route itself
 *     bits 0-23   its next hop
 *
 * Beside the slots, for updates only: how many longer routes have left their marker at the entry.
 * An entry exists while it is a route or has a marker. Home slot: the upper bits of a product
 * (Knuth, TAOCP 3, 6.4, Fibonacci hashing), which spreads neighbours; removal shifts later entries
 * back (algorithm R). The table doubles and never shrinks. Keys are signed, as `&` makes them.
 */
export class BsplTable {
  /** The slots. Replaced when the table grows. */
  words: Int32Array;
  /** How far a product is shifted to become a slot. */
  shift: number;
  /** Entries. */
  live = 0;
  /** Entries that have a marker. */
  marked = 0;
  private refs: Uint32Array;

  /** An empty table that `entries` fit into before it grows. */
  constructor(readonly length: number, entries: number) {
    let bits = SLOT_BITS_MIN;
    while (2 ** bits < 2 * entries) bits++;
    this.shift = 32 - bits;
    this.words = new Int32Array(2 ** (bits + 1));
    this.refs = new Uint32Array(2 ** bits);
  }

  /** How many slots there are. */
  get slots(): number {
    return this.refs.length;
  }

  /** Bytes that look-ups read from. */
  get bytes(): number {
    return this.words.byteLength;
  }

  /** Bytes that only updates use. */
  get besideBytes(): number {
    return this.refs.byteLength;
  }

  /** Bytes that one more entry would add, by doubling. */
  get bytesForOneMore(): number {
    return 2 * (this.live + 1) > this.slots ? this.bytes : 0;
  }

  /** Slot of an entry, or of the empty slot where it would go. */
  slotOf(key: number): number {
    const words = this.words;
    const last = words.length - 2;
    let at = (Math.imul(key, GOLDEN) >>> this.shift) << 1;
    while (words[at + 1] !== 0 && words[at] !== key) at = (at + 2) & last;
    return at >>> 1;
  }

  /** Address bits of the entry in a slot. */
  keyAt(slot: number): number {
    return this.words[2 * slot]!;
  }

  /** What is known of the entry in a slot; 0 where there is none. */
  wordAt(slot: number): number {
    return this.words[2 * slot + 1]!;
  }

  /** Markers at the entry in a slot. */
  refsAt(slot: number): number {
    return this.refs[slot]!;
  }

  /** Changes what is known of an entry. */
  setWord(slot: number, word: number): void {
    this.words[2 * slot + 1] = word;
  }

  /** Counts a marker in or out. */
  addRef(slot: number, by: 1 | -1): void {
    const refs = this.refs[slot]! + by;
    this.refs[slot] = refs;
    if (refs === (by === 1 ? 1 : 0)) this.marked += by;
  }

  /** Makes room for one more entry; false where the memory cannot be had. */
  reserve(): boolean {
    if (this.bytesForOneMore === 0) return true;
    const { words: oldWords, refs: oldRefs } = this;
    try {
      const words = new Int32Array(2 * oldWords.length);
      this.refs = new Uint32Array(2 * oldRefs.length);
      this.words = words;
    } catch {
      return false;
    }
    this.shift--;
    for (let old = 0; old < oldRefs.length; old++) {
      if (oldWords[2 * old + 1] === 0) continue;
      const slot = this.slotOf(oldWords[2 * old]!);
      this.words[2 * slot] = oldWords[2 * old]!;
      this.words[2 * slot + 1] = oldWords[2 * old + 1]!;
      this.refs[slot] = oldRefs[old]!;
    }
    return true;
  }

  /** Puts a new entry into the empty slot that `slotOf` found; room has been made. */
  put(slot: number, key: number, word: number): void {
    this.words[2 * slot] = key;
    this.words[2 * slot + 1] = word;
    this.live++;
  }

  /** Removes an entry that has no marker. */
  remove(slot: number): void {
    const { words, refs } = this;
    const mask = refs.length - 1;
    let hole = slot;
    for (let next = (hole + 1) & mask; words[2 * next + 1] !== 0; next = (next + 1) & mask) {
      const home = Math.imul(words[2 * next]!, GOLDEN) >>> this.shift;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      words[2 * hole] = words[2 * next]!;
      words[2 * hole + 1] = words[2 * next + 1]!;
      refs[hole] = refs[next]!;
      hole = next;
    }
    words[2 * hole + 1] = 0;
    refs[hole] = 0;
    this.live--;
  }
}

/** 2^32 divided by the golden ratio, made odd. */
export const GOLDEN = 0x9e37_79b1 | 0;
/** The slot is taken. */
export const TAKEN = -(2 ** 31);
/** Next hop of an entry's longest route. */
export const HOP_BITS = 0xff_ffff;
/** Not 0 where an entry has a route other than the default route. */
export const DEPTH_BITS = 0x7f00_0000;

const SLOT_BITS_MIN = 3;

/** What is known of an entry that a route of this depth covers. */
export function routeWord(depth: number, nextHop: number): number {
  return TAKEN | ((depth + 1) << 24) | nextHop;
}

/** Depth of the route in an entry; -1 where there is none. */
export function depthOf(word: number): number {
  return ((word >>> 24) & 127) - 1;
}
