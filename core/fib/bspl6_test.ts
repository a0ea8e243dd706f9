// Aim: the binary search on lengths keeps every law of IPv6 tables and its own invariants W1 to W4,
// and searches no deeper than its source says. Method: the conformance suite; the invariants after
// every operation, and each of them broken by hand; limits in bytes.
import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { fib6Conformance, judgeFib6, lengths6Ledger } from "../../properties/fib6/mod.ts";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import type { FibGeometry } from "../../properties/fib/mod.ts";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import { Bspl6 } from "./bspl6.ts";
import { type PlantedFault, registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import type { Rib6 } from "./_rib6.ts";
import { BMP, type LengthSearch } from "./bspl6_search.ts";

fib6Conformance("Bspl6", (geometry) => new Bspl6(geometry), { ledger: lengths6Ledger<Bspl6>() });

Deno.test("Bspl6 keeps its invariants after every operation", () => {
  const make = (geometry: FibGeometry) => checkedAfterEach(new Bspl6(geometry));
  const options = { ledger: lengths6Ledger<Bspl6>(), numRuns: 25, only: /^LPM-[16]$/ };
  const verdicts = [...judgeFib6("Bspl6", make, options)];
  assertEquals(verdicts.map((v) => v.message), ["", ""]);
});

interface Inside {
  start: Int32Array;
  search: { slots: Int32Array; references: Uint32Array; count: number; lengths: Uint8Array };
}

/** Where the entry of 2001:db8:1::/48 stands, a route and the marker of two /64. */
function slotOf({ search }: Inside): number {
  return (search.slots.findIndex((tag, i) => i % 5 === 4 && tag >>> 24 === 48) - 4) / 5;
}

const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  ["W1: entry 2001:db8:1:0:0:0:0:0/48 has tag 0x30800003, is marker of 2", (inside) => {
    inside.search.slots[5 * slotOf(inside) + 4]! &= ~(1 << 22);
  }],
  ["W1: entry 2001:db8:1:0:0:0:0:0/48 has tag 0x30400003, is marker of 2", (inside) => {
    inside.search.slots[5 * slotOf(inside) + 4]! &= ~(1 << 23);
  }],
  ["W1: 3 entries, 3 counted, the routes need 4", (inside) => {
    inside.search.slots.fill(0, 5 * slotOf(inside), 5 * slotOf(inside) + 5);
    inside.search.count--;
  }],
  ["W1: entry 2001:db9:1:0:0:0:0:0/48 is not found", (inside) => {
    inside.search.slots[5 * slotOf(inside)]!++;
  }],
  ["W2: entry 2001:db8:1:0:0:0:0:0/48 has bmp 3, the routes say 2", (inside) => {
    inside.search.slots[5 * slotOf(inside) + 4]!++;
  }],
  ["W2: the search starts from 4 at bit 1, not -1", ({ start }) => start[1] = 4],
  ["W3: entry 2001:db8:1:0:0:0:0:0/48 counts 3 routes, is marker of 2", (inside) => {
    inside.search.references[slotOf(inside)]!++;
  }],
  ["W4: length 33 is searched and no route has it", ({ search }) => search.lengths[0] = 33],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Bspl6 checkInvariants reports: ${text}`, () => {
    const fib = new Bspl6();
    fib.add(Uint32Array.of(0x20010db8, 0, 0, 0), 32, 1);
    fib.add(Uint32Array.of(0x20010db8, 0x00010000, 0, 0), 48, 2);
    fib.add(Uint32Array.of(0x20010db8, 0x00010003, 0, 0), 64, 3);
    fib.add(Uint32Array.of(0x20010db8, 0x00010004, 0, 0), 64, 4);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("Bspl6 probes at most 7 times, ceil(log2(lengths + 1))", () => {
  const fib = new Bspl6();
  const address = new Uint32Array(4).fill(0xffff_ffff);
  for (let depth = 128; depth >= 0; depth--) {
    fib.add(address, depth, depth);
    const lengths = 128 - Math.max(depth, 2) + 1;
    assertEquals(fib.maxProbes, Math.ceil(Math.log2(lengths + 1)), `${lengths} lengths`);
    assertLessOrEqual(fib.reads(address, 0), fib.maxProbes);
  }
  assertEquals([fib.maxProbes, fib.size, fib.lookup(address, 0)], [7, 129, 128]);
});

Deno.test("Bspl6 searches the lengths of a BGP-like table in 5 levels", () => {
  const table = bgpLikeTable6({ routes: 5000, seed: 1 });
  const fib = new Bspl6();
  let most = 0;
  for (let i = 0; i < table.count; i++) {
    fib.add(table.prefix, table.depth[i]!, table.nextHop[i]!, 4 * i);
  }
  for (let i = 0; i < table.count; i++) most = Math.max(most, fib.reads(table.prefix, 4 * i));
  const lengths = new Set(table.depth).size;
  assertEquals([fib.maxProbes, most], [Math.ceil(Math.log2(lengths + 1)), 5]);
});

Deno.test("LPM-2 Bspl6 refuses what does not fit maxBytes and is left as it was", () => {
  const table = bgpLikeTable6({ routes: 200, seed: 3 });
  const maxBytes = 24 * 256 + 135;
  const [fib, free] = [new Bspl6({ maxBytes }), new Bspl6()];
  const order = Array.from({ length: 200 }, (_, i) => (7 * i) % 200);
  let refused = 0;
  for (const i of order) {
    const args = [table.prefix, table.depth[i]!, i, 4 * i] as const;
    const before = [fib.size, fib.bytesOccupied, fib.bytesReserved];
    free.add(...args);
    // The free table says how many entries all routes so far need.
    const fits = free.entriesUsed <= 128;
    assertEquals(fib.add(...args), fits);
    if (!fits) {
      refused++;
      assertEquals([fib.size, fib.bytesOccupied, fib.bytesReserved], before);
      free.delete(table.prefix, table.depth[i]!, 4 * i);
    }
    fib.checkInvariants();
    assertLessOrEqual(fib.bytesReserved, maxBytes);
  }
  assertLessOrEqual(20, refused);
  for (const i of order) {
    assertEquals(
      fib.delete(table.prefix, table.depth[i]!, 4 * i),
      free.delete(table.prefix, table.depth[i]!, 4 * i),
    );
    fib.checkInvariants();
    assertLessOrEqual(fib.bytesReserved, maxBytes);
  }
  assertEquals([fib.size, fib.entriesUsed], [0, 0]);
  assertThrows(
    () => new Bspl6({ maxBytes: 1000 }),
    RangeError,
    "1671 bytes are more than maxBytes 1000",
  );
});

// Aim: the conformance suite of IPv6 tables finds what goes wrong in a binary search on lengths.
// Method: faults planted one at a time, each by replacing one step of it.

interface InsideBspl6 {
  search: LengthSearch;
  rules: Rib6;
  rebuild: () => boolean;
}

/** Replaces a step of every search that the table makes, also of those made later. */
function ofEachSearch(change: (search: LengthSearch, inside: InsideBspl6) => void) {
  return (_: Bspl6, inside: InsideBspl6): void => {
    const rebuild = inside.rebuild.bind(inside);
    inside.rebuild = () => {
      const done = rebuild();
      change(inside.search, inside);
      return done;
    };
  };
}

const bspl6Faults: readonly PlantedFault<Bspl6, InsideBspl6>[] = [
  {
    name: "the markers beneath a route are not told about it",
    caughtBy: "LPM-16",
    plant: ofEachSearch((search) => search.repair = () => {}),
  },
  {
    name: "a marker keeps the best match of the route that left it first",
    caughtBy: "LPM-1",
    plant: ofEachSearch((search, { rules }) => {
      search.bestOf = (prefix, length) => {
        const cover = rules.cover(prefix, length + 8);
        return cover < 0 || (cover & 255) < 2 ? 0 : (cover >>> 8) + 1;
      };
    }),
  },
  {
    name: "a marker without a best match is taken for a miss",
    caughtBy: "LPM-1",
    plant: (fib, inside) => {
      const lookup = fib.lookup.bind(fib);
      fib.lookup = (addresses, at) => {
        const { search } = inside;
        const middle = (search.lengthCount - 1) >> 1;
        if (search.lengthCount === 0) return lookup(addresses, at);
        const tag = search.tagOf(search.find(addresses, at, search.lengths[middle]!));
        return tag !== 0 && (tag & BMP) === 0 ? -1 : lookup(addresses, at);
      };
    },
  },
  {
    name: "markers stay when their routes go",
    caughtBy: "LPM-6",
    plant: ofEachSearch((search) => {
      const remove = search.remove.bind(search);
      search.remove = (prefix, depth) => {
        const each = search.eachMarker.bind(search);
        search.eachMarker = () => {};
        remove(prefix, depth);
        search.eachMarker = each;
      };
    }),
  },
  {
    name: "a route that goes takes a marker with it",
    caughtBy: "LPM-14",
    plant: ofEachSearch((search) => {
      const remove = search.remove.bind(search);
      search.remove = (prefix, depth) => {
        remove(prefix, depth);
        const slot = search.find(prefix, 0, depth);
        const inside = search as unknown as { removeSlot: (slot: number) => void };
        if (search.tagOf(slot) !== 0) inside.removeSlot(slot);
      };
    }),
  },
  {
    name: "a length stays when its last route goes",
    caughtBy: "LPM-13",
    plant: (_, inside) => {
      const rebuild = inside.rebuild.bind(inside);
      let size = 0;
      inside.rebuild = () => {
        const shrinks = inside.rules.count < size;
        size = inside.rules.count;
        return !shrinks && rebuild();
      };
    },
  },
  {
    name: "the search ends at the first marker",
    caughtBy: "LPM-15",
    plant: ofEachSearch((search) => {
      for (let i = 4; i < search.slots.length; i += 5) search.slots[i]! &= ~(1 << 22);
    }),
  },
  {
    name: "the second route of depth 0 or 1 is not served",
    caughtBy: "LPM-7",
    plant: (_, inside) => {
      const table = inside as unknown as { restart: () => void; start: Int32Array };
      const restart = table.restart.bind(table);
      table.restart = () => {
        const before = table.start.slice();
        restart();
        if (before[0]! >= 0) table.start[1] = before[1]!;
      };
    },
  },
];

registerFaults(
  "fib6Conformance catches every fault planted in Bspl6",
  judgeFib6,
  (geometry) => new Bspl6(geometry),
  { ledger: lengths6Ledger<Bspl6>(), numRuns: 39 },
  bspl6Faults,
);
