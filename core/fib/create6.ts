import { Bspl6, type Bspl6Options } from "./bspl6.ts";
import type { Fib6, RouteSet6 } from "./fib6.ts";
import { LinearFib6, type LinearFib6Options } from "./linear6.ts";
import { Lpm6, type Lpm6Options } from "./lpm6.ts";
import { Poptrie6, type Poptrie6Options } from "./poptrie6.ts";

/** Names of the IPv6 tables that `createFib6` makes. */
export const FIB6_KINDS = ["linear", "lpm6", "bspl6", "poptrie"] as const;

/** Name of an IPv6 table. */
export type Fib6Kind = typeof FIB6_KINDS[number];

/**
 * What a table is made with; a kind takes what concerns it. Left out, an rte_lpm6 is the one of
 * DPDK's examples: 24 bits, 2^16 groups (a full BGP table of May 2026 needs 52,987 of them), 2^20 rules,
 * and a default route beside it.
 */
export type Fib6Options =
  & Partial<Lpm6Options>
  & LinearFib6Options
  & Bspl6Options
  & Poptrie6Options;

/**
 * Makes an IPv6 forwarding table by name.
 * @throws {RangeError} when there is no such kind, or an option is out of range
 *
 * @example
 * ```ts
 * import { createFib6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = createFib6("lpm6", { firstBits: 16, groups: 8, maxRules: 1000 });
 * fib.add(new Uint32Array(4), 0, 9); // a default route
 * assertEquals(fib.lookup(Uint32Array.of(0x20010db8, 0, 0, 1), 0), 9);
 * ```
 */
export function createFib6(kind: Fib6Kind, options: Fib6Options = {}): Fib6 {
  switch (kind) {
    case "linear":
      return new LinearFib6(options);
    case "lpm6":
      return new Lpm6({
        ...options,
        firstBits: options.firstBits ?? 24,
        groups: options.groups ?? 2 ** 16,
        maxRules: options.maxRules ?? 2 ** 20,
        defaultRoute: options.defaultRoute ?? true,
      });
    case "bspl6":
      return new Bspl6(options);
    case "poptrie":
      return new Poptrie6(options);
    default:
      throw new RangeError(
        `Cannot create Fib6: kind "${kind}" is not one of ${FIB6_KINDS.join(", ")}`,
      );
  }
}

/**
 * Adds all routes of a set in their order; answers how many were taken before the first refusal.
 * @throws {RangeError} when a route is out of range; those before it have been added
 *
 * @example
 * ```ts
 * import { createFib6, installRoutes6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const prefix = Uint32Array.of(0x20010db8, 0, 0, 0, 0x20010db9, 0, 0, 0);
 * const routes = { count: 2, prefix, depth: Uint8Array.of(32, 32), nextHop: Uint32Array.of(1, 2) };
 * assertEquals(installRoutes6(createFib6("bspl6"), routes), 2);
 * ```
 */
export function installRoutes6(
  fib: Fib6,
  routes: RouteSet6,
): number {
  for (let i = 0; i < routes.count; i++) {
    if (!fib.add(routes.prefix, routes.depth[i]!, routes.nextHop[i]!, 4 * i)) return i;
  }
  return routes.count;
}
