// Aim: the IPv6 Poptrie keeps every law of IPv6 tables and the invariants of its nodes, and takes
// just the bytes that its routes need. Method: the conformance suite with reads counted by a model;
// the invariants after every operation, and each broken by hand; bytes against a model that knows
// neither bits nor sweeps; a reader between any two stores. Beside the other tables on large sets of
// routes and in a storm it stands in tables6_test.
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import type { FibGeometry } from "../../properties/fib/mod.ts";
import { expectOldOrNew, watched } from "../../properties/fib/_reader_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { poptrie6Bytes, poptrie6Ledger } from "../../properties/fib6/_poptrie6_for_tests.ts";
import { fib6Conformance, judgeFib6 } from "../../properties/fib6/mod.ts";
import type { Poptrie6Store } from "./_poptrie6_store.ts";
import { NEXT_HOP6_MAX } from "./_route6.ts";
import type { RouteSet6 } from "./fib6.ts";
import { Poptrie6 } from "./poptrie6.ts";

const HOP_MAX = 0xfffe;

function make(directBits: number): (geometry: FibGeometry) => Poptrie6 {
  return ({ maxRules, defaultRoute }) =>
    widened(new Poptrie6({ directBits, maxRules, defaultRoute }), HOP_MAX, NEXT_HOP6_MAX);
}

// 8 + 6 * 20 = 128: levels that end with the address. The others end with slots that repeat.
fib6Conformance("Poptrie6 of 8 direct bits", make(8), {
  ledger: poptrie6Ledger(8),
  numRuns: 20,
});
// What a default route costs, 2^18 entries a change, is left to the smaller tables.
fib6Conformance("Poptrie6 of 18 direct bits", make(18), {
  ledger: poptrie6Ledger(18),
  numRuns: 4,
  shortest: 15,
  exhaustiveAt: [17, 47],
  only: /^LPM-(1|4|5|6|9|11|13|14|16)$/,
});
fib6Conformance("Poptrie6 without direct bits", make(0), {
  ledger: poptrie6Ledger(0),
  numRuns: 8,
  exhaustiveAt: [0, 124],
  only: /^LPM-(1|5|6|7|8|13|14|15)$/,
});

Deno.test("Poptrie6 answers, adds and deletes alike whatever the bits of its direct array", () => {
  // with odd ones keys begin at every place of a word
  for (const directBits of [1, 3, 5, 7, 9, 11]) {
    const verdicts = [
      ...judgeFib6("Poptrie6", make(directBits), { numRuns: 6, only: /^LPM-(1|6|14)$/ }),
    ];
    assertEquals(verdicts.map((v) => v.message), ["", "", ""], `${directBits} direct bits`);
  }
});

Deno.test("Poptrie6 keeps its invariants after every operation", () => {
  for (const directBits of [0, 6]) {
    const make = ({ maxRules, defaultRoute }: FibGeometry) =>
      widened(
        checkedAfterEach(new Poptrie6({ directBits, maxRules, defaultRoute })),
        HOP_MAX,
        NEXT_HOP6_MAX,
      );
    const verdicts = [...judgeFib6("Poptrie6", make, { numRuns: 6, only: /^LPM-(1|6)$/ })];
    assertEquals(verdicts.map((v) => v.message), ["", ""]);
  }
});

/** The words of a route of the model. */
function wordsOf(bits: string): Uint32Array {
  const digits = bits.padEnd(128, "0");
  return Uint32Array.from([0, 32, 64, 96], (at) => parseInt(digits.slice(at, at + 32), 2));
}

