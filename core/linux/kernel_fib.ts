/**
 * The kernel's table: an LC-trie with the routes of the machine's. Filling one with a full table takes seconds, so
 * that a large one is kept from run to run as long as the routes stay the same.
 */
import type { Fib4 } from "../fib/fib.ts";
import { LcTrie } from "../fib/lc_trie.ts";
import type { LinuxCosts } from "./costs.ts";

/** Bytes of a core's L2 cache (Xeon E5-1650 v4, on which the costs were measured). */
const L2_BYTES = 256 * 1024;
/** Routes from which a trie is kept. */
const KEPT_FROM = 4096;

/** Makes tries for the runs of one stack. */
export class KernelFib {
  #trie: LcTrie | null = null;
  /** Prefix, depth and next hop of each route of the trie that is kept. */
  #routes = new Uint32Array(0);

  /**
   * A trie with the routes of `fib`; that itself if it is one. `mine` says that the caller will change it. O(routes).
   * @throws {RangeError} when the routes do not fit a trie
   */
  of(fib: Fib4, mine: boolean): LcTrie {
    if (fib instanceof LcTrie) return fib;
    const routes: number[] = [];
    fib.walk((prefix, depth, nextHop) => void routes.push(prefix, depth, nextHop));
    const isKept = routes.length >= 3 * KEPT_FROM && !mine;
    if (isKept && this.#trie !== null && this.#same(routes)) return this.#trie;
    const trie = new LcTrie();
    for (let i = 0; i < routes.length; i += 3) {
      if (trie.add(routes[i]!, routes[i + 1]!, routes[i + 2]!)) continue;
      throw new RangeError(`Cannot boot the kernel: an LC-trie is full with ${trie.size} routes`);
    }
    if (isKept) {
      this.#trie = trie;
      this.#routes = Uint32Array.from(routes);
    }
    return trie;
  }

  #same(routes: readonly number[]): boolean {
    const kept = this.#routes;
    return kept.length === routes.length && kept.every((word, i) => word === routes[i]);
  }
}

/** Cycles of looking a destination up: what does not depend on the trie, and its dependent reads. */
export function fibCycles(fib: LcTrie, dst: number, costs: LinuxCosts): number {
  const read = fib.bytesOccupied <= L2_BYTES ? costs.fibRead : costs.fibReadFar;
  return costs.fibBase + read * fib.reads(dst);
}
