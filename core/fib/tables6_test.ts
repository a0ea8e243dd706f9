// Aim: the IPv6 tables agree on tables as BGP makes them, and through storms of updates. Method: one
// table of 100,000 routes in each kind, compared at the boundaries of routes and at random addresses,
// a few of them with a scan; a drawn storm of announcements and withdrawals, compared at checkpoints.
import { assertEquals, assertGreater } from "@std/assert";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import { Prng } from "../../fixtures/prng.ts";
import { Bspl6 } from "./bspl6.ts";
import { installRoutes6 } from "./create6.ts";
import type { Fib6, RouteSet6 } from "./fib6.ts";
import { LinearFib6 } from "./linear6.ts";
import { Lpm6 } from "./lpm6.ts";
import { Poptrie6 } from "./poptrie6.ts";

/** First and last address of route i, the ones beside them, and a random one in it. */
function probesOf(routes: RouteSet6, i: number, rng: Prng): Uint32Array {
  const bits = (at: number): bigint => {
    let sum = 0n;
    for (let word = 0; word < 4; word++) sum = sum * 2n ** 32n + BigInt(routes.prefix[at + word]!);
    return sum;
  };
  const first = bits(4 * i);
  const span = 2n ** BigInt(128 - routes.depth[i]!);
  const inside = first + (BigInt(rng.next()) * span) / 2n ** 32n;
  const addresses = [first, first + span - 1n, first - 1n, first + span, inside];
  const words = addresses.flatMap((address) =>
    [96n, 64n, 32n, 0n].map((shift) => Number((address >> shift) & 0xffff_ffffn))
  );
  return Uint32Array.from(words);
}

function lookAll(fib: Fib6, addresses: Uint32Array): Int32Array {
  const nextHops = new Int32Array(addresses.length / 4);
  fib.lookupBulk(addresses, nextHops, nextHops.length);
  return nextHops;
}

/** Groups that the routes need: blocks of 24, 32, 40 bits with a longer route. */
function groupsNeeded(routes: RouteSet6): number {
  const blocks = new Set<string>();
  for (let i = 0; i < routes.count; i++) {
    const [high, low] = [routes.prefix[4 * i]!, routes.prefix[4 * i + 1]!];
    const depth = routes.depth[i]!;
    if (depth > 24) blocks.add(`24 ${Math.floor(high / 256)}`);
    if (depth > 32) blocks.add(`32 ${high}`);
    if (depth > 40) blocks.add(`40 ${high} ${Math.floor(low / 2 ** 24)}`);
  }
  return blocks.size;
}

Deno.test("LPM-16 Lpm6, Bspl6 and Poptrie6 agree on 20,000 BGP-like routes, and with a scan of them", () => {
  const routes = bgpLikeTable6({ routes: 20_000, seed: 5, nextHops: 64 });
  const groups = groupsNeeded(routes);
  const lpm6 = new Lpm6({ firstBits: 24, groups, maxRules: 20_000, defaultRoute: false });
  const [bspl6, poptrie6, built] = [new Bspl6(), new Poptrie6(), Poptrie6.build(routes)];
  for (const fib of [lpm6, bspl6, poptrie6]) assertEquals(installRoutes6(fib, routes), 20_000);
  assertEquals(lpm6.groupsUsed, groups);
  const rng = new Prng(1);
  const parts: number[] = [];
  for (let i = 0; i < 20_000; i += 53) parts.push(...probesOf(routes, i, rng));
  for (let i = 0; i < 5000; i++) parts.push(0x20000000 + rng.below(2 ** 29), rng.next(), 0, 0);
  const addresses = Uint32Array.from(parts);
  const answers = lookAll(lpm6, addresses);
  for (const fib of [bspl6, poptrie6, built]) assertEquals(lookAll(fib, addresses), answers);
  assertEquals([poptrie6.nodes, poptrie6.bytesOccupied], [built.nodes, built.bytesOccupied]);
  let hits = 0;
  for (let i = 0; i < answers.length; i += 37) {
    assertEquals(answers[i], scan(routes, addresses[4 * i]!, addresses[4 * i + 1]!), `probe ${i}`);
    if (answers[i]! >= 0) hits++;
  }
  assertGreater(hits, 40);
});

/** Longest match by a scan of all routes, which are at most 48 long: two numbers, no tree. */
function scan(routes: RouteSet6, high: number, low: number): number {
  const address = high * 2 ** 16 + Math.floor(low / 2 ** 16);
  let depth = -1;
  let nextHop = -1;
  for (let i = 0; i < routes.count; i++) {
    if (routes.depth[i]! <= depth) continue;
    const first = routes.prefix[4 * i]! * 2 ** 16 + Math.floor(routes.prefix[4 * i + 1]! / 2 ** 16);
    if (address < first || address >= first + 2 ** (48 - routes.depth[i]!)) continue;
    depth = routes.depth[i]!;
    nextHop = routes.nextHop[i]!;
  }
  return nextHop;
}

Deno.test("LPM-1 Lpm6, Bspl6, Poptrie6 and a list stay equal through a storm of updates", () => {
  const routes = bgpLikeTable6({ routes: 600, seed: 11, nextHops: 9 });
  const fibs: Fib6[] = [
    new LinearFib6(),
    new Lpm6({ firstBits: 16, groups: 3000, maxRules: 1000, defaultRoute: true }),
    new Bspl6(),
    new Poptrie6({ directBits: 12 }),
  ];
  const rng = new Prng(3);
  const parts: number[] = [];
  for (let i = 0; i < 600; i++) parts.push(...probesOf(routes, i, rng));
  const addresses = Uint32Array.from(parts);
  let withdrawn = 0;
  for (let step = 0; step < 4000; step++) {
    // Few routes flap much, as in BGP: the square favours the first ones.
    const i = Math.floor(600 * rng.unit() ** 2);
    const depth = routes.depth[i]!;
    const hop = rng.below(9);
    const withdraw = rng.below(5) < 2;
    const got = fibs.map((fib) =>
      withdraw ? fib.delete(routes.prefix, depth, 4 * i) : fib.add(routes.prefix, depth, hop, 4 * i)
    );
    assertEquals(new Set(got).size, 1, `step ${step}: ${got}`);
    if (withdraw && got[0]) withdrawn++;
    if (step % 500 !== 499) continue;
    const [expected, ...others] = fibs.map((fib) => lookAll(fib, addresses));
    for (const other of others) assertEquals(other, expected, `checkpoint ${step}`);
  }
  assertGreater(withdrawn, 500);
});
