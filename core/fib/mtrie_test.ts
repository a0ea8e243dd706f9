// Aim: the mtrie keeps every law of forwarding tables with both roots, and the invariants that VPP's
// structure lives by. Method: the conformance suite with a ledger of plies; invariants after every
// operation, each broken by hand; planted faults; a BGP-like table and an update storm against
// DIR-24-8; the sizes against an independent count.
import { assertEquals, assertThrows } from "@std/assert";
import {
  fibConformance,
  type FibConformanceOptions,
  type FibGeometry,
  type FibLedger,
  groupLedger,
  judgeFib,
} from "../../properties/fib/mod.ts";
import {
  BGP_TABLE,
  churn,
  expectBgpTable,
  expectStorm,
  load,
} from "../../properties/fib/_comparison_for_tests.ts";
import type { MtriePlies } from "./_mtrie_plies.ts";
import { createFib4 } from "./create.ts";
import type { Dir24_8 } from "./dir24_8.ts";
import { Mtrie } from "./mtrie.ts";
import type { RuleTable } from "./rule_table.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";

const ROOT_BYTES = { 8: 1280, 16: 327_680 };

function make(rootBits: 8 | 16): (geometry: FibGeometry) => Mtrie {
  return ({ groups, maxRules }) =>
    new Mtrie({ rootBits, maxRules, maxBytes: ROOT_BYTES[rootBits] + 1344 * groups });
}

/** A ply stands where a group of DIR-24-8 would; only /0 is written here and not there. */
function plyLedger(rootBits: 8 | 16): FibLedger<Mtrie> {
  const groups = groupLedger<Dir24_8>(rootBits);
  return {
    needs: groups.needs,
    reads: groups.reads!,
    uses: (fib) => fib.pliesUsed,
    touched: (fib) => fib.entriesTouched,
    touchLimit: (before, after, prefix, depth) =>
      depth > 0
        ? groups.touchLimit!(before, after, prefix, depth)
        : 2 ** rootBits + 256 * groups.needs([...before, ...after]),
  };
}

fibConformance("Mtrie of 8 root bits", make(8), {
  ledger: plyLedger(8),
  numRuns: 40,
  exhaustiveAt: [7, 23],
});

// A short prefix writes up to 65,536 leaves: the smaller root, which shares every line, has those.
fibConformance("Mtrie of 16 root bits", make(16), {
  ledger: plyLedger(16),
  numRuns: 4,
  only: /^LPM-(?!16)/,
  shortest: 12,
  exhaustiveAt: [15],
});

Deno.test("Mtrie keeps its invariants after every operation", () => {
  churn(new Mtrie({ rootBits: 8 }), 80);
  churn(new Mtrie({ rootBits: 16 }), 8);
});

Deno.test("LPM-16 Mtrie answers a BGP-like table as DIR-24-8 and a scan do", () => {
  const fib = new Mtrie();
  expectBgpTable(fib);
  const blocks = (level: number): number =>
    new Set(
      Array.from(BGP_TABLE.prefix).filter((_, i) => BGP_TABLE.depth[i]! > level)
        .map((prefix) => Math.floor(prefix / 2 ** (32 - level))),
    ).size;
  const plies = blocks(16) + blocks(24);
  assertEquals(fib.pliesUsed, plies);
  assertEquals(fib.bytesOccupied, 327_680 + 1344 * plies);
  fib.clear();
  assertEquals(fib.bytesOccupied, 327_680);
  load(fib, { ...BGP_TABLE, count: 100 });
  fib.checkInvariants();
});

Deno.test("LPM-1 Mtrie follows an update storm as DIR-24-8 does", () => {
  expectStorm(new Mtrie({ rootBits: 8 }), 2500, 11);
});

Deno.test("LPM-2 Mtrie refuses the ply that exceeds maxBytes, and says what the root needs", () => {
  const fib = new Mtrie({ maxBytes: 327_680 + 2 * 1344 + 1343 });
  assertEquals(fib.add(0x0a010203, 32, 1), true);
  assertEquals(fib.add(0x0a020300, 24, 2), false);
  assertEquals(fib.add(0x0a010300, 24, 2), true);
  assertEquals(fib.lookup(0x0a020300), -1);
  assertEquals(fib.bytesReserved, 327_680 + 2 * 1344);
  fib.checkInvariants();
  assertThrows(() => new Mtrie({ maxBytes: 327_679 }), RangeError, "needs 327680 bytes");
  assertThrows(() => new Mtrie({ rootBits: 12 as 8 }), RangeError, "rootBits 12");
  assertThrows(() => new Mtrie({ maxRules: 0 }), RangeError, "maxRules 0");
});

