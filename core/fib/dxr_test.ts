// Aim: DXR keeps every law of forwarding tables and the invariants of its ranges, shares equal runs
// and takes just the bytes that its routes need. Method: the conformance suite with reads counted
// by a model; the invariants after every operation, and each broken by hand; bytes against a model
// that knows neither bits nor sweeps; DIR-24-8 beside it on large tables and in a storm; a reader
// between any two stores; runs with two forms, shared and of more than 511 ranges, by hand.
import { assertEquals, assertThrows } from "@std/assert";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import {
  fibConformance,
  type FibGeometry,
  judgeFib,
  type Route,
} from "../../properties/fib/mod.ts";
import { bgpLikeRoutes, shuffled } from "../../properties/fib/bgp_like.ts";
import { dxrBytes, dxrLedger } from "../../properties/fib/_dxr_for_tests.ts";
import type { DxrStore } from "./_dxr_store.ts";
import { expectByteLimit } from "../../properties/fib/_bytes_for_tests.ts";
import {
  expectBgpTable,
  expectBulkLoad,
  expectStorm,
} from "../../properties/fib/_comparison_for_tests.ts";
import { expectOldOrNew, watched } from "../../properties/fib/_reader_for_tests.ts";
import { widened } from "../../properties/fib/_widened_for_tests.ts";
import { NEXT_HOP_MAX } from "./route.ts";
import { Dxr } from "./dxr.ts";
import type { Arena } from "./_arena.ts";
import { chunkFaults } from "../../properties/fib/_chunk_faults_for_tests.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";

fibConformance("D12R", ({ maxRules, defaultRoute }) => {
  return widened(new Dxr({ directBits: 12, maxRules, defaultRoute }), 2 ** 12 - 2, NEXT_HOP_MAX);
}, { ledger: dxrLedger(12), numRuns: 12, exhaustiveAt: [11, 23, 30] });

// What a default route costs, 2^k entries a change, is left to the smaller table.
for (const directBits of [16, 18, 20] as const) {
  fibConformance(`D${directBits}R`, ({ maxRules, defaultRoute }) => {
    return widened(
      new Dxr({ directBits, maxRules, defaultRoute }),
      2 ** directBits - 2,
      NEXT_HOP_MAX,
    );
  }, {
    ledger: dxrLedger(directBits),
    numRuns: 3,
    shortest: 15,
    exhaustiveAt: [directBits - 1],
    only: /^LPM-(1|5|6|9|13|14|16)$/,
  });
}

Deno.test("Dxr keeps its invariants after every operation", () => {
  const make = ({ maxRules, defaultRoute }: FibGeometry) =>
    widened(
      checkedAfterEach(new Dxr({ directBits: 12, maxRules, defaultRoute })),
      2 ** 12 - 2,
      NEXT_HOP_MAX,
    );
  const verdicts = [...judgeFib("Dxr", make, { numRuns: 3, only: /^LPM-(1|6)$/ })];
  assertEquals(verdicts.map((v) => v.message), ["", ""]);
});

Deno.test("Dxr takes the bytes that its routes need, and add refuses one byte more", () => {
  const make = (maxBytes: number) => new Dxr({ directBits: 12, maxBytes });
  expectByteLimit(make, (routes) => dxrBytes(routes, 12), 10);
});

Deno.test("Dxr takes a change of a next hop back when there is no room for it", () => {
  const fib = new Dxr({ directBits: 12, maxBytes: 4 * 2 ** 12 });
  assertEquals([fib.add(0x0a000000, 8, 1), fib.add(0x0a000000, 24, 1)], [true, true]);
  assertEquals(fib.add(0x0a000000, 24, 2), false);
  fib.checkInvariants();
  assertEquals(fib.lookup(0x0a000001), 1);
  const walked: number[][] = [];
  fib.walk((_, depth, nextHop) => walked.push([depth, nextHop]));
  assertEquals(walked, [[8, 1], [24, 1]]);
});

Deno.test("Dxr agrees with DIR-24-8 on 20,000 BGP-like routes", () => {
  expectBgpTable(new Dxr(), (fib, table) => fib.addBulk(table));
});

Deno.test("Dxr agrees with DIR-24-8 at the checkpoints of an update storm", () => {
  expectStorm(new Dxr({ directBits: 12 }), 2500, 16);
});

Deno.test("Dxr addBulk equals one add after the other, or changes nothing", () => {
  expectBulkLoad((maxRules) => new Dxr({ directBits: 12, maxRules }));
});

