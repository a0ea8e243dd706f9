/**
 * The one interface of every IPv4 forwarding table (FIB). Addresses are unsigned 32-bit numbers in
 * host order (`10.0.0.1` is `0x0a000001`); `depth` is the length of a prefix, 0..32, as DPDK calls it;
 * a next hop is an index into the neighbour table, 0..2^24-1.
 *
 * Who may call what: one writer; any number of readers that never run inside a call of the writer.
 * `Dir24_8` on shared
 * memory alone can be read meanwhile, by a `Dir24_8Reader` in another thread.
 * At the limit a table refuses (`add` answers false) and is left exactly as it was.
 */
export interface Fib4 {
  /** Name of the structure, e.g. `"dir24-8"`. */
  readonly kind: string;
  /** Prefixes that the table holds. */
  readonly size: number;
  /**
   * Adds a route or changes the next hop of the one that is there. Host bits of `prefix` below
   * `depth` are masked off. Answers false, and changes nothing, when the table has no room.
   * @throws {RangeError} when prefix, depth or next hop is out of range for this table
   */
  add(prefix: number, depth: number, nextHop: number): boolean;
  /** Removes a route. Answers false, and changes nothing, when it is not there. */
  delete(prefix: number, depth: number): boolean;
  /** Next hop of the longest prefix that covers `address`, or -1 (a miss). */
  lookup(address: number): number;
  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`; writes nothing behind them.
   * @throws {RangeError} when `n` is not an integer from 0 to the shorter of both arrays' lengths
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void;
  /** Calls `visit` once for each route, in ascending order of (prefix, depth). */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void;
  /** Dependent memory reads that `lookup(address)` makes: what a model charges for. */
  reads(address: number): number;
  /** Bytes of memory that the table has allocated. */
  readonly bytesReserved: number;
  /** Bytes of that memory that hold something. */
  readonly bytesOccupied: number;
  /** Removes every route; afterwards the table equals a new one. */
  clear(): void;
}
