// Aim: the conformance suite finds what goes wrong in a DXR table. Method: faults planted one at a
// time, each by replacing one step of the table.
import type { Arena } from "./_arena.ts";
import { chunkFaults } from "../../properties/fib/_chunk_faults_for_tests.ts";
import { dxrLedger } from "../../properties/fib/_dxr_for_tests.ts";
import { judgeFib } from "../../properties/fib/mod.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { Dxr } from "./dxr.ts";
import { NEXT_HOP_MAX } from "./route.ts";

/** What the table keeps to itself, reached for planting. */
interface Store {
  direct: Int32Array;
  chunks: {
    arena: Arena;
    references: Int32Array;
    find: (words: Int32Array, length: number) => number;
    drop: (descriptor: number) => void;
  };
  encoder: {
    length: number;
    fragments: number;
    isShort: () => boolean;
    encode: (r: never) => void;
  };
}

function storeOf(fib: Dxr): Store {
  return (fib as unknown as { store: Store }).store;
}

const faults: readonly PlantedFault<Dxr>[] = [
  {
    name: "every run is taken for a short one",
    caughtBy: "LPM-1",
    plant: (fib) => storeOf(fib).encoder.isShort = () => true,
  },
  {
    name: "runs of the same length are taken for equal",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { chunks } = storeOf(fib);
      const find = chunks.find.bind(chunks);
      const seen = new Map<number, number>();
      chunks.find = (words, length) => {
        const found = find(words, length);
        const other = seen.get(length) ?? found;
        if (found < 0 && other >= 0 && chunks.references[other]! > 0) {
          chunks.references[other]!++;
          return other;
        }
        if (found >= 0) seen.set(length, found);
        return found;
      };
    },
  },
  {
    name: "a shared run goes with the first chunk that leaves it",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { chunks } = storeOf(fib);
      const drop = chunks.drop.bind(chunks);
      chunks.drop = (descriptor) => {
        if (chunks.references[descriptor]! < 1) return;
        chunks.references[descriptor] = 1;
        drop(descriptor);
      };
    },
  },
  {
    name: "the last range of a run is not searched",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { encoder } = storeOf(fib);
      const encode = encoder.encode.bind(encoder);
      encoder.encode = (ranges) => {
        encode(ranges);
        encoder.fragments--;
      };
    },
  },
];

registerFaults(
  "fibConformance catches every fault planted in Dxr",
  judgeFib,
  ({ maxRules, defaultRoute }) =>
    widened(new Dxr({ directBits: 12, maxRules, defaultRoute }), 2 ** 12 - 2, NEXT_HOP_MAX),
  { numRuns: 40, ledger: dxrLedger(12) },
  [...chunkFaults<Dxr>((fib) => storeOf(fib).chunks.arena), ...faults],
);
