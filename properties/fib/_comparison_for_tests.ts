// What every IPv4 table goes through beside its laws: a BGP-like table and an update storm, both
// compared with DIR-24-8, and a churn that its own invariants judge. No test of its own.
import { assertEquals, assertThrows } from "@std/assert";
import { bgpLikeTable } from "../../fixtures/routes/bgp_like.ts";
import { bgpLikeRoutes, shuffled, xorshift32 } from "./bgp_like.ts";
import type { Route } from "./mod.ts";
import type { RouteSet } from "../../core/machine/scenario.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import type { Fib4 } from "../../core/fib/fib.ts";

/** A table that can judge itself. */
export type Checked = Fib4 & { checkInvariants(): void };

/** A table that can be loaded at once. */
export type Loadable = Checked & { addBulk(routes: RouteSet): boolean };

/** The BGP-like table that all are compared on. */
export const BGP_TABLE: RouteSet = bgpLikeTable({ routes: 20_000, seed: 7, nextHops: 64 });

let twin: Dir24_8 | undefined;

/** Adds every route of the table, in the scattered order when asked. */
export function load(fib: Fib4, table: RouteSet, inOrder = true): void {
  let n = 0;
  for (let i = 0; i < table.count; i++) {
    if (!fib.add(table.prefix[n]!, table.depth[n]!, table.nextHop[n]!)) {
      throw new Error(`route ${n} of ${table.count} was refused`);
    }
    // 48271 is a prime that divides no count used here, so each route has its turn once.
    n = inOrder ? n + 1 : (n + 48_271) % table.count;
  }
}

/** First, last, first - 1 and last + 1 of every route, then `random` addresses. */
export function probesOf(table: RouteSet, random: number, seed: number): Uint32Array {
  const probes = new Uint32Array(4 * table.count + random);
  for (let i = 0, n = 0; i < table.count; i++) {
    const first = table.prefix[i]!;
    const last = first + 2 ** (32 - table.depth[i]!) - 1;
    probes[n++] = first;
    probes[n++] = last;
    probes[n++] = Math.max(0, first - 1);
    probes[n++] = Math.min(2 ** 32 - 1, last + 1);
  }
  const next = xorshift32(seed);
  for (let i = 4 * table.count; i < probes.length; i++) probes[i] = next();
  return probes;
}

/** The table answers as DIR-24-8 does around every route, and on 20,000 random addresses. */
export function expectAlike(fib: Fib4, other: Fib4, table: RouteSet): void {
  const probes = probesOf(table, 20_000, 3);
  const [got, expected] = [new Int32Array(probes.length), new Int32Array(probes.length)];
  fib.lookupBulk(probes, got, probes.length);
  other.lookupBulk(probes, expected, probes.length);
  for (let i = 0; i < probes.length; i++) {
    const one = fib.lookup(probes[i]!);
    if (one === expected[i] && got[i] === one) continue;
    throw new Error(
      `address ${probes[i]}: expected ${expected[i]}, got ${one}, in bulk ${got[i]}`,
    );
  }
}

/** The longest match by a scan of all routes: the judge of both tables. */
function scan(table: RouteSet, address: number): number {
  let best = -1;
  for (let i = 0; i < table.count; i++) {
    const first = table.prefix[i]!;
    if (first > address || address > first + 2 ** (32 - table.depth[i]!) - 1) continue;
    if (best < 0 || table.depth[i]! > table.depth[best]!) best = i;
  }
  return best < 0 ? -1 : table.nextHop[best]!;
}

/**
 * LPM-16 in the large: loads the BGP-like table, route by route unless told how, and compares it
 * around each route with DIR-24-8, at some places with a scan.
 */
export function expectBgpTable<F extends Fib4>(
  fib: F,
  fill: (fib: F, table: RouteSet) => void = (fib, table) => load(fib, table, false),
): void {
  fill(fib, BGP_TABLE);
  assertEquals(fib.size, BGP_TABLE.count);
  if (!twin) {
    twin = new Dir24_8({ firstBits: 16, groups: 2 ** 15, maxRules: 1e5, defaultRoute: true });
    twin.addBulk(BGP_TABLE);
  }
  expectAlike(fib, twin, BGP_TABLE);
  for (let i = 0; i < BGP_TABLE.count; i += 501) {
    const address = BGP_TABLE.prefix[i]! + i % 256;
    assertEquals(fib.lookup(address), scan(BGP_TABLE, address), `address ${address}`);
  }
}

/** Routes that crowd around few places, half of them longer than /24. */
function stormRoute(next: () => number): [prefix: number, depth: number] {
  const depth = next() % 2 === 0 ? 8 + next() % 17 : 25 + next() % 8;
  const address = (0x0a000000 | (next() & 0x30f0f)) ^ (next() % 4 === 0 ? next() & 0xff00ff : 0);
  const span = 2 ** (32 - depth);
  return [Math.floor((address >>> 0) / span) * span, depth];
}

/**
 * Announces and withdraws at random, comparing with DIR-24-8 as it goes, then withdraws all: the
 * table then takes what a new one takes.
 */
