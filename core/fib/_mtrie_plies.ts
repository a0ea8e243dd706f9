import { grown } from "./_grown.ts";

/**
 * The plies of an mtrie and how an update changes them, nothing about which routes there are. Who
 * calls has reserved the plies that an insertion needs, and knows what a deletion uncovers.
 *
 * All plies lie in one array of words, so that one base serves every look-up. The root begins at
 * word 0: `2^rootBits` leaves, then as many prefix lengths, a byte each. Every other ply takes 336
 * words (VPP: 1344 bytes, its struct padded to cache lines): 256 leaves, 256 lengths, the number of
 * non-empty leaves, the address bits above the ply (`dst_address_bits_base`), padding. A free ply
 * has `FREE_MARK` there and the next free one in place of the number, so that its leaves stay as
 * they were for a look-up that is on its way to them.
 *
 * A leaf is terminal when its lowest bit is set; the rest is a load-balance index, 0 for the drop
 * that answers where no route does, next hop + 1 otherwise. Other leaves are the word offset of the
 * ply beneath, which is even: VPP stores a pool index shifted left and multiplies in the look-up.
 *
 * A leaf is non-empty when its stored length exceeds the bits above its ply, that is when a route
 * longer than the block put it there, or a ply stands there (its stored length is its own base).
 */
export class MtriePlies {
  /** Root and plies. Replaced when the array grows. */
  words: Uint32Array;
  /** The same memory, for the lengths. */
  private lengths: Uint8Array;
  /** Plies in use. */
  used = 0;
  /** Slots that updates have read or written. */
  touched = 0;
  /** Leaves of the root. */
  readonly rootSlots: number;
  private readonly rootWords: number;
  /** Plies that the array has room for, and that it may ever have. */
  private capacity: number;
  private readonly capacityMax: number;
  /** Plies that were handed out at least once lie below this offset. */
  private fresh: number;
  private freeList = 0;

  /** An empty root and room for the first plies. */
  constructor(readonly rootBits: number, maxBytes: number) {
    this.rootSlots = 2 ** rootBits;
    this.rootWords = rootWords(rootBits);
    this.capacityMax = Math.floor((maxBytes / 4 - this.rootWords) / PLY_WORDS);
    this.capacity = Math.min(PLIES_MIN, this.capacityMax);
    this.words = new Uint32Array(this.rootWords + PLY_WORDS * this.capacity);
    this.lengths = new Uint8Array(this.words.buffer);
    this.words.fill(EMPTY_LEAF, 0, this.rootSlots);
    this.fresh = this.rootWords;
  }

  /** Bytes of the array. */
  get bytes(): number {
    return 4 * this.words.length;
  }

  /** Slots of the ply that begins at `table`. */
  slotsOf(table: number): number {
    return table === 0 ? this.rootSlots : PLY_SLOTS;
  }

  /** Stored prefix length of a slot. */
  lengthAt(table: number, slot: number): number {
    return this.lengths[4 * (table + this.slotsOf(table)) + slot]!;
  }

  /** Non-empty leaves of a ply other than the root. */
  nonEmpty(ply: number): number {
    return this.words[ply + COUNT]!;
  }

  /** Address bits above a ply other than the root; `FREE_MARK` when it is free. */
  baseOf(ply: number): number {
    return this.words[ply + BASE]!;
  }

  /** Plies that adding this route would take. */
  missing(prefix: number, depth: number): number {
    let table = 0;
    for (let level = this.rootBits; level < depth; level += 8) {
      const leaf = this.words[table + this.slotIn(prefix, level)]!;
      if ((leaf & 1) === 1) return Math.ceil((depth - level) / 8);
      table = leaf;
    }
    return 0;
  }

  /** Makes room for `count` more plies; false, and nothing changed, when the limit forbids it. */
  reserve(count: number): boolean {
    const needed = this.used + count;
    if (needed <= this.capacity) return true;
    if (needed > this.capacityMax) return false;
    const capacity = Math.min(this.capacityMax, Math.max(2 * this.capacity, needed));
    const words = grown(this.words, this.rootWords + PLY_WORDS * capacity);
    if (words === undefined) return false;
    this.words = words;
    this.lengths = new Uint8Array(words.buffer);
    this.capacity = capacity;
    return true;
  }

  /**
   * Writes a route. A ply that is missing on the way is filled with the leaf it replaces before the
   * store that makes it reachable, and gets the route afterwards: a reader in between sees the old
   * answer.
   */
  insert(prefix: number, depth: number, leaf: number): void {
    let table = 0;
    let level = this.rootBits;
    while (depth > level) {
      const slot = this.slotIn(prefix, level);
      const old = this.words[table + slot]!;
      if ((old & 1) === 1) {
        const ply = this.create(old, this.lengthAt(table, slot), level);
        this.store(table, slot, ply, level);
        table = ply;
      } else {
        table = old;
      }
      level += 8;
    }
    const from = this.slotIn(prefix, level);
    this.writeRange(table, from, from + 2 ** (level - depth), depth, leaf);
  }

  /**
   * Writes a route wherever in `[from, to)` no longer one stands, in the plies beneath too (VPP:
   * set_leaf, set_ply_with_more_specific_leaf).
   */
  writeRange(table: number, from: number, to: number, depth: number, leaf: number): void {
    this.touched += to - from;
    for (let slot = from; slot < to; slot++) {
      const old = this.words[table + slot]!;
      if ((old & 1) === 0) this.writeRange(old, 0, PLY_SLOTS, depth, leaf);
      else if (depth >= this.lengthAt(table, slot)) this.store(table, slot, leaf, depth);
    }
  }

