/**
 * The rules of a block of addresses, a byte for each prefix of the block that there can be: a complete
 * binary tree in heap order (Knuth, TAOCP 1, 2.3.4.5). The prefix that is `n` bits longer than the
 * block, 1 to 8, is node `2^n | those n bits`; its parent, the prefix one bit shorter, is half of
 * that; the leaves are 256 to 511. Node 1 is the block itself, whose rule is a leaf of the tree above.
 * A byte is next hop + 1, or 0 where there is no rule. A tree begins at `base` of an array.
 *
 * So a rule is found, added and removed without a search, and what covers it lies in the same 512
 * bytes. The price: 512 bytes for a block, whatever is in it.
 */

/** Bytes of a tree. Node 0 is none. */
export const TREE_BYTES = 512;

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
  readonly bytes: Uint8Array = new Uint8Array(TREE_BYTES);
  readonly halves: Uint16Array = new Uint16Array(this.bytes.buffer);
  readonly words: Uint32Array = new Uint32Array(this.bytes.buffer);
}

/**
 * For each leaf under a node the longest rule from the leaf up to below the node, or `code` where
 * there is none, in `out`. Level by level, four nodes at a time (their two parents are half a word),
 * without a branch: which prefixes have rules cannot be predicted. `words` are `trees` in words of 32
 * bits, the first byte lowest, as on every machine that runs this.
 */
export function winners(
  trees: Uint8Array,
  words: Uint32Array,
  base: number,
  node: number,
  code: number,
  out: Found,
): void {
  const { bytes, halves, words: found } = out;
  bytes[node] = code;
  if (2 * node >= TREE_BYTES) return;
  const [left, right] = [trees[base + 2 * node]!, trees[base + 2 * node + 1]!];
  bytes[2 * node] = left !== 0 ? left : code;
  bytes[2 * node + 1] = right !== 0 ? right : code;
  const at = base >>> 2;
  for (let from = node, to = node + 1; from < TREE_BYTES / 4; from *= 2, to *= 2) {
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

/** The first leaf under a node: all bits that the node does not have are 0. */
export function firstLeaf(node: number): number {
  return node << (Math.clz32(node) - 23);
}

/** How many leaves there are under a node. */
export function leavesOf(node: number): number {
  return 1 << (Math.clz32(node) - 23);
}

/** All nodes, each before those under it and those before its sibling: ascending (prefix, depth). */
export const IN_ORDER: Uint16Array = inOrder();

function inOrder(): Uint16Array {
  const order = new Uint16Array(TREE_BYTES - 1);
  let n = 0;
  const visit = (node: number): void => {
    order[n++] = node;
    if (2 * node >= TREE_BYTES) return;
    visit(2 * node);
    visit(2 * node + 1);
  };
  visit(1);
  return order;
}
