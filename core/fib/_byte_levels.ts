import { ByteGroups } from "./_byte_groups.ts";
import { Found, longestAt, WIDE_TREE_BYTES, winners, zeroBytes } from "./_byte_tree.ts";

// V8 folds a constant of this module, and loads an imported one from memory at each use.
/** The entry that leads to a group. */
const DEEP = 255;
/** Bytes of a tree, and its first leaf. */
const TREE = 32;
const LEAF = 16;
/** Bytes of the tree of a group, and its first leaf. */
const WIDE_TREE = 512;
const WIDE_LEAF = 256;
/** How many trees the levels above one have. The trees of the last level are those of blocks. */
export const TREES_BEFORE: Int32Array = Int32Array.of(0, 1, 17, 273, 4369, 69_905);
const LEVEL_LAST = 5;
const TREES_ABOVE = 69_905;
/** The level of the trees of each /16. */
const LEVEL_16 = 4;
const TREES_ABOVE_16 = 4369;

/**
 * The levels of a DIR-24-8 table with entries of 8 bits, the rules beside them, and how an update
 * changes both.
 *
 * The rules up to /4 are a tree (`_byte_tree.ts`), those up to /8 a tree for each /4, and so on, down
 * to those up to /24, a tree for each /20, which is a block of the first level; those beyond are a
 * tree for each group. The trees that are there from the start are numbered as a heap of 16 branches:
 * tree t is above 16 * t + 1 to 16 * t + 16. A place is where in `trees` the byte of a rule is:
 * 32 * tree + node.
 *
 * An entry is next hop + 1 of the longest rule not longer than its addresses, 0 for a miss, 255 where
 * a group answers. What it should be is a function of the trees. So an update is the same for a rule
 * that comes, changes or goes: write its byte, find the longest rule at its place or above, and write
 * every entry under it anew from the trees. Each entry goes from its old answer to its new one in one
 * store. A /16 without longer rules (`busy` is 0) has one answer in all entries: it is filled, or left
 * when that is the right one.
 */
export class ByteLevels {
  /** The first level: entry i answers for the addresses whose first 24 bits are i. */
  readonly first: Uint8Array = new Uint8Array(2 ** 24);
  /** The rules up to /24. */
  readonly trees: Uint8Array = new Uint8Array(TREE * (TREES_ABOVE + 2 ** 20));
  /** The same in words of 32 bits. */
  readonly treeWords: Uint32Array = new Uint32Array(this.trees.buffer);
  /** For each /16, how many rules from /17 to /24 and how many groups it has. */
  readonly busy: Uint16Array = new Uint16Array(2 ** 16);
  /** What is below the first level. */
  readonly groups: ByteGroups;
  /** Entries of the first level that are not 0. */
  validFirst = 0;
  /** Entries that updates have written. */
  touched = 0;
  private readonly firstWords = new Uint32Array(this.first.buffer);
  /** What `winners` finds: trees above are painted within each other. */
  private readonly foundAbove = Array.from({ length: LEVEL_LAST }, () => new Found(TREE));
  private readonly foundInBlock = new Found(TREE);
  private readonly foundInGroup = new Found(WIDE_TREE_BYTES);

  /** Empty levels. */
  constructor(groupsMax: number) {
    this.groups = new ByteGroups(groupsMax);
  }

  /** Next hop + 1 of a rule, 0 when it is not there. */
  get(prefix: number, depth: number): number {
    if (depth <= 24) return this.trees[placeOf(prefix, depth)]!;
    const group = this.groups.at(prefix >>> 8);
    return group < 0 ? 0 : this.groups.trees[group * WIDE_TREE + nodeBelow(prefix, depth)]!;
  }

  /** Whether a new rule longer than /24 finds its group or room for one. */
  hasRoom(prefix: number): boolean {
    return this.first[prefix >>> 8] === DEEP || this.groups.used < this.groups.max;
  }

  /** Puts the rule of a place in, changes it, or with code 0 takes it out. */
  put(place: number, code: number): void {
    this.setRule(place, code);
    const tree = place >>> 5;
    const node = place & 31;
    const winner = code !== 0 ? code : this.longestAbove(tree, node >>> 1);
    if (tree < TREES_ABOVE) this.paintAbove(levelOf(tree), tree, node, winner, false);
    else if (node < LEAF) this.paintBlock(tree - TREES_ABOVE, node, winner);
    else this.paintEntry((tree - TREES_ABOVE) * LEAF + node - LEAF, winner);
  }