Deno.test("Dxr shares the run of chunks that are answered alike", () => {
  const fib = new Dxr({ directBits: 16 });
  for (let i = 0; i < 100; i++) fib.add(0x0a000100 + i * 2 ** 16, 24, 7);
  assertEquals([fib.runs, fib.bytesOccupied], [1, 4 * 2 ** 16 + 8]);
  fib.add(0x0a000100, 24, 8);
  assertEquals([fib.runs, fib.bytesOccupied], [2, 4 * 2 ** 16 + 16]);
  fib.checkInvariants();
  for (let i = 0; i < 100; i++) fib.delete(0x0a000100 + i * 2 ** 16, 24);
  assertEquals([fib.runs, fib.bytesOccupied], [0, 4 * 2 ** 16]);
});

Deno.test("Dxr takes the long form for what is longer than 24, and for wide next hops", () => {
  const fib = new Dxr({ directBits: 16 });
  const bytes = (): number => fib.bytesOccupied - 4 * 2 ** 16;
  fib.add(0x0a000100, 24, 254);
  assertEquals(bytes(), 8);
  fib.add(0x0a000100, 24, 255);
  assertEquals([bytes(), fib.lookup(0x0a0001ff)], [12, 255]);
  fib.add(0x0a000100, 24, 1);
  fib.add(0x0a000180, 25, 2);
  assertEquals([bytes(), fib.lookup(0x0a0001ff), fib.lookup(0x0a00017f)], [16, 2, 1]);
  fib.delete(0x0a000180, 25);
  assertEquals(bytes(), 8);
});

Deno.test("Dxr keeps the count of 512 ranges and more in the run", () => {
  const fib = new Dxr({ directBits: 16 });
  const routes: Route[] = [];
  for (let i = 0; i < 300; i++) {
    fib.add(0x0a000000 + 2 * i, 32, i % 5);
    routes.push({ prefix: 0x0a000000 + 2 * i, depth: 32, nextHop: i % 5 });
    if (i < 250 || i > 260) continue;
    fib.checkInvariants();
    // Each route but the first is two ranges, and one more answers the rest.
    assertEquals(fib.bytesOccupied, dxrBytes(routes, 16));
    for (let a = 0x0a000000; a < 0x0a000000 + 700; a++) {
      const expected = a % 2 === 0 && a <= 0x0a000000 + 2 * i ? (a - 0x0a000000) / 2 % 5 : -1;
      assertEquals(fib.lookup(a), expected);
    }
  }
  assertEquals(fib.reads(0x0a000000), 3 + 10);
});

Deno.test("Dxr delete throws, and the route stays, when what is left could not be addressed", () => {
  const fib = new Dxr({ directBits: 16 });
  // The /26 is hidden by its equal cover, until that goes.
  fib.add(0x0a000000, 8, 2);
  fib.add(0x0a000100, 24, 1);
  fib.add(0x0a000140, 26, 1);
  const { limits } =
    (fib as unknown as { updates: { limits: { bytesAddressed: number } } }).updates;
  limits.bytesAddressed = fib.bytesOccupied;
  const reason = `the rest needs ${fib.bytesOccupied + 4} bytes, the structure can address`;
  assertThrows(() => fib.delete(0x0a000100, 24), RangeError, reason);
  assertEquals([fib.size, fib.lookup(0x0a000101)], [3, 1]);
  fib.checkInvariants();
});

/** What a table keeps to itself. */
interface Inside {
  direct: Int32Array;
  words: Int32Array;
  halves: Uint16Array;
  store: DxrStore & { descriptors: Int32Array };
}

