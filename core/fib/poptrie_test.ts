// Aim: Poptrie keeps every law of forwarding tables and the invariants of its nodes, and takes just
// the bytes that its routes need. Method: the conformance suite with reads counted by a model; the
// invariants after every operation, and each broken by hand; bytes against a model that knows
// neither bits nor sweeps; DIR-24-8 beside it on large tables and in a storm; a reader between any
// two stores.
import { assertEquals, assertThrows } from "@std/assert";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import { fibConformance, type FibGeometry } from "../../properties/fib/mod.ts";
import { judgeFib } from "../../properties/fib/mod.ts";
import { bgpLikeRoutes, shuffled } from "../../properties/fib/bgp_like.ts";
import { expectByteLimit } from "../../properties/fib/_bytes_for_tests.ts";
import {
  expectBgpTable,
  expectBulkLoad,
  expectStorm,
} from "../../properties/fib/_comparison_for_tests.ts";
import { expectOldOrNew, watched } from "../../properties/fib/_reader_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { NEXT_HOP_MAX } from "./route.ts";
import { poptrieBytes, poptrieLedger } from "../../properties/fib/_poptrie_for_tests.ts";
import type { PoptrieStore } from "./_poptrie_store.ts";
import { Poptrie } from "./poptrie.ts";

const HOP_MAX = 0xfffe;

function make(directBits: number): (geometry: FibGeometry) => Poptrie {
  return ({ maxRules, defaultRoute }) =>
    widened(new Poptrie({ directBits, maxRules, defaultRoute }), HOP_MAX, NEXT_HOP_MAX);
}

fibConformance("Poptrie of 8 direct bits", make(8), {
  ledger: poptrieLedger(8),
  numRuns: 24,
  exhaustiveAt: [7, 13, 23, 30],
});
// What a default route costs, 2^18 entries a change, is left to the smaller table.
fibConformance("Poptrie of 18 direct bits", make(18), {
  ledger: poptrieLedger(18),
  numRuns: 4,
  shortest: 14,
  exhaustiveAt: [17, 23],
  only: /^LPM-(1|4|5|6|9|11|13|14|16)$/,
});
fibConformance("Poptrie without direct bits", make(0), {
  ledger: poptrieLedger(0),
  numRuns: 10,
  exhaustiveAt: [5],
  only: /^LPM-(?!16$)/,
});

Deno.test("Poptrie keeps its invariants after every operation", () => {
  for (const directBits of [0, 6]) {
    const make = ({ maxRules, defaultRoute }: FibGeometry) =>
      widened(
        checkedAfterEach(new Poptrie({ directBits, maxRules, defaultRoute })),
        HOP_MAX,
        NEXT_HOP_MAX,
      );
    const verdicts = [...judgeFib("Poptrie", make, { numRuns: 8, only: /^LPM-(1|6)$/ })];
    assertEquals(verdicts.map((v) => v.message), ["", ""]);
  }
});

Deno.test("Poptrie takes the bytes that its routes need, and add refuses one byte more", () => {
  const make = (maxBytes: number) => new Poptrie({ directBits: 8, maxBytes });
  expectByteLimit(make, (routes) => poptrieBytes(routes, 8), 6);
});

Deno.test("Poptrie takes a change of a next hop back when there is no room for it", () => {
  const fib = new Poptrie({ directBits: 8, maxBytes: 4 * 2 ** 8 });
  assertEquals([fib.add(0x0a000000, 8, 1), fib.add(0x0a000000, 24, 1)], [true, true]);
  assertEquals(fib.add(0x0a000000, 24, 2), false);
  fib.checkInvariants();
  assertEquals(fib.lookup(0x0a000001), 1);
  const walked: number[][] = [];
  fib.walk((_, depth, nextHop) => walked.push([depth, nextHop]));
  assertEquals(walked, [[8, 1], [24, 1]]);
});

Deno.test("Poptrie agrees with DIR-24-8 on 20,000 BGP-like routes", () => {
  expectBgpTable(new Poptrie(), (fib, table) => fib.addBulk(table));
});

Deno.test("Poptrie agrees with DIR-24-8 at the checkpoints of an update storm", () => {
  expectStorm(new Poptrie({ directBits: 12 }), 2500, 17);
});

