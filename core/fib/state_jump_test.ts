// Aim: the state-jump table keeps every law of forwarding tables, and the invariants J1 to J9 of its
// structure. Method: the conformance suite with a ledger of blocks, for tables that leave stale
// blocks and for tables that compact after each deletion; invariants after every operation;
// a reader between any two stores; a BGP-like table and an update
// storm against DIR-24-8.
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { bgpLikeRoutes } from "../../properties/fib/bgp_like.ts";
import {
  fibConformance,
  type FibConformanceOptions,
  type FibGeometry,
  type FibLedger,
  judgeFib,
  type Route,
} from "../../properties/fib/mod.ts";
import {
  BGP_TABLE,
  churn,
  expectBgpTable,
  expectStorm,
  probesOf,
} from "../../properties/fib/_comparison_for_tests.ts";
import { StateJump, type StateJumpOptions } from "./state_jump.ts";
import type { JumpBlocks } from "./_jump_blocks.ts";
import type { JumpElements } from "./_jump_elements.ts";
import type { RuleTable } from "./rule_table.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";

/** Blocks of the table, each of 2^stride elements, but the first: paths that are too short. */
function blockLedger<F extends StateJump>(stride: number): FibLedger<F> {
  const levels = Array.from({ length: 32 / stride - 1 }, (_, i) => stride * (i + 1));
  const paths = (routes: readonly Route[], level: number): Set<number> =>
    new Set(
      routes.filter((r) => r.depth > level).map((r) => Math.floor(r.prefix / 2 ** (32 - level))),
    );
  return {
    needs: (routes) => levels.reduce((sum, level) => sum + paths(routes, level).size, 0),
    uses: (fib) => fib.bytesOccupied / fib.elementBytes / 2 ** stride - 1,
    reads: (routes, address) =>
      1 +
      levels.filter((level) => paths(routes, level).has(Math.floor(address / 2 ** (32 - level))))
        .length,
    touched: (fib) => fib.entriesTouched,
  };
}

function shape(stride: number, elementBytes: 4 | 8, { groups, maxRules }: FibGeometry) {
  const strides = Array.from({ length: 32 / stride }, () => stride);
  return { strides, elementBytes, maxRules, maxBytes: elementBytes * 2 ** stride * (1 + groups) };
}

/** Without stale blocks a look-up reads what the routes alone say. */
class Eager extends StateJump {
  override delete(prefix: number, depth: number): boolean {
    const answer = super.delete(prefix, depth);
    if (answer) assert(this.compact());
    assertEquals(this.staleElements, 0);
    return answer;
  }
}

fibConformance("StateJump of 4-bit chunks, compacted", (g) => new Eager(shape(4, 4, g)), {
  ledger: blockLedger(4),
  numRuns: 40,
  exhaustiveAt: [3, 30],
});

const lazy = (stride: number): FibLedger<StateJump> => {
  const { needs, uses } = blockLedger(stride);
  return { needs, uses };
};

fibConformance("StateJump of 8-bit chunks", (g) => new StateJump(shape(8, 4, g)), {
  ledger: lazy(8),
  numRuns: 25,
  exhaustiveAt: [23],
});

fibConformance("StateJump of 2-bit chunks and 8 bytes", (g) => new StateJump(shape(2, 8, g)), {
  ledger: lazy(2),
  numRuns: 25,
  only: /^LPM-(?!16)/,
  exhaustiveAt: [13],
});

const mixed: StateJumpOptions = { strides: [10, 6, 3, 3, 2, 8] };

Deno.test("StateJump keeps its invariants after every operation", () => {
  churn(new StateJump());
  churn(new StateJump({ ...mixed, elementBytes: 8 }), 60);
  churn(new Eager(mixed), 60);
});

