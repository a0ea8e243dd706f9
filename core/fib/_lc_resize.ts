import { type LcNodes, ROOT } from "./_lc_nodes.ts";

/**
 * Level compression as Linux does it: after a change, each tnode from there up to the root doubles
 * (`inflate`) while the doubled node would be at least half full, halves while less than a quarter
 * of it is used, and goes when a single child is left. The tnode below the root is kept larger. A
 * tnode that has inflated is not halved in the same turn, and no turn takes more than ten steps, so
 * the thresholds are where the trie tends to and not an invariant: its shape depends on its history.
 *
 * A larger or smaller tnode is assembled aside, reached by nobody, and takes the old one's place in
 * one store. Where memory runs out, nothing has changed; the skipped step is counted.
 */
export class LcResize {
  /** Steps left out for want of memory. */
  skipped = 0;

  /** How the tnodes of this trie are resized. */
  constructor(private readonly nodes: LcNodes) {}

  /** Resizes from a tnode upwards (trie_rebalance). */
  rebalance(tnode: number): void {
    for (let node = tnode; node !== ROOT;) node = this.resize(node);
  }

  /** Whether doubling the tnode would leave it full enough (should_inflate): `used` of 2 * `length`. */
  shouldInflate(parent: number, tnode: number): boolean {
    const { nodes } = this;
    const length = nodes.length(tnode);
    const used = length - nodes.empty(tnode) + nodes.full(tnode);
    const percent = parent === ROOT ? INFLATE_ROOT : INFLATE;
    return used > 1 && nodes.pos(tnode) > 0 && 50 * used >= percent * length;
  }

  /** Whether too little of the tnode is used (should_halve). */
  shouldHalve(parent: number, tnode: number): boolean {
    const { nodes } = this;
    const length = nodes.length(tnode);
    const used = length - nodes.empty(tnode);
    const percent = parent === ROOT ? HALVE_ROOT : HALVE;
    return used > 1 && nodes.bits(tnode) > 1 && 100 * used < percent * length;
  }

  /** Brings one tnode to size; answers the node above it. */
  private resize(tnode: number): number {
    const { nodes } = this;
    let node = tnode;
    const parent = nodes.parent(node);
    const index = nodes.index(nodes.key(node), parent);
    let work = WORK_MAX;
    for (; work > 0 && this.shouldInflate(parent, node); work--) {
      if (!this.inflate(node)) {
        this.skipped++;
        break;
      }
      node = nodes.child(parent, index);
    }
    if (work < WORK_MAX) return parent;
    for (; work > 0 && this.shouldHalve(parent, node); work--) {
      if (!this.halve(node)) {
        this.skipped++;
        break;
      }
      node = nodes.child(parent, index);
    }
    if (nodes.length(node) - nodes.empty(node) < 2) this.collapse(node);
    return parent;
  }

  /**
   * Twice as many children: a full child gives its own children to the tnode when it has two, and is
   * split into two halves when it has more.
   */
  private inflate(old: number): boolean {
    const { nodes } = this;
    const tnode = nodes.newTnode(nodes.key(old), nodes.pos(old) - 1, nodes.bits(old) + 1);
    if (tnode === 0) return false;
    const length = nodes.length(old);
    const full = nodes.full(old);
    for (let i = length - 1; i >= 0; i--) {
      const node = nodes.child(old, i);
      if (node === 0) continue;
      if (full === 0 || !nodes.isFull(old, node)) {
        nodes.fillChild(tnode, nodes.index(nodes.key(node), tnode), node);
      } else if (nodes.bits(node) === 1) {
        nodes.putChild(tnode, 2 * i + 1, nodes.child(node, 1));
        nodes.putChild(tnode, 2 * i, nodes.child(node, 0));
      } else if (!this.split(tnode, i, node)) {
        this.abandon(tnode);
        return false;
      }
    }
    for (let i = length - 1; full > 0 && i >= 0; i--) {
      const node = nodes.child(old, i);
      if (nodes.isFull(old, node)) nodes.setParent(node, DEAD);
    }
    this.replace(old, tnode);
    return true;
  }

