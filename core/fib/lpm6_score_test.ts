// Aim: the conformance suite of IPv6 tables finds what goes wrong in them. Method: faults planted
// one at a time in an rte_lpm6 table and in a list, each by replacing one step of it.
import { assertEquals, assertMatch } from "@std/assert";
import { groups6Ledger, judgeFib6, linear6Ledger } from "../../properties/fib6/mod.ts";
import { DEPTH6_SHIFT, depthOfEntry6, EXTENDED6, HOP6, VALID6 } from "./_entry6.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { LinearFib6 } from "./linear6.ts";
import { Lpm6 } from "./lpm6.ts";
import { FIRST_LEVEL, type Lpm6Levels } from "./lpm6_levels.ts";

interface InsideLpm6 {
  levels: Lpm6Levels;
  missHop: number;
  coveringEntry: (prefix: Uint32Array, depth: number) => number;
}

const lpm6Faults: readonly PlantedFault<Lpm6, InsideLpm6>[] = [
  {
    name: "a deletion uncovers nothing",
    caughtBy: "LPM-1",
    plant: (_, inside) => inside.coveringEntry = () => 0,
  },
  {
    name: "the second word of an address is read where the first one is",
    caughtBy: "LPM-15",
    plant: (fib) => {
      const lookup = fib.lookup.bind(fib);
      const wrong = new Uint32Array(4);
      fib.lookup = (addresses, at) => {
        for (let i = 0; i < 4; i++) wrong[i] = addresses[at + (i === 1 ? 0 : i)]!;
        return lookup(wrong, 0);
      };
    },
  },
  {
    name: "the last bit of an address is not looked at",
    caughtBy: "LPM-15",
    plant: (fib) => {
      const lookup = fib.lookup.bind(fib);
      fib.lookup = (addresses, at) => {
        const wrong = addresses.slice(at, at + 4);
        wrong[3] = wrong[3]! - wrong[3]! % 2;
        return lookup(wrong, 0);
      };
    },
  },
  {
    name: "a word with its sign bit set is compared as a negative number",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const add = fib.add.bind(fib);
      fib.add = (prefix, depth, nextHop) =>
        add(
          prefix.map((word, i) => i === 2 && depth > 96 ? Math.abs(word | 0) : word),
          depth,
          nextHop,
        );
    },
  },
  {
    name: "a group is never given back",
    caughtBy: "LPM-6",
    plant: (_, { levels }) => levels.collapse = () => FIRST_LEVEL,
  },
  {
    name: "a group that goes back leaves its owner with an invalid entry",
    caughtBy: "LPM-5",
    plant: (_, { levels }) => {
      levels.collapse = (group) => {
        const owner = levels.ownerTable[group]!;
        const table = owner === FIRST_LEVEL ? levels.first : levels.pool.entries;
        levels.publish(table, levels.ownerEntry[group]!, 0);
        levels.pool.release(group);
        return owner;
      };
    },
  },
  {
    name: "only the last group of a chain goes back",
    caughtBy: "LPM-6",
    plant: (_, { levels }) => {
      const collapse = levels.collapse.bind(levels);
      levels.collapse = (group) => {
        collapse(group);
        return FIRST_LEVEL;
      };
    },
  },
  {
    name: "a changed next hop counts as another rule of the group",
    caughtBy: "LPM-6",
    plant: (_, { levels }) => {
      const insert = levels.insert.bind(levels);
      levels.insert = (prefix, depth, entry) => insert(prefix, depth, entry, true);
    },
  },
  {
    name: "room is made for one group although the chain needs more",
    caughtBy: "LPM-2",
    plant: (_, { levels }) => {
      const missing = levels.missingGroups.bind(levels);
      levels.missingGroups = (prefix, depth) => Math.min(1, missing(prefix, depth));
    },
  },
  {
    name: "a new group forgets the entry that it replaces",
    caughtBy: "LPM-1",
    plant: (_, { levels }) => {
      const build = levels.buildGroup.bind(levels);
      levels.buildGroup = (prefix, depth, entry, above, _old, table, slot) =>
        build(prefix, depth, entry, above, 0, table, slot);
    },
  },
  {
    name: "depth 128 is stored in seven bits",
    caughtBy: "LPM-15",
    plant: (_, { levels }) => {
      const write = levels.writeRange.bind(levels);
      levels.writeRange = (table, from, to, entry) =>
        write(table, from, to, (entry & ~(128 << DEPTH6_SHIFT)) >>> 0);
    },
  },
  {
    name: "a new next hop loses against the old one of the same depth",
    caughtBy: "LPM-5",
    plant: (_, { levels }) => {
      levels.writeRange = (table, from, to, entry) => {
        for (let i = from; i < to; i++) {
          const old = table[i]!;
          const base = (old & HOP6) << 8;
          if ((old & EXTENDED6) !== 0) {
            levels.writeRange(levels.pool.entries, base, base + 256, entry);
          } else if (depthOfEntry6(old) < depthOfEntry6(entry)) levels.publish(table, i, entry);
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
        erase(table, from, to, depth, uncovered === 0 ? VALID6 : uncovered);
    },
  },
  {
    name: "clear forgets the default route",
    caughtBy: "LPM-17",
    plant: (fib, inside) => {
      const clear = fib.clear.bind(fib);
      fib.clear = () => {
        const kept = inside.missHop;
        clear();
        inside.missHop = kept;
      };
    },
  },
];

const linearFaults: readonly PlantedFault<LinearFib6, { routes: unknown[] }>[] = [
  {
    name: "deletion answers true for what is not there",
    caughtBy: "LPM-3",
    plant: (fib) => {
      const remove = fib.delete.bind(fib);
      fib.delete = (prefix, depth) => remove(prefix, depth) || depth > 0;
    },
  },
  {
    name: "a next hop of 22 bits is cut to 21",
    caughtBy: "LPM-8",
    plant: (fib) => {
      const add = fib.add.bind(fib);
      fib.add = (prefix, depth, nextHop, at) =>
        add(prefix, depth, nextHop === 2 ** 21 ? 0 : nextHop, at);
    },
  },
  {
    name: "a deletion takes a prefix with host bits for another one",
    caughtBy: "LPM-10",
    plant: (fib) => {
      const remove = fib.delete.bind(fib);
      fib.delete = (prefix, depth) => (depth > 96 || prefix[3] === 0) && remove(prefix, depth);
    },
  },
  {
    name: "the first route that covers an address wins",
    caughtBy: "LPM-4",
    plant: (_, inside) => {
      const { routes } = inside as { routes: { depth: number }[] };
      routes.push = (route) => (route.depth = 0, Array.prototype.push.call(routes, route));
    },
  },
  {
    name: "the bulk look-up strides three words",
    caughtBy: "LPM-9",
    plant: (fib) => {
      fib.lookupBulk = (addresses, nextHops, n) => {
        for (let i = 0; i < n; i++) nextHops[i] = fib.lookup(addresses, 3 * i);
      };
    },
  },
  {
    name: "walk is in the order of the additions",
    caughtBy: "LPM-11",
    plant: (fib, inside) => {
      fib.walk = (visit) => {
        const { routes } = inside as {
          routes: { first: Uint32Array; depth: number; nextHop: number }[];
        };
        for (const { first, depth, nextHop } of routes) visit(first, depth, nextHop);
      };
    },
  },
];

registerFaults(
  "fib6Conformance catches every fault planted in Lpm6",
  judgeFib6,
  (geometry) => new Lpm6({ firstBits: 8, ...geometry }),
  { ledger: groups6Ledger<Lpm6>(8), numRuns: 39 },
  lpm6Faults,
);

registerFaults(
  "fib6Conformance catches every fault planted in LinearFib6",
  judgeFib6,
  (geometry) => new LinearFib6(geometry),
  { ledger: linear6Ledger(), numRuns: 39 },
  linearFaults,
);

Deno.test("fib6Conformance reports the operations, the address, expected and got", () => {
  const make = (geometry: { groups: number; maxRules: number; defaultRoute: boolean }): Lpm6 => {
    const fib = new Lpm6({ firstBits: 8, ...geometry });
    (fib as unknown as InsideLpm6).coveringEntry = () => 0;
    return fib;
  };
  const options = { ledger: groups6Ledger<Lpm6>(8), only: /^LPM-1$/, numRuns: 39 };
  const [verdict] = [...judgeFib6("a table with holes", make, options)];
  assertMatch(
    verdict!.message,
    new RegExp(
      [
        "^LPM-1 broken by a table with holes: after every operation .* \\(RFC 4291, .*\\)",
        "  table: groups \\d+, rules \\d+, (with|no) default route",
        "    1\\. add [0-9a-f:]+/\\d+ -> \\d+: true",
        "    2\\. add .*: true",
        "    3\\. delete .*: true",
        "  lookup [0-9a-f:]+: expected next hop \\d+, got miss",
        "  seed 1, run \\d+ of 39, shrunk \\d+ times",
        "  replay: PLANECHECK_REPLAY=pc1-[\\w-]+ deno test -A$",
      ].join("\n"),
    ),
  );
  const replay = /pc1-[\w-]+/.exec(verdict!.message)![0];
  const [again] = [...judgeFib6("a table with holes", make, { ...options, replay, only: /./ })];
  // the same operations, without the drawing that led there
  assertEquals(again!.message, verdict!.message.split("\n  seed")[0]);
});