Deno.test("LPM-16 StateJump answers a BGP-like table as DIR-24-8 and a scan do", () => {
  const fib = new StateJump();
  expectBgpTable(fib);
  assertEquals(fib.bytesOccupied, StateJump.bytesNeeded(BGP_TABLE));
  const probes = probesOf(BGP_TABLE, 1000, 9);
  const before = probes.map((address) => fib.lookup(address));
  for (let i = 0; i < BGP_TABLE.count; i += 2) {
    fib.delete(BGP_TABLE.prefix[i]!, BGP_TABLE.depth[i]!);
  }
  assertGreater(fib.staleElements, 10_000);
  const thin = probes.map((address) => fib.lookup(address));
  assertEquals(fib.compact(), true);
  assertEquals(fib.staleElements, 0);
  assertEquals(probes.map((address) => fib.lookup(address)), thin, "J6: compaction");
  for (let i = 0; i < BGP_TABLE.count; i += 2) {
    fib.add(BGP_TABLE.prefix[i]!, BGP_TABLE.depth[i]!, BGP_TABLE.nextHop[i]!);
  }
  assertEquals(probes.map((address) => fib.lookup(address)), before);
});

Deno.test("LPM-1 StateJump follows an update storm as DIR-24-8 does", () => {
  expectStorm(new StateJump(mixed), 2500, 12);
  expectStorm(new StateJump({ elementBytes: 8, maxBytes: 2 ** 24 }), 2500, 13);
});

Deno.test("J8 StateJump refuses what its memory cannot hold, with the bytes needed", () => {
  const routes = { ...BGP_TABLE, count: 1000 };
  const needed = StateJump.bytesNeeded(routes);
  assertEquals(StateJump.build(routes, { maxBytes: needed }).bytesReserved, needed);
  const message = `1000 routes need ${needed} bytes, maxBytes is ${needed - 1}`;
  assertThrows(() => StateJump.build(routes, { maxBytes: needed - 1 }), RangeError, message);
  assertThrows(() => StateJump.build(routes, { maxRules: 999 }), RangeError, "route 999 of 1000");
  assertThrows(() => new StateJump({ maxBytes: 63 }), RangeError, "needs 64 bytes");
  assertThrows(() => new StateJump({ strides: [16, 8] }), RangeError, "16+8 are 24 bits");
  assertThrows(() => new StateJump({ strides: [] }), RangeError, "0 bits");
  assertThrows(() => new StateJump({ strides: [25, 7] }), RangeError, "stride 25");
  assertThrows(() => new StateJump({ elementBytes: 2 as 4 }), RangeError, "elementBytes 2");
});

Deno.test("J5 a stale block counts neither for the limit nor for the look-ups' answers", () => {
  // Room for the first block and 7 more: one route of 32 bits, never two.
  const fib = new StateJump({ maxBytes: 64 * 8 });
  for (let i = 0; i < 50; i++) {
    const address = (i * 0x1234_5677) % 2 ** 32;
    assertEquals(fib.add(address, 32, i), true);
    assertEquals(fib.add((address ^ 0x8000_0000) >>> 0, 32, 99), false);
    assertEquals([fib.lookup(address), fib.reads(address)], [i, 8]);
    assertEquals(fib.delete(address, 32), true);
    assertEquals(fib.lookup(address), -1);
    assertEquals(fib.staleElements, 7 * 16);
    fib.checkInvariants();
  }
  assertEquals(fib.bytesOccupied, 64);
});

Deno.test("J6 StateJump compacts where the limit would refuse what the routes need", () => {
  // The first block, 7 for one route, 3 more for one beside it, 1 to spare.
  const fib = new StateJump({ maxBytes: 64 * 12 });
  fib.add(0, 32, 1);
  fib.add(0x8000, 32, 2);
  fib.delete(0x8000, 32);
  assertEquals([fib.staleElements, fib.bytesOccupied], [3 * 16, 64 * 8]);
  assertEquals(fib.add(0x4000, 32, 3), true);
  assertEquals([fib.staleElements, fib.bytesOccupied, fib.bytesReserved], [0, 64 * 11, 64 * 12]);
  assertEquals([0, 0x8000, 0x4000].map((a) => fib.lookup(a)), [1, -1, 3]);
  fib.checkInvariants();
});