Deno.test("Poptrie addBulk equals one add after the other, or changes nothing", () => {
  expectBulkLoad((maxRules) => new Poptrie({ directBits: 8, maxRules }));
});

/** What a table keeps to itself. */
interface Inside {
  direct: Int32Array;
  words: Int32Array;
  store: PoptrieStore;
  rules: { words: Uint32Array; longCount: number };
}

// 10.1.2.0/24 in 10.0.0.0/8: words 0-5 and 6-11 are nodes, the halves from 24 on four leaves.
const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  [
    "Node 10.1.0.0/22 at word 6: the leaf of slot 32 repeats the one before",
    ({ store }) => store.arena.halves[26] = 2,
  ],
  ["Node 10.1.0.0/16 at word 0: slot 1 is a leaf before any run", ({ words }) => words[2] = 0],
  [
    "Node 10.1.0.0/16 at word 0: slot 0 is a child and begins a run of leaves",
    ({ words }) => words[2] = 3,
  ],
  ["Node 10.1.0.0/22 at word 0 is reached twice", ({ words }) => words[5] = 0],
  ["Chunk 10.1.0.0/16 answers", ({ store }) => store.arena.halves[26] = 9],
  ["Chunk 10.2.0.0/16 answers [[0,6]], the rules [[0,1]]", ({ direct }) => direct[0x0a02]! += 5],
  ["Chunk 10.1.0.0/16 has 13 words", ({ store }) => store.lengths[0x0a01] = 13],
  ["3 nodes are reached, 4 counted", ({ store }) => store.nodes++],
  ["Rule 0 of chunk 2561, 2315321856/24, is out of place", ({ rules }) => {
    rules.words[rules.words.indexOf(0x0a010200)] = 0x8a010200;
  }],
  ["2 long rules are listed, 1 are counted", ({ rules }) => rules.longCount--],
  ["words are in blocks", ({ store }) => store.arena.live++],
  ["Chunk 10.1.0.0/16 at word 0 of 14 words runs into a free block", ({ store }) => {
    store.arena.release(1, 5);
    store.arena.live += 5;
  }],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Poptrie checkInvariants reports: ${text}`, () => {
    const fib = new Poptrie({ directBits: 16 });
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a010200, 24, 2);
    fib.add(0x0a030000, 17, 3);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("LPM-12 a reader between any two stores of Poptrie sees the old answer or the new", () => {
  const routes = bgpLikeRoutes(60, 7, 4);
  const addresses = routes.flatMap(({ prefix, depth }) => [prefix, prefix + 2 ** (32 - depth) - 1]);
  const fib = new Poptrie({ directBits: 8 });
  const { store } = fib as unknown as Inside;
  // A move is no matter of single stores: the arena is made large enough beforehand.
  store.move(20_000);
  expectOldOrNew(
    fib,
    new Poptrie({ directBits: 8 }),
    [
      ...routes.map((r) => (f: Poptrie) => void f.add(r.prefix, r.depth, r.nextHop)),
      ...shuffled(routes, 2).slice(30).map((r) => (f: Poptrie) => void f.delete(r.prefix, r.depth)),
    ],
    addresses,
    (f, address) => f.lookup(address),
    (look) => {
      store.arena.words = watched(store.arena.words, look);
      store.arena.halves = watched(store.arena.halves, look);
      store.direct = watched(store.direct, look);
    },
    100_000,
  );
});

Deno.test("Poptrie refuses what makes no table, naming option and bytes", () => {
  assertThrows(() => new Poptrie({ directBits: 21 }), RangeError, "directBits 21");
  assertThrows(() => new Poptrie({ maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(
    () => new Poptrie({ maxBytes: 1_000_000 }),
    RangeError,
    "the empty table needs 1048576 bytes, maxBytes is 1000000",
  );
  assertThrows(() => new Poptrie({ maxBytes: NaN }), RangeError, "maxBytes is NaN");
  const fib = new Poptrie({ directBits: 8, defaultRoute: false });
  assertThrows(() => fib.add(1, 8, HOP_MAX + 1), RangeError, "next hop 65535 is not an integer");
  assertThrows(() => fib.add(0, 0, 1), RangeError, "depth 0 is not an integer 1..32");
  assertThrows(
    () => fib.lookupBulk(new Uint32Array(1), new Int32Array(1), 2),
    RangeError,
    "n 2 does not fit",
  );
});
