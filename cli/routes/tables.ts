/** The tables of both families behind one face: made by name, filled and asked by index. */
import {
  createFib4,
  createFib6,
  type Fib4,
  FIB4_KINDS,
  type Fib4Kind,
  type Fib6,
  FIB6_KINDS,
  type Fib6Kind,
  type RouteSet,
  type RouteSet6,
} from "../../core/mod.ts";
import type { FileRoutes, Prng, RouteUpdates } from "../../fixtures/mod.ts";

/** What a table is made with; what is left out is its own usual limit. */
export interface TableLimits {
  /** Most bytes. */
  readonly maxBytes?: number;
  /** Groups of a table that sets them all aside at once. */
  readonly groups?: number;
  /** Most routes of such a table. */
  readonly maxRules?: number;
}

/** A table that routes are put into by their index in the file. */
export interface FilledTable {
  readonly fib: Fib4 | Fib6;
  /** Adds route i; false when there is no room. */
  add(i: number): boolean;
  /** Applies update i, an announcement with this next hop; false when there is no room. */
  update(updates: RouteUpdates, i: number, nextHop: number): boolean;
  /** Dependent reads of a look-up of address i. */
  reads(addresses: Uint32Array, i: number): number;
}

/** Tables and addresses of one family. */
export interface Family {
  /** The kinds but the linear one, which scans all routes: it would be filled for hours. */
  readonly kinds: readonly string[];
  /** Words of an address. */
  readonly words: number;
  /**
   * An empty table.
   * @throws {RangeError} when the limits do not even hold that
   */
  create(kind: string, limits: TableLimits): FilledTable;
  /** Puts a random address into `addresses` at index k. */
  random(rng: Prng, addresses: Uint32Array, k: number): void;
  /** Puts a random address of route i there. */
  covered(rng: Prng, i: number, addresses: Uint32Array, k: number): void;
}

/** The family of the routes of a file. */
export function familyOf(file: FileRoutes): Family {
  return file.family === 4 ? family4(file.routes) : family6(file.routes);
}

/** IPv4 tables over these routes. */
export function family4(routes: RouteSet): Family {
  return {
    kinds: FIB4_KINDS.filter((kind) => kind !== "linear"),
    words: 1,
    create: (kind, limits) => table4(createFib4(kind as Fib4Kind, limits), routes),
    random(rng, addresses, k) {
      addresses[k] = rng.next();
    },
    covered(rng, i, addresses, k) {
      addresses[k] = routes.prefix[i]! + rng.below(2 ** (32 - routes.depth[i]!));
    },
  };
}

function table4(fib: Fib4, routes: RouteSet): FilledTable {
  return {
    fib,
    add: (i) => fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!),
    update(updates, i, nextHop) {
      const [prefix, depth] = [updates.prefix[i]!, updates.depth[i]!];
      if (updates.announced[i] === 1) return fib.add(prefix, depth, nextHop);
      fib.delete(prefix, depth);
      return true;
    },
    reads: (addresses, i) => fib.reads(addresses[i]!),
  };
}

function family6(routes: RouteSet6): Family {
  return {
    kinds: FIB6_KINDS.filter((kind) => kind !== "linear"),
    words: 4,
    create: (kind, limits) => table6(createFib6(kind as Fib6Kind, limits), routes),
    random(rng, addresses, k) {
      for (let word = 0; word < 4; word++) addresses[4 * k + word] = rng.next();
      // 2000::/3, what IANA gives out as global unicast (RFC 4291, 2.4)
      addresses[4 * k] = (addresses[4 * k]! & 0x1fff_ffff) | 0x2000_0000;
    },
    covered(rng, i, addresses, k) {
      for (let word = 0; word < 4; word++) {
        const fixed = Math.min(32, Math.max(0, routes.depth[i]! - 32 * word));
        const host = fixed === 32 ? 0 : rng.below(2 ** (32 - fixed));
        addresses[4 * k + word] = routes.prefix[4 * i + word]! + host;
      }
    },
  };
}

function table6(fib: Fib6, routes: RouteSet6): FilledTable {
  return {
    fib,
    add: (i) => fib.add(routes.prefix, routes.depth[i]!, routes.nextHop[i]!, 4 * i),
    update(updates, i, nextHop) {
      const depth = updates.depth[i]!;
      if (updates.announced[i] === 1) return fib.add(updates.prefix, depth, nextHop, 4 * i);
      fib.delete(updates.prefix, depth, 4 * i);
      return true;
    },
    reads: (addresses, i) => fib.reads(addresses, 4 * i),
  };
}
