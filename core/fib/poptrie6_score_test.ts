// Aim: the conformance suite of IPv6 tables and the invariants find what goes wrong in a Poptrie.
// Method: faults planted one at a time, each by replacing one step of the table.
import { type Fib6ConformanceOptions, judgeFib6 } from "../../properties/fib6/mod.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { poptrie6Ledger } from "../../properties/fib6/_poptrie6_for_tests.ts";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import type { Poptrie6Store } from "./_poptrie6_store.ts";
import type { NodeSlots } from "./_poptrie_node.ts";
import type { Rib6 } from "./_rib6.ts";
import { NEXT_HOP6_MAX } from "./_route6.ts";
import { Poptrie6 } from "./poptrie6.ts";

/** What the table keeps to itself, reached for planting. */
interface Inside {
  words: Int32Array;
  rules: Rib6;
  store: Omit<Poptrie6Store, "release"> & {
    retired: number[];
    moved: () => void;
    release: () => void;
  };
  updates: {
    limits: { maxRules: number; maxBytes: number };
    builder: {
      shape: NodeSlots;
      coverOf: (level: number) => number;
      lay: (node: number, level: number, row: number) => void;
      remake: (at: number, level: number, v: number, value: number) => number;
    };
  };
}

const faults: readonly PlantedFault<Poptrie6, Inside>[] = [
  {
    name: "what covers a block is forgotten",
    caughtBy: "LPM-1",
    plant: (_, { updates: { builder } }) => builder.coverOf = () => 0,
  },
  {
    name: "a leaf holds the next hop instead of the next hop + 1",
    caughtBy: "LPM-8",
    plant: (_, { updates: { builder: { shape } } }) => {
      const leaf = shape.leaf.bind(shape);
      shape.leaf = (v, value) => leaf(v, Math.max(0, value - 1));
    },
  },
  {
    name: "a leaf that begins a run again is passed over",
    caughtBy: "LPM-1",
    plant: (_, { updates: { builder: { shape } } }) => {
      const leaf = shape.leaf.bind(shape);
      shape.leaf = (v, value) => {
        if (shape.leaves < 2 || shape.values[shape.leaves - 2] !== value) leaf(v, value);
      };
    },
  },
  {
    name: "the node above keeps its slot when the one beneath became a leaf",
    caughtBy: "LPM-1",
    plant: (_, { updates: { builder } }) => {
      const remake = builder.remake.bind(builder);
      builder.remake = (at, level, v, value) => value < 0 ? remake(at, level, v, value) : -2;
    },
  },
  {
    name: "a node is not made anew where a leaf becomes a child",
    caughtBy: "LPM-1",
    plant: (_, { updates: { builder } }) => {
      const remake = builder.remake.bind(builder);
      builder.remake = (at, level, v, value) => value < 0 ? -2 : remake(at, level, v, value);
    },
  },
  {
    name: "a route that ends with a node's bits and has longer ones is not laid over its slot",
    caughtBy: "LPM-14",
    plant: (_, { rules, updates: { builder } }) => {
      const lay = builder.lay.bind(builder);
      builder.lay = (node, level, row) => {
        const hopOf = rules.hopOf.bind(rules);
        rules.hopOf = (node) => rules.depthOf(node) === level && level > 8 ? -1 : hopOf(node);
        lay(node, level, row);
        rules.hopOf = hopOf;
      };
    },
  },
  {
    name: "the bits of a word that a step goes beyond are not seen",
    caughtBy: "LPM-15",
    plant: (fib) => {
      const lookup = fib.lookup.bind(fib);
      const address = new Uint32Array(4);
      // 8 + 6 * 9 = 62: that step ends with the first four bits of the third word.
      fib.lookup = (addresses, at) => {
        for (let i = 0; i < 4; i++) address[i] = addresses[at + i]!;
        address[2] = address[2]! % 2 ** 28;
        return lookup(address, 0);
      };
    },
  },
  {
    name: "what was replaced is never given back",
    caughtBy: "LPM-6",
    plant: (_, { store }) => store.release = () => store.retired.length = 0,
  },
  {
    name: "what was replaced is listed twice",
    caughtBy: "LPM-16",
    plant: (_, { store: { arena } }) => {
      const release = arena.release.bind(arena);
      arena.release = (at, length) => {
        release(at, length);
        arena.live += length;
        release(at, length);
      };
    },
  },
  {
    name: "look-ups keep the arrays that the nodes were moved from",
    caughtBy: "LPM-16",
    plant: (_, { store }) => store.moved = () => {},
  },
  {
    name: "the children of a node are counted once more",
    caughtBy: "nodes are reached",
    plant: (_, { store }) => {
      const take = store.takeNodes.bind(store);
      store.takeNodes = (count) => {
        if (count > 1) store.nodes++;
        return take(count);
      };
    },
  },
  {
    name: "next hop 0 is taken for a miss",
    caughtBy: "LPM-8",
    plant: (fib) => {
      const lookup = fib.lookup.bind(fib);
      fib.lookup = (addresses, at) => lookup(addresses, at) || -1;
    },
  },
  {
    name: "the bulk look-up takes the second address for the first",
    caughtBy: "LPM-9",
    plant: (fib) => {
      const bulk = fib.lookupBulk.bind(fib);
      fib.lookupBulk = (addresses, nextHops, n) => {
        bulk(addresses, nextHops, n);
        if (n > 256) nextHops[0] = nextHops[1]!;
      };
    },
  },
  {
    name: "a look-up reads once more than it says",
    caughtBy: "LPM-13",
    plant: (fib) => {
      const reads = fib.reads.bind(fib);
      fib.reads = (addresses, at) => Math.max(1, reads(addresses, at) - 1);
    },
  },
  {
    name: "the rule limit is one too many",
    caughtBy: "LPM-2",
    plant: (_, { updates: { limits } }) => limits.maxRules++,
  },
  {
    name: "clear forgets to clear the rules",
    caughtBy: "LPM-17",
    plant: (_, { rules }) => rules.clear = () => {},
  },
];

registerFaults<Poptrie6, Inside, Fib6ConformanceOptions<Poptrie6>>(
  "fib6Conformance catches every fault planted in Poptrie6",
  judgeFib6,
  ({ maxRules, defaultRoute }) =>
    widened(new Poptrie6({ directBits: 8, maxRules, defaultRoute }), 0xfffe, NEXT_HOP6_MAX),
  { ledger: poptrie6Ledger(8), numRuns: 39 },
  faults,
  (fib) => {
    const table = bgpLikeTable6({ routes: 60, seed: 2 });
    for (let i = 0; i < 60; i++) {
      fib.add(table.prefix, table.depth[i]!, i, 4 * i);
      fib.checkInvariants();
    }
  },
);
