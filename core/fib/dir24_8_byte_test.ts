// Aim: the DIR-24-8 of bytes keeps every law of forwarding tables, and its own invariants. Method:
// the conformance suite with its ledger; DIR-24-8 beside it on large tables and in a storm; short
// prefixes, limits and each invariant broken by hand; faults planted one at a time, each found.
import { assertEquals, assertThrows } from "@std/assert";
import {
  fibConformance,
  type FibConformanceOptions,
  type FibLedger,
} from "../../properties/fib/mod.ts";
import { groupLedger, judgeFib } from "../../properties/fib/mod.ts";
import {
  expectBgpTable,
  expectBulkLoad,
  expectStorm,
} from "../../properties/fib/_comparison_for_tests.ts";
import { withDefaultRule } from "../../properties/fib/_default_rule_for_tests.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import type { ByteLevels } from "./_byte_levels.ts";
import { Dir24_8Byte, type Dir24_8ByteOptions } from "./dir24_8_byte.ts";
import { NEXT_HOP_MAX } from "./route.ts";

const HOP_MAX = 253;

function make(options: Dir24_8ByteOptions): Dir24_8Byte {
  return widened(new Dir24_8Byte(options), HOP_MAX, NEXT_HOP_MAX);
}

/** A read of the first level, and three more where it leads to a group. */
function ledger(): FibLedger<Dir24_8Byte> {
  const groups = withDefaultRule(groupLedger<Dir24_8Byte>(24));
  return { ...groups, reads: (routes, address) => 3 * groups.reads!(routes, address) - 2 };
}

// A table has 50 MB, of which little is touched, but for short prefixes: those have tests of their
// own. Where nothing but the interface is concerned, other tables show the laws that are left out.
fibConformance("Dir24_8Byte", make, {
  ledger: ledger(),
  numRuns: 3,
  shortest: 14,
  exhaustiveAt: [15, 23],
  only: /^LPM-(1|2|5|6|8|9|11|13|14|16|17)$/,
});

Deno.test("Dir24_8Byte agrees with DIR-24-8 on 20,000 BGP-like routes, however they came", () => {
  expectBgpTable(new Dir24_8Byte());
  expectBgpTable(new Dir24_8Byte(), (fib, table) => fib.addBulk(table));
});

Deno.test("Dir24_8Byte agrees with DIR-24-8 at the checkpoints of an update storm", () => {
  expectStorm(new Dir24_8Byte(), 1500, 18);
});

Deno.test("Dir24_8Byte addBulk equals one add after the other, or changes nothing", () => {
  expectBulkLoad((maxRules) => new Dir24_8Byte({ maxRules }));
});

Deno.test("Dir24_8Byte serves prefixes of /0 to /9 over all addresses, above groups too", () => {
  const fib = new Dir24_8Byte();
  fib.add(0x0a000080, 25, 100);
  for (let depth = 9; depth >= 0; depth--) fib.add(0x0a000000, depth, depth);
  const probes = [0x0a000000, 0x0a000080, 0x0a800000, 0x0b000000, 0x08000000, 0x0f000000, 2 ** 31];
  assertEquals(probes.map((address) => fib.lookup(address)), [9, 100, 8, 7, 6, 5, 0]);
  assertEquals(fib.bytesOccupied, 2 ** 24 + 768);
  fib.checkInvariants();
  for (let depth = 9; depth > 0; depth -= 2) fib.delete(0x0a000000, depth);
  assertEquals(probes.map((address) => fib.lookup(address)), [8, 100, 8, 6, 6, 4, 0]);
  fib.delete(0, 0);
  fib.checkInvariants();
  assertEquals([fib.lookup(2 ** 31), fib.bytesOccupied], [-1, 2 ** 22 + 768]);
});

Deno.test("Dir24_8Byte takes a byte an entry and 768 a group, and refuses one byte more", () => {
  const empty = 2 ** 24 + 2 ** 17;
  for (const [bytes, groups] of [[767, 0], [768, 1], [3 * 768 - 1, 2]] as const) {
    const fib = new Dir24_8Byte({ maxBytes: empty + bytes });
    assertEquals([fib.bytesReserved, fib.bytesOccupied], [empty, 0]);
    for (let i = 0; i < 4; i++) {
      assertEquals(fib.add(0x0a000000 + i * 2 ** 16, 32, i), i < groups);
      assertEquals(fib.lookup(0x0a000000 + i * 2 ** 16), i < groups ? i : -1);
    }
    assertEquals([fib.size, fib.groupsUsed, fib.bytesOccupied], [groups, groups, 769 * groups]);
    assertEquals(fib.bytesReserved, empty + 768 * groups);
    assertEquals(fib.add(0x0a000000, 8, HOP_MAX), true);
    assertEquals(fib.bytesOccupied, 2 ** 16 + 768 * groups);
  }
});

Deno.test("Dir24_8Byte serves 65535 groups and next hop 253 in them, in bulk too", () => {
  const fib = new Dir24_8Byte();
  for (let i = 0; i < 65535; i++) fib.add(i * 256, 25, i % (HOP_MAX + 1));
  assertEquals([fib.groupsUsed, fib.add(65535 * 256, 25, 1), fib.size], [65535, false, 65535]);
  fib.add(2 ** 31, 8, HOP_MAX);
  const addresses = Uint32Array.of(253 * 256, 65534 * 256, 65534 * 256 + 128, 2 ** 31, 2 ** 32 - 1);
  const nextHops = new Int32Array(5);
  fib.lookupBulk(addresses, nextHops, 5);
  assertEquals([...nextHops], [HOP_MAX, 65534 % 254, -1, HOP_MAX, -1]);
  // Groups and pages that came back go round.
  for (let i = 0; i < 65535; i++) fib.delete(i * 256, 25);
  const reserved = fib.bytesReserved;
  for (let i = 0; i < 65535; i++) assertEquals(fib.add(2 ** 30 + i * 256, 32, 7), true);
  assertEquals([fib.groupsUsed, fib.bytesReserved], [65535, reserved]);
});