  /** Writes the byte of a rule up to /24, and no entry. */
  setRule(place: number, code: number): void {
    const old = this.trees[place]!;
    this.trees[place] = code;
    const tree = place >>> 5;
    if (tree < TREES_ABOVE_16) return;
    const of16 = tree < TREES_ABOVE ? tree - TREES_ABOVE_16 : (tree - TREES_ABOVE) >>> 4;
    this.busy[of16]! += ((old - 1) >>> 31) - ((code - 1) >>> 31);
  }

  /** Writes every entry of the first level anew from the trees. */
  paintAll(): void {
    this.paintAbove(0, 0, 1, this.trees[1]!, true);
  }

  /** As `put`, for a rule longer than /24, for whose group there is room. */
  putBelow(prefix: number, depth: number, code: number): void {
    const { first, groups } = this;
    const slot = prefix >>> 8;
    if (first[slot] !== DEEP) {
      groups.add(slot, first[slot]!);
      this.validFirst += (first[slot]! - 1) >>> 31;
      first[slot] = DEEP;
      this.busy[slot >>> 8]!++;
      this.touched += 1 + WIDE_LEAF;
    }
    const group = groups.at(slot);
    const node = nodeBelow(prefix, depth);
    const base = group * WIDE_TREE;
    groups.rules[group]! += ((groups.trees[base + node]! - 1) >>> 31) - ((code - 1) >>> 31);
    groups.trees[base + node] = code;
    const inGroup = longestAt(groups.trees, base, node);
    this.paintGroup(
      group,
      node,
      inGroup !== 0 ? inGroup : this.longestAbove(TREES_ABOVE + (slot >>> 4), LEAF | (slot & 15)),
    );
    if (groups.rules[group]! > 0) return;
    // Without rules all entries of the group are equal, and the first level can say so.
    first[slot] = groups.entries[group * WIDE_LEAF]!;
    this.validFirst -= (first[slot]! - 1) >>> 31;
    this.busy[slot >>> 8]!--;
    this.touched++;
    groups.remove(slot);
  }

  /** Removes every rule; costs a look at each /16, and a fill of those that hold something. */
  clear(): void {
    const { busy, first, trees, treeWords } = this;
    let isAbove = false;
    for (let n = 0; n < TREES_ABOVE_16 * TREE / 4 && !isAbove; n++) isAbove = treeWords[n] !== 0;
    if (isAbove) {
      trees.fill(0, 0, TREES_ABOVE_16 * TREE);
      first.fill(0);
    }
    for (let n = 0; n < busy.length; n++) {
      if (busy[n] === 0) continue;
      busy[n] = 0;
      first.fill(0, n * 256, (n + 1) * 256);
      trees.fill(0, (TREES_ABOVE_16 + n) * TREE, (TREES_ABOVE_16 + n + 1) * TREE);
      trees.fill(0, (TREES_ABOVE + 16 * n) * TREE, (TREES_ABOVE + 16 * n + 16) * TREE);
    }
    this.groups.clear();
    this.validFirst = 0;
    this.touched = 0;
  }

  /** The longest rule at a node or above it, in its tree and in those above. */
  private longestAbove(tree: number, node: number): number {
    for (;;) {
      const code = longestAt(this.trees, tree * TREE, node);
      if (code !== 0 || tree === 0) return code;
      node = LEAF | ((tree - 1) & 15);
      tree = (tree - 1) >>> 4;
    }
  }

  /**
   * Writes the entries under a node of a tree above the blocks: `all` of them, or those that no longer
   * rule of that tree answers for, which an update of this one does not change.
   */
  private paintAbove(level: number, tree: number, node: number, code: number, all: boolean): void {
    const out = this.foundAbove[level]!;
    winners(this.trees, this.treeWords, tree * TREE, node, 0, out);
    const leaf = firstLeaf(node);
    const to = leaf + leavesOf(node);
    for (let n = leaf; n < to; n++) {
      const longer = out.bytes[n]!;
      if (longer !== 0 && !all) continue;
      const winner = longer !== 0 ? longer : code;
      const below = 16 * tree + 1 + n - LEAF;
      if (level === LEVEL_16) this.paintBlock(below - TREES_ABOVE, 1, winner);
      else if (level === LEVEL_16 - 1 && this.busy[below - TREES_ABOVE_16] === 0) {
        this.fill(below - TREES_ABOVE_16, winner);
      } else this.paintAbove(level + 1, below, 1, winner, all);
    }
  }

