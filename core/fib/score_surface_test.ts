// Aim: the conformance suite finds what goes wrong around the entries of a table: arguments,
// limits, the default route, clear, walk, bulk look-ups, the rules. Method: faults planted one at a
// time in a DIR-24-8 table.
import { assertEquals, assertMatch } from "@std/assert";
import { judgeFib } from "../../properties/fib/mod.ts";
import type { FibGeometry } from "../../properties/fib/mod.ts";
import type { Dir24_8 } from "./dir24_8.ts";
import type { GroupPool } from "./group_pool.ts";
import {
  DIR_OPTIONS,
  dirOf8,
  type Fault,
  type Inside,
  registerScore,
} from "../../properties/fib/_dir24_8_for_tests.ts";
import { expectCaught } from "../../properties/fib/_planting_for_tests.ts";

const faults: readonly Fault[] = [
  {
    name: "a deletion does not mask host bits",
    caughtBy: "LPM-10",
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
    caughtBy: "LPM-3",
    plant: (fib) => {
      const remove = fib.delete.bind(fib);
      fib.delete = (prefix, depth) => remove(prefix, depth) || depth > 0;
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
  {
    name: "the default route cannot be deleted",
    caughtBy: "LPM-7",
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
    caughtBy: "LPM-9",
    plant: (fib) => {
      const bulk = fib.lookupBulk.bind(fib);
      fib.lookupBulk = (addresses, nextHops, n) => bulk(addresses, nextHops, n > 256 ? n - 1 : n);
    },
  },
  {
    name: "walk is in the order of the hash",
    caughtBy: "LPM-11",
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
    caughtBy: "LPM-13",
    plant: (fib) => {
      const reads = fib.reads.bind(fib);
      fib.reads = (address) => Math.min(2, reads(address));
    },
  },
  {
    name: "an update rewrites the whole first level",
    caughtBy: "LPM-13",
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
    caughtBy: "LPM-2",
    plant: (fib) => {
      const limits = fib as unknown as { maxRules: number };
      limits.maxRules++;
    },
  },
  {
    name: "a removed rule leaves a gap in its hash",
    caughtBy: "LPM-14",
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
    const fib = dirOf8(geometry);
    const inside = fib as unknown as Inside;
    const pool = pools.get(geometry.groups) ?? inside.levels.pool;
    pools.set(geometry.groups, pool);
    inside.levels.pool = pool;
    inside.entries = pool.entries;
    return fib;
  };
}

registerScore("fibConformance catches every fault planted around the entries", faults);

Deno.test("LPM-17 catches two tables that allocate from one pool", () => {
  expectCaught(judgeFib, sharingPools(), DIR_OPTIONS, "LPM-17");
});

Deno.test("fibConformance reports the operations, the address, expected and got", () => {
  const make = (geometry: FibGeometry): Dir24_8 => {
    const fib = dirOf8(geometry);
    (fib as unknown as Inside).coveringEntry = () => 0;
    return fib;
  };
  const options = { ...DIR_OPTIONS, only: /^LPM-1$/, numRuns: 39 };
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
        "  seed 1, run \\d+ of 39, shrunk \\d+ times",
        "  replay: PLANECHECK_REPLAY=pc1-[\\w-]+ deno test -A$",
      ].join("\n"),
    ),
  );
  const replay = /pc1-[\w-]+/.exec(verdict!.message)![0];
  const [again] = [...judgeFib("a table with holes", make, { ...options, replay, only: /./ })];
  // the same operations, without the drawing that led there
  assertEquals(again!.message, verdict!.message.split("\n  seed")[0]);
});
