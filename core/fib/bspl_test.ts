// Aim: the binary search on prefix lengths keeps every law of forwarding tables, with the number of
// probes that the routes alone determine, and the invariants of its markers. Method: the conformance
// suite; invariants after every operation, each broken by hand; planted faults; a BGP-like table and
// an update storm against DIR-24-8.
import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import {
  fibConformance,
  type FibConformanceOptions,
  type FibLedger,
  judgeFib,
  type Route,
} from "../../properties/fib/mod.ts";
import {
  BGP_TABLE,
  churn,
  expectBgpTable,
  expectStorm,
} from "../../properties/fib/_comparison_for_tests.ts";
import type { BsplTable } from "./_bspl_table.ts";
import type { BsplTables } from "./_bspl_tables.ts";
import { Bspl } from "./bspl.ts";
import { readsHistogram } from "./create.ts";
import type { RuleTable } from "./rule_table.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";

/**
 * The search as the paper tells it, on the list of routes: halve the lengths that are left; a length
 * hits when a route of what is left from it on agrees with the address in as many bits.
 */
function probes(routes: readonly Route[], address: number): number {
  let left = [...new Set(routes.map((r) => r.depth))].filter((d) => d > 0).sort((a, b) => a - b);
  let count = 0;
  while (left.length > 0) {
    const middle = Math.ceil(left.length / 2) - 1;
    const span = 2 ** (32 - left[middle]!);
    const onwards = left.slice(middle);
    const hit = routes.some(({ prefix, depth }) =>
      onwards.includes(depth) && Math.floor(prefix / span) === Math.floor(address / span)
    );
    left = hit ? left.slice(middle + 1) : left.slice(0, middle);
    count++;
  }
  return count;
}

const ledger: FibLedger<Bspl> = { needs: () => 0, uses: () => 0, reads: probes };

fibConformance("Bspl", ({ maxRules }) => new Bspl({ maxRules }), {
  ledger,
  numRuns: 40,
  exhaustiveAt: [0, 23, 30],
});

Deno.test("Bspl keeps its invariants after every operation", () => churn(new Bspl()));

Deno.test("LPM-16 Bspl answers a BGP-like table as DIR-24-8 and a scan do", () => {
  const fib = new Bspl();
  expectBgpTable(fib);
  const depths = new Set(BGP_TABLE.depth);
  assertEquals(fib.lengths, [...depths].sort((a, b) => a - b));
  const histogram = readsHistogram(fib, BGP_TABLE.prefix);
  assertEquals(histogram.length, Math.ceil(Math.log2(depths.size + 1)) + 1);
  assertGreater(fib.markers, 5000);
  assertEquals(fib.bytesOccupied, 8 * (fib.markers + BGP_TABLE.count));
});

Deno.test("LPM-1 Bspl follows an update storm as DIR-24-8 does", () => {
  expectStorm(new Bspl(), 2500, 14);
});

Deno.test("Bspl probes at most floor(log2 n) + 1 of n lengths, whatever the address", () => {
  const fib = new Bspl();
  for (let depth = 1; depth <= 32; depth++) {
    fib.add(0xaaaa_aaaa, depth, depth);
    const most = Math.floor(Math.log2(depth)) + 1;
    for (const address of [0xaaaa_aaaa, 0xaaaa_aaab, 0xaaaa_0000, 0xffff_ffff, 0]) {
      assertLess(fib.reads(address), most + 1);
    }
    assertEquals(fib.lookup(0xaaaa_aaaa), depth);
    fib.checkInvariants();
  }
  for (let depth = 1; depth <= 32; depth++) {
    fib.delete(0xaaaa_aaaa, depth);
    fib.checkInvariants();
  }
  assertEquals([fib.bytesReserved, fib.lengths.length], [0, 0]);
});