// Run 0: 10.1.2.0/24 in 10.0.0.0/8, 3 short ranges in words 0-1. Run 1: 10.3.0.0/30, long, 2-3.
const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  ["Chunk 10.1.0.0/16: its first range starts at 256", ({ halves }) => halves[0]! += 256],
  ["Chunk 10.1.0.0/16: range 2 starts at 512, not after 512", ({ halves }) => halves[2]! -= 256],
  ["Chunk 10.1.0.0/16: range 1 repeats 1", ({ halves }) => halves[1]!--],
  ["Chunk 10.1.0.0/16: range 1 is 512, 3; the rules say 512,2", ({ halves }) => halves[1]!++],
  ["Chunk 10.3.0.0/16: range 1 is 5, 1; the rules say 4,1", ({ words }) => words[3]! += 2 ** 16],
  ["Chunk 10.2.0.0/16: range 0 is 0, 6; the rules say 0,1", ({ direct }) => direct[0x0a02]! += 5],
  ["Chunk 10.3.0.0/16 has base 0, its run 2", ({ direct }) => direct[0x0a03]! -= 2],
  ["Chunk 10.3.0.0/16: descriptor -1", ({ store }) => store.descriptors[0x0a03] = 0],
  [
    "Run 0 counts 2 chunks, 1 hold it",
    ({ store }) => store.chunks.find(store.chunks.arena.words, 2),
  ],
  ["words are in blocks", ({ store }) => store.chunks.arena.live++],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Dxr checkInvariants reports: ${text}`, () => {
    const fib = new Dxr({ directBits: 16 });
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a010200, 24, 2);
    fib.add(0x0a030000, 30, 3);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("LPM-12 a reader between any two stores of Dxr sees the old answer or the new one", () => {
  const routes = bgpLikeRoutes(60, 7, 9);
  const addresses = routes.flatMap(({ prefix, depth }) => [prefix, prefix + 2 ** (32 - depth) - 1]);
  const fib = new Dxr({ directBits: 12 });
  const { store } = fib as unknown as Inside;
  // A move is no matter of single stores: the arena is made large enough beforehand.
  store.move(20_000);
  expectOldOrNew(
    fib,
    new Dxr({ directBits: 12 }),
    [
      ...routes.map((r) => (f: Dxr) => void f.add(r.prefix, r.depth, r.nextHop)),
      ...shuffled(routes, 2).slice(30).map((r) => (f: Dxr) => void f.delete(r.prefix, r.depth)),
    ],
    addresses,
    (f, address) => f.lookup(address),
    (look) => {
      store.chunks.arena.words = watched(store.chunks.arena.words, look);
      store.direct = watched(store.direct, look);
    },
    20_000,
  );
});

Deno.test("Dxr refuses what makes no table, naming option and bytes", () => {
  assertThrows(() => new Dxr({ directBits: 17 }), RangeError, "directBits 17 is not 12, 16");
  assertThrows(() => new Dxr({ maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(
    () => new Dxr({ maxBytes: 1_000_000 }),
    RangeError,
    "the empty table needs 1048576 bytes, maxBytes is 1000000",
  );
  const fib = new Dxr({ directBits: 16, defaultRoute: false });
  assertThrows(
    () => fib.add(1, 8, 0xffff),
    RangeError,
    "next hop 65535 is not an integer 0..65534",
  );
  assertThrows(() => fib.add(0, 0, 1), RangeError, "depth 0 is not an integer 1..32");
});

// Aim: the conformance suite finds what goes wrong in a DXR table. Method: faults planted one at a
// time, each by replacing one step of the table.

/** What the table keeps to itself, reached for planting. */
interface Store {
  direct: Int32Array;
  chunks: {
    arena: Arena;
    references: Int32Array;
    find: (words: Int32Array, length: number) => number;
    drop: (descriptor: number) => void;
  };
  encoder: {
    length: number;
    fragments: number;
    isShort: () => boolean;
    encode: (r: never) => void;
  };
}

function storeOf(fib: Dxr): Store {
  return (fib as unknown as { store: Store }).store;
}

const faults: readonly PlantedFault<Dxr>[] = [
  {
    name: "every run is taken for a short one",
    caughtBy: "LPM-1",
    plant: (fib) => storeOf(fib).encoder.isShort = () => true,
  },
  {
    name: "runs of the same length are taken for equal",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { chunks } = storeOf(fib);
      const find = chunks.find.bind(chunks);
      const seen = new Map<number, number>();
      chunks.find = (words, length) => {
        const found = find(words, length);
        const other = seen.get(length) ?? found;
        if (found < 0 && other >= 0 && chunks.references[other]! > 0) {
          chunks.references[other]!++;
          return other;
        }
        if (found >= 0) seen.set(length, found);
        return found;
      };
    },
  },
  {
    name: "a shared run goes with the first chunk that leaves it",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { chunks } = storeOf(fib);
      const drop = chunks.drop.bind(chunks);
      chunks.drop = (descriptor) => {
        if (chunks.references[descriptor]! < 1) return;
        chunks.references[descriptor] = 1;
        drop(descriptor);
      };
    },
  },
  {
    name: "the last range of a run is not searched",
    caughtBy: "LPM-1",
    plant: (fib) => {
      const { encoder } = storeOf(fib);
      const encode = encoder.encode.bind(encoder);
      encoder.encode = (ranges) => {
        encode(ranges);
        encoder.fragments--;
      };
    },
  },
];

registerFaults(
  "fibConformance catches every fault planted in Dxr",
  judgeFib,
  ({ maxRules, defaultRoute }) =>
    widened(new Dxr({ directBits: 12, maxRules, defaultRoute }), 2 ** 12 - 2, NEXT_HOP_MAX),
  { numRuns: 40, ledger: dxrLedger(12) },
  [...chunkFaults<Dxr>((fib) => storeOf(fib).chunks.arena), ...faults],
);