Deno.test("J4 LPM-12 a reader between any two stores sees the old answer or the new one", () => {
  const routes = bgpLikeRoutes(60, 7, 1);
  const addresses = routes.flatMap(({ prefix, depth }) => [prefix, prefix + 2 ** (32 - depth) - 1]);
  const make = (): StateJump => {
    const fib = new StateJump();
    // Room for all from the start, so that the watched array is never replaced.
    for (const r of routes) fib.add(r.prefix, r.depth, 0);
    for (const r of routes) fib.delete(r.prefix, r.depth);
    return fib;
  };
  const [fib, twin] = [make(), make()];
  fib.clear();
  twin.clear();
  let [before, after]: number[][] = [[], []];
  let looks = 0;
  const { elements } = (fib as unknown as { blocks: { elements: { words: Uint32Array } } }).blocks;
  elements.words = new Proxy(elements.words, {
    get: (target, key) => Reflect.get(target, key, target),
    set: (target, key, value) => {
      target[Number(key)] = value;
      addresses.forEach((a, i) => {
        const got = fib.lookup(a);
        looks++;
        if (got === before![i] || got === after![i]) return;
        throw new Error(`address ${a}: ${got} seen between ${before![i]} and ${after![i]}`);
      });
      return true;
    },
  });
  const update = (run: (fib: StateJump) => void): void => {
    before = addresses.map((a) => fib.lookup(a));
    run(twin);
    after = addresses.map((a) => twin.lookup(a));
    run(fib);
    assertEquals(addresses.map((a) => fib.lookup(a)), after);
  };
  // With a cover everywhere a block that is reached too early shows a miss where there is none.
  update((f) => f.add(0, 0, 50));
  for (const r of routes.slice(0, 40)) update((f) => f.add(r.prefix, r.depth, r.nextHop));
  for (const r of routes.slice(0, 20)) update((f) => f.delete(r.prefix, r.depth));
  assertGreater(looks, 100_000);
});

// Aim: what goes wrong in a state-jump table is found, by the laws of forwarding tables or by its own
// invariants. Method: planted faults, one step of the table replaced at a time; then single elements
// and counts broken by hand.

interface Inside {
  blocks: Omit<JumpBlocks, "elements"> & {
    elements: JumpElements;
    capacityMax: number;
    count: (base: number, chunk: number, by: 1 | -1) => void;
    missing: (prefix: number, depth: number, stale: boolean) => number;
    writeRange: (from: number, to: number, depth: number, inf: number) => void;
    eraseRange: (...args: [number, number, number, number, number]) => void;
  };
  rules: RuleTable;
  words: Uint32Array;
}

