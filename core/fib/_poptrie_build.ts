import { BASE0, BASE1, NODE_WORDS, NodeSlots, STRIDE } from "./_poptrie_node.ts";
import type { Ranges } from "./_ranges.ts";

/**
 * Makes the nodes and leaves of one chunk from its runs of equal answers, in scratch memory: first
 * all nodes, level by level, so that the children of a node are neighbours, then all leaves in the
 * order of the nodes. Bases count from the start of the block; `write` moves them to where it goes.
 *
 * A slot whose addresses have one answer is a leaf, any other leads to a child. So no node has 64
 * equal slots, and what is made depends on the answers alone.
 */
export class PoptrieBuilder {
  /** Nodes of the block. */
  nodes = 0;
  private leaves = 0;
  private words = new Int32Array(64 * NODE_WORDS);
  private hops = new Uint16Array(256);
  /** Offset in the chunk of each node's first address, and the run it lies in. */
  private lows = new Uint32Array(64);
  private runs = new Uint32Array(64);
  private readonly slots = new NodeSlots();

  /** 32-bit words of the block. */
  get length(): number {
    return NODE_WORDS * this.nodes + ((this.leaves + 1) >>> 1);
  }

  /** Makes the block of a chunk of addresses that share `bits` bits and have two runs or more. */
  build(ranges: Ranges, bits: number): void {
    this.nodes = 1;
    this.leaves = 0;
    this.lows[0] = 0;
    this.runs[0] = 0;
    let shift = 32 - bits - STRIDE;
    for (let from = 0; from < this.nodes; shift -= STRIDE) {
      const to = this.nodes;
      for (let node = from; node < to; node++) this.buildNode(ranges, node, shift);
      from = to;
    }
  }

  /** Copies the block to word `at` of an arena. */
  write(words: Int32Array, halves: Uint16Array, at: number): void {
    const end = NODE_WORDS * this.nodes;
    for (let i = 0; i < end; i++) words[at + i] = this.words[i]!;
    // A last half that holds no leaf is 0 all the same: equal tables have equal memory.
    if (this.leaves % 2 === 1) this.hops[this.leaves] = 0;
    const leaf = 2 * (at + end);
    for (let i = 0; i < this.leaves + (this.leaves % 2); i++) halves[leaf + i] = this.hops[i]!;
    rebase(words, at, this.nodes, leaf, at);
  }

  /** A slot is 2^shift addresses; where fewer than 6 bits are left, the slots of one repeat it. */
  private buildNode(ranges: Ranges, node: number, shift: number): void {
    const { starts, hops, count } = ranges;
    const low = this.lows[node]!;
    const firstLeaf = this.leaves;
    const firstChild = this.nodes;
    const slots = this.slots;
    slots.begin();
    let run = this.runs[node]!;
    const size = shift >= 0 ? 2 ** shift : 0;
    for (let v = 0; v < 64; v++) {
      const from = low + (shift >= 0 ? v * size : v >>> -shift);
      while (run + 1 < count && starts[run + 1]! <= from) run++;
      if (shift > 0 && run + 1 < count && starts[run + 1]! < from + size) {
        slots.child(v);
        this.addChild(from, run);
      } else slots.leaf(v, hops[run]! + 1);
    }
    for (let i = 0; i < slots.leaves; i++) this.addLeaf(slots.values[i]!);
    const w = NODE_WORDS * node;
    this.words.set(slots.vectors, w);
    this.words[w + BASE0] = firstLeaf;
    this.words[w + BASE1] = NODE_WORDS * firstChild;
  }

  private addChild(low: number, run: number): void {
    const n = this.nodes++;
    if (n === this.lows.length) {
      this.lows = doubled(this.lows, new Uint32Array(2 * n));
      this.runs = doubled(this.runs, new Uint32Array(2 * n));
      this.words = doubled(this.words, new Int32Array(2 * n * NODE_WORDS));
    }
    this.lows[n] = low;
    this.runs[n] = run;
  }

  private addLeaf(value: number): void {
    if (this.leaves + 1 === this.hops.length) {
      this.hops = doubled(this.hops, new Uint16Array(2 * this.hops.length));
    }
    this.hops[this.leaves++] = value;
  }
}

/** Moves the bases of the nodes of a block by so many halves and words. */
export function rebase(
  words: Int32Array,
  at: number,
  nodes: number,
  byHalves: number,
  byWords: number,
): void {
  for (let w = at; w < at + NODE_WORDS * nodes; w += NODE_WORDS) {
    words[w + BASE0]! += byHalves;
    words[w + BASE1]! += byWords;
  }
}

function doubled<T extends Int32Array | Uint32Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
