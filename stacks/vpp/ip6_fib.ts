/**
 * The IPv6 table: one hash of (address, length), probed for each length that any route has, the longest first.
 *
 * Source: VPP src/vnet/fib/ip6_fib.h (ip6_fib_table_fwding_lookup, prefix_lengths_in_search_order).
 */
import { HashTable } from "../../core/hash/mod.ts";
import { DPO, LB_DROP, type LoadBalances, type Path } from "./load_balance.ts";

/** Routes that the hash holds. */
const ENTRIES = 65_536;
/** Bytes of a key: address and length. */
const KEY_BYTES = 17;

/** A table; it takes no memory until the first route comes. */
export class Ip6Fib {
  /** Hash probes of the look-up made last. */
  probes = 0;
  readonly #loadBalances: LoadBalances;
  #hash: HashTable | null = null;
  /** Load balance by position in the hash. */
  #loadBalance: Int32Array = new Int32Array(0);
  /** Routes of each length. */
  readonly #count = new Int32Array(129);
  /** Lengths that have routes, the longest first. */
  #lengths: number[] = [];
  readonly #key = new Uint8Array(KEY_BYTES);

  constructor(loadBalances: LoadBalances) {
    this.#loadBalances = loadBalances;
  }

  /** Routes. */
  get size(): number {
    return this.#hash?.count ?? 0;
  }

  /**
   * Adds a route, or gives it other paths.
   * @throws {RangeError} when the hash is full
   */
  add(address: ArrayLike<number>, depth: number, paths: readonly Path[]): void {
    if (this.#hash === null) {
      this.#hash = new HashTable({ entries: ENTRIES, keyBytes: KEY_BYTES, extendable: true });
      this.#loadBalance = new Int32Array(ENTRIES);
    }
    this.#setKey(bytesOf(address), 0, depth);
    const known = this.#hash.lookup(this.#key);
    const at = this.#hash.add(this.#key);
    if (at < 0) throw new RangeError(`Cannot add a route: the IPv6 hash holds ${ENTRIES} of them`);
    if (known >= 0) this.#loadBalances.release(this.#loadBalance[at]!);
    else this.#countLength(depth, 1);
    this.#loadBalance[at] = this.#loadBalances.create(paths);
  }

  /** Removes a route; false when it is not there. */
  delete(address: ArrayLike<number>, depth: number): boolean {
    if (this.#hash === null) return false;
    this.#setKey(bytesOf(address), 0, depth);
    const at = this.#hash.lookup(this.#key);
    if (at < 0) return false;
    this.#loadBalances.release(this.#loadBalance[at]!);
    this.#hash.delete(this.#key);
    this.#countLength(depth, -1);
    return true;
  }

  /** Load balance for the address at `bytes[at]`. O(lengths). */
  lookup(bytes: Uint8Array, at: number): number {
    this.probes = 0;
    if (this.#hash === null) return LB_DROP;
    for (const depth of this.#lengths) {
      this.probes++;
      this.#setKey(bytes, at, depth);
      const found = this.#hash.lookup(this.#key);
      if (found >= 0) return this.#loadBalance[found]!;
    }
    return LB_DROP;
  }

  #setKey(bytes: Uint8Array, at: number, depth: number): void {
    const key = this.#key;
    for (let i = 0; i < 16; i++) {
      const bits = Math.min(8, Math.max(0, depth - 8 * i));
      key[i] = bytes[at + i]! & (0xff00 >> bits);
    }
    key[16] = depth;
  }

  #countLength(depth: number, by: number): void {
    this.#count[depth]! += by;
    this.#lengths = [...this.#count.keys()].filter((each) => this.#count[each]! > 0).reverse();
  }
}

/** The sixteen bytes of four words. */
export function bytesOf(words: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => words[i >> 2]! >>> (24 - 8 * (i & 3)));
}

/** A path to an address of the router itself. */
export const LOCAL: Path = { type: DPO.local, index: 0, weight: 1 };