Deno.test("LPM-2 Bspl refuses what exceeds maxBytes and leaves everything as it was", () => {
  // 8 slots of 8 bytes a table, half full at most.
  const fib = new Bspl({ maxBytes: 2 * 64 });
  for (let i = 1; i <= 3; i++) assertEquals(fib.add(i * 2 ** 24, 8, i), true);
  assertEquals(fib.add(0x0400_0000, 16, 9), true);
  for (const [prefix, depth] of [[0x0500_0000, 16], [0x0500_0000, 8], [1, 32]] as const) {
    // The marker or the route would double the table of /8; a third length needs a third table.
    assertEquals(fib.add(prefix, depth, 7), false);
    assertEquals([fib.size, fib.markers, fib.bytesReserved], [4, 1, 128]);
    fib.checkInvariants();
  }
  assertEquals(fib.add(0x0400_0000, 8, 8), true);
  const addresses = [0x0300_0000, 0x0400_0001, 0x0401_0000, 0x0500_0000];
  assertEquals(addresses.map((a) => fib.lookup(a)), [3, 9, 8, -1]);
  assertThrows(() => new Bspl({ maxBytes: -1 }), RangeError, "maxBytes -1");
});

Deno.test("Bspl keeps a length that nothing uses when fewer lengths would exceed maxBytes", () => {
  // 16 is the middle of 8, 16, 24 and leaves no markers; of 8, 16 it is the longer one and would
  // leave eight of them, too many for a table of 8 slots.
  const fib = new Bspl({ maxBytes: 256 });
  fib.add(0x0a00_0000, 8, 8);
  fib.add(0x1000_0000, 24, 24);
  for (let i = 0; i < 8; i++) assertEquals(fib.add((0x10 + i) * 2 ** 24, 16, i), true);
  assertEquals([fib.bytesReserved, fib.markers], [256, 0]);
  assertEquals(fib.delete(0x1000_0000, 24), true);
  assertEquals(fib.lengths, [8, 16, 24]);
  assertEquals([0x1000_0000, 0x1700_0000, 0x0a00_0000].map((a) => fib.lookup(a)), [0, 7, 8]);
  fib.checkInvariants();
  assertEquals(fib.add(0x1000_0000, 24, 25), true);
  assertEquals(fib.lookup(0x1000_0000), 25);
  assertEquals(fib.delete(0x1000_0000, 24) && fib.delete(0x0a00_0000, 8), true);
  assertEquals(fib.lengths, [16]);
  fib.checkInvariants();
});

interface Inside {
  rules: RuleTable;
  tables: Omit<BsplTables, "tables"> & {
    tables: BsplTable[];
    leaveMarkers: (prefix: number, depth: number) => void;
    coverWord: (prefix: number, length: number) => number;
    beneath: (prefix: number, depth: number, visit: (t: BsplTable, slot: number) => void) => void;
  };
  publish: () => void;
}

/** Does something to the tables that are made anew, too. */
function always(inside: Inside, change: (tables: Inside["tables"]) => void): void {
  const publish = inside.publish.bind(inside);
  change(inside.tables);
  let last = inside.tables;
  inside.publish = () => {
    if (inside.tables !== last) change(last = inside.tables);
    publish();
  };
}

