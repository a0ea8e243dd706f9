/**
 * The elements of a state-jump table, (inf, jump) each, and what stands beside them for updates
 * only: the depth of the route that an element answers with, and for each block how many routes are
 * longer than the path to it. An array of elements never grows; a larger one takes its place.
 *
 * With jump 0 an element ends the look-up, and inf is next hop + 1, or 0 for a miss: memory full of
 * zeroes misses. Otherwise jump is the number of address bits of the next chunk, and inf the index
 * of the first element of the block for it.
 *
 * Four bytes hold 27 bits of inf and 5 of jump. Eight bytes are two words, inf and jump; a NIC
 * stores them at once, here a store is two.
 */
export class JumpElements {
  /** The elements. */
  readonly words: Uint32Array;
  /** The depth of each final element's route; 0 for a miss, and of no meaning with a jump. */
  readonly depths: Uint8Array;
  private readonly refs: Uint32Array;

  /**
   * Zeroes.
   * @param wide 0 for elements of one word, 1 for two
   * @param unitBits elements of the smallest block, as a power of two
   */
  constructor(
    readonly capacity: number,
    readonly wide: 0 | 1,
    private readonly unitBits: number,
  ) {
    this.words = new Uint32Array(capacity * (wide + 1));
    this.depths = new Uint8Array(capacity);
    this.refs = new Uint32Array((capacity >>> unitBits) + 1);
  }

  /** Bytes beside the elements. */
  get besideBytes(): number {
    return this.depths.byteLength + this.refs.byteLength;
  }

  /** `inf` of an element. */
  inf(element: number): number {
    return this.wide === 1 ? this.words[2 * element]! : this.words[element]! >>> JUMP_BITS;
  }

  /** `jump` of an element. */
  jump(element: number): number {
    return this.wide === 1 ? this.words[2 * element + 1]! : this.words[element]! & JUMP_MASK;
  }

  /** Changes an element from its old answer to its new one: its depth first, for no reader sees it. */
  store(element: number, inf: number, jump: number, depth: number): void {
    this.depths[element] = depth;
    if (this.wide === 1) {
      this.words[2 * element] = inf;
      this.words[2 * element + 1] = jump;
    } else {
      this.words[element] = (inf << JUMP_BITS) | jump;
    }
  }

  /**
   * Stores an answer in each element of `[from, to)` that no longer route has won, up to the first
   * that leads to a block; answers where that is, or `to`. A default route goes through the whole
   * first block, so the loop calls nothing.
   */
  overwrite(from: number, to: number, inf: number, depth: number): number {
    const { words, depths, wide } = this;
    const entry = wide === 1 ? inf : inf << JUMP_BITS;
    for (let i = from; i < to; i++) {
      const jump = wide === 1 ? words[2 * i + 1]! : words[i]! & JUMP_MASK;
      if (jump !== 0) return i;
      if (depths[i]! > depth) continue;
      depths[i] = depth;
      words[wide === 1 ? 2 * i : i] = entry;
    }
    return to;
  }

  /** Routes longer than the path to the block that begins at this element. */
  refsOf(base: number): number {
    return this.refs[base >>> this.unitBits]!;
  }

  /** Changes `refsOf`. */
  setRefs(base: number, count: number): void {
    this.refs[base >>> this.unitBits] = count;
  }

  /** Takes over the first `count` elements of a smaller array, and its blocks. */
  copyFrom(old: JumpElements): void {
    this.words.set(old.words);
    this.depths.set(old.depths);
    this.refs.set(old.refs);
  }

  /** Turns elements into misses. */
  erase(from: number, to: number): void {
    this.words.fill(0, from << this.wide, to << this.wide);
    this.depths.fill(0, from, to);
  }
}

/** Bits of `jump` in an element of 4 bytes. */
export const JUMP_BITS = 5;
/** The bits of `jump`. */
export const JUMP_MASK = 31;
/** Elements that an `inf` of 27 bits can tell apart. */
export const ELEMENTS_MAX = 2 ** 27;
