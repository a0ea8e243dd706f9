// Aim: DIR-24-8 keeps every law of forwarding tables with each first level, and its own invariants D1 to D5.
// Method: the conformance suite; the invariants after every operation; a reader between any two stores of a
// writer; published cases written out; the bulk load against one addition after the other.
import { assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import { fibConformance, groupLedger, judgeFib } from "../../properties/fib/mod.ts";
import type { FibGeometry } from "../../properties/fib/mod.ts";
import { bgpLikeRoutes, shuffled } from "../../properties/fib/bgp_like.ts";
import type { RouteSet } from "../machine/scenario.ts";
import { readsHistogram } from "./create.ts";
import { Dir24_8 } from "./dir24_8.ts";

for (const firstBits of [8, 16] as const) {
  fibConformance(
    `Dir24_8 of ${firstBits} first bits`,
    (geometry) => new Dir24_8({ firstBits, ...geometry }),
    { ledger: groupLedger(firstBits) },
  );
}

// 2^(24 - depth) entries an operation: short prefixes are left to the smaller tables, which share every line of code.
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

/** Ten documentation and private prefixes to start from. */
function table(firstBits: 24 | 16 | 8, groups: number): Dir24_8 {
  return new Dir24_8({ firstBits, groups, maxRules: 100, defaultRoute: false });
}

function address(text: string): number {
  return text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function add(fib: Dir24_8, prefix: string, nextHop: number): boolean {
  const [base, depth] = prefix.split("/");
  return fib.add(address(base!), Number(depth), nextHop);
}

function remove(fib: Dir24_8, prefix: string): boolean {
  const [base, depth] = prefix.split("/");
  return fib.delete(address(base!), Number(depth));
}

class Checked extends Dir24_8 {
  override add(prefix: number, depth: number, nextHop: number): boolean {
    const answer = super.add(prefix, depth, nextHop);
    this.checkInvariants();
    return answer;
  }
  override delete(prefix: number, depth: number): boolean {
    const answer = super.delete(prefix, depth);
    this.checkInvariants();
    return answer;
  }
}

for (const firstBits of [8, 16] as const) {
  Deno.test(`Dir24_8 of ${firstBits} first bits keeps its invariants after every operation`, () => {
    const make = (geometry: FibGeometry) => new Checked({ firstBits, ...geometry });
    const options = { ledger: groupLedger<Checked>(firstBits), numRuns: firstBits === 8 ? 60 : 15 };
    const verdicts = [...judgeFib("Checked", make, { ...options, only: /^LPM-(1|6)$/ })];
    assertEquals(verdicts.filter((v) => v.outcome !== "holds").map((v) => v.message), []);
    assertGreater(verdicts.length, 1);
  });
}

Deno.test("Dir24_8 checkInvariants names the entry that was tampered with", () => {
  for (
    const [at, value, text] of [
      [0x0a01, 0x6100_0005, "D4: entry 10.1.0.0/16 is next hop 5 depth 24, the rules say"],
      [0x0a01, 0x6300_0000, "D3: entry 10.1.0.0/16 is group 0, and no rule is longer than 16"],
      [0x0a02, 0, "D3: entry 10.2.0.0/16 is invalid, and a rule is longer than 16"],
    ] as const
  ) {
    const fib = table(16, 4);
    add(fib, "10.0.0.0/8", 1);
    add(fib, "10.2.3.0/24", 2);
    fib.checkInvariants();
    (fib as unknown as { first: Uint32Array }).first[at] = value;
    assertThrows(
      () => fib.checkInvariants(),
      Error,
      value === 0x6100_0005 ? text.replace("D4", "D1") : text,
    );
  }
});

Deno.test("LPM-12 a reader between any two stores sees the old answer or the new one", () => {
  const routes = bgpLikeRoutes(60, 7, 1);
  const addresses = routes.flatMap(({ prefix, depth }) => [prefix, prefix + 2 ** (32 - depth) - 1]);
  let looks = 0;
  for (const firstBits of [8, 16] as const) {
    const fib = new Dir24_8({ firstBits, groups: 200, maxRules: 100, defaultRoute: false });
    const twin = new Dir24_8({ firstBits, groups: 200, maxRules: 100, defaultRoute: false });
    let before: number[] = [];
    let after: number[] = [];
    observeStores(fib, () => {
      addresses.forEach((a, i) => {
        const got = fib.lookup(a);
        looks++;
        if (got !== before[i] && got !== after[i]) {
          throw new Error(`address ${a}: ${got} seen between ${before[i]} and ${after[i]}`);
        }
      });
    });
    const update = (run: (fib: Dir24_8) => void): void => {
      before = addresses.map((a) => fib.lookup(a));
      run(twin);
      after = addresses.map((a) => twin.lookup(a));
      run(fib);
      assertEquals(addresses.map((a) => fib.lookup(a)), after);
    };
    for (const r of routes) update((f) => f.add(r.prefix, r.depth, r.nextHop));
    for (const r of routes) update((f) => f.add(r.prefix, r.depth, r.nextHop + 64));
    for (const r of shuffled(routes, 3)) update((f) => f.delete(r.prefix, r.depth));
  }
  assertGreater(looks, 100_000);
});

/** Puts proxies under the writer's hands, the reader keeps the arrays themselves. */
function observeStores(fib: Dir24_8, look: () => void): void {
  const watch = (array: Uint32Array): Uint32Array =>
    new Proxy(array, {
      get: (target, key) => {
        if (key !== "fill") return Reflect.get(target, key, target);
        return (value: number, from: number, to: number) => {
          for (let i = from; i < to; i++) {
            target[i] = value;
            if (i === from || i === to - 1) look();
          }
        };
      },
      set: (target, key, value) => {
        target[Number(key)] = value;
        look();
        return true;
      },
    });
  const { levels } = fib as unknown as {
    levels: { first: Uint32Array; pool: { entries: Uint32Array } };
  };
  levels.first = watch(levels.first);
  levels.pool.entries = watch(levels.pool.entries);
}

Deno.test("LPM-1 each depth falls back to the one before it as deletions descend", () => {
  // The chain of DPDK's LPM tests: depths 1..32 on one base, next hop = depth, the other half always misses.
  const fib = table(24, 1);
  const base = address("192.0.2.129");
  for (let depth = 1; depth <= 32; depth++) {
    assertEquals(fib.add(base, depth, depth), true);
    assertEquals(fib.lookup(base), depth);
    assertEquals(fib.lookup(address("127.255.255.255")), -1);
  }
  assertEquals(fib.groupsUsed, 1);
  for (let depth = 32; depth >= 1; depth--) {
    assertEquals(fib.delete(base, depth), true);
    assertEquals(fib.lookup(base), depth === 1 ? -1 : depth - 1);
  }
  assertEquals([fib.groupsUsed, fib.bytesOccupied, fib.size], [0, 0, 0]);
});

Deno.test("LPM-1 the boundary of the first level is where the longest prefix says", () => {
  const fib = table(24, 2);
  add(fib, "198.51.100.0/23", 1);
  add(fib, "198.51.100.0/24", 2);
  add(fib, "198.51.100.0/25", 3);
  add(fib, "198.51.100.128/26", 4);
  add(fib, "198.51.101.255/32", 5);
  for (
    const [at, nextHop] of [
      ["198.51.99.255", -1],
      ["198.51.100.127", 3],
      ["198.51.100.128", 4],
      ["198.51.100.191", 4],
      ["198.51.100.192", 2],
      ["198.51.101.0", 1],
      ["198.51.101.254", 1],
      ["198.51.101.255", 5],
      ["198.51.102.0", -1],
    ] as const
  ) {
    assertEquals(fib.lookup(address(at)), nextHop, at);
  }
  // D7: one read in the first level, two below a group.
  assertEquals(fib.reads(address("198.51.99.255")), 1);
  assertEquals(fib.reads(address("198.51.101.0")), 2);
});

Deno.test("LPM-2 the 257th group is refused with the 256 that rte_lpm has by default", () => {
  const fib = new Dir24_8({ firstBits: 24, groups: 256, maxRules: 300, defaultRoute: false });
  for (let i = 0; i < 256; i++) assertEquals(fib.add(0x0a000000 + i * 256, 25, i), true);
  const occupied = fib.bytesOccupied;
  assertEquals(fib.add(0x0a010000, 25, 1), false);
  assertEquals([fib.bytesOccupied, fib.lookup(0x0a010000), fib.size], [occupied, -1, 256]);
  assertEquals(fib.add(0x0a000080, 25, 9), true, "a group that is there has room");
  assertEquals(fib.delete(0x0a000000, 25) && fib.delete(0x0a000080, 25), true);
  assertEquals(fib.add(0x0a010000, 25, 1), true, "the group that came back is given out");
});

Deno.test("LPM-6 a /28 gives its group back over a /23 and over a /24", () => {
  const fib = table(24, 1);
  for (const cover of ["10.0.0.0/23", "10.0.1.0/24"]) {
    add(fib, cover, 1);
    for (let round = 0; round < 1000; round++) {
      assertEquals(add(fib, "10.0.1.16/28", 2), true);
      assertEquals(remove(fib, "10.0.1.16/28"), true);
    }
    assertEquals([fib.groupsUsed, fib.lookup(address("10.0.1.16"))], [0, 1]);
  }
});

Deno.test("Dir24_8 counts its memory as rte_lpm does", () => {
  const fib = new Dir24_8({ firstBits: 24, groups: 256, maxRules: 1000, defaultRoute: false });
  assertEquals(fib.bytesReserved, 64 * 2 ** 20 + 256 * 1024 + 8000);
  add(fib, "10.0.0.0/16", 1);
  add(fib, "10.0.7.128/25", 2);
  assertEquals(fib.bytesOccupied, 256 * 4 + 1024 + 2 * 8);
});

Deno.test("Dir24_8 refuses what makes no table, naming the option", () => {
  const good = { firstBits: 8 as const, groups: 1, maxRules: 1, defaultRoute: false };
  assertThrows(
    () => new Dir24_8({ ...good, firstBits: 12 as unknown as 8 }),
    RangeError,
    "firstBits 12 is not 24, 16 or 8",
  );
  assertThrows(() => new Dir24_8({ ...good, groups: -1 }), RangeError, "groups -1");
  assertThrows(() => new Dir24_8({ ...good, maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(() => new Dir24_8(good).add(0, 0, 1), RangeError, "depth 0 is not an integer 1..32");
  assertThrows(
    () => new Dir24_8(good).lookupBulk(new Uint32Array(1), new Int32Array(1), 2),
    RangeError,
    "n 2 does not fit 1 addresses and 1 next hops",
  );
});

function routeSet(routes: readonly { prefix: number; depth: number; nextHop: number }[]): RouteSet {
  return {
    count: routes.length,
    prefix: Uint32Array.from(routes, (r) => r.prefix),
    depth: Uint8Array.from(routes, (r) => r.depth),
    nextHop: Uint32Array.from(routes, (r) => r.nextHop),
  };
}

function contents(fib: Dir24_8): unknown[] {
  const routes: unknown[] = [fib.size, fib.bytesOccupied, fib.groupsUsed];
  fib.walk((...route) => routes.push(route));
  return routes;
}

Deno.test("Dir24_8 addBulk equals one add after the other, into an empty table and a full one", () => {
  const routes = [...bgpLikeRoutes(800, 5, 1), { prefix: 0, depth: 0, nextHop: 77 }];
  // A route that occurs twice: the later one stands.
  routes.push({ ...routes[3]!, nextHop: 78 });
  for (const firstBits of [8, 16] as const) {
    const make = () => new Dir24_8({ firstBits, groups: 2000, maxRules: 801, defaultRoute: true });
    const [one, bulk] = [make(), make()];
    for (const r of routes) one.add(r.prefix, r.depth, r.nextHop);
    assertEquals(
      bulk.addBulk(routeSet(shuffled(routes.slice(0, -1), 1).concat(routes.at(-1)!))),
      true,
    );
    assertEquals(contents(bulk), contents(one));
    bulk.checkInvariants();
    assertEquals(bulk.lookup(routes[3]!.prefix), one.lookup(routes[3]!.prefix));
    assertEquals(bulk.addBulk(routeSet(routes.map((r) => ({ ...r, nextHop: 5 })))), true);
    assertEquals([...new Set(contents(bulk).slice(3).map((r) => (r as number[])[2]))], [5]);
    bulk.checkInvariants();
  }
});

Deno.test("Dir24_8 addBulk that does not fit changes nothing", () => {
  const routes = bgpLikeRoutes(300, 9, 1);
  for (const limits of [{ groups: 2000, maxRules: 299 }, { groups: 40, maxRules: 1000 }]) {
    const fib = new Dir24_8({ firstBits: 16, defaultRoute: false, ...limits });
    const empty = contents(fib);
    assertEquals(fib.addBulk(routeSet(routes)), false);
    assertEquals(contents(fib), empty);
    fib.checkInvariants();
    fib.add(routes[0]!.prefix, routes[0]!.depth, 99);
    const before = contents(fib);
    assertEquals(fib.addBulk(routeSet(routes)), false);
    assertEquals(contents(fib), before);
    fib.checkInvariants();
  }
  const fib = table(16, 1);
  const wrong = routeSet([{ prefix: 1, depth: 32, nextHop: 1 }, {
    prefix: 1,
    depth: 33,
    nextHop: 1,
  }]);
  assertThrows(() => fib.addBulk(wrong), RangeError, "depth 33");
  assertEquals(fib.size, 0);
});

Deno.test("LPM-13 readsHistogram of a BGP-like table has one or two reads with 24 first bits", () => {
  const routes = bgpLikeRoutes(500, 2, 8);
  const fib = new Dir24_8({ firstBits: 24, groups: 64, maxRules: 500, defaultRoute: false });
  assertEquals(fib.addBulk(routeSet(routes)), true);
  const histogram = readsHistogram(fib, Uint32Array.from(routes, (r) => r.prefix));
  assertEquals(histogram.length, 3);
  assertEquals(histogram[0], 0);
  assertGreater(histogram[2]!, 0);
  assertLessOrEqual(histogram[2]!, 500 / 10);
});
