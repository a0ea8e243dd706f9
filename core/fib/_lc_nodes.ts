import { BITS_MAX, CHILDREN, LcArena, LEAF, tnodeKind } from "./_lc_arena.ts";

/**
 * The nodes of an LC-trie as Linux has them (net/ipv4/fib_trie.c, version 0.409), each a block of
 * the arena. Words of every node: key; shape (pos, bits and slen, a byte each); parent. A leaf then
 * has its first alias; a tnode its full and its empty children counted, and 2^bits children.
 *
 * A tnode tells its children apart by address bits pos + bits - 1 down to pos, counted from the
 * right; its key has zeroes there and below. A leaf has pos and bits 0. The bits between a tnode's
 * pos and its child are skipped (path compression). A child is full when it is a tnode that skips
 * nothing. slen is the longest suffix, 32 - depth, of any route in the subtree, and pos when no
 * route's is longer: where slen = pos no route can be found by clearing index bits.
 *
 * The root is a tnode of one child at pos 32 that is never resized; its counts mean nothing.
 */
export class LcNodes {
  /** Leaves. */
  leaves = 0;
  /** Tnodes, without the root. */
  tnodes = 0;
  /** Where the nodes are. */
  readonly arena: LcArena;

  /** An empty trie. */
  constructor(maxBytes: number) {
    this.arena = new LcArena(maxBytes);
    this.clear();
  }

  /** Removes all nodes. */
  clear(): void {
    this.arena.clear();
    const { words } = this.arena;
    words[ROOT] = 0;
    words[ROOT + SHAPE] = shapeOf(32, 0, 32);
    words[ROOT + PARENT] = 0;
    words[ROOT + CHILDREN] = 0;
    this.leaves = this.tnodes = 0;
  }

  /** First address of a node; of a tnode with zeroes in place of the bits it decides on. */
  key(node: number): number {
    return this.arena.words[node]!;
  }

  /** Lowest bit that a tnode decides on. */
  pos(node: number): number {
    return this.arena.words[node + SHAPE]! & 255;
  }

  /** How many bits a tnode decides on; 0 for a leaf. */
  bits(node: number): number {
    return (this.arena.words[node + SHAPE]! >>> 8) & 255;
  }

  /** Longest suffix beneath a node. */
  slen(node: number): number {
    return this.arena.words[node + SHAPE]! >>> 16;
  }

  /** Changes `slen`. */
  setSlen(node: number, slen: number): void {
    const at = node + SHAPE;
    this.arena.words[at] = (this.arena.words[at]! & 0xffff) | (slen << 16);
  }

  /** Node above. */
  parent(node: number): number {
    return this.arena.words[node + PARENT]!;
  }

  /** Changes `parent`. */
  setParent(node: number, parent: number): void {
    this.arena.words[node + PARENT] = parent;
  }

  /** Children that are tnodes and skip no bits. */
  full(tnode: number): number {
    return this.arena.words[tnode + FULL]!;
  }

  /** Children that are not there. */
  empty(tnode: number): number {
    return this.arena.words[tnode + EMPTY]!;
  }

  /** Children, those that are not there among them. */
  length(tnode: number): number {
    return 1 << this.bits(tnode);
  }

  /** A child, or 0. */
  child(tnode: number, index: number): number {
    return this.arena.words[tnode + CHILDREN + index]!;
  }

  /** Which child of a tnode leads to a key that agrees with the tnode's own. */
  index(key: number, tnode: number): number {
    return tnode === ROOT ? 0 : (key ^ this.key(tnode)) >>> this.pos(tnode);
  }

  /** Whether a node is there and leaves no bits out below this tnode. */
  isFull(tnode: number, node: number): boolean {
    return node !== 0 && this.bits(node) > 0 &&
      this.pos(node) + this.bits(node) === this.pos(tnode);
  }

  /** A tnode without children, or 0. */
  newTnode(key: number, pos: number, bits: number): number {
    if (bits > BITS_MAX) return 0;
    const tnode = this.arena.allocate(tnodeKind(bits));
    if (tnode === 0) return 0;
    const { words } = this.arena;
    const shift = pos + bits;
    words[tnode] = shift < 32 ? (key >>> shift) << shift : 0;
    words[tnode + SHAPE] = shapeOf(pos, bits, pos);
    words[tnode + PARENT] = 0;
    words[tnode + FULL] = 0;
    words[tnode + EMPTY] = 1 << bits;
    // most have eight children, for which a call of fill costs more than they do
    const first = tnode + CHILDREN;
    if (bits > 5) words.fill(0, first, first + (1 << bits));
    else for (let at = first + (1 << bits) - 1; at >= first; at--) words[at] = 0;
    this.tnodes++;
    return tnode;
  }

