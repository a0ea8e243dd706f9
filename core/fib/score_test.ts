// Aim: the conformance suite finds what goes wrong in forwarding tables. Method: faults planted one at a time in
// a DIR-24-8 table, each by replacing one step of it; each has to be caught by the law that is named for it, and
// the table without a fault by none.
import { assertEquals, assertMatch } from "@std/assert";
import { groupLedger, judgeFib } from "../../properties/fib/mod.ts";
import type { FibGeometry } from "../../properties/fib/mod.ts";
import type { Levels } from "./_levels.ts";
import { Dir24_8 } from "./dir24_8.ts";
import { DEPTH_SHIFT, EXTENDED, HOP, leafEntry, VALID } from "./entry.ts";
import type { GroupPool } from "./group_pool.ts";
import type { RuleTable } from "./rule_table.ts";

/** What the table keeps to itself, reached for planting. */
interface Inside {
  levels: Levels & { missingGroups: Levels["missingGroups"]; pool: GroupPool };
  rules: RuleTable;
  entries: Uint32Array;
  missHop: number;
  depthMin: number;
  coveringEntry: (prefix: number, depth: number) => number;
  lookupDeep: (address: number) => number;
}

interface Fault {
  readonly name: string;
  /** A law that has to catch it. */
  readonly law: string;
  readonly plant: (fib: Dir24_8, inside: Inside) => void;
}

const faults: readonly Fault[] = [
  {
    name: "a deletion uncovers the shortest covering rule instead of the longest",
    law: "LPM-1",
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
    law: "LPM-1",
    plant: (_, inside) => inside.coveringEntry = () => 0,
  },
  {
    name: "a range is filled but for its last slot",
    law: "LPM-1",
    plant: (_, { levels }) => {
      const write = levels.writeRange.bind(levels);
      levels.writeRange = (table, from, to, entry) =>
        write(table, from, to - from > 1 ? to - 1 : to, entry);
    },
  },
  {
    name: "a range is filled into the slot after its last one",
    law: "LPM-1",
    plant: (_, { levels }) => {
      const write = levels.writeRange.bind(levels);
      levels.writeRange = (table, from, to, entry) =>
        write(table, from, Math.min(to + 1, table.length), entry);
    },
  },
  {
    name: "a group is never given back",
    law: "LPM-6",
    plant: (_, { levels }) => levels.collapse = () => false,
  },
  {
    name: "a group is given back only when all is invalid",
    law: "LPM-5",
    plant: (_, { levels }) => {
      const collapse = levels.collapse.bind(levels);
      levels.collapse = (parent, slot, level) =>
        levels.pool.entries[(parent[slot]! & HOP) << 8] === 0 && collapse(parent, slot, level);
    },
  },
  {
    name: "the route that was added last wins, whatever its depth",
    law: "LPM-4",
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
    law: "LPM-16",
    plant: (_, { rules }) => {
      const set = rules.set.bind(rules);
      rules.set = (prefix, depth, nextHop) => {
        const slots = rules.capacity;
        set(prefix, depth, nextHop);
        if (rules.capacity > slots) rules.remove(prefix, depth);
      };
    },
  },
  {
    name: "a group leaks when an addition is refused",
    law: "LPM-2",
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
    law: "LPM-1",
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
    law: "LPM-1",
    plant: (_, { levels }) => {
      const erase = levels.eraseRange.bind(levels);
      levels.eraseRange = (table, from, to, depth, uncovered) =>
        erase(table, from, to, depth, uncovered === 0 ? VALID : uncovered);
    },
  },
  {
    name: "next hop 0 is taken for a miss",
    law: "LPM-8",
    plant: (fib) => {
      const lookup = fib.lookup.bind(fib);
      fib.lookup = (address) => lookup(address) || -1;
    },
  },
  {
    name: "a group forgets the entry that it replaces",
    law: "LPM-1",
    plant: (_, { levels }) => {
      const build = levels.buildGroup.bind(levels);
      levels.buildGroup = (prefix, depth, entry, above) => build(prefix, depth, entry, above, 0);
    },
  },
  {
    name: "a group is judged empty by its first entry",
    law: "LPM-1",
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
    law: "LPM-1",
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
    law: "LPM-6",
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
    law: "LPM-6",
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
    law: "LPM-2",
    plant: (_, { levels, rules }) => {
      const missing = levels.missingGroups.bind(levels);
      levels.missingGroups = (prefix, depth) => {
        const count = missing(prefix, depth);
        if (count > levels.pool.free) rules.set(prefix, depth, 0);
        return count;
      };
    },
  },
  {
    name: "a deletion does not mask host bits",
    law: "LPM-10",
    plant: (fib) => {
      const remove = fib.delete.bind(fib);
      fib.delete = (prefix, depth) => {
        const host = depth < 32 && Number.isInteger(depth) && prefix % 2 ** (32 - depth) !== 0;
        return host ? false : remove(prefix, depth);
      };
    },
  },
  {
    name: "deletion answers true for what is not there",
    law: "LPM-3",
    plant: (fib) => {
      const remove = fib.delete.bind(fib);
      fib.delete = (prefix, depth) => remove(prefix, depth) || depth > 0;
    },
  },
  {
    name: "clear forgets the default route",
    law: "LPM-17",
    plant: (fib, inside) => {
      const clear = fib.clear.bind(fib);
      fib.clear = () => {
        const kept = inside.missHop;
        clear();
        inside.missHop = kept;
      };
    },
  },
  {
    name: "the default route cannot be deleted",
    law: "LPM-7",
    plant: (fib, inside) => {
      const remove = fib.delete.bind(fib);
      fib.delete = (prefix, depth) => {
        const kept = inside.missHop;
        const answer = remove(prefix, depth);
        if (depth === 0) inside.missHop = kept;
        return answer;
      };
    },
  },
  {
    name: "the bulk look-up stops one short of a full block",
    law: "LPM-9",
    plant: (fib) => {
      const bulk = fib.lookupBulk.bind(fib);
      fib.lookupBulk = (addresses, nextHops, n) => bulk(addresses, nextHops, n > 256 ? n - 1 : n);
    },
  },
  {
    name: "walk is in the order of the hash",
    law: "LPM-11",
    plant: (fib, { rules }) => {
      fib.walk = (visit) => {
        for (let slot = 0; slot < rules.capacity; slot++) {
          const depth = rules.depthAt(slot);
          const prefix = rules.prefixAt(slot);
          if (depth >= 0) visit(prefix, depth, rules.get(prefix, depth));
        }
      };
    },
  },
  {
    name: "a look-up reads a level more than it says",
    law: "LPM-13",
    plant: (fib) => {
      const reads = fib.reads.bind(fib);
      fib.reads = (address) => Math.min(2, reads(address));
    },
  },
  {
    name: "an update rewrites the whole first level",
    law: "LPM-13",
    plant: (_, { levels }) => {
      const insert = levels.insert.bind(levels);
      levels.insert = (prefix, depth, entry) => {
        insert(prefix, depth, entry);
        levels.touched += levels.first.length;
      };
    },
  },
  {
    name: "the rule limit is one too many",
    law: "LPM-2",
    plant: (fib) => {
      const limits = fib as unknown as { maxRules: number };
      limits.maxRules++;
    },
  },
  {
    name: "a removed rule leaves a gap in its hash",
    law: "LPM-14",
    plant: (_, { rules }) => {
      const inside = rules as unknown as {
        words: Uint32Array;
        live: number;
        perDepth: Uint32Array;
        slotOf: (prefix: number, depth: number) => number;
        homeOf: () => number;
      };
      inside.homeOf = () => 3;
      rules.remove = (prefix, depth) => {
        const slot = inside.slotOf(prefix, depth);
        if (inside.words[2 * slot + 1] === 0) return false;
        inside.words[2 * slot] = inside.words[2 * slot + 1] = 0;
        inside.live--;
        inside.perDepth[depth]!--;
        return true;
      };
    },
  },
];