  /** Makes two tnodes of the two halves of a full child. */
  private split(tnode: number, i: number, node: number): boolean {
    const { nodes } = this;
    const [pos, bits] = [nodes.pos(node), nodes.bits(node) - 1];
    const upper = nodes.newTnode((nodes.key(node) | (1 << nodes.pos(tnode))) >>> 0, pos, bits);
    if (upper === 0) return false;
    const lower = nodes.newTnode(nodes.key(node), pos, bits);
    if (lower === 0) {
      nodes.free(upper);
      return false;
    }
    const half = 1 << bits;
    for (let j = half - 1; j >= 0; j--) {
      nodes.putChild(upper, j, nodes.child(node, half + j));
      nodes.putChild(lower, j, nodes.child(node, j));
    }
    nodes.setParent(upper, tnode);
    nodes.setParent(lower, tnode);
    nodes.putChild(tnode, 2 * i + 1, upper);
    nodes.putChild(tnode, 2 * i, lower);
    return true;
  }

  /** Half as many children: where both of a pair are there they go under a tnode of one bit. */
  private halve(old: number): boolean {
    const { nodes } = this;
    const tnode = nodes.newTnode(nodes.key(old), nodes.pos(old) + 1, nodes.bits(old) - 1);
    if (tnode === 0) return false;
    for (let i = nodes.length(old) - 2; i >= 0; i -= 2) {
      const upper = nodes.child(old, i + 1);
      const lower = nodes.child(old, i);
      if (upper === 0 || lower === 0) {
        nodes.putChild(tnode, i / 2, upper === 0 ? lower : upper);
        continue;
      }
      const pair = nodes.newTnode(nodes.key(lower), nodes.pos(old), 1);
      if (pair === 0) {
        this.abandon(tnode);
        return false;
      }
      nodes.putChild(pair, 1, upper);
      nodes.putChild(pair, 0, lower);
      nodes.setParent(pair, tnode);
      nodes.putChild(tnode, i / 2, pair);
    }
    this.replace(old, tnode);
    return true;
  }

  /** Puts what is left of a tnode in its place. */
  private collapse(old: number): void {
    const { nodes } = this;
    let node = 0;
    for (let i = nodes.length(old) - 1; node === 0 && i >= 0; i--) node = nodes.child(old, i);
    const parent = nodes.parent(old);
    nodes.putChildOf(parent, nodes.key(old), node);
    if (node !== 0) nodes.setParent(node, parent);
    nodes.free(old);
  }

  /** Puts the new tnode in the old one's place, then resizes the full children it has (replace). */
  private replace(old: number, tnode: number): void {
    const { nodes } = this;
    const parent = nodes.parent(old);
    nodes.setParent(tnode, parent);
    nodes.putChildOf(parent, nodes.key(tnode), tnode);
    this.adopt(tnode);
    if (nodes.full(old) > 0) {
      for (let i = nodes.length(old) - 1; i >= 0; i--) {
        const node = nodes.child(old, i);
        if (node !== 0 && nodes.parent(node) === DEAD) nodes.free(node);
      }
    }
    nodes.free(old);
    if (nodes.full(tnode) === 0) return;
    for (let i = nodes.length(tnode) - 1; i >= 0; i--) {
      const node = nodes.child(tnode, i);
      if (nodes.isFull(tnode, node)) this.resize(node);
    }
  }

  /** Tells all children where they are now, and those of the new tnodes among them (update_children). */
  private adopt(tnode: number): void {
    const { nodes } = this;
    for (let i = nodes.length(tnode) - 1; i >= 0; i--) {
      const node = nodes.child(tnode, i);
      if (node === 0) continue;
      if (nodes.parent(node) === tnode) this.adopt(node);
      else nodes.setParent(node, tnode);
    }
  }

  /** Frees a tnode that nobody has seen, with those made for it: they alone call it their parent. */
  private abandon(tnode: number): void {
    const { nodes } = this;
    for (let i = nodes.length(tnode) - 1; i >= 0; i--) {
      const node = nodes.child(tnode, i);
      if (node !== 0 && nodes.parent(node) === tnode) nodes.free(node);
    }
    nodes.free(tnode);
  }
}

/** Percent of the doubled node, counted in the single one: inflate_threshold, and of the root's. */
const INFLATE = 50;
const INFLATE_ROOT = 30;
/** halve_threshold, and of the root's. */
const HALVE = 25;
const HALVE_ROOT = 15;
/** Steps in one turn (MAX_WORK). */
const WORK_MAX = 10;
/** Parent of a tnode whose children have been given away. */
const DEAD = 0;
