import { ByteGroups } from "./_byte_groups.ts";
import {
  firstLeaf,
  Found,
  leavesOf,
  longestAt,
  TREE_BYTES,
  winners,
  zeroBytes,
} from "./_byte_tree.ts";

// V8 folds a constant of this module, and loads an imported one from memory at each use.
/** The entry that leads to a group. */
const DEEP = 255;
/** Entries of a block, and the first leaf of its tree. */
const LEAF = 256;
const TREE = 512;
/** Trees of /0 and of each /8, before those of the blocks. */
const TREES_ABOVE = 257;

/**
 * The levels of a DIR-24-8 table with entries of 8 bits, the rules beside them, and how an update
 * changes both.
 *
 * The rules up to /8 are a tree (`_byte_tree.ts`), those up to /16 a tree for each /8, those up to /24
 * a tree for each /16, which is a block of the first level, those beyond a tree for each group. The
 * trees that are there from the start are numbered as a heap of 256 branches: tree t is above
 * 256 * t + 1 to 256 * t + 256. A place is where in `trees` the byte of a rule is: 512 * tree + node.
 *
 * An entry is next hop + 1 of the longest rule not longer than its addresses, 0 for a miss, 255 where
 * a group answers. What it should be is a function of the trees. So an update is the same for a rule
 * that comes, changes or goes: write its byte, find the longest rule at its place or above, and write
 * every entry under it anew from the trees. Each entry goes from its old answer to its new one in one
 * store. A block without rules and groups (`busy` is 0) has one answer in all entries: it is filled,
 * or left when that is the right one.
 */
export class ByteLevels {
  /** The first level: entry i answers for the addresses whose first 24 bits are i. */
  readonly first: Uint8Array = new Uint8Array(2 ** 24);
  /** The rules up to /24. */
  readonly trees: Uint8Array = new Uint8Array(TREE_BYTES * (TREES_ABOVE + 2 ** 16));
  /** For each block, its rules longer than /16 and its entries that lead to a group. */
  readonly busy: Uint16Array = new Uint16Array(2 ** 16);
  /** What is below the first level. */
  readonly groups: ByteGroups;
  /** Entries of the first level that are not 0. */
  validFirst = 0;
  /** Entries that updates have written. */
  touched = 0;
  /** What `winners` finds, for a tree of each kind: they are painted within each other. */
  private readonly found = [new Found(), new Found()] as const;
  private readonly foundInBlock = new Found();
  private readonly foundInGroup = new Found();
  private readonly firstWords = new Uint32Array(this.first.buffer);
  /** The same in words of 32 bits. */
  readonly treeWords: Uint32Array = new Uint32Array(this.trees.buffer);

  /** Empty levels. */
  constructor(groupsMax: number) {
    this.groups = new ByteGroups(groupsMax);
  }

  /** Next hop + 1 of a rule, 0 when it is not there. */
  get(prefix: number, depth: number): number {
    if (depth <= 24) return this.trees[placeOf(prefix, depth)]!;
    const group = this.groups.at(prefix >>> 8);
    return group < 0 ? 0 : this.groups.trees[group * TREE_BYTES + nodeBelow(prefix, depth)]!;
  }

  /** Whether a new rule longer than /24 finds its group or room for one. */
  hasRoom(prefix: number): boolean {
    return this.first[prefix >>> 8] === DEEP || this.groups.used < this.groups.max;
  }

  /** Puts the rule of a place in, changes it, or with code 0 takes it out. */
  put(place: number, code: number): void {
    this.setRule(place, code);
    const tree = place >>> 9;
    const node = place & 511;
    const winner = code !== 0 ? code : this.longestAbove(tree, node >>> 1);
    if (tree < TREES_ABOVE) this.paintAbove(tree, node, winner);
    else if (node < LEAF) this.paintBlock(tree - TREES_ABOVE, node, winner);
    else this.paintEntry((tree - TREES_ABOVE) * LEAF + node - LEAF, winner);
  }

  /** Writes the byte of a rule up to /24, and no entry. */
  setRule(place: number, code: number): void {
    const old = this.trees[place]!;
    this.trees[place] = code;
    const block = (place >>> 9) - TREES_ABOVE;
    if (block >= 0) this.busy[block]! += ((old - 1) >>> 31) - ((code - 1) >>> 31);
  }

  /** Writes every entry of the first level anew from the trees. */
  paintAll(): void {
    this.paintAbove(0, 1, this.trees[1]!);
  }

  /** Removes every rule; costs a look at each block, and a fill of those that hold something. */
  clear(): void {
    const { busy, first, trees, treeWords } = this;
    const above = TREES_ABOVE * TREE;
    let isAbove = false;
    for (let n = 0; n < above / 4 && !isAbove; n++) isAbove = treeWords[n] !== 0;
    trees.fill(0, 0, above);
    for (let block = 0; block < busy.length; block++) {
      // Without rules above it a block that has none is empty, and its memory need not be touched.
      if (busy[block] === 0 && !isAbove) continue;
      first.fill(0, block * LEAF, (block + 1) * LEAF);
      if (busy[block] !== 0) trees.fill(0, above + block * TREE, above + (block + 1) * TREE);
      busy[block] = 0;
    }
    this.groups.clear();
    this.validFirst = 0;
    this.touched = 0;
  }

