// What the tests of tables with short entries share: the laws speak of next hops up to 2^24 - 1,
// these tables end before; and the large comparisons, loads and planted faults that each of them
// goes through. No test of its own.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { bgpLikeTable } from "../../fixtures/mod.ts";
import { bgpLikeRoutes, shuffled, xorshift32 } from "./bgp_like.ts";
import { judgeFib } from "./mod.ts";
import type { FibConformanceOptions, FibGeometry, Route } from "./mod.ts";
import type { RouteSet } from "../../core/machine/scenario.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import { LinearFib } from "../../core/fib/linear.ts";
import { NEXT_HOP_MAX } from "../../core/fib/route.ts";

/** A table whose greatest next hop and the greatest of a Fib4 have changed places. */
export class Widened<F extends Fib4> implements Fib4 {
  readonly kind: string;

  constructor(readonly table: F, private readonly hopMax: number) {
    this.kind = table.kind;
  }

  get size(): number {
    return this.table.size;
  }

  get bytesReserved(): number {
    return this.table.bytesReserved;
  }

  get bytesOccupied(): number {
    return this.table.bytesOccupied;
  }

  add(prefix: number, depth: number, nextHop: number): boolean {
    return this.table.add(prefix, depth, nextHop === NEXT_HOP_MAX ? this.hopMax : nextHop);
  }

  delete(prefix: number, depth: number): boolean {
    return this.table.delete(prefix, depth);
  }

  lookup(address: number): number {
    return this.wide(this.table.lookup(address));
  }

  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    this.table.lookupBulk(addresses, nextHops, n);
    for (let i = 0; i < n; i++) nextHops[i] = this.wide(nextHops[i]!);
  }

  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.table.walk((prefix, depth, nextHop) => visit(prefix, depth, this.wide(nextHop)));
  }

  reads(address: number): number {
    return this.table.reads(address);
  }

  clear(): void {
    this.table.clear();
  }

  private wide(nextHop: number): number {
    return nextHop === this.hopMax ? NEXT_HOP_MAX : nextHop;
  }
}

/** Where the answers of a list of routes may change: first addresses, and those after last ones. */
function edges(routes: readonly Route[]): number[] {
  return routes.flatMap(({ prefix, depth }) => [prefix, prefix + 2 ** (32 - depth)]);
}

/** Next hop of the longest route that covers an address, or -1, by looking at all of them. */
export function answer(routes: readonly Route[], address: number): number {
  let [depth, nextHop] = [-1, -1];
  for (const route of routes) {
    const covers = route.prefix <= address && address < route.prefix + 2 ** (32 - route.depth);
    if (covers && route.depth > depth) ({ depth, nextHop } = route);
  }
  return nextHop;
}

/** The runs of equal answers of `size` addresses, [first address, next hop]. */
export function runsOf(routes: readonly Route[], first: number, size: number): [number, number][] {
  const inside = edges(routes).filter((edge) => edge > first && edge < first + size);
  const runs: [number, number][] = [[first, answer(routes, first)]];
  for (const edge of [...new Set(inside)].sort((a, b) => a - b)) {
    const hop = answer(routes, edge);
    if (hop !== runs.at(-1)![1]) runs.push([edge, hop]);
  }
  return runs;
}

/** First addresses of the blocks of 2^(32 - bits) addresses that have more than one answer. */
export function mixedBlocks(routes: readonly Route[], bits: number): number[] {
  const size = 2 ** (32 - bits);
  const blocks = new Set(edges(routes).map((edge) => Math.floor((edge - 1) / size) * size));
  return [...blocks].filter((first) => first >= 0 && runsOf(routes, first, size).length > 1);
}

/** A table that can be loaded, updated and checked. */
export interface Loadable extends Fib4 {
  addBulk(routes: RouteSet): boolean;
  checkInvariants(): void;
}

/** The table answers as DIR-24-8 does around every route, and on 20,000 random addresses. */
export function expectAlike(fib: Fib4, other: Fib4, table: RouteSet): void {
  const addresses = new Uint32Array(4 * table.count + 20_000);
  const next = xorshift32(9);
  for (let i = 0; i < table.count; i++) {
    const first = table.prefix[i]!;
    const last = first + 2 ** (32 - table.depth[i]!) - 1;
    addresses.set([first, last, Math.max(0, first - 1), Math.min(last + 1, 2 ** 32 - 1)], 4 * i);
  }
  for (let i = 4 * table.count; i < addresses.length; i++) addresses[i] = next();
  const [got, expected] = [new Int32Array(addresses.length), new Int32Array(addresses.length)];
  fib.lookupBulk(addresses, got, addresses.length);
  other.lookupBulk(addresses, expected, addresses.length);
  for (let i = 0; i < addresses.length; i++) {
    if (got[i] === expected[i]) continue;
    throw new Error(`address ${addresses[i]}: expected ${expected[i]}, got ${got[i]}`);
  }
}

/**
 * LPM-16 in the large: 20,000 BGP-like routes, loaded at once, against DIR-24-8 everywhere and
 * against a scan of the list at some places.
 */
