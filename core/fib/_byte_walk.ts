import type { ByteLevels } from "./_byte_levels.ts";
import { IN_ORDER, TREE_BYTES } from "./_byte_tree.ts";

/** What is done with a rule: its prefix, its depth, its next hop. */
type Visit = (prefix: number, depth: number, nextHop: number) => void;

/** The first leaf of a tree. */
const LEAF = 256;
/** Trees before those of the blocks of the first level. */
const TREES_ABOVE = 257;

/** Calls `visit` for each rule in ascending (prefix, depth). The rules must not change meanwhile. */
export function walkRules(levels: ByteLevels, visit: Visit): void {
  walkTree(levels, 0, 0, 0, visit);
}

/** The rules of a tree of `bits` bits, and after each leaf those of the tree beneath it. */
function walkTree(
  levels: ByteLevels,
  tree: number,
  bits: number,
  prefix: number,
  visit: Visit,
): void {
  if (bits === 16 && levels.busy[tree - TREES_ABOVE] === 0) return;
  if (bits === 8 && isEmpty(levels, tree)) return;
  for (const node of IN_ORDER) {
    const [at, depth] = prefixOf(node, prefix, bits);
    const code = levels.trees[tree * TREE_BYTES + node]!;
    if (code !== 0) visit(at, depth, code - 1);
    if (node < LEAF) continue;
    if (bits < 16) walkTree(levels, LEAF * tree + 1 + node - LEAF, bits + 8, at, visit);
    else walkGroup(levels, levels.groups.at(at >>> 8), at, visit);
  }
}

/** Whether neither the tree of a /8 nor a block beneath it has a rule: most have none in a small table. */
function isEmpty(levels: ByteLevels, tree: number): boolean {
  const { busy, treeWords } = levels;
  const words = TREE_BYTES / 4;
  for (let n = tree * words; n < (tree + 1) * words; n++) if (treeWords[n] !== 0) return false;
  const block = LEAF * (tree - 1);
  for (let n = block; n < block + LEAF; n++) if (busy[n] !== 0) return false;
  return true;
}

function walkGroup(levels: ByteLevels, group: number, prefix: number, visit: Visit): void {
  if (group < 0) return;
  for (const node of IN_ORDER) {
    const code = levels.groups.trees[group * TREE_BYTES + node]!;
    if (code !== 0) visit(...prefixOf(node, prefix, 24), code - 1);
  }
}

/** What a node of the tree of a block stands for. */
function prefixOf(node: number, block: number, bits: number): [prefix: number, depth: number] {
  const own = 31 - Math.clz32(node);
  return [block + (node - 2 ** own) * 2 ** (32 - bits - own), bits + own];
}
