/**
 * A few skbs that a core keeps at hand for itself (napi_alloc_cache), so that a packet which is to be sent as a copy
 * is not lost because the allocator is short of memory for a moment.
 *
 * Source: Linux net/core/skbuff.c (napi_skb_cache_get).
 */
import type { Env } from "../../core/stack.ts";

/** Skbs kept; the kernel's cache has 64. */
const KEPT = 16;

/** The cache of one lcore. */
export class SkbCache {
  readonly #env: Env;
  readonly #lcore: number;
  readonly #kept: number[] = [];

  constructor(env: Env, lcore: number) {
    this.#env = env;
    this.#lcore = lcore;
    this.#fill();
  }

  /** A new skb, or -1 when neither the allocator nor the cache has one. */
  get(): number {
    const skb = this.#env.pool.get(this.#lcore);
    if (skb < 0) return this.#kept.pop() ?? -1;
    if (this.#kept.length < KEPT) this.#fill();
    return skb;
  }

  #fill(): void {
    while (this.#kept.length < KEPT) {
      const skb = this.#env.pool.get(this.#lcore);
      if (skb < 0) return;
      this.#kept.push(skb);
    }
  }
}