  /** Writes the entries of a /16 that has no longer rules. */
  private fill(of16: number, code: number): void {
    const from = of16 * 256;
    const old = this.first[from]!;
    if (old === code) return;
    this.first.fill(code, from, from + 256);
    this.validFirst += 256 * (((old - 1) >>> 31) - ((code - 1) >>> 31));
    this.touched += 256;
  }

  /** Writes the entry of a /24, in its group where it has one. */
  private paintEntry(slot: number, code: number): void {
    const old = this.first[slot]!;
    if (old === DEEP) this.paintGroup(this.groups.at(slot), 1, code);
    else {
      this.first[slot] = code;
      this.validFirst += ((old - 1) >>> 31) - ((code - 1) >>> 31);
    }
    this.touched++;
  }

  /** Writes the entries under a node of a block, four at a time where there are as many. */
  private paintBlock(block: number, node: number, code: number): void {
    const { first, firstWords, foundInBlock: out } = this;
    const { bytes, words } = out;
    winners(this.trees, this.treeWords, (TREES_ABOVE + block) * TREE, node, code, out);
    const leaf = firstLeaf(node);
    const to = leaf + leavesOf(node);
    const base = block * LEAF - LEAF;
    let valid = 0;
    let deep = 0;
    if (to - leaf < 4) {
      for (let n = leaf; n < to; n++) {
        const old = first[base + n]!;
        const isDeep = (DEEP - 1 - old) >> 31;
        const entry = (old & isDeep) | (bytes[n]! & ~isDeep);
        first[base + n] = entry;
        valid += ((old - 1) >>> 31) - ((entry - 1) >>> 31);
        deep |= isDeep;
      }
    } else {
      for (let n = leaf >>> 2; n < to >>> 2; n++) {
        const old = firstWords[(base >> 2) + n]!;
        const isDeep = zeroBytes(~old);
        const entry = (old & isDeep) | (words[n]! & ~isDeep);
        firstWords[(base >> 2) + n] = entry;
        valid += zerosIn(old) - zerosIn(entry);
        deep |= isDeep;
      }
    }
    this.validFirst += valid;
    this.touched += to - leaf;
    if (deep === 0) return;
    for (let n = leaf; n < to; n++) {
      if (first[base + n] === DEEP) this.paintGroup(this.groups.at(base + n), 1, bytes[n]!);
    }
  }

  /** Writes the entries under a node of a group. */
  private paintGroup(group: number, node: number, code: number): void {
    const { groups, foundInGroup } = this;
    winners(groups.trees, groups.treeWords, group * WIDE_TREE, node, code, foundInGroup);
    const bits = Math.clz32(node) - 23; // that leaves have and the node has not
    const leaf = node << bits;
    const to = leaf + (1 << bits);
    const base = group * WIDE_LEAF - WIDE_LEAF;
    for (let n = leaf; n < to; n++) groups.entries[base + n] = foundInGroup.bytes[n]!;
    this.touched += to - leaf;
  }
}

/** The place of a prefix up to /24. */
export function placeOf(prefix: number, depth: number): number {
  if (depth === 0) return 1;
  const level = (depth - 1) >> 2;
  const bits = depth - 4 * level; // 1 to 4
  const tree = TREES_BEFORE[level]! + ((prefix >>> 4) >>> (28 - 4 * level));
  return tree * TREE | (1 << bits) | ((prefix >>> (32 - depth)) & ((1 << bits) - 1));
}

/** The node of a prefix longer than /24 in the tree of its group. */
function nodeBelow(prefix: number, depth: number): number {
  return (1 << (depth - 24)) | ((prefix & 255) >>> (32 - depth));
}

/** The level of a tree above the blocks. */
function levelOf(tree: number): number {
  let level = LEVEL_LAST - 1;
  while (tree < TREES_BEFORE[level]!) level--;
  return level;
}

/** The first leaf under a node: all bits that the node does not have are 0. */
function firstLeaf(node: number): number {
  return node << (Math.clz32(node) - 27);
}

/** How many leaves there are under a node. */
function leavesOf(node: number): number {
  return 1 << (Math.clz32(node) - 27);
}

/** How many of the four bytes of a word are 0. */
function zerosIn(word: number): number {
  return Math.imul(zeroBytes(word) & 0x01010101, 0x01010101) >>> 24;
}
