// Aim: the conformance suite finds what goes wrong in the entries and groups of a table.
// Method: faults planted one at a time in a DIR-24-8 table, each by replacing one step of it.
import { DEPTH_SHIFT, EXTENDED, HOP, leafEntry, VALID } from "./entry.ts";
import { type Fault, registerScore } from "../../properties/fib/_dir24_8_for_tests.ts";

const faults: readonly Fault[] = [
  {
    name: "a deletion uncovers the shortest covering rule instead of the longest",
    caughtBy: "LPM-1",
    plant: (_, inside) => {
      inside.coveringEntry = (prefix, depth) => {
        for (let d = 1; d < depth; d++) {
          const nextHop = inside.rules.get((prefix & (-1 << (32 - d))) >>> 0, d);
          if (nextHop >= 0) return leafEntry(nextHop, d);
        }
        return 0;
      };
    },
  },
  {
    name: "a deletion uncovers nothing",
    caughtBy: "LPM-1",
    plant: (_, inside) => inside.coveringEntry = () => 0,
  },
  {
    name: "a range is filled but for its last slot",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      const write = levels.writeRange.bind(levels);
      levels.writeRange = (table, from, to, entry) =>
        write(table, from, to - from > 1 ? to - 1 : to, entry);
    },
  },
  {
    name: "a range is filled into the slot after its last one",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      const write = levels.writeRange.bind(levels);
      levels.writeRange = (table, from, to, entry) =>
        write(table, from, Math.min(to + 1, table.length), entry);
    },
  },
  {
    name: "a group is never given back",
    caughtBy: "LPM-6",
    plant: (_, { levels }) => levels.collapse = () => false,
  },
  {
    name: "a group is given back only when all is invalid",
    caughtBy: "LPM-5",
    plant: (_, { levels }) => {
      const collapse = levels.collapse.bind(levels);
      levels.collapse = (parent, slot, level) =>
        levels.pool.entries[(parent[slot]! & HOP) << 8] === 0 && collapse(parent, slot, level);
    },
  },
  {
    name: "the route that was added last wins, whatever its depth",
    caughtBy: "LPM-4",
    plant: (_, { levels }) => {
      levels.writeRange = (table, from, to, entry) => {
        for (let i = from; i < to; i++) {
          if ((table[i]! & EXTENDED) === 0) levels.publish(table, i, entry);
        }
      };
    },
  },
  {
    name: "a rule is lost when its hash doubles",
    caughtBy: "LPM-16",
    plant: (_, { rules }) => {
      const set = rules.set.bind(rules);
      let slots = rules.capacity;
      rules.set = (prefix, depth, nextHop) => {
        set(prefix, depth, nextHop);
        if (rules.capacity > slots) rules.remove(prefix, depth);
        slots = rules.capacity;
      };
    },
  },
  {
    name: "a group leaks when an addition is refused",
    caughtBy: "LPM-2",
    plant: (_, { levels }) => {
      const missing = levels.missingGroups.bind(levels);
      levels.missingGroups = (prefix, depth) => {
        const count = missing(prefix, depth);
        if (count > levels.pool.free) levels.pool.allocate();
        return count;
      };
    },
  },
  {
    name: "a new next hop loses against the old one of the same depth (> for >=)",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      levels.writeRange = (table, from, to, entry) => {
        for (let i = from; i < to; i++) {
          const old = table[i]!;
          const base = (old & HOP) << 8;
          if ((old & EXTENDED) !== 0) {
            levels.writeRange(levels.pool.entries, base, base + 256, entry);
          } else if (old >>> DEPTH_SHIFT < entry >>> DEPTH_SHIFT) levels.publish(table, i, entry);
        }
      };
    },
  },
  {
    name: "the valid bit stays when nothing is uncovered",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      const erase = levels.eraseRange.bind(levels);
      levels.eraseRange = (table, from, to, depth, uncovered) =>
        erase(table, from, to, depth, uncovered === 0 ? VALID : uncovered);
    },
  },
  {
    name: "next hop 0 is taken for a miss",
    caughtBy: "LPM-8",
    plant: (fib) => {
      const lookup = fib.lookup.bind(fib);
      fib.lookup = (address) => lookup(address) || -1;
    },
  },
  {
    name: "a group forgets the entry that it replaces",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      const build = levels.buildGroup.bind(levels);
      levels.buildGroup = (prefix, depth, entry, above) => build(prefix, depth, entry, above, 0);
    },
  },
  {
    name: "a group is judged empty by its first entry",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      levels.collapse = (parent, slot, level) => {
        const group = parent[slot]! & HOP;
        const common = levels.pool.entries[group << 8]!;
        if ((common & EXTENDED) !== 0 || common >>> DEPTH_SHIFT > level) return false;
        levels.publish(parent, slot, common);
        levels.pool.release(group);
        return true;
      };
    },
  },
  {
    name: "a deletion does not look into the groups beneath",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      levels.eraseRange = (table, from, to, depth, uncovered) => {
        for (let i = from; i < to; i++) {
          if ((table[i]! & EXTENDED) === 0 && table[i]! >>> DEPTH_SHIFT === depth) {
            levels.publish(table, i, uncovered);
          }
        }
      };
    },
  },
  {
    name: "a group that comes back is listed twice",
    caughtBy: "LPM-6",
    plant: (_, { levels }) => {
      const release = levels.pool.release.bind(levels.pool);
      levels.pool.release = (group) => {
        release(group);
        release(group);
      };
    },
  },
  {
    name: "the account of valid entries is not reduced",
    caughtBy: "LPM-6",
    plant: (_, { levels }) => {
      const erase = levels.eraseRange.bind(levels);
      levels.eraseRange = (table, from, to, depth, uncovered) => {
        const before = levels.validFirst;
        erase(table, from, to, depth, uncovered);
        levels.validFirst = Math.max(before, levels.validFirst);
      };
    },
  },
  {
    name: "the rule is stored before the addition is refused",
    caughtBy: "LPM-2",
    plant: (_, { levels, rules }) => {
      const missing = levels.missingGroups.bind(levels);
      levels.missingGroups = (prefix, depth) => {
        const count = missing(prefix, depth);
        if (count > levels.pool.free) rules.set(prefix, depth, 0);
        return count;
      };
    },
  },
];

registerScore("fibConformance catches every fault planted in entries and groups", faults);
