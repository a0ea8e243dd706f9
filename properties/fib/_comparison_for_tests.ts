// What the tests of the tries and of the search on lengths share: a BGP-like table and an update
// storm, both compared with DIR-24-8, and how a planted fault has to be caught. No test of its own.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { bgpLikeTable } from "../../fixtures/routes/bgp_like.ts";
import { xorshift32 } from "./bgp_like.ts";
import { type FibConformanceOptions, type FibGeometry, judgeFib } from "./mod.ts";
import type { RouteSet } from "../../core/machine/scenario.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import type { Fib4 } from "../../core/fib/fib.ts";

/** A table that can judge itself. */
export type Checked = Fib4 & { checkInvariants(): void };

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
  for (let i = 0; i < table.count; i++) {
    const first = table.prefix[i]!;
    const last = first + 2 ** (32 - table.depth[i]!) - 1;
    probes.set([first, last, Math.max(0, first - 1), Math.min(2 ** 32 - 1, last + 1)], 4 * i);
  }
  const next = xorshift32(seed);
  for (let i = 4 * table.count; i < probes.length; i++) probes[i] = next();
  return probes;
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

/** Loads the BGP-like table and compares it: each boundary with DIR-24-8, some with a scan. */
export function expectBgpTable(fib: Fib4): void {
  load(fib, BGP_TABLE, false);
  assertEquals(fib.size, BGP_TABLE.count);
  if (!twin) {
    twin = new Dir24_8({ firstBits: 16, groups: 2 ** 15, maxRules: 1e5, defaultRoute: true });
    twin.addBulk(BGP_TABLE);
  }
  const probes = probesOf(BGP_TABLE, 20_000, 3);
  const expected = new Int32Array(probes.length);
  const bulk = new Int32Array(probes.length);
  twin.lookupBulk(probes, expected, probes.length);
  fib.lookupBulk(probes, bulk, probes.length);
  let different = 0;
  for (let i = 0; i < probes.length; i++) {
    if (fib.lookup(probes[i]!) !== expected[i] || bulk[i] !== expected[i]) different++;
  }
  assertEquals(different, 0, "addresses answered otherwise than by DIR-24-8");
  for (let i = 0; i < 40; i++) {
    const address = probes[(i * 11_003) % probes.length]!;
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

/** Announces and withdraws at random, comparing with DIR-24-8 as it goes, then withdraws all. */
export function expectStorm(fib: Checked, operations: number, seed: number): void {
  const rival = new Dir24_8({ firstBits: 16, groups: 4096, maxRules: 1e6, defaultRoute: true });
  const next = xorshift32(seed);
  const known: [number, number][] = [];
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
  assertEquals(fib.size, 0);
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

/** One step of a table gone wrong. */
export interface PlantedFault<F, I> {
  readonly name: string;
  /** A law that has to catch it, or a piece of what `checkInvariants` has to say. */
  readonly caughtBy: string;
  readonly plant: (fib: F, inside: I) => void;
}

/** Registers a test in which each fault, planted alone, is caught as it says. */
export function registerFaults<F extends Checked, I>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: FibConformanceOptions<F>,
  faults: readonly PlantedFault<F, I>[],
): void {
  Deno.test(name, async (t) => {
    for (const { name, caughtBy, plant } of faults) {
      await t.step(`${caughtBy} catches: ${name}`, () => {
        const faulty = (geometry: FibGeometry): F => {
          const fib = make(geometry);
          plant(fib, fib as unknown as I);
          return fib;
        };
        if (/^LPM-\d+$/.test(caughtBy)) {
          const only = new RegExp(`^${caughtBy}$`);
          const [verdict] = [...judgeFib("the faulty table", faulty, { ...options, only })];
          assertEquals(verdict!.outcome, "broken");
          assertMatch(verdict!.message, new RegExp(`^${caughtBy} broken by the faulty table: `));
          assertMatch(verdict!.message, /expected/);
        } else {
          const fib = faulty({ groups: 1000, maxRules: 1000, defaultRoute: true });
          assertThrows(() => churn(fib), Error, caughtBy);
        }
      });
    }
  });
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
