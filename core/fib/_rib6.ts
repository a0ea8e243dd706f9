import { checkRib6 } from "./_rib6_invariants.ts";
import { bitOf6, bitsOf6, maskInto, MASKS6 } from "./_route6.ts";

/**
 * The routes beside an IPv6 forwarding table (the RIB): a path-compressed binary trie (Morrison:
 * PATRICIA, JACM 15(4), 1968; with a prefix in each node as in BSD's radix.c). It answers what an
 * update of a compressed table has to know: the next shorter route, the routes just beneath, all
 * routes in order.
 *
 * A node is seven 32-bit words: four of prefix (host bits 0), one of depth and next hop + 1 (0: no
 * route ends here), two of children (0: none). Node 1 is the root, of depth 0, always there. Every
 * other node holds a route or has two children, so n routes have at most 2n nodes, and a step of a
 * descent lengthens the prefix. Nodes that went are given out again; arrays double when full. The
 * trie owns its arrays; nobody keeps the number of a node across a change.
 *
 * The price against the hash that rte_lpm6 keeps its rules in: finding a route is a descent of
 * about log2(n) dependent reads instead of one or two.
 */
export class Rib6 {
  private words = new Uint32Array(4 * NODES_MIN);
  private tags = new Int32Array(NODES_MIN);
  private children = new Int32Array(2 * NODES_MIN);
  private nodesNext = ROOT + 1;
  /** First of the nodes that went, chained through their first child; 0 when there is none. */
  private freed = 0;
  private live = 0;
  private readonly perDepth = new Uint32Array(129);
  private readonly stack = new Int32Array(260);

  /** How many routes there are. */
  get count(): number {
    return this.live;
  }

  /** How many routes of this depth there are. */
  countAt(depth: number): number {
    return this.perDepth[depth]!;
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    return this.words.byteLength + this.tags.byteLength + this.children.byteLength;
  }

  /** Next hop of a route, or -1 when it is not there. */
  get(prefix: Uint32Array, depth: number): number {
    let node = ROOT;
    while (node !== 0 && this.depthOf(node) < depth) node = this.childTowards(node, prefix);
    if (node === 0 || this.depthOf(node) !== depth) return -1;
    return this.common(node, prefix, depth) === depth ? this.hopOf(node) : -1;
  }

  /**
   * The longest route of at most `depthMax` that covers a prefix as 256 * (next hop) + depth; -1
   * when none does.
   */
  cover(prefix: Uint32Array, depthMax: number): number {
    let best = -1;
    for (let node = ROOT; node !== 0;) {
      const depth = this.depthOf(node);
      if (depth > depthMax || this.common(node, prefix, depth) < depth) break;
      if (this.hopOf(node) >= 0) best = 256 * this.hopOf(node) + depth;
      if (depth === 128) break;
      node = this.childTowards(node, prefix);
    }
    return best;
  }

  /** Adds a route or changes its next hop. The host bits of `prefix` are 0. */
  set(prefix: Uint32Array, depth: number, nextHop: number): void {
    let node = ROOT;
    while (this.depthOf(node) < depth) {
      const side = 2 * node + bitOf6(prefix, 0, this.depthOf(node));
      const next = this.children[side]!;
      if (next === 0) {
        const leaf = this.newNode(prefix, depth, nextHop);
        this.children[side] = leaf;
        return;
      }
      const common = this.common(next, prefix, Math.min(depth, this.depthOf(next)));
      if (common < this.depthOf(next)) {
        this.splitEdge(side, prefix, depth, nextHop, common);
        return;
      }
      node = next;
    }
    if (this.hopOf(node) < 0) this.counted(depth, 1);
    this.tags[node] = ((nextHop + 1) << 8) | depth;
  }

  /** Removes a route; false when it is not there. */
  remove(prefix: Uint32Array, depth: number): boolean {
    let above = -1;
    let side = -1;
    let node = ROOT;
    while (node !== 0 && this.depthOf(node) < depth) {
      above = side;
      side = 2 * node + bitOf6(prefix, 0, this.depthOf(node));
      node = this.children[side]!;
    }
    if (node === 0 || this.depthOf(node) !== depth || this.hopOf(node) < 0) return false;
    if (this.common(node, prefix, depth) < depth) return false;
    this.tags[node] = depth;
    this.counted(depth, -1);
    if (side < 0 || this.hasTwoChildren(node)) return true;
    this.bypass(side);
    const parent = side >> 1;
    const glue = parent !== ROOT && this.hopOf(parent) < 0;
    if (glue && !this.hasTwoChildren(parent)) this.bypass(above);
    return true;
  }

  /** Calls `visit` for each route beneath a prefix that no other route beneath it covers. */
  beneath(
    prefix: Uint32Array,
    depth: number,
    visit: (words: Uint32Array, at: number, depth: number) => void,
  ): void {
    const top = this.topOf(prefix, depth);
    if (top === 0) return;
    const stack = this.stack;
    let n = 0;
    stack[n++] = top;
    while (n > 0) {
      const node = stack[--n]!;
      if (this.depthOf(node) > depth && this.hopOf(node) >= 0) {
        visit(this.words, 4 * node, this.depthOf(node));
        continue;
      }
      for (let i = 1; i >= 0; i--) {
        const child = this.children[2 * node + i]!;
        if (child !== 0) stack[n++] = child;
      }
    }
  }

  /** The node above all others of at least `depth` beneath a prefix; 0 when there is none. */
  topOf(prefix: Uint32Array, depth: number): number {
    let top = ROOT;
    while (top !== 0 && this.depthOf(top) < depth) top = this.childTowards(top, prefix);
    return top === 0 || this.common(top, prefix, depth) < depth ? 0 : top;
  }

