// Aim: DIR-24-8 keeps every law of forwarding tables with each first level, and its own invariants
// D1 to D5. Method: the conformance suite; the invariants after every operation, and each of them
// broken by hand.
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import {
  fibConformance,
  type FibGeometry,
  groupLedger,
  judgeFib,
} from "../../properties/fib/mod.ts";
import { Dir24_8 } from "./dir24_8.ts";
import { GroupPool } from "./group_pool.ts";

for (const firstBits of [8, 16] as const) {
  fibConformance(
    `Dir24_8 of ${firstBits} first bits`,
    (geometry) => new Dir24_8({ firstBits, ...geometry }),
    {
      ledger: groupLedger(firstBits),
      numRuns: 40,
      // Around /0 a change writes the whole first level: the smaller table has that to itself.
      exhaustiveAt: firstBits === 8 ? [0, 7, 15, 23, 30] : [7, 15, 23, 30],
    },
  );
}

// 2^(24 - depth) entries an operation: short prefixes are left to the smaller tables, which share
// every line of code.
fibConformance(
  "Dir24_8 of 24 first bits",
  (geometry) => new Dir24_8({ firstBits: 24, ...geometry }),
  {
    ledger: groupLedger(24),
    numRuns: 5,
    shortest: 16,
    exhaustiveAt: [23, 30],
  },
);

for (const firstBits of [8, 16] as const) {
  Deno.test(`Dir24_8 of ${firstBits} first bits keeps its invariants after every operation`, () => {
    const make = (geometry: FibGeometry) =>
      checkedAfterEach(new Dir24_8({ firstBits, ...geometry }));
    const options = { ledger: groupLedger<Dir24_8>(firstBits), numRuns: firstBits === 8 ? 30 : 6 };
    const verdicts = [...judgeFib("Dir24_8", make, { ...options, only: /^LPM-(1|6)$/ })];
    assertEquals(verdicts.filter((v) => v.outcome !== "holds").map((v) => v.message), []);
    assertGreater(verdicts.length, 1);
  });
}

interface Inside {
  first: Uint32Array;
  levels: { validFirst: number; pool: GroupPool };
  rules: { words: Uint32Array };
  missHop: number;
}

const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  [
    "D1: entry 10.1.0.0/16 is next hop 5 depth 24, the rules say next hop 1 depth 8",
    ({ first }) => first[0x0a01] = 0x6100_0005,
  ],
  [
    "D2: group 1 is reached from 10.3.0.0/16 and from 10.2.0.0/16",
    ({ first }) => first[0x0a02] = first[0x0a03]!,
  ],
  ["D2: group 1 is reached from 10.3.0.0/16 but is free", ({ levels }) => levels.pool.release(1)],
  ["D2: 3 groups are taken, 2 are reached", ({ levels }) => levels.pool.allocate()],
  [
    "D3: entry 10.1.0.0/16 is group 0, and no rule is longer than 16",
    ({ first }) => first[0x0a01] = 0x0300_0000,
  ],
  [
    "D3: entry 10.2.0.0/16 is invalid, and a rule is longer than 16",
    ({ first }) => first[0x0a02] = 0,
  ],
  [
    "D4: entry 10.1.0.0/16 is next hop 2 depth 8, the rules say next hop 1 depth 8",
    ({ first }) => first[0x0a01] = 0x2100_0002,
  ],
  [
    "D4: entry 10.2.3.0/24 is invalid, the rules say next hop 2 depth 24",
    ({ levels }) => levels.pool.entries[3] = 0,
  ],
  ["D4: a miss answers 4, the rules say -1", (inside) => inside.missHop = 4],
  [
    "256 entries of the first level are valid, 255 are counted",
    ({ levels }) => levels.validFirst--,
  ],
  ["has host bits", ({ rules }) => rules.words[rules.words.indexOf(0x0a020300)]!++],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Dir24_8 checkInvariants reports: ${text}`, () => {
    const fib = new Dir24_8({ firstBits: 16, groups: 4, maxRules: 9, defaultRoute: false });
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a020300, 24, 2);
    fib.add(0x0a030300, 24, 3);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

// Aim: groups are given out once, come back last in first out, and a cleared pool is a new one.
// Method: the life of a pool of three groups, written out.

Deno.test("GroupPool gives out each group once and then answers -1", () => {
  const pool = new GroupPool(3);
  assertEquals([pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()], [0, 1, 2, -1]);
  assertEquals([pool.free, pool.used], [0, 3]);
  assertEquals(new GroupPool(0).allocate(), -1);
});

Deno.test("GroupPool gives the group that came back last out first", () => {
  const pool = new GroupPool(3);
  pool.allocate();
  pool.allocate();
  pool.release(0);
  pool.release(1);
  assertEquals([pool.free, pool.used, pool.isFree(0), pool.isFree(2)], [3, 0, true, true]);
  assertEquals([pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()], [1, 0, 2, -1]);
  assertEquals(pool.isFree(1), false);
});

Deno.test("GroupPool equals a new one after clear, whatever was written", () => {
  const pool = new GroupPool(3);
  pool.allocate();
  pool.allocate();
  pool.entries.fill(7, 0, 512);
  pool.release(0);
  pool.clear();
  assertEquals(pool, new GroupPool(3));
});