/** Two tables that allocate from one pool of groups: a fault that no single table shows. */
function sharingPools(): (geometry: FibGeometry) => Dir24_8 {
  const pools = new Map<number, GroupPool>();
  return (geometry) => {
    const fib = new Dir24_8({ firstBits: 8, ...geometry });
    const inside = fib as unknown as Inside;
    const pool = pools.get(geometry.groups) ?? inside.levels.pool;
    pools.set(geometry.groups, pool);
    inside.levels.pool = pool;
    inside.entries = pool.entries;
    return fib;
  };
}

Deno.test("fibConformance catches every planted fault", async (t) => {
  for (const fault of faults) {
    await t.step(`${fault.law} catches: ${fault.name}`, () => {
      const make = (geometry: FibGeometry): Dir24_8 => {
        const fib = new Dir24_8({ firstBits: 8, ...geometry });
        fault.plant(fib, fib as unknown as Inside);
        return fib;
      };
      expectCaught(make, fault.law);
    });
  }
  await t.step("LPM-17 catches: two tables allocate from one pool", () => {
    expectCaught(sharingPools(), "LPM-17");
  });
});

function expectCaught(make: (geometry: FibGeometry) => Dir24_8, law: string): void {
  const only = new RegExp(`^${law}$`);
  const [verdict] = [...judgeFib("the faulty table", make, { ledger: groupLedger(8), only })];
  assertEquals(verdict!.outcome, "broken");
  assertMatch(verdict!.message, new RegExp(`^${law} broken by the faulty table: `));
  assertMatch(verdict!.message, /expected/);
}

Deno.test("fibConformance reports the operations, the address, expected and got", () => {
  const make = (geometry: FibGeometry): Dir24_8 => {
    const fib = new Dir24_8({ firstBits: 8, ...geometry });
    (fib as unknown as Inside).coveringEntry = () => 0;
    return fib;
  };
  const options = { ledger: groupLedger<Dir24_8>(8), only: /^LPM-1$/, numRuns: 39 };
  const [verdict] = [...judgeFib("a table with holes", make, options)];
  assertMatch(
    verdict!.message,
    new RegExp(
      [
        "^LPM-1 broken by a table with holes: after every operation .* \\(RFC 1812, .*\\)",
        "  table: groups \\d+, rules \\d+, (with|no) default route",
        "    1\\. add \\d+\\.\\d+\\.\\d+\\.\\d+/\\d+ -> \\d+: true",
        "    2\\. add .*: true",
        "    3\\. delete .*: true",
        "  lookup \\d+\\.\\d+\\.\\d+\\.\\d+: expected next hop \\d+, got miss",
        '  seed 1, path "[\\d:]+", run \\d+ of 39, shrunk \\d+ times$',
      ].join("\n"),
    ),
  );
});