export function expectBgpTable(fib: Loadable): void {
  const table = bgpLikeTable({ routes: 20_000, seed: 3 });
  const other = new Dir24_8({ firstBits: 24, groups: 999, maxRules: 20_000, defaultRoute: false });
  const linear = new LinearFib();
  assertEquals([fib.addBulk(table), other.addBulk(table), fib.size], [true, true, table.count]);
  expectAlike(fib, other, table);
  for (let i = 0; i < table.count; i += 50) {
    linear.add(table.prefix[i]!, table.depth[i]!, table.nextHop[i]!);
  }
  fib.clear();
  linear.walk((prefix, depth, nextHop) => fib.add(prefix, depth, nextHop));
  for (let i = 0; i < table.count; i += 501) {
    assertEquals(fib.lookup(table.prefix[i]!), linear.lookup(table.prefix[i]!));
  }
}

/** An update storm beside DIR-24-8, compared at every checkpoint; then a table that is empty. */
export function expectStorm(fib: Loadable, updates: number): void {
  const next = xorshift32(21);
  const pool = bgpLikeRoutes(600, 4, 8);
  const table: RouteSet = {
    count: pool.length,
    prefix: Uint32Array.from(pool, (r) => r.prefix),
    depth: Uint8Array.from(pool, (r) => r.depth),
    nextHop: Uint32Array.from(pool, (r) => r.nextHop),
  };
  const other = new Dir24_8({ firstBits: 8, groups: 4000, maxRules: 600, defaultRoute: true });
  const empty = fib.bytesOccupied;
  for (let i = 1; i <= updates; i++) {
    const { prefix, depth } = pool[next() % pool.length]!;
    const nextHop = next() % 6;
    // Two thirds of the way routes come more often than they go.
    if (next() % 8 < (i < updates / 1.5 ? 5 : 2)) {
      assertEquals(fib.add(prefix, depth, nextHop), other.add(prefix, depth, nextHop));
    } else {
      assertEquals(fib.delete(prefix, depth), other.delete(prefix, depth));
    }
    if (i % (updates / 8) === 0) {
      assertEquals(fib.size, other.size);
      expectAlike(fib, other, table);
      fib.checkInvariants();
    }
  }
  for (const { prefix, depth } of shuffled(pool, 5)) fib.delete(prefix, depth);
  assertEquals([fib.size, fib.bytesOccupied], [0, empty]);
  fib.checkInvariants();
}

/** addBulk is one addition after the other, in any order of the routes, or nothing at all. */
export function expectBulkLoad(make: (maxRules: number) => Loadable): void {
  const routes = [...bgpLikeRoutes(800, 5, 4), { prefix: 0, depth: 0, nextHop: 77 }];
  const again = { ...routes[3]!, nextHop: 78 };
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
  const one = make(801);
  for (const r of [...routes, again]) one.add(r.prefix, r.depth, r.nextHop);
  const ascending = [...routes].sort((a, b) => a.prefix - b.prefix || a.depth - b.depth);
  for (const order of [shuffled(routes, 1), ascending]) {
    const bulk = make(801);
    assertEquals(bulk.addBulk(set([...order, again])), true);
    assertEquals(contents(bulk), contents(one));
    bulk.checkInvariants();
    assertEquals(bulk.addBulk(set(routes.map((r) => ({ ...r, nextHop: 5 })))), true);
    bulk.checkInvariants();
    assertEquals(bulk.lookup(routes[3]!.prefix), 5);
  }
  const small = make(800);
  const empty = contents(small);
  assertEquals(small.addBulk(set(routes)), false);
  assertEquals(contents(small), empty);
  small.add(routes[0]!.prefix, routes[0]!.depth, 9);
  const before = contents(small);
  assertEquals(small.addBulk(set(routes)), false);
  assertEquals(contents(small), before);
  small.checkInvariants();
  const wrong = { prefix: 1, depth: 33, nextHop: 1 };
  assertThrows(() => small.addBulk(set([again, wrong])), RangeError, "depth 33");
  assertEquals(contents(small), before);
}

/** One step of a table gone wrong, and a law that has to catch it. */
export interface NarrowFault<F> {
  readonly name: string;
  readonly law: string;
  readonly plant: (fib: F) => void;
}

/** Registers a test in which each fault, planted alone, is caught by its law. */
export function registerFaults<F extends Fib4>(
  name: string,
  make: (geometry: FibGeometry) => F,
  hopMax: number,
  options: FibConformanceOptions<Widened<F>>,
  faults: readonly NarrowFault<F>[],
): void {
  Deno.test(name, async (t) => {
    for (const { name, law, plant } of faults) {
      await t.step(`${law} catches: ${name}`, () => {
        const broken = (geometry: FibGeometry): Widened<F> => {
          const fib = make(geometry);
          plant(fib);
          return new Widened(fib, hopMax);
        };
        const only = new RegExp(`^${law}$`);
        const [verdict] = [...judgeFib("the faulty table", broken, { ...options, only })];
        assertEquals(verdict!.outcome, "broken");
        assertMatch(verdict!.message, new RegExp(`^${law} broken by the faulty table: `));
        assertMatch(verdict!.message, /expected/);
      });
    }
  });
}
