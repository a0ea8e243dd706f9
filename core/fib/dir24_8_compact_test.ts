// Aim: the compact DIR-24-8 keeps every law of forwarding tables with each first level, and its own
// invariants. Method: the conformance suite with the ledger of DIR-24-8; the invariants after every
// operation, and each broken by hand; DIR-24-8 beside it on large tables and in a storm; the limits
// by hand.
import { assertEquals, assertThrows } from "@std/assert";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import { fibConformance, type FibGeometry, type FibLedger } from "../../properties/fib/mod.ts";
import { groupLedger, judgeFib } from "../../properties/fib/mod.ts";
import type { CompactLevels } from "./_compact_levels.ts";
import {
  expectBgpTable,
  expectBulkLoad,
  expectStorm,
} from "../../properties/fib/_comparison_for_tests.ts";
import { withDefaultRule } from "../../properties/fib/_default_rule_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { Dir24_8Compact, type Dir24_8CompactOptions } from "./dir24_8_compact.ts";
import { NEXT_HOP_MAX } from "./route.ts";

const HOP_MAX = 0x7fff;

function make(options: Dir24_8CompactOptions): Dir24_8Compact {
  return widened(new Dir24_8Compact(options), HOP_MAX, NEXT_HOP_MAX);
}

function ledger(firstBits: number): FibLedger<Dir24_8Compact> {
  return withDefaultRule(groupLedger<Dir24_8Compact>(firstBits));
}

for (const firstBits of [8, 16] as const) {
  fibConformance(
    `Dir24_8Compact of ${firstBits} first bits`,
    (geometry) => make({ firstBits, ...geometry }),
    {
      ledger: ledger(firstBits),
      numRuns: firstBits === 8 ? 40 : 8,
      exhaustiveAt: firstBits === 8 ? [0, 7, 15, 23, 30] : [13, 23],
    },
  );
}

// 2^(24 - depth) entries an operation, all of them for a default route: that is left to the smaller
// tables, which share every line of code.
fibConformance(
  "Dir24_8Compact of 24 first bits",
  (geometry) => make({ firstBits: 24, ...geometry }),
  {
    defaultRoute: false,
    ledger: ledger(24),
    numRuns: 4,
    shortest: 16,
    exhaustiveAt: [23],
    only: /^LPM-(1|2|5|6|8|9|10|13|14|16)$/,
  },
);

Deno.test("Dir24_8Compact keeps its invariants after every operation", () => {
  const make = (geometry: FibGeometry) =>
    widened(
      checkedAfterEach(new Dir24_8Compact({ firstBits: 8, ...geometry })),
      HOP_MAX,
      NEXT_HOP_MAX,
    );
  const options = { ledger: ledger(8), numRuns: 30, only: /^LPM-(1|6)$/ };
  assertEquals([...judgeFib("Dir24_8Compact", make, options)].map((v) => v.message), ["", ""]);
});

Deno.test("Dir24_8Compact agrees with DIR-24-8 on 20,000 BGP-like routes", () => {
  expectBgpTable(new Dir24_8Compact(), (fib, table) => fib.addBulk(table));
});

Deno.test("Dir24_8Compact agrees with DIR-24-8 at the checkpoints of an update storm", () => {
  expectStorm(new Dir24_8Compact({ firstBits: 8 }), 2500, 18);
});

Deno.test("Dir24_8Compact addBulk equals one add after the other, or changes nothing", () => {
  for (const firstBits of [8, 16] as const) {
    expectBulkLoad((maxRules) => new Dir24_8Compact({ firstBits, maxRules }));
  }
});

Deno.test("Dir24_8Compact takes 2 bytes an entry and 512 a group, and refuses one byte more", () => {
  const first = 2 * 2 ** 16;
  for (const [bytes, groups] of [[0, 0], [511, 0], [512, 1], [1024 + 511, 2]] as const) {
    const fib = new Dir24_8Compact({ firstBits: 16, maxBytes: first + bytes });
    for (let i = 0; i < 4; i++) {
      const fits = i < groups;
      assertEquals(fib.add(0x0a000000 + i * 2 ** 16, 24, i), fits);
      assertEquals(fib.lookup(0x0a000000 + i * 2 ** 16), fits ? i : -1);
    }
    assertEquals([fib.size, fib.groupsUsed, fib.bytesOccupied], [groups, groups, 514 * groups]);
    assertEquals(fib.bytesReserved <= first + bytes, true);
    fib.add(0x0a000000, 8, 9);
    assertEquals(fib.bytesOccupied, 2 * 256 + 512 * groups);
    fib.checkInvariants();
  }
});

