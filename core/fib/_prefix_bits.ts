/**
 * Which IPv4 prefixes of depth 1 to 24 there are, a bit each, so that the longest one above a prefix
 * is found by looking at bits instead of probing a hash for every depth.
 *
 * The prefixes below one /16 are a binary tree of 511 nodes in heap order: the node of depth d has
 * the index `2^(d - 16) | bits 16 to d - 1`, and its parent half of that. 512 bits are one cache
 * line of 64 bytes, so a climb from /24 to /17 reads one line. The depths to 16 are one such tree
 * more, of 2^17 bits. 4 MiB + 16 KiB in all, whatever is in it.
 */
export class PrefixBits {
  private readonly words = new Uint32Array(TOP_WORDS + 2 ** 16 * LINE_WORDS);

  /** Bytes of memory. */
  get bytes(): number {
    return this.words.byteLength;
  }

  /** Notes a prefix. Depth 0, and depths beyond 24, have no bit. */
  add(prefix: number, depth: number): void {
    if (depth < 1 || depth > BITS_DEPTH) return;
    const node = nodeOf(prefix, depth);
    this.words[lineOf(prefix, depth) + (node >>> 5)]! |= 1 << (node & 31);
  }

  /** Forgets a prefix. */
  remove(prefix: number, depth: number): void {
    if (depth < 1 || depth > BITS_DEPTH) return;
    const node = nodeOf(prefix, depth);
    this.words[lineOf(prefix, depth) + (node >>> 5)]! &= ~(1 << (node & 31));
  }

  /** How many prefixes are noted. O(words): for invariants only. */
  count(): number {
    let count = 0;
    for (let word of this.words) for (; word !== 0; word &= word - 1) count++;
    return count;
  }

  /** Whether a prefix of depth 1 to 24 was noted. */
  has(prefix: number, depth: number): boolean {
    const node = nodeOf(prefix, depth);
    return (this.words[lineOf(prefix, depth) + (node >>> 5)]! >>> (node & 31) & 1) === 1;
  }

  /** The greatest depth in 1..`depth`, itself at most 24, at which `prefix` was noted; 0 for none. */
  longest(prefix: number, depth: number): number {
    const words = this.words;
    let d = depth;
    if (d > LINE_DEPTH) {
      const line = lineOf(prefix, d);
      for (let node = nodeOf(prefix, d); node > 1; node >>>= 1, d--) {
        if ((words[line + (node >>> 5)]! >>> (node & 31) & 1) !== 0) return d;
      }
    }
    if (d === 0) return 0;
    for (let node = nodeOf(prefix, d); node > 1; node >>>= 1, d--) {
      if ((words[node >>> 5]! >>> (node & 31) & 1) !== 0) return d;
    }
    return 0;
  }
}

/** Index of a prefix, of depth 1 to 24, in its tree. */
function nodeOf(prefix: number, depth: number): number {
  if (depth <= LINE_DEPTH) return (1 << depth) | (prefix >>> (32 - depth));
  return (1 << (depth - LINE_DEPTH)) | ((prefix & 0xffff) >>> (32 - depth));
}

/** The word at which its tree begins. */
function lineOf(prefix: number, depth: number): number {
  return depth <= LINE_DEPTH ? 0 : TOP_WORDS + (prefix >>> 16) * LINE_WORDS;
}

/** Greatest depth that has bits. */
export const BITS_DEPTH = 24;
/** Depth below which each prefix has a line of its own. */
const LINE_DEPTH = 16;
const LINE_WORDS = 16;
/** The tree of the depths to 16: 2^17 bits. */
const TOP_WORDS = 2 ** 12;