interface Inside {
  plies: Omit<MtriePlies, "words"> & {
    words: Uint32Array;
    lengths: Uint8Array;
    store: (table: number, slot: number, leaf: number, length: number) => void;
    create: (leaf: number, length: number, base: number) => number;
    release: (ply: number) => void;
  };
  rules: RuleTable;
  words: Uint32Array;
}

registerFaults<Mtrie, Inside, FibConformanceOptions<Mtrie>>(
  "What goes wrong in an mtrie is caught",
  judgeFib,
  make(8),
  {
    ledger: plyLedger(8),
    numRuns: 40,
  },
  [
    {
      name: "a leaf is stored with its length one too long",
      caughtBy: "LPM-1",
      plant: (_, { plies }) => {
        const store = plies.store.bind(plies);
        plies.store = (table, slot, leaf, length) =>
          store(table, slot, leaf, Math.min(32, length + 1));
      },
    },
    {
      name: "a shorter route overwrites a longer one",
      caughtBy: "LPM-1",
      plant: (_, { plies }) => plies.lengthAt = () => 0,
    },
    {
      name: "a new ply forgets the leaf it replaces",
      caughtBy: "LPM-1",
      plant: (_, { plies }) => {
        const create = plies.create.bind(plies);
        plies.create = (_leaf, length, base) => create(1, length, base);
      },
    },
    {
      name: "an empty ply is kept",
      caughtBy: "LPM-6",
      plant: (_, { plies }) => plies.nonEmpty = () => 1,
    },
    {
      name: "a ply goes back to the pool while its slot still leads to it",
      caughtBy: "leads to",
      plant: (_, { plies }) => {
        const store = plies.store.bind(plies);
        plies.store = (table, slot, leaf, length) => {
          if ((plies.words[table + slot]! & 1) === 1 || (leaf & 1) === 0) {
            store(table, slot, leaf, length);
          }
        };
      },
    },
    {
      name: "the count of non-empty leaves is not reduced",
      caughtBy: "leads to a ply without a route",
      plant: (_, { plies }) => {
        const store = plies.store.bind(plies);
        plies.store = (table, slot, leaf, length) => {
          const before = plies.words[table + 320]!;
          store(table, slot, leaf, length);
          if (table > 0) plies.words[table + 320] = Math.max(before, plies.words[table + 320]!);
        };
      },
    },
    {
      name: "a deletion uncovers a miss",
      caughtBy: "LPM-1",
      plant: (_, { rules }) => rules.coveringDepth = () => 0,
    },
    {
      name: "the limit is one ply too many",
      caughtBy: "LPM-2",
      plant: (_, { plies }) => (plies as unknown as { capacityMax: number }).capacityMax++,
    },
    {
      name: "clear leaves the root as it was",
      caughtBy: "LPM-17",
      plant: (_, { plies }) => {
        const clear = plies.clear.bind(plies);
        plies.clear = (count) => clear(count, () => {});
      },
    },
    {
      name: "the bulk look-up does not descend into the last ply",
      caughtBy: "LPM-9",
      plant: (fib) => {
        const bulk = fib.lookupBulk.bind(fib);
        fib.lookupBulk = (addresses, nextHops, n) =>
          bulk(addresses.map((a) => a - a % 256), nextHops, n);
      },
    },
    {
      name: "the ply of a /24 and longer is not counted as a read",
      caughtBy: "LPM-13",
      plant: (fib) => {
        const reads = fib.reads.bind(fib);
        fib.reads = (address) => Math.min(3, reads(address));
      },
    },
    {
      name: "the first route is not counted",
      caughtBy: "LPM-6",
      plant: (fib) => {
        const size = Object.getOwnPropertyDescriptor(Mtrie.prototype, "size")!.get!;
        Object.defineProperty(fib, "size", { get: () => Math.max(0, size.call(fib) - 1) });
      },
    },
    {
      name: "a ply too many is said to be in use",
      caughtBy: "LPM-6",
      plant: (fib) => {
        const used = Object.getOwnPropertyDescriptor(Mtrie.prototype, "pliesUsed")!.get!;
        Object.defineProperty(fib, "pliesUsed", { get: () => used.call(fib) + 1 });
      },
    },
    {
      name: "each update keeps four bytes for ever",
      caughtBy: "LPM-6",
      plant: (fib) => {
        const { add } = fib;
        let kept = 0;
        fib.add = (...route) => {
          kept += 4;
          return add.apply(fib, route);
        };
        for (const bytes of ["bytesOccupied", "bytesReserved"] as const) {
          const own = Object.getOwnPropertyDescriptor(Mtrie.prototype, bytes)!.get!;
          Object.defineProperty(fib, bytes, { get: () => own.call(fib) + kept });
        }
      },
    },
    {
      name: "an update writes the whole root",
      caughtBy: "LPM-13",
      plant: (fib) => {
        const { add } = fib;
        let besides = 0;
        fib.add = (...route) => {
          besides += 256;
          return add.apply(fib, route);
        };
        const touched = Object.getOwnPropertyDescriptor(Mtrie.prototype, "entriesTouched")!.get!;
        Object.defineProperty(fib, "entriesTouched", { get: () => touched.call(fib) + besides });
      },
    },
  ],
  churn,
);

