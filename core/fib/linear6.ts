import { checkBulk6, checkNextHop6, checkPrefix6 } from "./_route6.ts";
import type { Fib6 } from "./fib6.ts";
import { checkSize } from "./route.ts";

/** How a `LinearFib6` is limited. */
export interface LinearFib6Options {
  /** Most routes it takes; unlimited when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
}

/** Bytes that one route is counted with: four words of prefix, one of depth and next hop. */
const RULE_BYTES = 20;

interface Route6 {
  readonly first: Uint32Array;
  readonly last: Uint32Array;
  readonly depth: number;
  nextHop: number;
}

/**
 * The IPv6 table that is too plain to be wrong: a list of routes, scanned from end to end for the
 * longest prefix that covers the address. A route covers the addresses from its first to its last
 * one, compared as numbers of four digits in base 2^32; there are no masks and no shifts.
 *
 * Every operation is O(routes). At its limit `add` answers false. The list is routes and nothing
 * else, so all of it is counted as look-up structure and nothing as RIB.
 *
 * No look-up may run across a call of the writer.
 *
 * @example
 * ```ts
 * import { LinearFib6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new LinearFib6();
 * fib.add(Uint32Array.of(0x20010db8, 0, 0, 0), 32, 1); // 2001:db8::/32
 * fib.add(Uint32Array.of(0x20010db8, 0x00010000, 0, 0), 48, 2); // 2001:db8:1::/48
 * assertEquals(fib.lookup(Uint32Array.of(0x20010db8, 0x00010002, 3, 4), 0), 2);
 * assertEquals(fib.lookup(Uint32Array.of(0x20010db9, 0, 0, 0), 0), -1);
 * ```
 */
export class LinearFib6 implements Fib6 {
  /** Name of the structure. */
  readonly kind = "linear";
  private routes: Route6[] = [];
  private readonly maxRules: number;
  private readonly depthMin: number;

  /**
   * An empty table.
   * @throws {RangeError} when `maxRules` is not an integer of at least 1
   */
  constructor(options: LinearFib6Options = {}) {
    if (options.maxRules !== undefined) {
      checkSize("LinearFib6", "maxRules", options.maxRules, 1, 2 ** 32);
    }
    this.maxRules = options.maxRules ?? Infinity;
    this.depthMin = options.defaultRoute === false ? 1 : 0;
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.routes.length;
  }

  /** Bytes of the list: 20 for each route. */
  get bytesReserved(): number {
    return this.routes.length * RULE_BYTES;
  }

  /** The same as `bytesReserved`: the list holds nothing but routes. */
  get bytesOccupied(): number {
    return this.bytesReserved;
  }

  /** 0: look-ups read the routes themselves. */
  get ribBytes(): number {
    return 0;
  }

  /**
   * Adds a route or changes its next hop; false at the limit.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: Uint32Array, depth: number, nextHop: number, at = 0): boolean {
    checkPrefix6("add", prefix, at, depth, this.depthMin);
    checkNextHop6("add", nextHop);
    const there = this.indexOf(prefix, at, depth);
    if (there >= 0) {
      this.routes[there]!.nextHop = nextHop;
      return true;
    }
    if (this.routes.length >= this.maxRules) return false;
    const first = new Uint32Array(4);
    const last = new Uint32Array(4);
    for (let word = 0; word < 4; word++) {
      // Addresses that this digit tells apart: 2^32 in the last digits, 1 in those that are fixed.
      const span = 2 ** Math.max(0, Math.min(32, 32 * (word + 1) - depth));
      first[word] = Math.floor(prefix[at + word]! / span) * span;
      last[word] = first[word]! + span - 1;
    }
    this.routes.push({ first, last, depth, nextHop });
    return true;
  }

  /**
   * Removes a route; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: Uint32Array, depth: number, at = 0): boolean {
    checkPrefix6("delete", prefix, at, depth, this.depthMin);
    const there = this.indexOf(prefix, at, depth);
    if (there < 0) return false;
    this.routes.splice(there, 1);
    return true;
  }

  /** Next hop of the longest prefix that covers the address, or -1. */
  lookup(addresses: Uint32Array, at: number): number {
    let depth = -1;
    let nextHop = -1;
    for (const route of this.routes) {
      if (route.depth > depth && covers(route, addresses, at)) {
        depth = route.depth;
        nextHop = route.nextHop;
      }
    }
    return nextHop;
  }

  /**
   * `nextHops[i] = lookup(addresses, 4 * i)` for the first `n`.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk6(addresses, nextHops, n);
    for (let i = 0; i < n; i++) nextHops[i] = this.lookup(addresses, 4 * i);
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: Uint32Array, depth: number, nextHop: number) => void): void {
    const sorted = this.routes.map((route) => ({ ...route }))
      .sort((a, b) => compare(a.first, b.first, 0) || a.depth - b.depth);
    for (const { first, depth, nextHop } of sorted) visit(first.slice(), depth, nextHop);
  }

  /** Routes that are scanned: all of them, whatever the address. */
  reads(_addresses: Uint32Array, _at: number): number {
    return this.routes.length;
  }

  /** Removes every route. */
  clear(): void {
    this.routes = [];
  }

  /** Where the route stands in the list, or -1. */
  private indexOf(prefix: Uint32Array, at: number, depth: number): number {
    return this.routes.findIndex((route) => route.depth === depth && covers(route, prefix, at));
  }
}

function covers(route: Route6, addresses: Uint32Array, at: number): boolean {
  return compare(route.first, addresses, at) <= 0 && compare(route.last, addresses, at) >= 0;
}

/** Negative, 0 or positive as the first number is below, equal to or above the second. */
function compare(a: Uint32Array, b: Uint32Array, at: number): number {
  for (let word = 0; word < 4; word++) {
    if (a[word] !== b[at + word]) return a[word]! - b[at + word]!;
  }
  return 0;
}
