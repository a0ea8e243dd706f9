// What a Poptrie reads and takes, by models that know neither bits nor sweeps. No test of its own.
import type { FibLedger, Route } from "./mod.ts";
import { mixedBlocks, runsOf } from "./_runs_for_tests.ts";
import type { Poptrie } from "../../core/fib/poptrie.ts";

/** The direct entry; then, where its block has several answers, nodes of 6 bits and a leaf. */
export function poptrieLedger(directBits: number): FibLedger<Poptrie> {
  const isMixed = (routes: readonly Route[], address: number, bits: number): boolean => {
    const size = 2 ** (32 - bits);
    return bits < 32 && runsOf(routes, Math.floor(address / size) * size, size).length > 1;
  };
  return {
    needs: () => 0,
    uses: () => 0,
    reads: (routes, address) => {
      let nodes = 0;
      for (let bits = directBits; isMixed(routes, address, bits); bits += 6) nodes++;
      return nodes === 0 ? 1 : 2 + nodes;
    },
  };
}

/** Bytes by the paper: 4 a direct entry, 24 a node, 2 a leaf, a chunk's leaves rounded up to 4. */
export function poptrieBytes(routes: readonly Route[], directBits: number): number {
  let bytes = 4 * 2 ** directBits;
  for (const first of mixedBlocks(routes, directBits)) {
    const { nodes, leaves } = nodesFor(routes, first, directBits);
    bytes += 24 * nodes + 4 * Math.ceil(leaves / 2);
  }
  return bytes;
}

function nodesFor(
  routes: readonly Route[],
  first: number,
  bits: number,
): { nodes: number; leaves: number } {
  let [nodes, leaves, last] = [1, 0, -2];
  const slots = 2 ** Math.min(6, 32 - bits);
  const size = 2 ** (32 - bits) / slots;
  for (let slot = 0; slot < slots; slot++) {
    const runs = runsOf(routes, first + slot * size, size);
    if (runs.length > 1) {
      const inner = nodesFor(routes, first + slot * size, bits + 6);
      nodes += inner.nodes;
      leaves += inner.leaves;
    } else if (runs[0]![1] !== last) {
      leaves++;
      last = runs[0]![1];
    }
  }
  return { nodes, leaves };
}