export function expectStorm(fib: Checked, operations: number, seed: number): void {
  const rival = new Dir24_8({ firstBits: 16, groups: 4096, maxRules: 1e6, defaultRoute: true });
  const next = xorshift32(seed);
  const known: [number, number][] = [];
  const empty = fib.bytesOccupied;
  for (let i = 1; i <= operations; i++) {
    const withdraw = known.length > 0 && next() % 100 < (i % 4000 < 2500 ? 30 : 65);
    const [prefix, depth] = withdraw ? known[next() % known.length]! : stormRoute(next);
    if (withdraw) assertEquals(fib.delete(prefix, depth), rival.delete(prefix, depth));
    else {
      const nextHop = next() % 64;
      assertEquals(fib.add(prefix, depth, nextHop), rival.add(prefix, depth, nextHop));
      known.push([prefix, depth]);
    }
    if (i % Math.ceil(operations / 8) !== 0) continue;
    compare(fib, rival, known, `after ${i} operations`);
    fib.checkInvariants();
  }
  for (const [prefix, depth] of known) {
    assertEquals(fib.delete(prefix, depth), rival.delete(prefix, depth));
  }
  fib.checkInvariants();
  assertEquals([fib.size, fib.bytesOccupied], [0, empty]);
}

function compare(fib: Fib4, rival: Fib4, known: [number, number][], when: string): void {
  for (const [prefix, depth] of known) {
    const last = prefix + 2 ** (32 - depth) - 1;
    for (const address of [prefix, last, Math.max(0, prefix - 1), Math.min(last + 1, 0xffffffff)]) {
      const [got, expected] = [fib.lookup(address), rival.lookup(address)];
      if (got !== expected) throw new Error(`${when}: ${address} is ${got}, expected ${expected}`);
    }
  }
  assertEquals(routesOf(fib), routesOf(rival), when);
}

/** What `walk` visits, a number each for prefix, depth and next hop. */
export function routesOf(fib: Fib4): Float64Array {
  const routes = new Float64Array(3 * fib.size);
  let n = 0;
  fib.walk((prefix, depth, nextHop) => {
    routes.set([prefix, depth, nextHop], n);
    n += 3;
  });
  return routes;
}

/** Adds and deletes, judging the table by its own invariants after each operation. */
export function churn(fib: Checked, operations = 150): void {
  const next = xorshift32(5);
  const known: [number, number][] = [];
  for (let i = 0; i < operations; i++) {
    if (known.length > 0 && next() % 100 < 40) {
      const [[prefix, depth]] = known.splice(next() % known.length, 1) as [[number, number]];
      fib.delete(prefix, depth);
    } else {
      const [prefix, depth] = stormRoute(next);
      fib.add(prefix, depth, next() % 4);
      known.push([prefix, depth]);
    }
    fib.checkInvariants();
  }
  for (const [prefix, depth] of known) {
    fib.delete(prefix, depth);
    fib.checkInvariants();
  }
}

/** addBulk is one addition after the other, in any order of the routes, or nothing at all. */
export function expectBulkLoad(make: (maxRules: number) => Loadable): void {
  const table = bgpLikeRoutes(760, 5, 4);
  const long = table.slice(0, 40).map(({ prefix }, i) => ({
    prefix: prefix + i,
    depth: 32 - i % 8,
    nextHop: i,
  }))
    .map((r) => ({ ...r, prefix: (r.prefix & -(2 ** (32 - r.depth))) >>> 0 }));
  const known = new Set(table.map((r) => `${r.prefix}/${r.depth}`));
  const added = long.filter((r) => !known.has(`${r.prefix}/${r.depth}`));
  const routes = [...table, ...added, { prefix: 0, depth: 0, nextHop: 77 }];
  const limit = routes.length;
  // of routes that occur twice, of every depth, the later one stands
  const again = routes.filter((r, i) => i === 3 || i % 5 === 0 || r.depth > 24).map((r) => ({
    ...r,
    nextHop: 78,
  }));
  const set = (list: readonly Route[]): RouteSet => ({
    count: list.length,
    prefix: Uint32Array.from(list, (r) => r.prefix),
    depth: Uint8Array.from(list, (r) => r.depth),
    nextHop: Uint32Array.from(list, (r) => r.nextHop),
  });
  const contents = (fib: Fib4): unknown[] => {
    const found: unknown[] = [fib.size, fib.bytesOccupied];
    fib.walk((...route) => found.push(route));
    return found;
  };
  const one = make(limit);
  const none = contents(one);
  for (const r of [...routes, ...again]) one.add(r.prefix, r.depth, r.nextHop);
  const ascending = [...routes].sort((a, b) => a.prefix - b.prefix || a.depth - b.depth);
  for (const order of [shuffled(routes, 1), ascending]) {
    const bulk = make(limit);
    assertEquals(bulk.addBulk(set([...order, ...again])), true);
    assertEquals(contents(bulk), contents(one));
    bulk.checkInvariants();
    assertEquals(bulk.addBulk(set(routes.map((r) => ({ ...r, nextHop: 5 })))), true);
    bulk.checkInvariants();
    assertEquals(bulk.lookup(routes[3]!.prefix), 5);
    for (const r of routes) bulk.delete(r.prefix, r.depth);
    assertEquals(contents(bulk), none);
    bulk.checkInvariants();
  }
  const small = make(limit - 1);
  const empty = contents(small);
  assertEquals(small.addBulk(set(routes)), false);
  assertEquals(contents(small), empty);
  small.add(routes[0]!.prefix, routes[0]!.depth, 9);
  const before = contents(small);
  assertEquals(small.addBulk(set([...routes, ...again])), false);
  assertEquals(contents(small), before);
  small.checkInvariants();
  const wrong = { prefix: 1, depth: 33, nextHop: 1 };
  assertThrows(() => small.addBulk(set([...again, wrong])), RangeError, "depth 33");
  assertEquals(contents(small), before);
}
