/** What bpf_fib_lookup costs: by the reads of the kernel's trie, near or far as the cache that holds it. */
import type { LcTrie } from "../../core/fib/lc_trie.ts";
import type { XdpCosts } from "./costs.ts";

/** Bytes of a core's L2 cache (Xeon E5-1650 v4, on which the costs were measured). */
const L2_BYTES = 256 * 1024;

/** Cycles of looking a destination up. */
export function lookupCycles(fib: LcTrie, dst: number, costs: XdpCosts): number {
  const read = fib.bytesOccupied <= L2_BYTES ? costs.fib_read : costs.fib_read_far;
  return costs.fib_lookup + read * fib.reads(dst);
}
