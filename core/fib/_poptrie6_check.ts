import { checkStretches, type Stretch } from "./_arena_check.ts";
import { readNode } from "./_poptrie_node_check.ts";
import { BASE0, BASE1, NODE_WORDS, STRIDE } from "./_poptrie_node.ts";
import type { Poptrie6Store } from "./_poptrie6_store.ts";
import type { Rib6 } from "./_rib6.ts";
import { prefix6Text } from "./_route6.ts";

/** Addresses with equal answers: the first of them and the next hop, -1 for a miss. */
type Run = [first: bigint, hop: number];

/**
 * Compares what an IPv6 Poptrie answers with the routes, and its nodes with what section 3 of the
 * paper says of them.
 * @throws {Error} naming the node and what is wrong with it
 */
export function checkPoptrie6(rules: Rib6, store: Poptrie6Store, bits: number): void {
  rules.checkInvariants();
  const walk = new TableWalk(store);
  const size = 2n ** BigInt(128 - bits);
  for (let chunk = 0; chunk < store.direct.length; chunk++) {
    const entry = store.direct[chunk]!;
    if (entry < 0) walk.answer((entry & 0x7fff_ffff) - 1, () => BigInt(chunk) * size);
    else {
      walk.blocks.push({ at: entry, length: NODE_WORDS, name: `The node of chunk ${chunk}` });
      walk.node(entry, BigInt(chunk) * size, bits);
    }
  }
  const expected = runsOf(rules);
  walk.runs.forEach(([first, hop], i) => {
    if (first === expected[i]?.[0] && hop === expected[i]![1]) return;
    const due = expected[i] === undefined
      ? "no more"
      : `${expected[i]![1]} from ${text(expected[i]![0])}`;
    throw new Error(`The nodes answer ${hop} from ${text(first)}, the routes ${due}`);
  });
  if (walk.runs.length < expected.length) {
    const [first, hop] = expected[walk.runs.length]!;
    throw new Error(`The nodes answer no more, the routes ${hop} from ${text(first)}`);
  }
  if (walk.seen.size !== store.nodes) {
    throw new Error(`${walk.seen.size} nodes are reached, ${store.nodes} counted`);
  }
  checkStretches(store.arena, walk.blocks);
}

/** What is reached from the direct array. */
class TableWalk {
  readonly runs: Run[] = [];
  readonly blocks: Stretch[] = [];
  /** Words of the nodes that were met. */
  readonly seen: Set<number> = new Set();

  constructor(private readonly store: Poptrie6Store) {}

  node(at: number, low: bigint, level: number): void {
    const name = `Node ${text(low, level)} at word ${at}`;
    if (this.seen.has(at)) throw new Error(`${name} is reached twice`);
    this.seen.add(at);
    const { arena } = this.store;
    const { slots, leaves } = readNode(arena, at, name);
    const end = 2n ** BigInt(128 - level);
    let children = 0;
    slots.forEach(({ hop, child }, v) => {
      const first = (): bigint => low + (BigInt(v) * end) / 64n;
      if (child < 0) {
        // Of slots that fewer than 6 bits do not tell apart the first speaks.
        if (level <= 122 || v % 2 ** (level - 122) === 0) this.answer(hop, first);
        return;
      }
      if (level >= 122) throw new Error(`${name}: slot ${v} is a child below 128 bits`);
      children++;
      this.node(child, first(), level + STRIDE);
    });
    const words = arena.words;
    const kids = { at: words[at + BASE1]!, length: NODE_WORDS * children };
    if (children > 0) this.blocks.push({ ...kids, name: `The children of ${name}` });
    const runs = { at: words[at + BASE0]! / 2, length: Math.ceil(leaves / 2) };
    if (leaves > 0) this.blocks.push({ ...runs, name: `The leaves of ${name}` });
  }

  answer(hop: number, first: () => bigint): void {
    if (this.runs.at(-1)?.[1] !== hop) this.runs.push([first(), hop]);
  }
}

/** The runs that the routes make: a sweep over first and last addresses, the open routes on a stack. */
function runsOf(rules: Rib6): Run[] {
  const runs: Run[] = [[0n, -1]];
  const open: { end: bigint; hop: number }[] = [];
  const answer = (first: bigint, hop: number): void => {
    if (runs.at(-1)![0] === first) runs.pop();
    if (runs.at(-1)?.[1] !== hop) runs.push([first, hop]);
  };
  const close = (upTo: bigint): void => {
    while (open.length > 0 && open.at(-1)!.end <= upTo) {
      const { end } = open.pop()!;
      if (end < 2n ** 128n) answer(end, open.at(-1)?.hop ?? -1);
    }
  };
  rules.walk((prefix, depth, hop) => {
    const first = prefix.reduce((sum, word) => sum * 2n ** 32n + BigInt(word), 0n);
    close(first);
    answer(first, hop);
    open.push({ end: first + 2n ** BigInt(128 - depth), hop });
  });
  close(2n ** 128n);
  return runs;
}

function text(first: bigint, depth?: number): string {
  const words = [96n, 64n, 32n, 0n].map((shift) => Number((first >> shift) & 0xffff_ffffn));
  const prefix = prefix6Text(words, 0, Math.min(depth ?? 128, 128));
  return depth === undefined ? prefix.slice(0, -4) : prefix;
}