Deno.test("Dir24_8Compact serves next hop 32767 and 32767 groups, in bulk too", () => {
  const fib = new Dir24_8Compact();
  for (let i = 0; i < 32767; i++) fib.add(i * 256, 25, HOP_MAX - i);
  assertEquals([fib.groupsUsed, fib.add(32767 * 256, 25, 1), fib.size], [32767, false, 32767]);
  fib.add(2 ** 31, 8, HOP_MAX);
  const addresses = Uint32Array.of(0, 32766 * 256, 32766 * 256 + 128, 2 ** 31, 2 ** 32 - 1);
  const nextHops = new Int32Array(5);
  fib.lookupBulk(addresses, nextHops, 5);
  assertEquals([...nextHops], [HOP_MAX, 1, -1, HOP_MAX, -1]);
  fib.lookupBulk(addresses.subarray(3), nextHops, 2);
  assertEquals([...nextHops.subarray(0, 2)], [HOP_MAX, -1]);
});

/** What a table keeps to itself. */
interface Inside {
  levels: CompactLevels;
}

const tamperings: readonly [text: string, tamper: (levels: CompactLevels) => void][] = [
  ["D4: entry 10.1.0.0/16 is next hop 5 depth 8", ({ first }) => first[0x0a01] = ~5],
  ["D4: entry 10.1.0.0/16 is next hop 1 depth 9", ({ firstDepths }) => firstDepths[0x0a01]!++],
  ["D4: entry 10.2.3.0/24 is a miss", ({ entries }) => entries[3] = 0],
  [
    "D3: entry 10.1.0.0/16 is group 0, and 0 rules are longer than 16",
    ({ first }) => first[0x0a01] = 1,
  ],
  [
    "D3: entry 10.2.0.0/16 is a miss, and 1 rules are longer than 16",
    ({ first }) => first[0x0a02] = 0,
  ],
  ["D3: group 1 of 10.3.0.0/16 counts 2 of 1", ({ longer }) => longer[1]!++],
  ["D2: group 1 is reached from", ({ first }) => first[0x0a02] = first[0x0a03]!],
  ["D2: 3 groups are taken, 2 are reached", (levels) => levels.used++],
  [
    "256 entries of the first level are valid, 255 counted",
    (levels) => levels.validFirst--,
  ],
  [
    "D2: group 1 of 10.3.0.0/16 is free",
    (levels) => (levels as unknown as { returned: number[] }).returned.push(1),
  ],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Dir24_8Compact checkInvariants reports: ${text}`, () => {
    const fib = new Dir24_8Compact({ firstBits: 16 });
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a020300, 24, 2);
    fib.add(0x0a030300, 24, 3);
    fib.checkInvariants();
    tamper((fib as unknown as Inside).levels);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("Dir24_8Compact refuses what makes no table, naming option and bytes", () => {
  assertThrows(
    () => new Dir24_8Compact({ firstBits: 12 as 8 }),
    RangeError,
    "firstBits 12 is not 24, 16 or 8",
  );
  assertThrows(
    () => new Dir24_8Compact({ firstBits: 8, groups: 32768 }),
    RangeError,
    "groups 3276",
  );
  assertThrows(() => new Dir24_8Compact({ firstBits: 8, maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(
    () => new Dir24_8Compact({ maxBytes: 2 ** 25 - 1 }),
    RangeError,
    "the empty table needs 33554432 bytes, maxBytes is 33554431",
  );
  const fib = new Dir24_8Compact({ firstBits: 8, defaultRoute: false });
  assertThrows(() => fib.add(1, 8, 32768), RangeError, "next hop 32768 is not an integer 0..32767");
  assertThrows(() => fib.add(0, 0, 1), RangeError, "depth 0 is not an integer 1..32");
});

/** What look-ups and updates share. */
interface Shared {
  first: Int16Array;
  entries: Int16Array;
  levels: Omit<Shared, "levels"> & { longer: Uint32Array; groupsMax: number; grow(): void };
}

// At the end: watched arrays leave the code slower behind.
fibConformance(
  "Dir24_8Compact under its look-ups",
  (geometry) => make({ firstBits: 8, ...geometry }),
  {
    reader: (fib, watch) => {
      const inside = fib as unknown as Shared;
      const { levels } = inside;
      // Growing is no matter of single stores: all groups are there beforehand.
      while (levels.longer.length < levels.groupsMax) levels.grow();
      levels.first = inside.first = watch(levels.first, "tbl24");
      levels.entries = inside.entries = watch(levels.entries, "tbl8");
      return fib;
    },
    ledger: ledger(8),
    numRuns: 32,
    only: /^LPM-12$/,
  },
);