registerFaults<Bspl, Inside, FibConformanceOptions<Bspl>>(
  "What goes wrong in a binary search on lengths is caught",
  judgeFib,
  ({ maxRules }) => new Bspl({ maxRules }),
  { ledger },
  [
    {
      name: "an addition leaves no markers",
      caughtBy: "LPM-1",
      plant: (_, inside) => always(inside, (tables) => tables.leaveMarkers = () => {}),
    },
    {
      name: "a marker knows nothing of the routes that cover it",
      caughtBy: "LPM-1",
      plant: (_, inside) => always(inside, (tables) => tables.coverWord = () => -(2 ** 31)),
    },
    {
      name: "the markers beneath a change are not told",
      caughtBy: "LPM-1",
      plant: (_, inside) => always(inside, (tables) => tables.beneath = () => {}),
    },
    {
      name: "a deletion keeps the markers",
      caughtBy: "LPM-5",
      plant: (_, inside) => {
        const erase = (tables: Inside["tables"]): void => {
          tables.erase = (prefix, depth) => {
            const table = tables.tables[tables.indexOf(depth)]!;
            table.setWord(table.slotOf(prefix | 0), tables.coverWord(prefix, depth));
          };
        };
        always(inside, erase);
      },
    },
    {
      name: "a new length takes its place without a new search tree",
      caughtBy: "markers of length",
      plant: (_, inside) => {
        always(inside, (tables) => {
          const rebuilt = tables.rebuilt.bind(tables);
          tables.rebuilt = () => {
            const fresh = rebuilt()!;
            if (tables.tables.length > 2) fresh.tables.splice(1, 1, tables.tables[1]!);
            return fresh;
          };
        });
      },
    },
    {
      name: "the look-ups keep the tables from before a doubling",
      caughtBy: "LPM-16",
      plant: (_, inside) => {
        const publish = inside.publish.bind(inside);
        let lengths = "";
        inside.publish = () => {
          const now = inside.tables.tables.map((table) => table.length).join();
          if (now !== lengths) publish();
          lengths = now;
        };
      },
    },
    {
      name: "the default route answers before a marker without a match does",
      caughtBy: "LPM-7",
      plant: (fib) => {
        const lookup = fib.lookup.bind(fib);
        fib.lookup = (address) => fib.reads(address) > 1 ? lookup(address) : -1;
      },
    },
    {
      name: "a search counts a probe too few",
      caughtBy: "LPM-13",
      plant: (fib) => {
        const reads = fib.reads.bind(fib);
        fib.reads = (address) => Math.min(2, reads(address));
      },
    },
    {
      name: "clear keeps the default route",
      caughtBy: "LPM-17",
      plant: (fib, inside) => {
        const clear = fib.clear.bind(fib) as () => void;
        const miss = inside as unknown as { missHop: number };
        fib.clear = () => {
          const kept = miss.missHop;
          clear();
          miss.missHop = kept;
        };
      },
    },
  ],
  churn,
);

const tamperings: readonly [text: string, tamper: (t: BsplTable[], inside: Inside) => void][] = [
  ["A search without a match answers 5, the routes -1", (_, inside) => {
    (inside as unknown as { missHop: number }).missHop = 5;
  }],
  ["The lengths 16 8 24 do not ascend", (tables) => tables.reverse().push(tables.shift()!)],
  ["Length 24 is in use and has no table", (tables) => tables.pop()],
  ["entry 10.3.0.0/16 knows next hop 2 depth 16, the routes say 1 depth 8", ([, t]) => {
    t!.setWord(t!.slotOf(0x0a03_0000), t!.wordAt(t!.slotOf(0x0a02_0000)));
  }],
  ["entry 10.3.0.0/16 counts 2 of 1 markers", ([, t]) => t!.addRef(t!.slotOf(0x0a03_0000), 1)],
  ["0 of 1 routes of length 24 are there", ([, , t]) => t!.remove(t!.slotOf(0x0a03_0300))],
  ["0 of 1 markers of length 16 are there", ([, t]) => {
    t!.remove(t!.slotOf(0x0a03_0000));
  }],
  ["Length 24 has 1 entries, 0 marked; it counts 2, 0", ([, , t]) => t!.live++],
  ["is not found where it stands", ([, t]) => t!.shift--],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Bspl checkInvariants reports: ${text}`, () => {
    const fib = new Bspl();
    fib.add(0x0a00_0000, 8, 1);
    fib.add(0x0a02_0000, 16, 2);
    fib.add(0x0a03_0300, 24, 3);
    fib.checkInvariants();
    const inside = fib as unknown as Inside;
    tamper(inside.tables.tables, inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}
