import type { Poptrie6Store } from "./_poptrie6_store.ts";
import {
  BASE0,
  BASE1,
  hasSlot,
  LEAF,
  LEAFVEC,
  NODE_WORDS,
  NodeSlots,
  rank,
  STRIDE,
  VECTOR,
} from "./_poptrie_node.ts";
import type { Rib6 } from "./_rib6.ts";
import { bitsOf6 } from "./_route6.ts";

/** Instead of a leaf's value: the answers differ, and the node is in `made`. */
const MADE = -1;
/** Instead of a leaf's value: the change is published, nothing above it changes. */
const DONE = -2;
/** Levels of nodes, at most: 128 bits by 6. */
const LEVELS = 22;

/**
 * Makes the nodes of an IPv6 Poptrie from the routes, and replaces as few of them as an update
 * allows (section 3.5 of the paper): what lies beneath the node in which the changed prefix ends is
 * made anew; above it a node changes only while the one beneath became a leaf or was one; the
 * children of the first that does not are replaced by one store.
 *
 * A slot whose addresses have one answer is a leaf, any other leads to a child. So what is made
 * depends on the answers alone. A value is a next hop + 1, 0 for a miss.
 */
export class Poptrie6Builder {
  /** The node made last, before it has a place. */
  private readonly made = new Int32Array(NODE_WORDS);
  private readonly shape = new NodeSlots();
  /** Of each open level: what its slots answer if no longer route does, */
  private readonly values = new Uint16Array(64 * LEVELS);
  /** the RIB's node beneath each slot, and then whether it is a child, */
  private readonly tops = new Int32Array(64 * LEVELS);
  /** and the children. */
  private readonly children = new Int32Array(64 * NODE_WORDS * LEVELS);
  private prefix: Uint32Array = new Uint32Array(4);
  private depth = 0;

  /** Builds what `rules` say into `store`, behind `bits` direct bits. */
  constructor(
    private readonly rules: Rib6,
    private readonly store: Poptrie6Store,
    private readonly bits: number,
  ) {}

  /** Brings the table up to date when a route was set or removed; its host bits are 0. */
  update(prefix: Uint32Array, depth: number): void {
    this.prefix = prefix;
    this.depth = depth;
    if (depth <= this.bits) return this.updateChunks(false);
    const chunk = bitsOf6(prefix, 0, 0, this.bits);
    const value = this.replace(this.store.direct[chunk]!, this.bits);
    if (value !== DONE) this.publish(chunk, value);
  }

  /** Builds everything. */
  rebuild(): void {
    this.prefix = new Uint32Array(4);
    this.depth = 0;
    this.updateChunks(true);
  }

  /**
   * The chunks beneath a prefix that ends in the direct array, but for those, unless all are wanted,
   * that a longer route in the array has to itself.
   */
  private updateChunks(all: boolean): void {
    const { bits, depth, prefix, rules, store } = this;
    const from = bitsOf6(prefix, 0, 0, bits);
    const count = 2 ** (bits - depth);
    const values = new Uint16Array(count).fill(this.coverOf(depth));
    const tops = new Int32Array(count);
    const lay = (node: number): void => {
      const first = rules.bitsOf(node, 0, bits) - from;
      const below = rules.depthOf(node);
      if (below >= bits) {
        tops[first] = node;
        return;
      }
      const end = first + 2 ** (bits - below);
      if (below > depth && rules.hopOf(node) >= 0) {
        if (!all) return void tops.fill(-1, first, end);
        values.fill(rules.hopOf(node) + 1, first, end);
      }
      for (let bit = 0; bit < 2; bit++) {
        if (rules.childOf(node, bit) > 0) lay(rules.childOf(node, bit));
      }
    };
    const top = rules.topOf(prefix, depth);
    if (top > 0) lay(top);
    for (let i = 0; i < count; i++) {
      if (tops[i]! < 0) continue;
      const old = store.direct[from + i]!;
      if (old >= 0) store.retireBeneath(old);
      this.publish(from + i, this.build(tops[i]!, bits, values[i]!));
    }
  }

  /** Gives a chunk the leaf of this value, or the node that was made. */
  private publish(chunk: number, value: number): void {
    if (value !== MADE) return this.store.publishEntry(chunk, LEAF | value);
    const at = this.store.takeNodes(1);
    this.store.arena.words.set(this.made, at);
    this.store.publishEntry(chunk, at);
  }

  /** What the routes of at most `level` bits answer at the prefix. */
  private coverOf(level: number): number {
    const cover = this.rules.cover(this.prefix, level);
    return cover < 0 ? 0 : (cover >>> 8) + 1;
  }

