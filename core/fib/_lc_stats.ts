import { type LcNodes, ROOT } from "./_lc_nodes.ts";
import type { LcResize } from "./_lc_resize.ts";

/** The shape of an LC-trie, with the lines of /proc/net/fib_triestat. */
export interface LcTrieStats {
  /** Tnodes above a leaf, on average over the leaves; 0 without any. */
  readonly depthAverage: number;
  /** Most tnodes above a leaf. */
  readonly depthMax: number;
  /** Leaves: different first addresses of routes. */
  readonly leaves: number;
  /** Tnodes. */
  readonly tnodes: number;
  /** How many tnodes decide on 0, 1, 2, ... bits. */
  readonly tnodesByBits: readonly number[];
  /** Children of all tnodes, those that are not there among them. */
  readonly pointers: number;
  /** Children that are not there. */
  readonly nullPointers: number;
  /** Resizes left out for want of memory. */
  readonly resizesSkipped: number;
  /** Tnodes that one more turn would resize: none in a trie as tight as the thresholds allow. */
  readonly unsettled: number;
}

/** Counts through all nodes. */
export function trieStats(nodes: LcNodes, resizing: LcResize): LcTrieStats {
  const byBits: number[] = [0];
  let [depths, depthMax, pointers, nullPointers, unsettled] = [0, 0, 0, 0, 0];
  const pending: [node: number, depth: number][] = [[nodes.child(ROOT, 0), 0]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, depth] = next;
    if (node === 0) continue;
    const bits = nodes.bits(node);
    if (bits === 0) {
      depths += depth;
      depthMax = Math.max(depthMax, depth);
      continue;
    }
    while (byBits.length <= bits) byBits.push(0);
    byBits[bits]!++;
    pointers += 2 ** bits;
    nullPointers += nodes.empty(node);
    const parent = nodes.parent(node);
    if (resizing.shouldInflate(parent, node) || resizing.shouldHalve(parent, node)) unsettled++;
    for (let i = 0; i < 2 ** bits; i++) pending.push([nodes.child(node, i), depth + 1]);
  }
  return {
    depthAverage: nodes.leaves === 0 ? 0 : depths / nodes.leaves,
    depthMax,
    leaves: nodes.leaves,
    tnodes: nodes.tnodes,
    tnodesByBits: byBits,
    pointers,
    nullPointers,
    resizesSkipped: resizing.skipped,
    unsettled,
  };
}
