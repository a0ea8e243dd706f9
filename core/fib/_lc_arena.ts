/**
 * The memory of an LC-trie: one array of words from which aliases, leaves and tnodes are cut. A
 * reference is the offset of a block's first word; 0 refers to nothing. Blocks come in kinds of one
 * size each; a free block is kept for the next one of its kind (its first word leads to the one
 * freed before), so whatever is free was in use at once before. The array doubles up to its limit;
 * a block that no longer fits is not given, and the caller goes without it.
 */
export class LcArena {
  /** The words. Replaced when the array grows. */
  words: Uint32Array = new Uint32Array(WORDS_MIN);
  /** Words in blocks that are in use. */
  live = 0;
  /** Words from which nothing has been cut yet begin here. */
  fresh: number = FIRST_BLOCK;
  private readonly freeLists = new Uint32Array(KINDS);
  private readonly wordsMax: number;

  /** An arena of at most so many bytes. */
  constructor(maxBytes: number) {
    this.wordsMax = Math.min(Math.floor(maxBytes / 4), 2 ** 30);
  }

  /** Makes room for a block of each of these kinds, all different; false when the limit forbids it. */
  reserve(...kinds: number[]): boolean {
    let end = this.fresh;
    for (const kind of kinds) if (this.freeLists[kind] === 0) end += wordsOf(kind);
    if (end <= this.words.length) return true;
    if (end > this.wordsMax) return false;
    try {
      const words = new Uint32Array(Math.min(this.wordsMax, Math.max(2 * this.words.length, end)));
      words.set(this.words);
      this.words = words;
      return true;
    } catch {
      return false;
    }
  }

  /** A block of any contents, or 0. */
  allocate(kind: number): number {
    const words = wordsOf(kind);
    let block = this.freeLists[kind]!;
    if (block !== 0) this.freeLists[kind] = this.words[block]!;
    else {
      if (this.fresh + words > this.words.length && !this.reserve(kind)) return 0;
      block = this.fresh;
      this.fresh += words;
    }
    this.live += words;
    return block;
  }

  /** Takes a block back. */
  free(block: number, kind: number): void {
    this.words[block] = this.freeLists[kind]!;
    this.freeLists[kind] = block;
    this.live -= wordsOf(kind);
  }

  /** Words in free blocks. O(free blocks). */
  freeWords(): number {
    let count = 0;
    for (let kind = 0; kind < KINDS; kind++) {
      for (let block = this.freeLists[kind]!; block !== 0; block = this.words[block]!) {
        count += wordsOf(kind);
      }
    }
    return count;
  }

  /** Takes all blocks back; a large array goes. */
  clear(): void {
    if (this.words.length > WORDS_KEPT) this.words = new Uint32Array(WORDS_MIN);
    this.freeLists.fill(0);
    this.fresh = FIRST_BLOCK;
    this.live = 0;
  }
}

/** Kind of an alias: next alias, suffix length and next hop. */
export const ALIAS = 0;
/** Kind of a leaf: key, shape, parent, first alias. */
export const LEAF = 1;
/** Words of a tnode before its children: key, shape, parent, full children, empty children. */
export const CHILDREN = 5;
/** Most children of a tnode, as a power of two. */
export const BITS_MAX = 28;

/** Kind of a tnode with 2^bits children. */
export function tnodeKind(bits: number): number {
  return LEAF + bits;
}

function wordsOf(kind: number): number {
  return kind === ALIAS ? 2 : kind === LEAF ? 4 : CHILDREN + (1 << (kind - LEAF));
}

const KINDS = LEAF + BITS_MAX + 1;
/** Word 0 is no block, words 1 to 6 are the root of the trie, a tnode of a single child. */
const FIRST_BLOCK = 7;
const WORDS_MIN = 2 ** 8;
/** Arrays up to this size survive `clear`. */
const WORDS_KEPT = 2 ** 14;