  /** Takes a route out and puts what it had covered in its place. */
  erase(prefix: number, depth: number, cover: number, coverDepth: number): void {
    this.unset(0, this.rootBits, prefix, depth, cover, coverDepth);
  }

  /**
   * `erase` within one ply; true when the ply became empty and went back to the pool (VPP:
   * unset_leaf). The slot that led to it then gets the cover: an empty ply holds no leaf longer
   * than its base, so the cover is all that it can say. Unlike VPP, whose load-balance indices
   * differ from route to route, a leaf is recognised by its stored length and not by its value.
   */
  unset(
    table: number,
    level: number,
    prefix: number,
    depth: number,
    cover: number,
    coverDepth: number,
  ): boolean {
    const within = depth >= level - (table === 0 ? this.rootBits : 8);
    const from = within ? this.slotIn(prefix, level) : 0;
    const to = within ? from + (depth > level ? 1 : 2 ** (level - depth)) : PLY_SLOTS;
    this.touched += to - from;
    for (let slot = from; slot < to; slot++) {
      const old = this.words[table + slot]!;
      if ((old & 1) === 1) {
        if (this.lengthAt(table, slot) !== depth) continue;
      } else if (!this.unset(old, level + 8, prefix, depth, cover, coverDepth)) continue;
      this.store(table, slot, cover, coverDepth);
      if ((old & 1) === 0) this.release(old);
    }
    return table !== 0 && this.nonEmpty(table) === 0;
  }

  /** Empties everything; `rules` calls back with the prefix and depth of every route. */
  clear(count: number, rules: (each: (prefix: number, depth: number) => void) => void): void {
    if (this.capacity > PLIES_KEPT || count > this.rootSlots / CLEAR_RATIO) {
      this.capacity = Math.min(PLIES_MIN, this.capacityMax);
      this.words = new Uint32Array(this.rootWords + PLY_WORDS * this.capacity);
      this.lengths = new Uint8Array(this.words.buffer);
      this.words.fill(EMPTY_LEAF, 0, this.rootSlots);
    } else {
      rules((prefix, depth) => {
        const from = prefix >>> (32 - this.rootBits);
        const to = from + (depth >= this.rootBits ? 1 : 2 ** (this.rootBits - depth));
        this.words.fill(EMPTY_LEAF, from, to);
        this.lengths.fill(0, 4 * this.rootSlots + from, 4 * this.rootSlots + to);
      });
    }
    this.fresh = this.rootWords;
    this.freeList = 0;
    this.used = 0;
    this.touched = 0;
  }

  /** Slot of an address in the ply that ends at `level` address bits. */
  private slotIn(prefix: number, level: number): number {
    return (prefix >>> (32 - level)) & (level === this.rootBits ? this.rootSlots - 1 : 255);
  }

  /** One store that turns a slot from its old answer to its new one, with length and count. */
  private store(table: number, slot: number, leaf: number, length: number): void {
    const at = 4 * (table + this.slotsOf(table)) + slot;
    if (table !== 0) {
      const base = this.words[table + BASE]!;
      this.words[table + COUNT]! += (length > base ? 1 : 0) - (this.lengths[at]! > base ? 1 : 0);
    }
    this.lengths[at] = length;
    this.words[table + slot] = leaf;
  }

  /** A ply in which every leaf is that of the slot it will replace (VPP: ply_create). */
  private create(leaf: number, length: number, base: number): number {
    let ply = this.freeList;
    if (ply !== 0) this.freeList = this.words[ply + COUNT]!;
    else {
      ply = this.fresh;
      this.fresh += PLY_WORDS;
    }
    this.used++;
    this.touched += PLY_SLOTS + 1;
    const lengths = 4 * (ply + PLY_SLOTS);
    this.words.fill(leaf, ply, ply + PLY_SLOTS);
    this.lengths.fill(length, lengths, lengths + PLY_SLOTS);
    this.words[ply + COUNT] = length > base ? PLY_SLOTS : 0;
    this.words[ply + BASE] = base;
    return ply;
  }

  private release(ply: number): void {
    this.words[ply + COUNT] = this.freeList;
    this.words[ply + BASE] = FREE_MARK;
    this.freeList = ply;
    this.used--;
  }
}

/** Words of the root ply: leaves and lengths. */
export function rootWords(rootBits: number): number {
  return 2 ** rootBits + 2 ** (rootBits - 2);
}

/** What a slot holds where no route does: the terminal leaf of load-balance index 0. */
export const EMPTY_LEAF = 1;
/** Slots of a ply below the root. */
export const PLY_SLOTS = 256;
/** Words of a ply below the root. */
export const PLY_WORDS = 336;
/** In place of the base of a ply that is free. */
export const FREE_MARK = 0xffff_ffff;

const COUNT = 320;
const BASE = 321;
const PLIES_MIN = 16;
/** Arrays with room for up to this many plies survive `clear`. */
const PLIES_KEPT = 64;
/** Writing the slots of a route costs about as much as filling this many slots of the root. */
const CLEAR_RATIO = 256;
