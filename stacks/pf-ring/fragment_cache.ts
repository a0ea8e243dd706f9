/**
 * Which hash the first fragment of a packet had, so that those behind it, which have no ports, reach the same socket
 * (enable_frag_coherence). Fragments may come in any order behind the first, so an entry stays until it is the oldest
 * of too many; the kernel purges by age besides.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (add_cluster_fragment, get_fragment_app_id, MAX_CLUSTER_FRAGMENTS_LEN).
 */
import type { ParsedPkt } from "./parse_pkt.ts";

/** Packets whose fragments are remembered. */
export const CLUSTER_FRAGMENTS_MAX = 4096;

/** Fragments on their way. */
export class FragmentCache {
  /** Entries that had to give way to newer ones (Cluster Fragment Discard). */
  discarded = 0;
  readonly #hash = new Map<string, number>();

  /** Packets under way (Cluster Fragment Queue). */
  get queue(): number {
    return this.#hash.size;
  }

  /** The hash of a fragment: `own` of a first one, that of its first one where that has been seen, else `own`. */
  hashOf(parsed: ParsedPkt, own: number): number {
    const { outer, ipId, fragmentOffset } = parsed;
    const key = `${outer.src} ${outer.dst} ${outer.protocol} ${ipId}`;
    if (fragmentOffset === 0) {
      this.#add(key, own);
      return own;
    }
    return this.#hash.get(key) ?? own;
  }

  #add(key: string, hash: number): void {
    this.#hash.delete(key);
    if (this.#hash.size === CLUSTER_FRAGMENTS_MAX) {
      this.discarded++;
      for (const oldest of this.#hash.keys()) {
        this.#hash.delete(oldest);
        break;
      }
    }
    this.#hash.set(key, hash);
  }
}
