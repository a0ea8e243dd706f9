import { Arena } from "./_arena.ts";
import { BASE0, BASE1, LEAF, LEAFVEC, NODE_WORDS, rank, VECTOR } from "./_poptrie_node.ts";

/**
 * The direct array of an IPv6 Poptrie and what hangs on it: a node for each chunk whose addresses
 * have more than one answer, and for each node one array of its children and one of its leaves. An
 * array belongs to the one base that leads to it. It is written whole before the one store to a
 * direct entry or to a `base1` that makes it reachable, and what that store made unreachable is given
 * back after it. `moved` is called when the arena has new arrays.
 */
export class Poptrie6Store {
  /** Entry of each chunk: a leaf, or the word of a node. */
  direct: Int32Array;
  /** Nodes and leaves. */
  readonly arena: Arena;
  /** Nodes in use. */
  nodes = 0;
  /** What the next store makes unreachable, as first word and length. */
  private readonly retired: number[] = [];
  /** Words of the arena before this update made it longer, or 0. */
  private lengthBefore = 0;

  /** No nodes, and at most `words` words of them planned. */
  constructor(bits: number, words: number, private readonly moved: (arena: Arena) => void) {
    this.direct = new Int32Array(2 ** bits).fill(LEAF);
    this.arena = new Arena(words);
  }

  /** Bytes of the direct array, the nodes and the leaves. */
  get bytesOccupied(): number {
    return 4 * this.direct.length + 4 * this.arena.live;
  }

  /** Word of room for so many nodes. */
  takeNodes(count: number): number {
    this.nodes += count;
    return this.take(NODE_WORDS * count);
  }

  /** Half of room for so many leaves, at least one. */
  takeLeaves(count: number): number {
    return 2 * this.take((count + 1) >>> 1);
  }

  /** Notes that nodes become unreachable, not so what hangs on them. */
  retireNodes(at: number, count: number): void {
    this.nodes -= count;
    this.retired.push(at, NODE_WORDS * count);
  }

  /** Notes that the arrays of a node become unreachable, not so what hangs on its children. */
  retireArrays(node: number): void {
    const { words } = this.arena;
    const leaves = rank(words, node + LEAFVEC, 63);
    const children = rank(words, node + VECTOR, 63);
    if (leaves > 0) this.retired.push(words[node + BASE0]! / 2, (leaves + 1) >>> 1);
    if (children > 0) this.retireNodes(words[node + BASE1]!, children);
  }

  /** Notes that all that hangs on a node becomes unreachable. */
  retireBeneath(node: number): void {
    const { words } = this.arena;
    const child = words[node + BASE1]!;
    const children = rank(words, node + VECTOR, 63);
    for (let i = 0; i < children; i++) this.retireBeneath(child + NODE_WORDS * i);
    this.retireArrays(node);
  }

  /** Gives a chunk another entry, and what was noted back. */
  publishEntry(chunk: number, entry: number): void {
    const old = this.direct[chunk]!;
    this.direct[chunk] = entry;
    if (old >= 0) this.retireNodes(old, 1);
    if (this.retired.length > 0) this.release();
  }

  /** Gives a node as many children elsewhere, and what was noted back. */
  publishChildren(node: number, children: number): void {
    this.arena.words[node + BASE1] = children;
    this.release();
  }

  /** Ends an update: sets aside no more memory than the limit where what is there fits it. */
  settle(): void {
    const { arena, lengthBefore } = this;
    this.lengthBefore = 0;
    let length = arena.words.length;
    if (lengthBefore > 0) length = arena.lengthFor(0, lengthBefore);
    else if (arena.isOver) length = arena.lengthFor(0);
    if (length < arena.words.length) this.move(length);
  }

  /** Moves everything to an array of `length` words, each node's arrays behind those before. */
  move(length: number): void {
    const { arena, direct } = this;
    const old = arena.restart(length);
    for (let chunk = 0; chunk < direct.length; chunk++) {
      if (direct[chunk]! < 0) continue;
      direct[chunk] = this.copy(old, direct[chunk]!, NODE_WORDS);
      this.moveBeneath(old, direct[chunk]!);
    }
    this.moved(arena);
  }

  /** No nodes. */
  clear(): void {
    this.direct.fill(LEAF);
    this.arena.clear();
    this.nodes = 0;
    this.moved(this.arena);
  }

  private moveBeneath(old: Int32Array, node: number): void {
    const { words } = this.arena;
    const leaves = rank(words, node + LEAFVEC, 63);
    const children = rank(words, node + VECTOR, 63);
    if (leaves > 0) {
      words[node + BASE0] = 2 * this.copy(old, words[node + BASE0]! / 2, (leaves + 1) >>> 1);
    }
    if (children === 0) return;
    const at = this.copy(old, words[node + BASE1]!, NODE_WORDS * children);
    words[node + BASE1] = at;
    for (let i = 0; i < children; i++) this.moveBeneath(old, at + NODE_WORDS * i);
  }

  private copy(old: Int32Array, from: number, length: number): number {
    const at = this.arena.allocate(length);
    for (let i = 0; i < length; i++) this.arena.words[at + i] = old[from + i]!;
    return at;
  }

  private take(length: number): number {
    const { arena } = this;
    const at = arena.allocate(length);
    if (at >= 0) return at;
    if (this.lengthBefore === 0) this.lengthBefore = Math.max(1, arena.words.length);
    arena.extend(length);
    this.moved(arena);
    return arena.allocate(length);
  }

  private release(): void {
    const { arena, retired } = this;
    for (let i = 0; i < retired.length; i += 2) arena.release(retired[i]!, retired[i + 1]!);
    retired.length = 0;
  }
}
