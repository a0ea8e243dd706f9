// Aim: the table of a testbed holds each set of routes that comes, however many they are, and nothing of earlier ones.
// Method: sets of growing and shrinking sizes, drawn, one after the other in one table; every look-up as by linear search.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createFib4 } from "../fib/create.ts";
import type { RouteSet } from "./scenario.ts";
import { ScenarioTable } from "./scenario_table.ts";

/** So many different prefixes from a few numbers, `most` bits long at most: with 24 they take no group, with 32 many. */
function routesOf(count: number, seed: number, most: number): RouteSet {
  const depth = Uint8Array.from(
    { length: count },
    (_, i) => i === 0 ? 0 : 16 + ((i * 7 + seed) % (most - 15)),
  );
  return {
    count,
    depth,
    prefix: Uint32Array.from({ length: count }, (_, i) => {
      const hash = Math.imul(i + 1, 2654435761) ^ Math.imul(seed, 40503);
      return depth[i] === 0 ? 0 : (hash & (-1 << (32 - depth[i]!))) >>> 0;
    }),
    nextHop: Uint32Array.from({ length: count }, (_, i) => (i + seed) & 7),
  };
}

Deno.test("ScenarioTable holds the routes of one scenario after the other, as linear search does", () => {
  const sizes = fc.constantFrom(1, 10, 64, 65, 900, 4096, 4097, 6000);
  const scenarios = fc.array(fc.tuple(sizes, fc.nat(1000), fc.constantFrom(24, 25, 32)), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(scenarios, fc.boolean(), (all, defaultRoute) => {
      const table = new ScenarioTable(defaultRoute);
      for (const [count, seed, most] of all) {
        const routes = routesOf(count, seed, most);
        const linear = createFib4("linear", { maxRules: count });
        for (let i = 0; i < count; i++) {
          if (routes.depth[i] === 0 && !defaultRoute) continue;
          linear.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
        }
        const fib = table.of(routes);
        for (let i = 0; i < count; i += 1 + (count >> 6)) {
          for (const address of [routes.prefix[i]!, (routes.prefix[i]! + 0x1234567) >>> 0]) {
            assertEquals(fib.lookup(address), linear.lookup(address), `${address} of ${count}`);
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});