  /** A leaf with one alias; its room has been reserved. */
  newLeaf(key: number, slen: number, alias: number): number {
    const leaf = this.arena.allocate(LEAF);
    const { words } = this.arena;
    words[leaf] = key;
    words[leaf + SHAPE] = shapeOf(0, 0, slen);
    words[leaf + ALIASES] = alias;
    this.leaves++;
    return leaf;
  }

  /** Gives a node's memory back. */
  free(node: number): void {
    const bits = this.bits(node);
    if (bits === 0) this.leaves--;
    else this.tnodes--;
    this.arena.free(node, bits === 0 ? LEAF : tnodeKind(bits));
  }

  /** Puts a node, or nothing (0), in place of a child, with the counts and slen (put_child). */
  putChild(tnode: number, index: number, node: number): void {
    const { words } = this.arena;
    const old = words[tnode + CHILDREN + index]!;
    if (old === 0) {
      if (node !== 0) this.fillChild(tnode, index, node);
      return;
    }
    if (node === 0) words[tnode + EMPTY]!++;
    const wasFull = this.isFull(tnode, old);
    const isFull = this.isFull(tnode, node);
    if (wasFull !== isFull) words[tnode + FULL]! += isFull ? 1 : -1;
    if (node !== 0 && this.slen(tnode) < this.slen(node)) this.setSlen(tnode, this.slen(node));
    words[tnode + CHILDREN + index] = node;
  }

  /** `putChild` of a node where no child is. */
  fillChild(tnode: number, index: number, node: number): void {
    const { words } = this.arena;
    const above = words[tnode + SHAPE]!;
    const shape = words[node + SHAPE]!;
    const bits = (shape >>> 8) & 255;
    words[tnode + EMPTY]!--;
    if (bits > 0 && (shape & 255) + bits === (above & 255)) words[tnode + FULL]!++;
    if (above >>> 16 < shape >>> 16) words[tnode + SHAPE] = (above & 0xffff) | (shape & 0xff_0000);
    words[tnode + CHILDREN + index] = node;
  }

  /** `putChild` where the key says, in the root too (put_child_root). */
  putChildOf(tnode: number, key: number, node: number): void {
    if (tnode === ROOT) this.arena.words[ROOT + CHILDREN] = node;
    else this.putChild(tnode, this.index(key, tnode), node);
  }

  /** A route with this suffix has come beneath (node_push_suffix). */
  pushSuffix(tnode: number, slen: number): void {
    for (let node = tnode; this.slen(node) < slen; node = this.parent(node)) {
      this.setSlen(node, slen);
    }
  }

  /** A route whose suffix was the longest beneath has gone, this is left (node_pull_suffix). */
  pullSuffix(tnode: number, slen: number): void {
    let left = slen;
    let node = tnode;
    for (;;) {
      const before = this.slen(node);
      if (before <= this.pos(node) || before <= left) return;
      left = this.updateSuffix(node);
      if (left === before) return;
      node = this.parent(node);
    }
  }

  /**
   * Finds slen anew (update_suffix). A child at index i can have a suffix of at most pos plus the
   * zeroes at the end of i, so with every longer one found fewer children are left to look at; and
   * no child but the first one reaches pos + bits.
   */
  private updateSuffix(tnode: number): number {
    const pos = this.pos(tnode);
    const slenMax = Math.min(pos + this.bits(tnode) - 1, this.slen(tnode));
    const length = this.length(tnode);
    let slen = pos;
    let stride = 2;
    for (let i = 0; i < length; i += stride) {
      const node = this.child(tnode, i);
      if (node === 0 || this.slen(node) <= slen) continue;
      stride <<= this.slen(node) - slen;
      slen = this.slen(node);
      i -= i % stride;
      if (slen >= slenMax) break;
    }
    this.setSlen(tnode, slen);
    return slen;
  }
}

/** The tnode above all others. */
export const ROOT = 1;
/** Word of a node that holds pos, bits and slen. */
export const SHAPE = 1;
/** Word of a node that holds its parent. */
export const PARENT = 2;
/** Word of a leaf that holds its first alias. */
export const ALIASES = 3;
const FULL = 3;
const EMPTY = 4;

function shapeOf(pos: number, bits: number, slen: number): number {
  return pos | (bits << 8) | (slen << 16);
}
