// Aim: the conformance suite finds what goes wrong in a compact DIR-24-8. Method: faults planted
// one at a time, each by replacing one step of the table.
import type { FibLedger } from "../../properties/fib/mod.ts";
import type { CompactLevels } from "./_compact_levels.ts";
import { groupLedger, judgeFib } from "../../properties/fib/mod.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { Dir24_8Compact } from "./dir24_8_compact.ts";
import type { RuleTable } from "./rule_table.ts";
import { NEXT_HOP_MAX } from "./route.ts";

/** What the table keeps to itself, reached for planting. */
interface Inside {
  levels: CompactLevels;
  rules: RuleTable;
}

function insideOf(fib: Dir24_8Compact): Inside {
  return fib as unknown as Inside;
}

/** The ledger of DIR-24-8, but for what updates touch. */
function ledger(): FibLedger<Dir24_8Compact> {
  const { needs, reads, uses } = groupLedger<Dir24_8Compact>(8);
  return { needs, reads: reads!, uses };
}

const faults: readonly PlantedFault<Dir24_8Compact>[] = [
  {
    name: "a deletion uncovers nothing",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      const erase = levels.erase.bind(levels);
      levels.erase = (prefix, depth) => erase(prefix, depth, -1, -1);
    },
  },
  {
    name: "a rule is written over longer ones",
    caughtBy: "LPM-4",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      levels.write = (isFirst, from, to, entry, tag) => {
        const table = isFirst ? levels.first : levels.entries;
        const depths = isFirst ? levels.firstDepths : levels.depths;
        for (let i = from; i < to; i++) {
          if (table[i]! > 0) continue;
          if (isFirst && table[i] === 0) levels.validFirst++;
          table[i] = entry;
          depths[i] = tag;
        }
      };
    },
  },
  {
    name: "a rule is not written into the groups beneath",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      const write = levels.write.bind(levels);
      levels.write = (isFirst, from, to, entry, tag) => {
        for (let i = from; i < to; i++) {
          if ((isFirst ? levels.first : levels.entries)[i]! <= 0) {
            write(isFirst, i, i + 1, entry, tag);
          }
        }
      };
    },
  },
  {
    name: "a group forgets the entry that it replaces",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      const extend = levels.extend.bind(levels);
      levels.extend = (slot, isFirst) => {
        const group = extend(slot, isFirst);
        levels.entries.fill(0, group * 256, group * 256 + 256);
        levels.depths.fill(0, group * 256, group * 256 + 256);
        return group;
      };
    },
  },
  {
    name: "a group is never given back",
    caughtBy: "LPM-6",
    plant: (fib) => insideOf(fib).levels.collapse = () => {},
  },
  {
    name: "a group goes with the first of its rules",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      const collapse = levels.collapse.bind(levels);
      levels.collapse = (slot, isFirst) => {
        const group = (isFirst ? levels.first : levels.entries)[slot]! - 1;
        if (group >= 0) levels.longer[group] = 1;
        collapse(slot, isFirst);
      };
    },
  },
  {
    name: "a changed next hop counts as one more rule of its group",
    caughtBy: "LPM-6",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      const insert = levels.insert.bind(levels);
      levels.insert = (prefix, depth, hop) => insert(prefix, depth, hop, true);
    },
  },
  {
    name: "the uncovered rule's depth is not noted",
    caughtBy: "LPM-14",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      const erase = levels.erase.bind(levels);
      levels.erase = (prefix, depth, hop) => erase(prefix, depth, hop, depth);
    },
  },
  {
    name: "look-ups keep the groups that were outgrown",
    caughtBy: "LPM-16",
    plant: (fib) => {
      const outgrown = new Int16Array(0);
      Object.defineProperty(fib, "entries", { get: () => outgrown, set: () => {} });
    },
  },
  {
    name: "the bulk look-up does not follow groups",
    caughtBy: "LPM-9",
    plant: (fib) => {
      const bulk = fib.lookupBulk.bind(fib);
      fib.lookupBulk = (addresses, nextHops, n) => {
        bulk(addresses, nextHops, n);
        for (let i = 0; i < n; i++) if (fib.reads(addresses[i]!) > 1) nextHops[i] = -1;
      };
    },
  },
  {
    name: "a refused rule stays among the rules",
    caughtBy: "LPM-2",
    plant: (fib) => {
      const { levels, rules } = insideOf(fib);
      const missing = levels.missingGroups.bind(levels);
      levels.missingGroups = (prefix, depth) => {
        const groups = missing(prefix, depth);
        if (levels.used + groups > levels.groupsMax) rules.set(prefix, depth, 0);
        return groups;
      };
    },
  },
  {
    name: "clear leaves the depths beside the first level",
    caughtBy: "LPM-17",
    plant: (fib) => {
      const { levels } = insideOf(fib);
      levels.wipe = (from, to) => levels.first.fill(0, from, to);
    },
  },
];

registerFaults(
  "fibConformance catches every fault planted in Dir24_8Compact",
  judgeFib,
  (geometry) => widened(new Dir24_8Compact({ firstBits: 8, ...geometry }), 0x7fff, NEXT_HOP_MAX),
  { numRuns: 40, ledger: ledger() },
  faults,
);