Deno.test("Dir24_8Byte refuses what makes no table, naming option and bytes", () => {
  assertThrows(() => new Dir24_8Byte({ groups: 65536 }), RangeError, "groups 65536");
  assertThrows(() => new Dir24_8Byte({ maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(
    () => new Dir24_8Byte({ maxBytes: 2 ** 24 }),
    RangeError,
    "the empty table needs 16908288 bytes, maxBytes is 16777216",
  );
  const fib = new Dir24_8Byte({ defaultRoute: false });
  assertThrows(() => fib.add(0, 8, 254), RangeError, "next hop 254 is not an integer 0..253");
  assertThrows(() => fib.add(0, 0, 1), RangeError, "depth 0 is not an integer 1..32");
});

/** What a table keeps to itself. */
interface Inside {
  readonly levels: ByteLevels;
}

// Few of the runs that a law draws are needed to find these.
registerFaults<Dir24_8Byte, Inside, FibConformanceOptions<Dir24_8Byte>>(
  "fibConformance catches what invariants do not see in Dir24_8Byte",
  judgeFib,
  make,
  { numRuns: 20, shortest: 16, ledger: ledger() },
  [
    {
      name: "a group is never given back",
      caughtBy: "LPM-6",
      plant: (_, { levels }) => levels.groups.remove = () => {},
    },
    {
      name: "look-ups keep the groups that were outgrown",
      caughtBy: "LPM-16",
      plant: (fib) => {
        const outgrown = new Uint8Array(0);
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
  ],
);

/** A step of updates gone wrong: what the invariants then say. */
const faults: readonly [caughtBy: string, plant: (levels: ByteLevels) => object][] = [
  ["D4: entry 10.2.0.0/24 is a miss, the rules say next hop 1", () => ({ longestAbove: () => 0 })],
  ["D4: entry 10.4.0.0/24 is next hop 7, the rules say next hop 6", ({ first }) => ({
    paintBlock(block: number, node: number, code: number) {
      const span = 16 >> (31 - Math.clz32(node));
      const from = block * 16 + node * span - 16;
      for (let i = from; i < from + span; i++) if (first[i] !== 255) first[i] = code;
    },
  })],
  ["D4: entry 10.3.3.16/32 is next hop 1, the rules say next hop 7", () => ({ paintGroup() {} })],
];

for (const [caughtBy, plant] of faults) {
  Deno.test(`Dir24_8Byte checkInvariants finds a fault in updates: ${caughtBy}`, () => {
    const fib = new Dir24_8Byte();
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a030300, 28, 3);
    const { levels } = fib as unknown as Inside;
    Object.assign(levels, plant(levels));
    fib.add(0x0a020000, 16, 2);
    fib.delete(0x0a020000, 16);
    fib.add(0x0a030000, 16, 7);
    fib.add(0x0a040000, 23, 6);
    fib.add(0x0a040000, 22, 7);
    assertThrows(() => fib.checkInvariants(), Error, caughtBy);
  });
}

/** One number changed by hand: where, to what, what the invariants then say. */
const tamperings: readonly [(levels: ByteLevels) => [object, string | number], number, string][] = [
  [({ first }) => [first, 0x0a0100], 6, "D4: entry 10.1.0.0/24 is next hop 5"],
  [({ groups }) => [groups.entries, 256 + 7], 0, "D4: entry 10.3.3.7/32 is a miss"],
  [({ first }) => [first, 0x0a0203], 2, "D3: entry 10.2.3.0/24 is next hop 1"],
  [({ groups }) => [groups.pages, 4], 3, "D2: entry 10.2.4.0/24 is next hop 1, its pointer 2"],
  [({ groups }) => [groups.pages, 3], 2, "D2: group 1 is reached from 10.2.3.0/24, 10.3.3.0/24"],
  [({ groups }) => [groups.rules, 1], 2, "D3: group 1 of 10.3.3.0/24 counts 2 of 1"],
  [({ groups }) => [groups, "used"], 3, "D2: 3 groups are taken, 2 are reached"],
  [({ groups }) => [groups, "fresh"], 1, "D2: group 1 of 10.3.3.0/24 is free"],
  [({ groups }) => [groups.pageOf, 0x0a09], 4, "D2: 10.9.0.0/16 leads to 0 groups, its page is 3"],
  [({ busy }) => [busy, 0x0a02], 2, "Block 10.2.0.0/16 is busy with 2 of 1"],
  [(levels) => [levels, "validFirst"], 5, "65536 entries of the first level are valid, 5 counted"],
  [({ trees }) => [trees, 70_000 * 32 + 20], 1, "4 rules are stored, 3 reached, 3 counted"],
];

Deno.test("Dir24_8Byte checkInvariants reports each number that is changed", async (t) => {
  const fib = new Dir24_8Byte();
  fib.add(0x0a000000, 8, 1);
  fib.add(0x0a020300, 28, 2);
  fib.add(0x0a030300, 28, 3);
  fib.add(0x0a030400, 28, 3);
  fib.delete(0x0a030400, 28);
  for (const [where, value, text] of tamperings) {
    await t.step(text, () => {
      const [object, key] = where((fib as unknown as Inside).levels) as [
        Record<string, number>,
        string,
      ];
      const before = object[key]!;
      object[key] = value;
      assertThrows(() => fib.checkInvariants(), Error, text);
      object[key] = before;
    });
  }
  fib.checkInvariants();
});
