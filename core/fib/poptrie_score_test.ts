// Aim: the conformance suite finds what goes wrong in a Poptrie. Method: faults planted one at a
// time, each by replacing one step of the table.
import { chunkFaults } from "../../properties/fib/_chunk_faults_for_tests.ts";
import { type NarrowFault, registerFaults } from "../../properties/fib/_narrow_for_tests.ts";
import type { Arena } from "./_arena.ts";
import { poptrieLedger } from "../../properties/fib/_poptrie_for_tests.ts";
import { Poptrie } from "./poptrie.ts";

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

const faults: readonly NarrowFault<Poptrie>[] = [
  {
    name: "a leaf holds the next hop instead of the next hop + 1",
    law: "LPM-8",
    plant: (fib) => {
      const builder = storeOf(fib).builder;
      const addLeaf = builder.addLeaf.bind(builder);
      builder.addLeaf = (value) => addLeaf(Math.max(0, value - 1));
    },
  },
  {
    name: "children are numbered from the second one",
    law: "LPM-1",
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
    law: "LPM-1",
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
    law: "LPM-1",
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
  ({ maxRules, defaultRoute }) => new Poptrie({ directBits: 8, maxRules, defaultRoute }),
  0xfffe,
  { numRuns: 40, ledger: poptrieLedger(8) },
  [...chunkFaults<Poptrie>((fib) => storeOf(fib).arena), ...faults],
);
