import type { Fib4 } from "./fib.ts";
import { checkBulk, checkNextHop, checkPrefix, checkSize } from "./route.ts";

/** How a `LinearFib` is limited. */
export interface LinearFibOptions {
  /** Most routes it takes; unlimited when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
}

/** Bytes that one route is counted with: as many as a rule of rte_lpm. */
const RULE_BYTES = 8;

/**
 * The forwarding table that is too plain to be wrong: a list of routes, scanned from end to end for
 * the longest prefix that covers the address. It is what the other tables are compared with, so it
 * uses no masks, no shifts and no cleverness: a route covers the addresses from its first to its
 * last one.
 *
 * Every operation is O(routes). At its limit `add` answers false.
 *
 * No look-up may run across a call of the writer.
 *
 * @example
 * ```ts
 * import { LinearFib } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new LinearFib();
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010000, 16, 2); // 10.1.0.0/16
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0b000000), -1);
 * ```
 */
export class LinearFib implements Fib4 {
  /** Name of the structure. */
  readonly kind = "linear";
  private routes: { first: number; last: number; depth: number; nextHop: number }[] = [];
  private readonly maxRules: number;
  private readonly depthMin: number;

  /**
   * An empty table.
   * @throws {RangeError} when `maxRules` is not an integer of at least 1
   */
  constructor(options: LinearFibOptions = {}) {
    if (options.maxRules !== undefined) {
      checkSize("LinearFib", "maxRules", options.maxRules, 1, 2 ** 32);
    }
    this.maxRules = options.maxRules ?? Infinity;
    this.depthMin = options.defaultRoute === false ? 1 : 0;
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.routes.length;
  }

  /** Bytes of the list: 8 for each route, as rte_lpm counts a rule. */
  get bytesReserved(): number {
    return this.routes.length * RULE_BYTES;
  }

  /** The same as `bytesReserved`: the list holds nothing but routes. */
  get bytesOccupied(): number {
    return this.bytesReserved;
  }

  /**
   * Adds a route or changes its next hop; false at the limit.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, this.depthMin);
    checkNextHop("add", nextHop);
    const at = this.indexOf(prefix, depth);
    if (at >= 0) {
      this.routes[at]!.nextHop = nextHop;
      return true;
    }
    if (this.routes.length >= this.maxRules) return false;
    const span = 2 ** (32 - depth);
    const first = Math.floor(prefix / span) * span;
    this.routes.push({ first, last: first + span - 1, depth, nextHop });
    return true;
  }

  /**
   * Removes a route; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, this.depthMin);
    const at = this.indexOf(prefix, depth);
    if (at < 0) return false;
    this.routes.splice(at, 1);
    return true;
  }

  /** Next hop of the longest prefix that covers `address`, or -1. */
  lookup(address: number): number {
    let depth = -1;
    let nextHop = -1;
    for (const route of this.routes) {
      if (route.first <= address && address <= route.last && route.depth > depth) {
        depth = route.depth;
        nextHop = route.nextHop;
      }
    }
    return nextHop;
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    for (let i = 0; i < n; i++) nextHops[i] = this.lookup(addresses[i]!);
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth), as they were when the walk began.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    const sorted = this.routes.map((route) => ({ ...route }))
      .sort((a, b) => a.first - b.first || a.depth - b.depth);
    for (const { first, depth, nextHop } of sorted) visit(first, depth, nextHop);
  }

  /** Routes that are scanned: all of them, whatever the address. */
  reads(_address: number): number {
    return this.routes.length;
  }

  /** Removes every route. */
  clear(): void {
    this.routes = [];
  }

  /** Where the route stands in the list, or -1. */
  private indexOf(prefix: number, depth: number): number {
    return this.routes.findIndex((route) =>
      route.depth === depth && route.first <= prefix && prefix <= route.last
    );
  }
}
