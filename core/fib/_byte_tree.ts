/**
 * The rules of a block of addresses, a byte for each prefix of the block that there can be: a complete
 * binary tree in heap order (Knuth, TAOCP 1, 2.3.4.5). The prefix that is `n` bits longer than the
 * block is node `2^n | those n bits`; its parent, the prefix one bit shorter, is half of that. Node 1
 * is the block itself, whose rule is a leaf of the tree above. A byte is next hop + 1, or 0 where
 * there is no rule. A tree begins at `base` of an array.
 *
 * So a rule is found, added and removed without a search, and what covers it is near. Trees of 4 bits
 * take 32 bytes: of a rule and all beneath it one cache line is read. The price: the bytes of every
 * tree, whatever is in it.
 */

/** Bytes of a tree of 4 bits: its leaves are nodes 16 to 31. */
export const TREE_BYTES = 32;
/** Bytes of a tree of 8 bits: its leaves are nodes 256 to 511. */
export const WIDE_TREE_BYTES = 512;

/** The longest rule at a node or above it in its tree; 0 when there is none. */
export function longestAt(trees: Uint8Array, base: number, node: number): number {
  for (let n = node; n > 0; n >>>= 1) {
    const code = trees[base + n]!;
    if (code !== 0) return code;
  }
  return 0;
}

/** What `winners` finds: a byte for each node, and the same as 16 and 32 bits. */
export class Found {
  /** A byte for each node. */
  readonly bytes: Uint8Array;
  /** Two nodes each. */
  readonly halves: Uint16Array;
  /** Four nodes each. */
  readonly words: Uint32Array;

  /** Room for a tree of `size` bytes. */
  constructor(readonly size: number) {
    const buffer = new ArrayBuffer(size);
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}

/**
 * For each leaf under a node the longest rule from the leaf up to below the node, or `code` where
 * there is none, in `out`, which has the size of the tree. Level by level, four nodes at a time (their
 * two parents are half a word), without a branch: which prefixes have rules cannot be predicted.
 * `words` are `trees` in words of 32 bits, the first byte lowest, as on every machine that runs this.
 */
export function winners(
  trees: Uint8Array,
  words: Uint32Array,
  base: number,
  node: number,
  code: number,
  out: Found,
): void {
  const { bytes, halves, words: found, size } = out;
  bytes[node] = code;
  if (2 * node >= size) return;
  const left = trees[base + 2 * node]!;
  const right = trees[base + 2 * node + 1]!;
  // As one half, since a load that needs two stores waits for both to leave the store buffer.
  halves[node] = left | (code & ((left - 1) >> 31)) |
    (right | (code & ((right - 1) >> 31))) << 8;
  const at = base >>> 2;
  for (let from = node, to = node + 1; 4 * from < size; from *= 2, to *= 2) {
    for (let n = from; n < to; n++) {
      const own = words[at + n]!;
      const parents = halves[n]!;
      const twice = (parents & 0xff) | (parents & 0xff00) << 8;
      found[n] = own | ((twice | twice << 8) & zeroBytes(own));
    }
  }
}

/** 255 in each byte that is 0, 0 in the others (Warren: Hacker's Delight, 6-1). */
export function zeroBytes(word: number): number {
  const zero = ~((((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word) | 0x7f7f7f7f);
  return (zero << 1) - (zero >>> 7) | 0;
}

/**
 * All nodes of a tree, each before those under it and those before its sibling: in ascending
 * (prefix, depth).
 */
export function inOrder(size: number): Uint16Array {
  const order = new Uint16Array(size - 1);
  let n = 0;
  const visit = (node: number): void => {
    order[n++] = node;
    if (2 * node >= size) return;
    visit(2 * node);
    visit(2 * node + 1);
  };
  visit(1);
  return order;
}