Deno.test("Poptrie6 takes the bytes that its routes need, and add refuses one byte more", () => {
  let refused = 0;
  const scenario = fc.record({
    seed: fc.nat(1000),
    room: fc.integer({ min: 0, max: 900 }),
    picks: fc.array(fc.nat(99), { maxLength: 20, size: "max" }),
  });
  fc.assert(
    fc.property(scenario, ({ seed, room, picks }) => {
      const maxBytes = 4 * 2 ** 8 + room;
      const fib = new Poptrie6({ directBits: 8, maxBytes });
      const live = new Map<string, { bits: string; nextHop: number }>();
      const table = bgpLikeTable6({ routes: 12, seed });
      for (const pick of picks) {
        const i = pick % table.count;
        const words = table.prefix.slice(4 * i, 4 * i + 4);
        const digits = [...words].map((word) => word.toString(2).padStart(32, "0")).join("");
        const route = { bits: digits.slice(0, table.depth[i]!), nextHop: pick % 3 };
        if (pick % 4 === 0) {
          assertEquals(fib.delete(words, route.bits.length), live.delete(route.bits));
        } else {
          const after = new Map(live).set(route.bits, route);
          const isSame = live.get(route.bits)?.nextHop === route.nextHop;
          const fits = isSame || poptrie6Bytes([...after.values()], 8) <= maxBytes;
          assertEquals(fib.add(words, route.bits.length, route.nextHop), fits);
          if (fits) live.set(route.bits, route);
          else refused++;
        }
        assertEquals(fib.bytesOccupied, poptrie6Bytes([...live.values()], 8));
        if (fib.bytesOccupied <= maxBytes) assert(fib.bytesReserved <= maxBytes);
        fib.checkInvariants();
      }
    }),
    { numRuns: 30, seed: 1 },
  );
  assertGreater(refused, 50);
});

/** Everything that a table shows. */
function contents(fib: Poptrie6): unknown[] {
  const found: unknown[] = [fib.size, fib.nodes, fib.bytesOccupied];
  fib.walk((prefix, depth, nextHop) => found.push([...prefix, depth, nextHop]));
  return found;
}

/** One set of routes behind the other. */
function twice(a: RouteSet6, b: RouteSet6): RouteSet6 {
  return {
    count: a.count + b.count,
    prefix: Uint32Array.of(...a.prefix, ...b.prefix),
    depth: Uint8Array.of(...a.depth, ...b.depth),
    nextHop: Uint32Array.of(...a.nextHop, ...b.nextHop),
  };
}

Deno.test("Poptrie6 addBulk equals one add after the other, or changes nothing", () => {
  const table = bgpLikeTable6({ routes: 500, seed: 4, nextHops: 5 });
  const again = (nextHop: Uint32Array): RouteSet6 => ({ ...table, nextHop });
  const hops = table.nextHop.map((hop) => hop + 1);
  const one = new Poptrie6({ directBits: 12 });
  for (let i = 0; i < 500; i++) one.add(table.prefix, table.depth[i]!, hops[i]!, 4 * i);
  const bulk = new Poptrie6({ directBits: 12 });
  assertEquals([bulk.addBulk(table), bulk.addBulk(again(hops))], [true, true]);
  assertEquals(contents(bulk), contents(one));
  assertEquals(bulk.bytesReserved, bulk.bytesOccupied);
  bulk.checkInvariants();

  const both = new Poptrie6({ directBits: 12 });
  assertEquals(both.addBulk(twice(table, again(hops))), true);
  assertEquals(contents(both), contents(one));
  both.checkInvariants();

  const bytes = new Poptrie6({ directBits: 12, maxBytes: one.bytesOccupied - 1 });
  const rules = new Poptrie6({ directBits: 12, maxRules: 499 });
  for (const fib of [bytes, rules]) {
    const first = again(hops.map(() => 7));
    assertEquals(fib.addBulk({ ...first, count: 100 }), true);
    const before = contents(fib);
    assertEquals(fib.addBulk(twice(again(hops.map(() => 8)), again(hops))), false);
    assertEquals(contents(fib), before);
    fib.checkInvariants();
    const wrong = again(hops.with(300, HOP_MAX + 1));
    assertThrows(() => fib.addBulk(wrong), RangeError, "next hop 65535 is not an integer 0..65534");
    assertEquals(contents(fib), before);
  }
});

