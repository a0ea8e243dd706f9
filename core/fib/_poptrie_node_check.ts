import type { Arena } from "./_arena.ts";
import { BASE0, BASE1, LEAFVEC, NODE_WORDS, VECTOR } from "./_poptrie_node.ts";

/** What a slot of a node holds: the next hop of a leaf, or the word of a child. */
export interface Slot {
  /** Next hop or -1, when `child` is -1. */
  readonly hop: number;
  /** Word of the child, or -1. */
  readonly child: number;
}

/** A node as it was read. */
export interface ReadNode {
  /** Its 64 slots. */
  readonly slots: readonly Slot[];
  /** How many leaves it has. */
  readonly leaves: number;
}

/**
 * Reads a node bit by bit.
 * @throws {Error} naming it and what is wrong with it
 */
export function readNode({ words, halves }: Arena, at: number, name: string): ReadNode {
  const bit = (vector: number, v: number): boolean =>
    Math.floor((words[at + vector + (v < 32 ? 0 : 1)]! >>> 0) / 2 ** (v % 32)) % 2 === 1;
  const slots: Slot[] = [];
  let [children, leaves, hop] = [0, 0, -2];
  for (let v = 0; v < 64; v++) {
    const begins = bit(LEAFVEC, v);
    if (bit(VECTOR, v)) {
      if (begins) throw new Error(`${name}: slot ${v} is a child and begins a run of leaves`);
      slots.push({ hop: -1, child: words[at + BASE1]! + NODE_WORDS * children++ });
      continue;
    }
    if (begins) {
      const next = halves[words[at + BASE0]! + leaves++]! - 1;
      if (next === hop) throw new Error(`${name}: the leaf of slot ${v} repeats the one before`);
      hop = next;
    } else if (leaves === 0) throw new Error(`${name}: slot ${v} is a leaf before any run`);
    slots.push({ hop, child: -1 });
  }
  if (children === 0 && leaves < 2) throw new Error(`${name}: its slots are one leaf`);
  return { slots, leaves };
}
