import { ALIAS, LEAF, tnodeKind } from "./_lc_arena.ts";
import { ALIASES, type LcNodes, ROOT } from "./_lc_nodes.ts";
import type { LcResize } from "./_lc_resize.ts";

/**
 * The routes of an LC-trie: which leaf and alias a route has, how they come and go. A leaf's aliases
 * are in ascending order of their suffix, 32 - depth. A new leaf takes the place of a missing child,
 * or shares that of the node that is there under a new tnode of one bit, on the first bit that the
 * two disagree in.
 */
export class LcRoutes {
  /** Routes. */
  count = 0;

  /** The routes of these nodes. */
  constructor(private readonly nodes: LcNodes, private readonly resizing: LcResize) {}

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when there are `most` already
   * or the memory for it is missing (fib_table_insert).
   */
  set(key: number, slen: number, nextHop: number, most: number): boolean {
    const { arena } = this.nodes;
    const parent = this.parentOf(key);
    const leaf = this.leafUnder(parent, key);
    const before = leaf === 0 ? 0 : this.aliasBefore(leaf, slen);
    const next = leaf === 0 ? 0 : arena.words[before]!;
    if (next !== 0 && arena.words[next + 1]! >>> 24 === slen) {
      arena.words[next + 1] = (slen << 24) | nextHop;
      return true;
    }
    if (this.count >= most || !this.reserve(parent, leaf, key)) return false;
    const alias = arena.allocate(ALIAS);
    arena.words[alias] = next;
    arena.words[alias + 1] = (slen << 24) | nextHop;
    if (leaf === 0) this.insertNode(parent, key, slen, alias);
    else {
      arena.words[before] = alias;
      if (this.nodes.slen(leaf) < slen) {
        this.nodes.setSlen(leaf, slen);
        this.nodes.pushSuffix(parent, slen);
      }
    }
    this.count++;
    return true;
  }

  /**
   * Removes a route; false when it is not there (fib_remove_alias). Linux pulls suffixes before the
   * leaf is gone and so may leave slen too long, which costs time and no answer; here it is exact.
   */
  remove(key: number, slen: number): boolean {
    const { nodes } = this;
    const { words } = nodes.arena;
    const parent = this.parentOf(key);
    const leaf = this.leafUnder(parent, key);
    if (leaf === 0) return false;
    const before = this.aliasBefore(leaf, slen);
    const alias = words[before]!;
    if (alias === 0 || words[alias + 1]! >>> 24 !== slen) return false;
    const after = words[alias]!;
    words[before] = after;
    nodes.arena.free(alias, ALIAS);
    this.count--;
    if (words[leaf + ALIASES] === 0) {
      nodes.putChildOf(parent, key, 0);
      if (nodes.slen(parent) === nodes.slen(leaf)) nodes.pullSuffix(parent, nodes.pos(parent));
      nodes.free(leaf);
      this.resizing.rebalance(parent);
    } else if (after === 0) {
      // The last alias has the longest suffix, and `before` is the last one now.
      const left = words[before + 1]! >>> 24;
      nodes.setSlen(leaf, left);
      nodes.pullSuffix(parent, left);
    }
    return true;
  }

  /** The lowest tnode on the way to a key: the parent of its leaf, or of what it will hang under. */
  private parentOf(key: number): number {
    const { nodes } = this;
    let parent = ROOT;
    let node = nodes.child(ROOT, 0);
    while (node !== 0 && nodes.bits(node) > 0) {
      const index = nodes.index(key, node);
      if (index >= nodes.length(node)) break;
      parent = node;
      node = nodes.child(node, index);
    }
    return parent;
  }

  /** The leaf with this key, or 0. */
  private leafUnder(parent: number, key: number): number {
    const { nodes } = this;
    const node = nodes.child(parent, nodes.index(key, parent));
    return node !== 0 && nodes.bits(node) === 0 && nodes.key(node) === key ? node : 0;
  }

  /** The word that leads to the first alias of a leaf whose suffix is not shorter. */
  private aliasBefore(leaf: number, slen: number): number {
    const { words } = this.nodes.arena;
    let before = leaf + ALIASES;
    for (let alias = words[before]!; alias !== 0; alias = words[before]!) {
      if (words[alias + 1]! >>> 24 >= slen) break;
      before = alias;
    }
    return before;
  }

  /** Hangs in a new leaf, below a new tnode of one bit where its place is taken (fib_insert_node). */
  private insertNode(above: number, key: number, slen: number, alias: number): void {
    const { nodes } = this;
    const leaf = nodes.newLeaf(key, slen, alias);
    const node = nodes.child(above, nodes.index(key, above));
    let parent = above;
    if (node !== 0) {
      parent = nodes.newTnode(key, 31 - Math.clz32(key ^ nodes.key(node)), 1);
      nodes.setParent(parent, above);
      nodes.putChild(parent, nodes.index(key, parent) ^ 1, node);
      nodes.putChildOf(above, key, parent);
      nodes.setParent(node, parent);
    }
    nodes.pushSuffix(parent, slen);
    nodes.setParent(leaf, parent);
    nodes.putChildOf(parent, key, leaf);
    this.resizing.rebalance(parent);
  }

  /** Writes the routes beneath a node in order, two numbers each; answers where the next one goes. */
  collect(node: number, into: Float64Array, from: number): number {
    const { nodes } = this;
    if (node === 0) return from;
    let end = from;
    if (nodes.bits(node) > 0) {
      const length = nodes.length(node);
      for (let i = 0; i < length; i++) end = this.collect(nodes.child(node, i), into, end);
      return end;
    }
    const { words } = nodes.arena;
    for (let alias = words[node + ALIASES]!; alias !== 0; alias = words[alias]!) end += 2;
    let at = end;
    for (let alias = words[node + ALIASES]!; alias !== 0; alias = words[alias]!) {
      at -= 2;
      into[at] = nodes.key(node);
      into[at + 1] = words[alias + 1]!;
    }
    return end;
  }

  /** Room for an alias and what else a new route needs. */
  private reserve(parent: number, leaf: number, key: number): boolean {
    const { arena } = this.nodes;
    if (leaf !== 0) return arena.reserve(ALIAS);
    const taken = this.nodes.child(parent, this.nodes.index(key, parent)) !== 0;
    return taken ? arena.reserve(ALIAS, LEAF, tnodeKind(1)) : arena.reserve(ALIAS, LEAF);
  }
}
