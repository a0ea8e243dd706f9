/**
 * A node of a Poptrie (Asai, Ohara, SIGCOMM 2015, section 3), the same for IPv4 and IPv6: six 32-bit
 * words, two vectors of 64 bits with their low halves first, and two bases. Child or leaf of slot v
 * is the rank of v in its vector, less one, from its base.
 */

/** Words of a node. */
export const NODE_WORDS = 6;
/** Bit v: slot v leads to a child node. */
export const VECTOR = 0;
/** Bit v: at slot v a run of equal leaves begins. Slots with children are passed over. */
export const LEAFVEC = 2;
/** Half in the arena of the node's first leaf. */
export const BASE0 = 4;
/** Word in the arena of the node's first child. */
export const BASE1 = 5;
/** Address bits that a node resolves. */
export const STRIDE = 6;
/** Marks an entry of the direct array that is a leaf. */
export const LEAF = 1 << 31;
/** The greatest next hop: a leaf has 16 bits, and 0 says that there is no route. */
export const LEAF_HOP_MAX = 0xfffe;
/** Most words of nodes and leaves: `base0` counts halves in 31 bits. */
export const WORDS_MAX = 2 ** 29;

/**
 * Bits set among the lower v + 1 of the vector in two words. JavaScript has neither 64-bit integers
 * that are fast nor a popcount: both halves are counted together by adding bits in parallel.
 */
export function rank(words: Int32Array, at: number, v: number): number {
  // A shift count is taken modulo 32.
  const high = -(v >>> 5);
  const mask = (2 << v) - 1;
  let a = words[at]! & (mask | high);
  let b = words[at + 1]! & mask & high;
  a -= (a >>> 1) & 0x5555_5555;
  b -= (b >>> 1) & 0x5555_5555;
  a = (a & 0x3333_3333) + ((a >>> 2) & 0x3333_3333) + (b & 0x3333_3333) +
    ((b >>> 2) & 0x3333_3333);
  a = (a & 0x0f0f_0f0f) + ((a >>> 4) & 0x0f0f_0f0f);
  return Math.imul(a, 0x0101_0101) >>> 24;
}

/** Whether bit v of the vector in two words is set. */
export function hasSlot(words: Int32Array, at: number, v: number): boolean {
  return ((words[at + (v >>> 5)]! >>> v) & 1) !== 0;
}

/** What a node is made from: its slots, told one after the other from the first to the last. */
export class NodeSlots {
  /** Vector and leafvec, as the first words of a node. */
  readonly vectors: Int32Array = new Int32Array(4);
  /** The leaves, one for each run of equal ones. */
  readonly values: Uint16Array = new Uint16Array(64);
  /** How many slots lead to children. */
  children = 0;
  /** How many leaves there are. */
  leaves = 0;

  /** Forgets the node before. */
  begin(): void {
    this.vectors.fill(0);
    this.children = 0;
    this.leaves = 0;
  }

  /** Slot v leads to a child. */
  child(v: number): void {
    this.vectors[VECTOR + (v >>> 5)]! |= 1 << v;
    this.children++;
  }

  /** Slot v is a leaf. */
  leaf(v: number, value: number): void {
    if (this.leaves > 0 && this.values[this.leaves - 1] === value) return;
    this.vectors[LEAFVEC + (v >>> 5)]! |= 1 << v;
    this.values[this.leaves++] = value;
  }
}
