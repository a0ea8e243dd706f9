import type { FibScenarioOf, Step } from "./scenario.ts";

/** A prefix with its next hop. */
export type RouteTo<P> = P & { readonly nextHop: number };

/**
 * What a table does, for addresses of a family: `fib` by its own addresses, next to what its ledger
 * says of it.
 */
export interface Table<A> {
  /** Routes that it holds. */
  readonly size: number;
  /** Bytes in use. */
  readonly bytesOccupied: number;
  /** Bytes set aside. */
  readonly bytesReserved: number;
  /** Adds the route of the prefix that the address lies in. */
  add(address: A, depth: number, nextHop: number): boolean;
  /** Deletes the route of the prefix that the address lies in. */
  delete(address: A, depth: number): boolean;
  /** Next hop of an address, or -1. */
  lookup(address: A): number;
  /** Next hop of the address at place i of an array for `lookupBulk`. */
  lookupAt(addresses: Uint32Array, i: number): number;
  /** `lookupBulk` of the table. */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void;
  /** Reads that the look-up of an address makes. */
  reads(address: A): number;
  /** Visits each route. */
  walk(visit: (address: A, depth: number, nextHop: number) => void): void;
  /** Removes every route. */
  clear(): void;
  /** Calls with arguments out of range that only this family has, as text and call. */
  wrongCalls(address: A, bad: readonly number[]): [text: string, call: () => unknown][];
  /** Units of the ledger in use. */
  uses(): number;
  /** Entries that updates have touched, if the ledger counts them. */
  touched(): number;
}

/** What a table consumes, said independently of it: the ledgers of both families. */
export interface Needs<A, P> {
  /** Units that these routes need. */
  readonly needs: (routes: readonly RouteTo<P>[]) => number;
  /** Whether `groups` of the geometry is the most units that the table may use. */
  readonly limited: boolean;
  /** Whether units come and go with the routes, so that the drawing has to meet both. */
  readonly counted: boolean;
  /** Reads that a look-up makes. */
  readonly reads: ((routes: readonly RouteTo<P>[], address: A) => number) | undefined;
  /** Most entries that changing a route may touch, between these sets of routes. */
  readonly touchLimit:
    | ((before: readonly RouteTo<P>[], after: readonly RouteTo<P>[], prefix: P) => number)
    | undefined;
}

/**
 * The addresses of a family, as model and laws see them: A is an address, P a prefix. Nothing here
 * is shared with any table.
 */
export interface Family<A, P> {
  /** Bits of an address. */
  readonly width: number;
  /** Words of an address in an array for `lookupBulk`. */
  readonly words: number;
  /** The greatest next hop. */
  readonly nextHopLast: number;
  /** An address for long prefixes and for nested ones. */
  readonly sample: A;
  /** Addresses that LPM-13 counts the reads of after a step, from the last one back. */
  readonly readsPerStep: number;
  /** The prefix of this depth that an address lies in. */
  prefixOf(address: A, depth: number): P;
  /** Depth of a prefix. */
  depthOf(prefix: P): number;
  /** Whether the prefix covers the address. */
  covers(prefix: P, address: A): boolean;
  /** Ascending in first address and depth: negative, 0 or positive. */
  compare(one: P, other: P): number;
  /** First address of a prefix. */
  first(prefix: P): A;
  /** Last address of a prefix. */
  last(prefix: P): A;
  /** An address of a prefix with some of its host bits set. */
  inside(prefix: P): A;
  /** The address one below, if there is one. */
  before(address: A): A | undefined;
  /** The address one above, if there is one. */
  after(address: A): A | undefined;
  /** The address, to be read. */
  text(address: A): string;
  /** Puts an address at place i of an array for `lookupBulk`. */
  write(addresses: Uint32Array, i: number, address: A): void;
  /** Address and depth that a step means, starting from an address. */
  target(scenario: FibScenarioOf<A>, step: Step, from: A): [address: A, depth: number];
  /** Different routes as BGP makes them, how many of them go again, and whether each step is judged. */
  bgpLike(
    seed: number,
    shortest: number,
  ): { routes: readonly RouteTo<P>[]; gone: number; stepwise: boolean };
}

/** `10.0.0.0/8` and the like. */
export function routeText<A, P>(family: Family<A, P>, prefix: P): string {
  return `${family.text(family.first(prefix))}/${family.depthOf(prefix)}`;
}
