// What a table that is limited in bytes takes and refuses, against a model of what its routes need.
// No test of its own.
import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { Fib4 } from "../../core/fib/fib.ts";
import { bgpLikeRoutes } from "./bgp_like.ts";
import type { Route } from "./mod.ts";

/** A table that says what it takes. */
type Counted = Fib4 & { bytesOccupied: number; bytesReserved: number; checkInvariants(): void };

/**
 * A table occupies the bytes that its routes need, no more, and `add` refuses what needs one byte
 * more than the limit. The limit is what the routes need after one of the operations, or a byte
 * less. No drawn prefix is shorter than `shortest`.
 */
export function expectByteLimit(
  make: (maxBytes: number) => Counted,
  bytesOf: (routes: readonly Route[]) => number,
  shortest: number,
): void {
  let [refused, filled] = [0, 0];
  const scenario = fc.record({
    seed: fc.nat(1000),
    picks: fc.array(fc.nat(99), { minLength: 1, maxLength: 20, size: "max" }),
    at: fc.nat(19),
    less: fc.nat(1),
  });
  fc.assert(
    fc.property(scenario, ({ seed, picks, at, less }) => {
      const pool = bgpLikeRoutes(12, seed, shortest);
      const steps = picks.map((pick) => {
        const route = { ...pool[pick % pool.length]!, nextHop: pick % 3 };
        return { isDelete: pick % 4 === 0, route, key: `${route.prefix}/${route.depth}` };
      });
      const until = new Map<string, Route>();
      for (const { isDelete, route, key } of steps.slice(0, at % steps.length + 1)) {
        if (isDelete) until.delete(key);
        else until.set(key, route);
      }
      const maxBytes = Math.max(bytesOf([]), bytesOf([...until.values()]) - less);
      const fib = make(maxBytes);
      const live = new Map<string, Route>();
      for (const { isDelete, route, key } of steps) {
        if (isDelete) {
          assertEquals(fib.delete(route.prefix, route.depth), live.delete(key));
        } else {
          const after = new Map(live).set(key, route);
          const isSame = live.get(key)?.nextHop === route.nextHop;
          const fits = isSame || bytesOf([...after.values()]) <= maxBytes;
          assertEquals(fib.add(route.prefix, route.depth, route.nextHop), fits);
          if (fits) live.set(key, route);
          else refused++;
        }
        assertEquals(fib.bytesOccupied, bytesOf([...live.values()]));
        if (fib.bytesOccupied === maxBytes) filled++;
        if (fib.bytesOccupied <= maxBytes) assert(fib.bytesReserved <= maxBytes);
        fib.checkInvariants();
      }
    }),
    { numRuns: 40, seed: 1 },
  );
  assertGreater(refused, 50);
  assertGreater(filled, 50);
}
