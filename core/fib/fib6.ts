/**
 * The one interface of every IPv6 forwarding table (FIB). An address or a prefix is four unsigned
 * 32-bit words in a `Uint32Array`, the most significant first, so that `2001:db8::1` is
 * `0x20010db8, 0, 0, 1`; where a method takes a position, the four words begin there, counted in
 * words. No method keeps an array that it was given. `depth` is the length of a prefix, 0..128, as
 * DPDK calls it; a next hop is an index into the neighbour table, 0..2^21-1, which is what an entry
 * of rte_lpm6 holds.
 *
 * Who may call what: one writer; any number of readers that never run inside a call of the writer.
 * No IPv6 table
 * can be read meanwhile.
 * At the limit a table refuses (`add` answers false) and is left exactly as it was.
 */
export interface Fib6 {
  /** Name of the structure, e.g. `"lpm6"`. */
  readonly kind: string;
  /** Prefixes that the table holds. */
  readonly size: number;
  /**
   * Adds a route or changes the next hop of the one that is there. Host bits of the prefix below
   * `depth` are masked off. Answers false, and changes nothing, when the table has no room. The
   * prefix is `prefix[at..at + 3]`, from the first word when `at` is left out.
   * @throws {RangeError} when prefix, depth or next hop is out of range for this table
   */
  add(prefix: Uint32Array, depth: number, nextHop: number, at?: number): boolean;
  /**
   * Removes a route. Answers false, and changes nothing, when it is not there.
   * @throws {RangeError} when prefix or depth is out of range for this table
   */
  delete(prefix: Uint32Array, depth: number, at?: number): boolean;
  /**
   * Next hop of the longest prefix that covers `addresses[at..at + 3]`, or -1 (a miss). The four
   * words have to lie in the array: that is not looked at here.
   */
  lookup(addresses: Uint32Array, at: number): number;
  /**
   * `nextHops[i] = lookup(addresses, 4 * i)` for the first `n`.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void;
  /**
   * Calls `visit` once for each route, in ascending order of (prefix, depth), as they were when the
   * walk began. The four words of `prefix` hold until `visit` returns.
   */
  walk(visit: (prefix: Uint32Array, depth: number, nextHop: number) => void): void;
  /** Dependent memory reads that `lookup(addresses, at)` makes: what a model charges for. */
  reads(addresses: Uint32Array, at: number): number;
  /** Bytes of the arrays that look-ups and their upkeep need; the routes beside are `ribBytes`. */
  readonly bytesReserved: number;
  /** Bytes of those that hold something. */
  readonly bytesOccupied: number;
  /** Bytes of the routes kept beside for updates (the RIB). */
  readonly ribBytes: number;
  /** Removes every route; afterwards the table equals a new one. */
  clear(): void;
}

/** A set of IPv6 routes to install, as arrays. */
export interface RouteSet6 {
  /** How many routes. */
  readonly count: number;
  /** Prefix i as the four words from `4 * i`, host bits zero. */
  readonly prefix: Uint32Array;
  /** Length of prefix i, 0..128. */
  readonly depth: Uint8Array;
  /** Next hop of route i. */
  readonly nextHop: Uint32Array;
}