registerFaults<StateJump, Inside, FibConformanceOptions<StateJump>>(
  "What goes wrong in a state-jump table is caught",
  judgeFib,
  ({ groups, maxRules }) => new StateJump({ maxRules, maxBytes: 64 * (1 + groups) }),
  {
    ledger: {
      uses: (fib) => fib.bytesOccupied / 64 - 1,
      needs: (routes) =>
        new Set(
          routes.flatMap(({ prefix, depth }) =>
            [4, 8, 12, 16, 20, 24, 28].filter((level) => level < depth)
              .map((level) => `${Math.floor(prefix / 2 ** (32 - level))}/${level}`)
          ),
        ).size,
    },
  },
  [
    {
      name: "a deletion uncovers a miss",
      caughtBy: "LPM-1",
      plant: (_, { rules }) => rules.coveringDepth = () => 0,
    },
    {
      name: "a range is written but for its last element",
      caughtBy: "LPM-1",
      plant: (_, { blocks }) => {
        const write = blocks.writeRange.bind(blocks);
        blocks.writeRange = (from, to, depth, inf) =>
          write(from, Math.max(from + 1, to - 1), depth, inf);
      },
    },
    {
      name: "a deletion does not look into the blocks beneath",
      caughtBy: "LPM-1",
      plant: (_, { blocks }) => {
        const erase = blocks.eraseRange.bind(blocks);
        blocks.eraseRange = (from, to, ...rest) => {
          if (blocks.elements.jump(from) === 0) erase(from, to, ...rest);
        };
      },
    },
    {
      name: "a new next hop counts the route again",
      caughtBy: "LPM-6",
      plant: (_, { blocks }) => {
        const insert = blocks.insert.bind(blocks);
        blocks.insert = (prefix, depth, inf) => insert(prefix, depth, inf, true);
      },
    },
    {
      name: "a deletion does not count the route out",
      caughtBy: "leads to 2 routes instead of 1",
      plant: (_, { blocks }) => {
        const count = blocks.count.bind(blocks);
        blocks.count = (base, chunk, by) => by === 1 && count(base, chunk, by);
      },
    },
    {
      name: "stale blocks count for the limit",
      caughtBy: "LPM-2",
      plant: (_, { blocks }) => {
        const missing = blocks.missing.bind(blocks);
        blocks.missing = (prefix, depth, stale) =>
          missing(prefix, depth, false) + (stale ? blocks.fresh - blocks.live : 0);
      },
    },
    {
      name: "the limit is one block too many",
      caughtBy: "LPM-2",
      plant: (_, { blocks }) => blocks.capacityMax += 16,
    },
    {
      name: "the look-ups keep the elements from before a compaction",
      caughtBy: "LPM-1",
      plant: (fib, inside) => {
        let kept = inside.words;
        Object.defineProperty(fib, "words", { get: () => kept, set: () => kept = inside.words });
      },
    },
    {
      name: "the bulk look-up ignores the last chunk",
      caughtBy: "LPM-9",
      plant: (fib) => {
        const bulk = fib.lookupBulk.bind(fib);
        fib.lookupBulk = (addresses, nextHops, n) =>
          bulk(addresses.map((a) => a - a % 16), nextHops, n);
      },
    },
    {
      name: "clear leaves the first block as it was",
      caughtBy: "LPM-17",
      plant: (_, { blocks }) => {
        const clear = blocks.clear.bind(blocks);
        blocks.clear = () => clear(0, () => {});
      },
    },
  ],
  churn,
);

/** 10/8, 10.2.3/24 and 10.3.3/24 under chunks of 8 bits: the root, and three blocks from 256 on. */
const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  ["J1: element 259 of 10.3.0.0/16 and element 258 of 10.2.0.0/16 lead to 512", ({ words }) => {
    words[259] = words[258]!;
  }],
  ["J1: block at 513 is not on a multiple of 256", ({ words, blocks }) => {
    words.copyWithin(513, 512, 768);
    blocks.elements.depths.copyWithin(513, 512, 768);
    words[258] = 513 * 32 + 8;
  }],
  ["J1: block at 768 ends beyond the 1023 handed out", ({ blocks }) => blocks.fresh--],
  ["J2: element 515 of 10.2.3.0/24 jumps 4 bits instead of 8", ({ words }) => words[515] = 4],
  ["J5: element 260 of 10.4.0.0/16 is 3 depth 8, the routes say 2 depth 8", ({ words }) => {
    words[260] = 3 * 32;
  }],
  ["J5: element 515 of 10.2.3.0/24 is 3 depth 9", ({ blocks }) => blocks.elements.depths[515] = 9],
  ["J7: element 258 of 10.2.0.0/16 is final above a longer route", ({ words }) => words[258] = 64],
  ["element 10 of 10.0.0.0/8 leads to 3 routes instead of 2", ({ blocks }) => {
    blocks.elements.setRefs(256, 3);
  }],
  ["1024 elements are live, 1023 counted", ({ blocks }) => blocks.live--],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`StateJump checkInvariants reports: ${text}`, () => {
    const fib = new StateJump({ strides: [8, 8, 8, 8] });
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a020300, 24, 2);
    fib.add(0x0a030300, 24, 3);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("J2 StateJump checkInvariants reports a jump beyond the address", () => {
  const fib = new StateJump({ strides: [8, 8, 8, 8] });
  fib.add(0x0a020304, 32, 2);
  (fib as unknown as Inside).words[768 + 4] = 8;
  assertThrows(() => fib.checkInvariants(), Error, "J2: element 772 of 10.2.3.4/32 jumps beyond");
});