  /** Depth of a node. */
  depthOf(node: number): number {
    return this.tags[node]! & 255;
  }

  /** Next hop of the route that ends at a node, or -1. */
  hopOf(node: number): number {
    return (this.tags[node]! >>> 8) - 1;
  }

  /** The node beneath a node at bit 0 or 1, or 0. */
  childOf(node: number, bit: number): number {
    return this.children[2 * node + bit]!;
  }

  /** `count` bits of a node's prefix from bit `from` on. */
  bitsOf(node: number, from: number, count: number): number {
    return bitsOf6(this.words, 4 * node, from, count);
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth); what it does to the trie changes
   * nothing. The words hold until `visit` returns.
   */
  walk(visit: (prefix: Uint32Array, depth: number, nextHop: number) => void): void {
    const words = new Uint32Array(4 * this.live);
    const tags = new Int32Array(this.live);
    let count = 0;
    let n = 0;
    this.stack[n++] = ROOT;
    while (n > 0) {
      const node = this.stack[--n]!;
      if (this.hopOf(node) >= 0) {
        for (let i = 0; i < 4; i++) words[4 * count + i] = this.words[4 * node + i]!;
        tags[count++] = this.tags[node]!;
      }
      for (let i = 1; i >= 0; i--) {
        const child = this.children[2 * node + i]!;
        if (child !== 0) this.stack[n++] = child;
      }
    }
    const prefix = new Uint32Array(4);
    for (let i = 0; i < count; i++) {
      maskInto(prefix, words, 4 * i, 128);
      visit(prefix, tags[i]! & 255, (tags[i]! >>> 8) - 1);
    }
  }

  /** Removes every route. */
  clear(): void {
    if (this.tags.length > NODES_KEPT) {
      this.words = new Uint32Array(4 * NODES_MIN);
      this.tags = new Int32Array(NODES_MIN);
      this.children = new Int32Array(2 * NODES_MIN);
    } else {
      this.words.fill(0);
      this.tags.fill(0);
      this.children.fill(0);
    }
    this.nodesNext = ROOT + 1;
    this.freed = 0;
    this.live = 0;
    this.perDepth.fill(0);
  }

  /**
   * Looks at every node.
   * @throws {Error} naming the node that breaks the form of the trie
   */
  checkInvariants(): void {
    const { words, tags, children, nodesNext, freed, live } = this;
    checkRib6({ words, tags, children, nodes: nodesNext - ROOT, freed, live });
  }

  private hasTwoChildren(node: number): boolean {
    return this.children[2 * node] !== 0 && this.children[2 * node + 1] !== 0;
  }

  private childTowards(node: number, prefix: Uint32Array): number {
    return this.children[2 * node + bitOf6(prefix, 0, this.depthOf(node))]!;
  }

  /** How many of the first `depth` bits a node's prefix and another share. */
  private common(node: number, prefix: Uint32Array, depth: number): number {
    for (let word = 0; 32 * word < depth; word++) {
      const differ = this.words[4 * node + word]! ^ prefix[word]!;
      if (differ !== 0) return Math.min(depth, 32 * word + Math.clz32(differ));
    }
    return depth;
  }

  /** Puts a new route on an edge, where it leaves the edge's prefix or where it ends. */
  private splitEdge(
    side: number,
    prefix: Uint32Array,
    depth: number,
    nextHop: number,
    common: number,
  ): void {
    const below = this.children[side]!;
    const leaf = this.newNode(prefix, depth, nextHop);
    let top = leaf;
    if (common < depth) {
      top = this.newNode(prefix, common, -1);
      this.children[2 * top + bitOf6(prefix, 0, common)] = leaf;
    }
    this.children[2 * top + bitOf6(this.words, 4 * below, common)] = below;
    this.children[side] = top;
  }

  /** Takes the node that `side` points at out of the trie; its one child, if any, takes its place. */
  private bypass(side: number): void {
    const node = this.children[side]!;
    this.children[side] = this.children[2 * node]! || this.children[2 * node + 1]!;
    this.children[2 * node] = this.freed;
    this.children[2 * node + 1] = 0;
    this.freed = node;
  }

  private newNode(prefix: Uint32Array, depth: number, nextHop: number): number {
    let node = this.freed;
    if (node !== 0) this.freed = this.children[2 * node]!;
    else {
      node = this.nodesNext++;
      if (node === this.tags.length) this.grow();
    }
    for (let word = 0; word < 4; word++) {
      this.words[4 * node + word] = prefix[word]! & MASKS6[4 * depth + word]!;
    }
    this.tags[node] = ((nextHop + 1) << 8) | depth;
    this.children[2 * node] = 0;
    this.children[2 * node + 1] = 0;
    if (nextHop >= 0) this.counted(depth, 1);
    return node;
  }

  private counted(depth: number, by: number): void {
    this.live += by;
    this.perDepth[depth]! += by;
  }

  private grow(): void {
    const { words, tags, children } = this;
    this.words = new Uint32Array(2 * words.length);
    this.words.set(words);
    this.tags = new Int32Array(2 * tags.length);
    this.tags.set(tags);
    this.children = new Int32Array(2 * children.length);
    this.children.set(children);
  }
}

const ROOT = 1;
const NODES_MIN = 64;
/** Arrays up to this size survive `clear`: filling 28 KiB costs less than allocating anew. */
const NODES_KEPT = 1024;
