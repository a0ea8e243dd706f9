/**
 * The IPv4 table: a hash of entries by exact prefix, as VPP has one for each length, and the mtrie that look-ups read.
 * A leaf of the mtrie names a load balance. 0.0.0.0/0 is always there: it drops, until somebody says otherwise.
 *
 * Source: VPP src/vnet/fib/ip4_fib.h, src/vnet/ip/ip4_mtrie.h.
 */
import type { Fib4 } from "../../core/fib/fib.ts";
import { Mtrie } from "../../core/fib/mtrie.ts";
import { RuleTable } from "../../core/fib/rule_table.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";
import { LB_DROP, type LoadBalances, type Path } from "./load_balance.ts";

/** Tries by machine, kept from run to run: the root of one is 320 KiB. */
const TRIES = new WeakMap<PacketMemory, Mtrie>();

/** A table. */
export class Ip4Fib {
  readonly mtrie: Mtrie;
  readonly #loadBalances: LoadBalances;
  /** Load balance of each entry. */
  readonly #entries = new RuleTable();

  /** An empty table for a machine. */
  constructor(memory: PacketMemory, loadBalances: LoadBalances) {
    const kept = TRIES.get(memory);
    this.mtrie = kept ?? new Mtrie();
    if (kept === undefined) TRIES.set(memory, this.mtrie);
    else kept.clear();
    this.#loadBalances = loadBalances;
  }

  /** Routes, without the one that drops by default. */
  get size(): number {
    return this.#entries.count;
  }

  /** Takes over the routes of a table; `pathOf` says where a next hop leads. */
  load(fib: Fib4, pathOf: (nextHop: number) => Path): void {
    fib.walk((prefix, depth, nextHop) => this.add(prefix, depth, [pathOf(nextHop)]));
  }

  /** Adds a route, or gives it other paths. */
  add(prefix: number, depth: number, paths: readonly Path[]): void {
    const loadBalance = this.#loadBalances.create(paths);
    const before = this.#entries.get(prefix, depth);
    this.#entries.set(prefix, depth, loadBalance);
    if (!this.mtrie.add(prefix, depth, loadBalance)) {
      throw new RangeError(`Cannot add a route: the mtrie is full with ${this.mtrie.size} of them`);
    }
    if (before >= 0) this.#loadBalances.release(before);
  }

  /** Removes a route; false when it is not there. */
  delete(prefix: number, depth: number): boolean {
    const before = this.#entries.get(prefix, depth);
    if (before < 0) return false;
    this.#entries.remove(prefix, depth);
    this.mtrie.delete(prefix, depth);
    this.#loadBalances.release(before);
    return true;
  }

  /** Load balance of an exact prefix, or -1. */
  entry(prefix: number, depth: number): number {
    return this.#entries.get(prefix, depth);
  }

  /** Load balance for an address. */
  lookup(address: number): number {
    const leaf = this.mtrie.lookup(address);
    return leaf < 0 ? LB_DROP : leaf;
  }

  /** Calls `visit` for each route, in ascending order of (prefix, depth). */
  walk(visit: (prefix: number, depth: number, loadBalance: number) => void): void {
    this.#entries.walk(visit);
  }
}
