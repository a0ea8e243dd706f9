import { CHILDREN } from "./_lc_arena.ts";
import { ALIASES, type LcNodes, PARENT, ROOT, SHAPE } from "./_lc_nodes.ts";

/** What look-ups met: trie_use_stats of Linux, and the reads that they made. */
export interface LcTrieUse {
  /** Look-ups. */
  gets: number;
  /** Turns back, to a shorter prefix of the address. */
  backtrack: number;
  /** Leaves of which a route matched. */
  semanticMatchPassed: number;
  /** Leaves of which none did. */
  semanticMatchMiss: number;
  /** Children that were not there. */
  nullNodeHit: number;
  /** Dependent reads: the pointer to the first node, nodes, child pointers, aliases. */
  reads: number;
}

/**
 * The look-up once more, written step by step and counting: the plain twin of `LcTrie.lookup`. A
 * node is one read however many of its words are looked at, since they share 20 bytes; what has been
 * read on the way down is at hand on the way up.
 */
export function probe({ arena }: LcNodes, address: number, use: LcTrieUse): number {
  const { words } = arena;
  use.gets++;
  use.reads++;
  let parent = ROOT;
  let index = 0;
  let node = words[ROOT + CHILDREN]!;
  let exact = true;
  for (;;) {
    if (node === 0) use.nullNodeHit++;
    else {
      use.reads++;
      const shape = words[node + SHAPE]!;
      const pos = shape & 255;
      const bits = (shape >>> 8) & 255;
      const slen = shape >>> 16;
      const different = (address ^ words[node]!) >>> 0;
      const inside = different < 2 ** (pos + bits);
      // Where the node disagrees with the address, only routes shorter than all the disagreement do.
      if (exact && !inside) exact = false;
      const key = words[node]!;
      const covers = exact || ((different & (key | -key)) === 0 && slen > pos);
      if (covers && bits === 0) {
        const nextHop = match(words, node, different, use);
        if (nextHop >= 0) return nextHop;
      } else if (covers) {
        const down = exact ? Math.floor(different / 2 ** pos) : 0;
        if (exact && slen > pos) {
          parent = node;
          index = down;
        }
        use.reads++;
        node = words[node + CHILDREN + down]!;
        continue;
      }
    }
    exact = false;
    use.backtrack++;
    while (index === 0) {
      if (parent === ROOT) return -1;
      const key = words[parent]!;
      parent = words[parent + PARENT]!;
      index = parent === ROOT ? 0 : (key ^ words[parent]!) >>> (words[parent + SHAPE]! & 255);
    }
    index &= index - 1;
    use.reads++;
    node = words[parent + CHILDREN + index]!;
  }
}

/** Next hop of the longest of a leaf's routes that covers the address, or -1. */
function match(words: Uint32Array, leaf: number, different: number, use: LcTrieUse): number {
  for (let alias = words[leaf + ALIASES]!; alias !== 0; alias = words[alias]!) {
    use.reads++;
    const word = words[alias + 1]!;
    if (different >= 2 ** (word >>> 24)) continue;
    use.semanticMatchPassed++;
    return word & 0xff_ffff;
  }
  use.semanticMatchMiss++;
  return -1;
}
