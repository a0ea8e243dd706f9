// Aim: the conformance suite finds what goes wrong in a Poptrie. Method: faults planted one at a
// time, each by replacing one step of the table.
import { chunkFaults } from "../../properties/fib/_chunk_faults_for_tests.ts";
import { judgeFib } from "../../properties/fib/mod.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import type { Arena } from "./_arena.ts";
import { poptrieLedger } from "../../properties/fib/_poptrie_for_tests.ts";
import { Poptrie } from "./poptrie.ts";
import { NEXT_HOP_MAX } from "./route.ts";

/** What the table keeps to itself, reached for planting. */
interface Inside {
  store: {
    arena: Arena;
    direct: Int32Array;
    builder: Builder;
    compile: (chunk: number) => void;
  };
}

interface Builder {
  words: Int32Array;
  addLeaf: (value: number) => void;
  buildNode: (ranges: unknown, node: number, shift: number) => void;
}

function storeOf(fib: Poptrie): Inside["store"] {
  return (fib as unknown as Inside).store;
}

const faults: readonly PlantedFault<Poptrie>[] = [
  {
    name: "a leaf holds the next hop instead of the next hop + 1",
    caughtBy: "LPM-8",
    plant: (fib) => {
      const builder = storeOf(fib).builder;
      const addLeaf = builder.addLeaf.bind(builder);
      builder.addLeaf = (value) => addLeaf(Math.max(0, value - 1));
    },
  },
  {
    name: "children are numbered from the second one",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const builder = storeOf(fib).builder;
      const build = builder.buildNode.bind(builder);
      builder.buildNode = (ranges, node, shift) => {
        build(ranges, node, shift);
        builder.words[6 * node + 5]! += 6;
      };
    },
  },
  {
    name: "the upper half of leafvec is lost",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const builder = storeOf(fib).builder;
      const build = builder.buildNode.bind(builder);
      builder.buildNode = (ranges, node, shift) => {
        build(ranges, node, shift);
        builder.words[6 * node + 3] = 0;
      };
    },
  },
  {
    name: "a chunk that comes to have one answer keeps its nodes",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const store = storeOf(fib);
      const compile = store.compile.bind(store);
      store.compile = (chunk) => {
        const old = store.direct[chunk]!;
        compile(chunk);
        if (old >= 0 && store.direct[chunk]! < 0) store.direct[chunk] = old;
      };
    },
  },
];

registerFaults(
  "fibConformance catches every fault planted in Poptrie",
  judgeFib,
  ({ maxRules, defaultRoute }) =>
    widened(new Poptrie({ directBits: 8, maxRules, defaultRoute }), 0xfffe, NEXT_HOP_MAX),
  { numRuns: 40, ledger: poptrieLedger(8) },
  [...chunkFaults<Poptrie>((fib) => storeOf(fib).arena), ...faults],
);