Deno.test("Poptrie6 build refuses what does not fit, naming the bytes that the routes need", () => {
  const table = bgpLikeTable6({ routes: 500, seed: 4, nextHops: 5 });
  const { bytesOccupied } = Poptrie6.build(table, { directBits: 12 });
  const options = { directBits: 12, maxBytes: bytesOccupied };
  assertEquals(Poptrie6.build(table, options).size, 500);
  assertThrows(
    () => Poptrie6.build(table, { ...options, maxBytes: bytesOccupied - 1 }),
    RangeError,
    `Cannot build Poptrie6: 500 routes need ${bytesOccupied} bytes, maxBytes is ${
      bytesOccupied - 1
    }`,
  );
  assertThrows(
    () => Poptrie6.build(table, { maxRules: 499 }),
    RangeError,
    "Cannot build Poptrie6: 500 routes are more than maxRules 499",
  );
});

Deno.test("Poptrie6 delete throws, and the route stays, when the rest could not be addressed", () => {
  const fib = new Poptrie6({ directBits: 12 });
  // The /50 is hidden by its equal cover, until that goes.
  fib.add(wordsOf("0010".repeat(8)), 32, 2);
  fib.add(wordsOf("0010".repeat(12)), 48, 1);
  fib.add(wordsOf(`${"0010".repeat(12)}01`), 50, 1);
  const { limits } =
    (fib as unknown as { updates: { limits: { bytesAddressed: number } } }).updates;
  limits.bytesAddressed = fib.bytesOccupied;
  const reason = `the rest needs ${fib.bytesOccupied + 28} bytes, the structure can address`;
  assertThrows(() => fib.delete(wordsOf("0010".repeat(12)), 48), RangeError, reason);
  assertEquals([fib.size, fib.lookup(wordsOf("0010".repeat(13)), 0)], [3, 1]);
  fib.checkInvariants();
});

Deno.test("Poptrie6 that a deletion took past maxBytes sets no more aside once it fits again", () => {
  const [short, long, longest] = ["0010".repeat(8), "0010".repeat(12), "0010".repeat(12) + "01"];
  const table = { directBits: 12, maxBytes: 4 * 2 ** 12 + 176 };
  const fib = new Poptrie6(table);
  fib.add(wordsOf(short), 32, 2);
  fib.add(wordsOf(long), 48, 1);
  fib.add(wordsOf(longest), 50, 1);
  fib.delete(wordsOf(long), 48);
  assertGreater(fib.bytesOccupied, table.maxBytes);
  assertEquals(fib.add(wordsOf("1"), 20, 1), false);
  fib.delete(wordsOf(longest), 50);
  assert(fib.bytesReserved <= table.maxBytes, `${fib.bytesReserved} of ${table.maxBytes} bytes`);
  fib.checkInvariants();
});

/** What a table keeps to itself. */
interface Inside {
  direct: Int32Array;
  words: Int32Array;
  store: Poptrie6Store;
  rules: { live: number };
}