  /** The longest rule at a node or above it, in its tree and in those above. */
  private longestAbove(tree: number, node: number): number {
    for (;;) {
      const code = longestAt(this.trees, tree * TREE_BYTES, node);
      if (code !== 0 || tree === 0) return code;
      node = LEAF | ((tree - 1) & 255);
      tree = (tree - 1) >>> 8;
    }
  }

  /** Writes the entries under a node of a tree above the blocks. */
  private paintAbove(tree: number, node: number, code: number): void {
    const out = this.found[tree === 0 ? 0 : 1];
    const found = out.bytes;
    winners(this.trees, this.treeWords, tree * TREE_BYTES, node, code, out);
    const leaf = firstLeaf(node);
    const to = leaf + leavesOf(node);
    for (let n = leaf; n < to; n++) {
      const below = LEAF * tree + 1 + n - LEAF;
      const block = below - TREES_ABOVE;
      if (block < 0) this.paintAbove(below, 1, found[n]!);
      else if (this.busy[block] !== 0) this.paintBlock(block, 1, found[n]!);
      else this.fill(block, found[n]!);
    }
  }

  /** Writes the entries of a block that has neither rules nor groups. */
  private fill(block: number, code: number): void {
    const from = block * LEAF;
    const old = this.first[from]!;
    if (old === code) return;
    this.first.fill(code, from, from + LEAF);
    this.validFirst += LEAF * (((old - 1) >>> 31) - ((code - 1) >>> 31));
    this.touched += LEAF;
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
    const found = out.bytes;
    winners(this.trees, this.treeWords, (TREES_ABOVE + block) * TREE_BYTES, node, code, out);
    const leaf = firstLeaf(node);
    const to = leaf + leavesOf(node);
    const base = block * LEAF - LEAF;
    let valid = 0;
    let deep = 0;
    if (to - leaf < 4) {
      for (let n = leaf; n < to; n++) {
        const old = first[base + n]!;
        const isDeep = (DEEP - 1 - old) >> 31;
        const entry = (old & isDeep) | (found[n]! & ~isDeep);
        first[base + n] = entry;
        valid += ((old - 1) >>> 31) - ((entry - 1) >>> 31);
        deep |= isDeep;
      }
    } else {
      const { words } = out;
      const at = base >> 2;
      for (let n = leaf >>> 2; n < to >>> 2; n++) {
        const old = firstWords[at + n]!;
        const isDeep = zeroBytes(~old);
        const entry = (old & isDeep) | (words[n]! & ~isDeep);
        firstWords[at + n] = entry;
        valid += zerosIn(old) - zerosIn(entry);
        deep |= isDeep;
      }
    }
    this.validFirst += valid;
    this.touched += to - leaf;
    if (deep === 0) return;
    for (let n = leaf; n < to; n++) {
      if (first[base + n] === DEEP) this.paintGroup(this.groups.at(base + n), 1, found[n]!);
    }
  }

  /** Writes the entries under a node of a group. */
  private paintGroup(group: number, node: number, code: number): void {
    const { groups, foundInGroup } = this;
    winners(groups.trees, groups.treeWords, group * TREE_BYTES, node, code, foundInGroup);
    const leaf = firstLeaf(node);
    const to = leaf + leavesOf(node);
    const base = group * LEAF - LEAF;
    for (let n = leaf; n < to; n++) groups.entries[base + n] = foundInGroup.bytes[n]!;
    this.touched += to - leaf;
  }

  /** As `put`, for a rule longer than /24, for whose group there is room. */
  putBelow(prefix: number, depth: number, code: number): void {
    const { first, groups } = this;
    const slot = prefix >>> 8;
    const block = slot >>> 8;
    if (first[slot] !== DEEP) {
      groups.add(slot, first[slot]!);
      this.validFirst += (first[slot]! - 1) >>> 31;
      first[slot] = DEEP;
      this.busy[block]!++;
      this.touched += 1 + LEAF;
    }
    const group = groups.at(slot);
    const node = nodeBelow(prefix, depth);
    const at = group * TREE_BYTES + node;
    groups.rules[group]! += ((groups.trees[at]! - 1) >>> 31) - ((code - 1) >>> 31);
    groups.trees[at] = code;
    const inGroup = longestAt(groups.trees, group * TREE_BYTES, node);
    const covering = inGroup !== 0
      ? inGroup
      : this.longestAbove(TREES_ABOVE + block, LEAF | (slot & 255));
    this.paintGroup(group, node, covering);
    if (groups.rules[group]! > 0) return;
    // Without rules all entries of the group are equal, and the first level can say so.
    first[slot] = groups.entries[group * LEAF]!;
    this.validFirst -= (first[slot]! - 1) >>> 31;
    this.busy[block]!--;
    this.touched++;
    groups.remove(slot);
  }
}

/** The place of a prefix up to /24. */
export function placeOf(prefix: number, depth: number): number {
  if (depth === 0) return 1;
  const level = (depth - 1) >> 3;
  const bits = depth - 8 * level; // 1 to 8
  const tree = level + 255 * (level >> 1) + ((prefix >>> 8) >>> (24 - 8 * level));
  return tree * TREE | (1 << bits) | ((prefix >>> (32 - depth)) & ((1 << bits) - 1));
}

/** The node of a prefix longer than /24 in the tree of its group. */
export function nodeBelow(prefix: number, depth: number): number {
  return (1 << (depth - 24)) | ((prefix & 255) >>> (32 - depth));
}

/** How many of the four bytes of a word are 0. */
function zerosIn(word: number): number {
  return Math.imul(zeroBytes(word) & 0x01010101, 0x01010101) >>> 24;
}
