import type { Arena } from "./_arena.ts";
import { checkStretches, type Stretch } from "./_arena_check.ts";
import type { ChunkRules } from "./_chunk_rules.ts";
import { readNode } from "./_poptrie_node_check.ts";
import { LEAF, NODE_WORDS, STRIDE } from "./_poptrie_node.ts";
import type { PoptrieStore } from "./_poptrie_store.ts";
import { Ranges } from "./_ranges.ts";
import { prefixText } from "./route.ts";

/**
 * Compares the blocks of a Poptrie with the rules, and with what section 3 of the paper says of a
 * node.
 * @throws {Error} naming the node and what is wrong with it
 */
export function checkPoptrie(rules: ChunkRules, store: PoptrieStore): void {
  const { arena, direct, lengths } = store;
  const ranges = new Ranges();
  const blocks: Stretch[] = [];
  let nodes = 0;
  for (let chunk = 0; chunk < rules.chunks; chunk++) {
    rules.sweep(chunk, ranges);
    const entry = direct[chunk]!;
    const isAlike = entry < 0 && ranges.count === 1 && (entry & ~LEAF) - 1 === ranges.hops[0];
    if (isAlike && lengths[chunk] === 0) continue;
    const base = chunk * 2 ** (32 - rules.bits);
    const name = prefixText(base, rules.bits);
    const walk = new NodeWalk(arena, base);
    if (entry < 0) walk.runs.push([0, (entry & ~LEAF) - 1]);
    else walk.node(entry, 0, rules.bits);
    const expected = Array.from(
      { length: ranges.count },
      (_, i) => [ranges.starts[i]!, ranges.hops[i]!],
    );
    if (JSON.stringify(walk.runs) !== JSON.stringify(expected)) {
      throw new Error(
        `Chunk ${name} answers ${JSON.stringify(walk.runs)}, the rules ${JSON.stringify(expected)}`,
      );
    }
    const length = NODE_WORDS * walk.seen.size + Math.ceil(walk.leaves / 2);
    if (length !== lengths[chunk]) {
      throw new Error(`Chunk ${name} has ${lengths[chunk]} words, its nodes need ${length}`);
    }
    nodes += walk.seen.size;
    if (entry >= 0) blocks.push({ at: entry, length, name: `Chunk ${name}` });
  }
  if (nodes !== store.nodes) throw new Error(`${nodes} nodes are reached, ${store.nodes} counted`);
  checkStretches(arena, blocks);
}

/** What is reached from one direct entry. */
class NodeWalk {
  /** Runs of equal answers, [offset, next hop]. */
  readonly runs: [number, number][] = [];
  /** Words of the nodes that were met. */
  readonly seen: Set<number> = new Set();
  leaves = 0;

  constructor(private readonly arena: Arena, private readonly base: number) {}

  node(at: number, low: number, level: number): void {
    const name = `Node ${prefixText(this.base + low, Math.min(level, 32))} at word ${at}`;
    if (this.seen.has(at)) throw new Error(`${name} is reached twice`);
    this.seen.add(at);
    const { slots, leaves } = readNode(this.arena, at, name);
    const size = 2 ** (32 - level - STRIDE);
    slots.forEach(({ hop, child }, v) => {
      if (child < 0) {
        if (size >= 1 || v * size % 1 === 0) this.answer(low + v * size, hop);
        return;
      }
      if (size <= 1) throw new Error(`${name}: slot ${v} is a child below 32 bits`);
      this.node(child, low + v * size, level + STRIDE);
    });
    this.leaves += leaves;
  }

  private answer(offset: number, hop: number): void {
    if (this.runs.length === 0 || this.runs.at(-1)![1] !== hop) this.runs.push([offset, hop]);
  }
}