// 2001:db8:1::/48 in 2001:db8::/32: behind 12 direct bits six nodes, the last one of bits 42 to 47
// with the leaves 1, 2, 1 and the one before, at word n, with that as child of slot 0 and a leaf.
const tamperings: readonly [text: string, tamper: (inside: Inside, n: number) => void][] = [
  ["/42 at word 31: the leaf of slot 1 repeats the one before", ({ store, words }, n) => {
    store.arena.halves[words[words[n + 5]! + 4]! + 1] = 2;
  }],
  ["slot 1 is a leaf before any run", ({ words }, n) => words[n + 2] = 0],
  ["slot 0 is a child and begins a run of leaves", ({ words }, n) => words[n + 2] = 3],
  ["is reached twice", ({ words }, n) => words[n + 5] = n],
  ["The nodes answer 9 from 2001:db8:1:0:0:0:0:0, the routes 2 from 2001:db8:1:0:0:0:0:0", (
    { store, words },
    n,
  ) => store.arena.halves[words[words[n + 5]! + 4]! + 1] = 10],
  ["The nodes answer 6 from 3000:0:0:0:0:0:0:0, the routes no more", ({ direct }) => {
    direct[0x300] = (1 << 31) | 7;
  }],
  ["6 nodes are reached, 7 counted", ({ store }) => store.nodes++],
  ["words are in blocks", ({ store }) => store.arena.live++],
  ["RIB has 2 routes", ({ rules }) => rules.live--],
  ["The node of chunk 512 at word 22 of 6 words runs into a free block", ({ store, direct }) => {
    store.arena.release(direct[0x200]! + 1, 5);
    store.arena.live += 5;
  }],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Poptrie6 checkInvariants reports: ${text}`, () => {
    const fib = new Poptrie6({ directBits: 12 });
    fib.add(Uint32Array.of(0x20010db8, 0, 0, 0), 32, 1);
    fib.add(Uint32Array.of(0x20010db8, 0x00010000, 0, 0), 48, 2);
    fib.checkInvariants();
    const inside = fib as unknown as Inside;
    let node = inside.direct[0x200]!;
    for (let level = 12; level < 36; level += 6) node = inside.words[node + 5]!;
    tamper(inside, node);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("LPM-12 a reader between any two stores of Poptrie6 sees the old answer or the new", () => {
  const table = bgpLikeTable6({ routes: 50, seed: 7 });
  const probes = Array.from({ length: 50 }, (_, i) => {
    const at = table.prefix.slice(4 * i, 4 * i + 4);
    return [at, at.with(3, 0xffff_ffff), at.with(1, at[1]! + 0x10000), at.with(1, at[1]! | 0xff)];
  }).flat();
  const add = (i: number) => (fib: Poptrie6) =>
    void fib.add(table.prefix, table.depth[i]!, i % 7, 4 * i);
  const remove = (i: number) => (fib: Poptrie6) =>
    void fib.delete(table.prefix, table.depth[i]!, 4 * i);
  const order = Array.from({ length: 50 }, (_, i) => (i * 7) % 50);
  const fib = new Poptrie6({ directBits: 6 });
  const { store } = fib as unknown as Inside;
  // A move is no matter of single stores: the arena is made large enough beforehand.
  store.move(20_000);
  const root = Uint32Array.of(0x20000000, 0, 0, 0);
  expectOldOrNew(
    fib,
    new Poptrie6({ directBits: 6 }),
    [
      ...order.map(add),
      (f) => void f.add(root, 4, 99),
      (f) => void f.add(root, 0, 98),
      ...order.slice(20).map(remove),
      (f) => void f.delete(root, 4),
    ],
    probes,
    (f, probe) => f.lookup(probe, 0),
    (look) => {
      store.arena.words = watched(store.arena.words, look);
      store.arena.halves = watched(store.arena.halves, look);
      store.direct = watched(store.direct, look);
    },
    500_000,
  );
});

Deno.test("Poptrie6 refuses what makes no table, naming option and bytes", () => {
  assertThrows(() => new Poptrie6({ directBits: 21 }), RangeError, "directBits 21");
  assertThrows(() => new Poptrie6({ maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(
    () => new Poptrie6({ maxBytes: 1_000_000 }),
    RangeError,
    "the empty table needs 1048576 bytes, maxBytes is 1000000",
  );
  assertThrows(() => new Poptrie6({ maxBytes: NaN }), RangeError, "maxBytes is NaN");
  const fib = new Poptrie6({ directBits: 8, defaultRoute: false });
  const words = new Uint32Array(4);
  assertThrows(() => fib.add(words, 8, HOP_MAX + 1), RangeError, "next hop 65535 is not");
  assertThrows(() => fib.add(words, 0, 1), RangeError, "depth 0 is not an integer 1..128");
  assertThrows(() => fib.lookupBulk(words, new Int32Array(1), 2), RangeError, "n 2 does not fit");
});
