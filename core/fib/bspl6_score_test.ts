// Aim: the conformance suite of IPv6 tables finds what goes wrong in a binary search on lengths.
// Method: faults planted one at a time, each by replacing one step of it.
import { judgeFib6, lengths6Ledger } from "../../properties/fib6/mod.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import type { Rib6 } from "./_rib6.ts";
import { Bspl6 } from "./bspl6.ts";
import { BMP, type LengthSearch } from "./bspl6_search.ts";

interface InsideBspl6 {
  search: LengthSearch;
  rules: Rib6;
  rebuild: () => boolean;
}

/** Replaces a step of every search that the table makes, also of those made later. */
function ofEachSearch(change: (search: LengthSearch, inside: InsideBspl6) => void) {
  return (_: Bspl6, inside: InsideBspl6): void => {
    const rebuild = inside.rebuild.bind(inside);
    inside.rebuild = () => {
      const done = rebuild();
      change(inside.search, inside);
      return done;
    };
  };
}

const bspl6Faults: readonly PlantedFault<Bspl6, InsideBspl6>[] = [
  {
    name: "the markers beneath a route are not told about it",
    caughtBy: "LPM-16",
    plant: ofEachSearch((search) => search.repair = () => {}),
  },
  {
    name: "a marker keeps the best match of the route that left it first",
    caughtBy: "LPM-1",
    plant: ofEachSearch((search, { rules }) => {
      search.bestOf = (prefix, length) => {
        const cover = rules.cover(prefix, length + 8);
        return cover < 0 || (cover & 255) < 2 ? 0 : (cover >>> 8) + 1;
      };
    }),
  },
  {
    name: "a marker without a best match is taken for a miss",
    caughtBy: "LPM-1",
    plant: (fib, inside) => {
      const lookup = fib.lookup.bind(fib);
      fib.lookup = (addresses, at) => {
        const { search } = inside;
        const middle = (search.lengthCount - 1) >> 1;
        if (search.lengthCount === 0) return lookup(addresses, at);
        const tag = search.tagOf(search.find(addresses, at, search.lengths[middle]!));
        return tag !== 0 && (tag & BMP) === 0 ? -1 : lookup(addresses, at);
      };
    },
  },
  {
    name: "markers stay when their routes go",
    caughtBy: "LPM-6",
    plant: ofEachSearch((search) => {
      const remove = search.remove.bind(search);
      search.remove = (prefix, depth) => {
        const each = search.eachMarker.bind(search);
        search.eachMarker = () => {};
        remove(prefix, depth);
        search.eachMarker = each;
      };
    }),
  },
  {
    name: "a route that goes takes a marker with it",
    caughtBy: "LPM-14",
    plant: ofEachSearch((search) => {
      const remove = search.remove.bind(search);
      search.remove = (prefix, depth) => {
        remove(prefix, depth);
        const slot = search.find(prefix, 0, depth);
        const inside = search as unknown as { removeSlot: (slot: number) => void };
        if (search.tagOf(slot) !== 0) inside.removeSlot(slot);
      };
    }),
  },
  {
    name: "a length stays when its last route goes",
    caughtBy: "LPM-13",
    plant: (_, inside) => {
      const rebuild = inside.rebuild.bind(inside);
      let size = 0;
      inside.rebuild = () => {
        const shrinks = inside.rules.count < size;
        size = inside.rules.count;
        return !shrinks && rebuild();
      };
    },
  },
  {
    name: "the search ends at the first marker",
    caughtBy: "LPM-15",
    plant: ofEachSearch((search) => {
      for (let i = 4; i < search.slots.length; i += 5) search.slots[i]! &= ~(1 << 22);
    }),
  },
  {
    name: "the second route of depth 0 or 1 is not served",
    caughtBy: "LPM-7",
    plant: (_, inside) => {
      const table = inside as unknown as { restart: () => void; start: Int32Array };
      const restart = table.restart.bind(table);
      table.restart = () => {
        const before = table.start.slice();
        restart();
        if (before[0]! >= 0) table.start[1] = before[1]!;
      };
    },
  },
];

registerFaults(
  "fib6Conformance catches every fault planted in Bspl6",
  judgeFib6,
  (geometry) => new Bspl6(geometry),
  { ledger: lengths6Ledger<Bspl6>(), numRuns: 39 },
  bspl6Faults,
);
