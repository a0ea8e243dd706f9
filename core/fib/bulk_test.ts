// Aim: the bulk load of DIR-24-8 is one addition after the other, only faster; and all or nothing.
// Method: the same routes both ways, compared by everything that can be seen; loads that lack a
// rule or a group.
import { assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import { bgpLikeRoutes, shuffled } from "../../properties/fib/bgp_like.ts";
import type { RouteSet } from "../machine/scenario.ts";
import { readsHistogram } from "./create.ts";
import { Dir24_8 } from "./dir24_8.ts";

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
  // First levels of 8 and of 16 bits both have rules above each other, whose entries count once.
  const cover = (depth: number) => ({ prefix: 2 ** 31, depth, nextHop: depth });
  routes.push(...[3, 5, 8, 12, 16].map(cover));
  // A route that occurs twice: the later one stands.
  routes.push({ ...routes[3]!, nextHop: 78 });
  for (const firstBits of [8, 16] as const) {
    const make = () => new Dir24_8({ firstBits, groups: 2000, maxRules: 806, defaultRoute: true });
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
  const fib = new Dir24_8({ firstBits: 16, groups: 1, maxRules: 9, defaultRoute: false });
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