  /** Replaces what changes at and beneath a node; `at` is negative where a leaf stands. */
  private replace(at: number, level: number): number {
    const { prefix, store } = this;
    if (at < 0 || this.depth <= level + STRIDE) {
      if (at >= 0) store.retireBeneath(at);
      return this.build(this.rules.topOf(prefix, level), level, this.coverOf(level));
    }
    const { words } = store.arena;
    const v = bitsOf6(prefix, 0, level, STRIDE);
    const isChild = hasSlot(words, at + VECTOR, v);
    const place = isChild ? rank(words, at + VECTOR, v) - 1 : -1;
    const old = words[at + BASE1]!;
    const value = this.replace(isChild ? old + NODE_WORDS * place : -1, level + STRIDE);
    // A longer route that leaves all answers of a slot equal has left them as they were.
    if (value === DONE || (!isChild && value !== MADE)) return DONE;
    if (isChild !== (value === MADE)) return this.remake(at, level, v, value);
    const count = rank(words, at + VECTOR, 63);
    const to = store.takeNodes(count);
    store.arena.words.copyWithin(to, old, old + NODE_WORDS * count);
    store.arena.words.set(this.made, to + NODE_WORDS * place);
    store.retireNodes(old, count);
    store.publishChildren(at, to);
    return DONE;
  }

  /** A node like the one at `at`, but for slot v. */
  private remake(at: number, level: number, v: number, value: number): number {
    const { values, tops, children, store } = this;
    const { words, halves } = store.arena;
    const row = rowOf(level);
    let child = words[at + BASE1]!;
    let leaf = words[at + BASE0]! - 1;
    let n = NODE_WORDS * row;
    for (let slot = 0; slot < 64; slot++) {
      const isChild = hasSlot(words, at + VECTOR, slot);
      if (hasSlot(words, at + LEAFVEC, slot)) leaf++;
      const isNode = slot === v ? value === MADE : isChild;
      tops[row + slot] = isNode ? 1 : 0;
      if (isNode) {
        for (let i = 0; i < NODE_WORDS; i++) {
          children[n++] = slot === v ? this.made[i]! : words[child + i]!;
        }
      } else values[row + slot] = slot === v ? value : halves[leaf]!;
      if (isChild) child += NODE_WORDS;
    }
    store.retireArrays(at);
    return this.assemble(row);
  }

  /** Builds the block of addresses at `level` bits above which `top` is the RIB's first node. */
  private build(top: number, level: number, cover: number): number {
    if (top === 0) return cover;
    const { values, tops, children } = this;
    const row = rowOf(level);
    values.fill(cover, row, row + 64);
    tops.fill(0, row, row + 64);
    this.lay(top, level, row);
    let n = NODE_WORDS * row;
    for (let slot = row; slot < row + 64; slot++) {
      if (tops[slot] === 0) continue;
      const value = this.build(tops[slot]!, level + STRIDE, values[slot]!);
      if (value === MADE) {
        children.set(this.made, n);
        n += NODE_WORDS;
      } else {
        tops[slot] = 0;
        values[slot] = value;
      }
    }
    return this.assemble(row);
  }

  /** Lays the routes of a node's 6 bits over its slots, the shorter first. */
  private lay(node: number, level: number, row: number): void {
    const { rules } = this;
    const slot = row + rules.bitsOf(node, level, STRIDE);
    const depth = rules.depthOf(node);
    const [zero, one] = [rules.childOf(node, 0), rules.childOf(node, 1)];
    if (depth > level + STRIDE || (depth === level + STRIDE && zero + one > 0)) {
      this.tops[slot] = node;
      return;
    }
    const hop = rules.hopOf(node);
    if (hop >= 0) this.values.fill(hop + 1, slot, slot + 2 ** (level + STRIDE - depth));
    if (zero > 0) this.lay(zero, level, row);
    if (one > 0) this.lay(one, level, row);
  }

  /** The node of a row of slots, or the value of all of them. */
  private assemble(row: number): number {
    const { made, shape, store, tops, values } = this;
    shape.begin();
    for (let v = 0; v < 64; v++) {
      if (tops[row + v] !== 0) shape.child(v);
      else shape.leaf(v, values[row + v]!);
    }
    if (shape.children === 0 && shape.leaves === 1) return shape.values[0]!;
    made.set(shape.vectors);
    made[BASE0] = 0;
    made[BASE1] = 0;
    if (shape.leaves > 0) {
      const half = store.takeLeaves(shape.leaves);
      for (let i = 0; i < shape.leaves; i++) store.arena.halves[half + i] = shape.values[i]!;
      made[BASE0] = half;
    }
    if (shape.children > 0) {
      const at = store.takeNodes(shape.children);
      const from = NODE_WORDS * row;
      for (let i = 0; i < NODE_WORDS * shape.children; i++) {
        store.arena.words[at + i] = this.children[from + i]!;
      }
      made[BASE1] = at;
    }
    return MADE;
  }
}

/** First slot in scratch memory of the node at a level. */
function rowOf(level: number): number {
  return 64 * Math.floor(level / STRIDE);
}