const tamperings: readonly [text: string, tamper: (inside: Inside, ply: number) => void][] = [
  ["slot 10.2.5.0/24 is leaf 7 length 8, the routes say leaf 3 length 8", ({ words }, ply) => {
    words[ply + 5] = 7;
  }],
  ["slot 10.2.3.0/24 is leaf 5 length 23", ({ plies }, ply) => {
    plies.lengths[4 * (ply + 256) + 3] = 23;
  }],
  ["slot 10.2.0.0/16 is terminal above a route", ({ words }) => words[0x0a02] = 3],
  [
    "slot 10.1.0.0/16 leads to a ply without a route",
    ({ words }) => words[0x0a01] = words[0x0a02]!,
  ],
  ["slot 10.2.0.0/16 leads to a ply with length 15", ({ plies }) => {
    plies.lengths[4 * 65_536 + 0x0a02] = 15;
  }],
  ["lead to ply", ({ words }) => words[0x0a03] = words[0x0a02]!],
  ["slot 10.2.0.0/16 leads to free ply", ({ plies }, ply) => plies.release(ply)],
  ["has base 24", ({ words }, ply) => words[ply + 321] = 24],
  ["counts 2 of 1 leaves", ({ words }, ply) => words[ply + 320]!++],
  ["3 plies are taken, 2 are reached", ({ plies }) => plies.used++],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Mtrie checkInvariants reports: ${text}`, () => {
    const fib = new Mtrie();
    fib.add(0x0a000000, 8, 0);
    fib.add(0x0a020300, 24, 1);
    fib.add(0x0a030300, 24, 2);
    fib.checkInvariants();
    const inside = fib as unknown as Inside;
    tamper(inside, inside.words[0x0a02]!);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("createFib4 makes the tries and the search on lengths by name", () => {
  for (const kind of ["mtrie", "lc-trie", "state-jump", "bspl"] as const) {
    const fib = createFib4(kind, { maxRules: 2 });
    assertEquals([fib.kind, fib.add(0, 0, 7), fib.add(0x0a000000, 8, 8)], [kind, true, true]);
    assertEquals([fib.add(0x0b000000, 8, 9), fib.lookup(0x0a000001), fib.lookup(1)], [false, 8, 7]);
  }
});

// At the end: watched arrays leave the code slower behind.
fibConformance("Mtrie under its look-ups", make(8), {
  reader: (fib, watch) => {
    const inside = fib as unknown as { plies: MtriePlies; words: Uint32Array };
    const { capacityMax } = inside.plies as unknown as { capacityMax: number };
    // Growing is no matter of single stores: all plies are there beforehand.
    assertEquals(inside.plies.reserve(capacityMax), true);
    inside.plies.words = inside.words = watch(inside.plies.words, "plies");
    return fib;
  },
  ledger: plyLedger(8),
  numRuns: 32,
  only: /^LPM-12$/,
});
