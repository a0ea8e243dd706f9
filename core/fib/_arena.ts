/**
 * Blocks of 32-bit words in one array, for tables that build what answers for a block of addresses
 * in one piece and replace it whole.
 *
 * A block is live from `allocate` to `release`; its owner remembers how long it is. What came back
 * is given out again for blocks of exactly its length, the last one first (the link of a free list
 * lies in the first word of a free block); all else is taken from the end. So memory of other
 * lengths becomes waste, and the owner, told by -1 that the end is reached, moves its live blocks
 * to a new array with `restart`: of the same length while a quarter of it is waste, else of twice the
 * length, and not beyond the limit while the blocks fit beneath it.
 *
 * This stands for the buddy allocators of Poptrie (section 3.3 of the paper), which lose a quarter
 * of the memory to powers of two. The price is the move, O(live words), paid at most once for each
 * quarter of the array that was allocated; close to the limit it is paid more often.
 */
export class Arena {
  /** The words; replaced by `restart`. */
  words: Int32Array;
  /** The same memory as 16-bit halves: word i is halves 2i and 2i + 1. */
  halves: Uint16Array;
  /** Words of live blocks. */
  live = 0;
  private top = 0;
  /** First free block of each length, + 1; 0 = none. */
  private readonly free = new Int32Array(LENGTHS);
  private readonly lengthMin: number;

  /** Plans to stay within `limit` words. */
  constructor(private readonly limit: number) {
    this.lengthMin = Math.min(limit, WORDS_MIN);
    this.words = new Int32Array(this.lengthMin);
    this.halves = new Uint16Array(this.words.buffer);
  }

  /** Takes a block of `length` words with whatever is in them; -1 when it has to be made room. */
  allocate(length: number): number {
    const reused = length < LENGTHS ? this.free[length]! - 1 : -1;
    if (reused >= 0) {
      this.free[length] = this.words[reused]!;
    } else if (this.top + length > this.words.length) {
      return -1;
    } else {
      this.top += length;
    }
    this.live += length;
    return reused >= 0 ? reused : this.top - length;
  }

  /** Takes a block back. */
  release(at: number, length: number): void {
    this.live -= length;
    if (length >= LENGTHS) return;
    this.words[at] = this.free[length]!;
    this.free[length] = at + 1;
  }

  /** Words that an array, now of `length`, should have for the live blocks and `more`. */
  lengthFor(more: number, length: number = this.words.length): number {
    const needed = this.live + more;
    if (length <= this.limit && 4 * needed <= 3 * length) return length;
    const doubled = Math.max(2 * length, needed);
    return doubled <= this.limit ? doubled : Math.max(needed, this.limit);
  }

  /**
   * Makes room for a block of `more` words at the end and leaves all blocks where they are: for an
   * owner in the middle of an update, who moves them when it is over.
   */
  extend(more: number): void {
    const { words, limit } = this;
    // Past the limit an update may ask for block after block: an eighth at a time.
    const length = Math.max(Math.min(2 * words.length, limit), this.top + more);
    this.words = new Int32Array(length + (length > limit ? length >>> 3 : 0));
    this.words.set(words);
    this.halves = new Uint16Array(this.words.buffer);
  }

  /** Starts over with `length` words; answers the old ones, whose live blocks are to be moved. */
  restart(length: number): Int32Array {
    const old = this.words;
    this.words = new Int32Array(length);
    this.halves = new Uint16Array(this.words.buffer);
    this.top = 0;
    this.live = 0;
    this.free.fill(0);
    return old;
  }

  /** Whether more words are set aside than the limit allows, though the blocks would fit. */
  get isOver(): boolean {
    return this.words.length > this.limit && this.live <= this.limit;
  }

  /** The free blocks as [at, length], for invariants only. */
  freeBlocks(): [at: number, length: number][] {
    const blocks: [number, number][] = [];
    for (let length = 0; length < LENGTHS; length++) {
      for (let at = this.free[length]! - 1; at >= 0; at = this.words[at]! - 1) {
        if (blocks.push([at, length]) > this.words.length) {
          throw new Error(`Free list of length ${length} does not end, see block ${at}`);
        }
      }
    }
    return blocks;
  }

  /** Empty again, of the length it had when it was new. */
  clear(): void {
    this.restart(this.lengthMin);
  }
}

/** Blocks of this length or longer are not reused before a move. */
const LENGTHS = 1024;
/** Words set aside for an empty table, unless the limit is lower. */
const WORDS_MIN = 256;
