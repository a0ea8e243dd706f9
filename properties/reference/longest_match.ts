/**
 * Longest prefix match, as plain as it can be: look at every route, keep the longest that covers the address.
 * A table of many routes is sorted into one Map for each prefix length first, and then asked from length 32
 * down to 0. Neither shares a line with the tables of the core.
 */
import type { RouteSet } from "../../core/machine/scenario.ts";

/** Up to here every route is looked at; above, the Maps are worth building. */
const SCAN_MAX = 64;

/** Routes by prefix for each length, built once for each set: a set of routes is not changed after use. */
const tables = new WeakMap<RouteSet, Map<number, number>[]>();

/**
 * The route that covers `address` with the longest prefix of at least `shortest` bits: its index in `routes`,
 * or -1. Where a prefix stands twice, the later route counts, as an update does. Host bits of a prefix are
 * ignored. O(routes) up to 64 routes, above that 33 probes after one pass over the set.
 *
 * @throws {RangeError} when a prefix length above 32 is met
 */
export function longestMatch(routes: RouteSet, address: number, shortest = 0): number {
  return routes.count <= SCAN_MAX
    ? matchByScan(routes, address, shortest)
    : matchByLength(routes, address, shortest);
}

/** {@link longestMatch} by looking at every route. */
export function matchByScan(routes: RouteSet, address: number, shortest: number): number {
  let best = -1;
  let bestDepth = shortest;
  for (let i = 0; i < routes.count; i++) {
    const depth = depthOf(routes, i);
    if (depth < bestDepth) continue;
    if (network(address, depth) === network(routes.prefix[i]!, depth)) {
      best = i;
      bestDepth = depth;
    }
  }
  return best;
}

/** {@link longestMatch} by one Map for each prefix length. */
export function matchByLength(routes: RouteSet, address: number, shortest: number): number {
  let byLength = tables.get(routes);
  if (byLength === undefined) {
    byLength = sortByLength(routes);
    tables.set(routes, byLength);
  }
  for (let depth = 32; depth >= shortest; depth--) {
    const route = byLength[depth]!.get(network(address, depth));
    if (route !== undefined) return route;
  }
  return -1;
}

function sortByLength(routes: RouteSet): Map<number, number>[] {
  const byLength = Array.from({ length: 33 }, () => new Map<number, number>());
  for (let i = 0; i < routes.count; i++) {
    const depth = depthOf(routes, i);
    byLength[depth]!.set(network(routes.prefix[i]!, depth), i);
  }
  return byLength;
}

/** Addresses that a prefix of each length covers. */
const COVERED = Float64Array.from({ length: 33 }, (_, depth) => 2 ** (32 - depth));

/** The first `depth` bits of an address as a number. Division, because a shift by 32 is a shift by 0. */
function network(address: number, depth: number): number {
  return Math.floor(address / COVERED[depth]!);
}

function depthOf(routes: RouteSet, i: number): number {
  const depth = routes.depth[i]!;
  if (depth > 32) throw new RangeError(`Cannot match route ${i}: its prefix length is ${depth}`);
  return depth;
}
