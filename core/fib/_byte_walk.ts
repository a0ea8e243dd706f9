import { type ByteLevels, TREES_BEFORE } from "./_byte_levels.ts";
import { inOrder, TREE_BYTES, WIDE_TREE_BYTES } from "./_byte_tree.ts";

/** What is done with a rule: its prefix, its depth, its next hop. */
type Visit = (prefix: number, depth: number, nextHop: number) => void;

const NODES = inOrder(TREE_BYTES);
const NODES_IN_GROUP = inOrder(WIDE_TREE_BYTES);
/** The first leaf of a tree of 4 bits, and how many there are. */
const LEAF = 16;
/** The level of the trees of blocks. */
const LEVEL_LAST = 5;
/** The levels of the trees of each /8 and of each /16. */
const LEVEL_8 = 2;
const LEVEL_16 = 4;

/** Calls `visit` for each rule in ascending (prefix, depth). The rules must not change meanwhile. */
export function walkRules(levels: ByteLevels, visit: Visit): void {
  walkTree(levels, 0, 0, 0, visit);
}

/** The rules of the tree at `index` of its level, and after each leaf those of the tree beneath it. */
function walkTree(
  levels: ByteLevels,
  level: number,
  index: number,
  prefix: number,
  visit: Visit,
): void {
  if (level === LEVEL_8 && isEmpty(levels, index)) return;
  if (level === LEVEL_16 && levels.busy[index] === 0) return;
  const base = TREE_BYTES * (TREES_BEFORE[level]! + index);
  for (const node of NODES) {
    const [at, depth] = prefixOf(node, prefix, 4 * level);
    const code = levels.trees[base + node]!;
    if (code !== 0) visit(at, depth, code - 1);
    if (node < LEAF) continue;
    if (level < LEVEL_LAST) walkTree(levels, level + 1, LEAF * index + node - LEAF, at, visit);
    else walkGroup(levels, levels.groups.at(at >>> 8), at, visit);
  }
}

/** Whether a /8 has no rule longer than it: most have none in a small table. */
function isEmpty(levels: ByteLevels, index: number): boolean {
  const { busy, treeWords } = levels;
  for (let level = LEVEL_8, trees = 1; level < LEVEL_16; level++, trees *= LEAF) {
    const from = (TREE_BYTES / 4) * (TREES_BEFORE[level]! + trees * index);
    const to = from + (TREE_BYTES / 4) * trees;
    for (let n = from; n < to; n++) if (treeWords[n] !== 0) return false;
  }
  for (let n = 256 * index; n < 256 * (index + 1); n++) if (busy[n] !== 0) return false;
  return true;
}

function walkGroup(levels: ByteLevels, group: number, prefix: number, visit: Visit): void {
  if (group < 0) return;
  for (const node of NODES_IN_GROUP) {
    const code = levels.groups.trees[group * WIDE_TREE_BYTES + node]!;
    if (code !== 0) visit(...prefixOf(node, prefix, 24), code - 1);
  }
}

/** What a node of the tree of a block stands for. */
function prefixOf(node: number, block: number, bits: number): [prefix: number, depth: number] {
  const own = 31 - Math.clz32(node);
  return [block + (node - 2 ** own) * 2 ** (32 - bits - own), bits + own];
}
