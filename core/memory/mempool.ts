/**
 * A fixed population of host buffers with a cache for each lcore, as rte_mempool.
 *
 * The common pool is a ring of free buffers (first freed, first used); a cache is a stack (last freed,
 * first used, so hot in the lcore's own caches), which serves gets and takes puts while it can. How it is
 * flushed and refilled is its {@link CacheAlgorithm}. An operation on n buffers happens whole or not at all.
 *
 * What rte_mempool_get gives is `getRaw`: a buffer with whatever its last holder left in its words. `get`
 * is rte_pktmbuf_alloc, which makes it as new besides; that is most of its time.
 *
 * Source: DPDK lib/mempool/rte_mempool.h at 26.11-rc0.
 */
import { CACHE_MAX, type CacheAlgorithm, cacheLimitOf } from "./cache_algorithm.ts";
import { noteForeign } from "./_foreign_free.ts";
import { FreeRing } from "./_free_ring.ts";
import { PairedWords } from "./pairs.ts";
import type { Memory, PacketMemory, Region } from "./memory.ts";

/**
 * A pool of buffers of one region.
 *
 * An operation on n buffers takes O(n), and O(n + `cacheSize`) when it refills or flushes a cache.
 *
 * @example
 * ```ts
 * import { Memory, Mempool } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(64);
 * const pool = new Mempool(memory, memory.region("mempool", 0, 64), [-1], 8);
 * const burst = new Int32Array(32);
 * assertEquals(pool.getBulk(0, burst, 0, 32), true);
 * assertEquals(pool.getBulk(0, burst, 0, 33), false);
 * pool.putBulk(0, burst, 0, 32);
 * assertEquals([pool.free + pool.cached, pool.refusals], [64, 1]);
 * ```
 */
export class Mempool {
  /** Name of its region. */
  name = "";
  /** Buffers of its region: free, cached and in use. */
  size = 0;
  /** Nominal buffers of each lcore's cache, 0..512. */
  cacheSize = 0;
  /** Most buffers that a cache ever holds: `cacheSize`, or one and a half of it, rounded down. */
  cacheLimit = 0;
  /** First buffer of its region. */
  first = 0;
  /** Called when buffers come back to a pool that had refused somebody. */
  onRefill: (() => void) | null = null;
  /** Times that a get was refused. */
  refusals = 0;

  readonly #memory: Memory;
  #flushThreshold = false;
  readonly #ring = new FreeRing();
  #cache: Int32Array = new Int32Array(0);
  #cacheIn: PairedWords = new PairedWords(this.#cache);
  #cacheOut: PairedWords = new PairedWords(this.#cache); // callers put from one array, get into another
  #cached: Int32Array = new Int32Array(0);
  #places: ArrayLike<number> = [];
  #lcores = 0;
  #starved = false;

  /**
   * A pool with all buffers of `region` free.
   * @param places the place of each lcore, for the ledger
   * @param cacheSize buffers in each lcore's cache, 0..512
   * @throws {RangeError} when the cache size is out of range
   */
  constructor(
    memory: Memory,
    region: Region,
    places: ArrayLike<number>,
    cacheSize: number,
    algorithm: CacheAlgorithm = "half",
  ) {
    this.#memory = memory;
    this.setUp(region, places, cacheSize, algorithm);
  }

  /**
   * As new, over another region: all of its buffers free, all caches empty.
   * @throws {RangeError} when the cache size is out of range
   */
  setUp(
    region: Region,
    places: ArrayLike<number>,
    cacheSize: number,
    algorithm: CacheAlgorithm = "half",
  ): void {
    this.cacheLimit = cacheLimitOf(region.name, cacheSize, algorithm);
    this.name = region.name;
    this.size = region.count;
    this.first = region.first;
    this.cacheSize = cacheSize;
    this.#flushThreshold = algorithm === "flush-threshold";
    this.onRefill = null;
    this.refusals = 0;
    this.#lcores = places.length;
    this.#places = places;
    this.#starved = false;
    this.#ring.fill(region.first, region.count);
    const slots = places.length * this.cacheLimit;
    if (this.#cache.length < slots) {
      this.#cache = new Int32Array(slots);
      this.#cacheIn = new PairedWords(this.#cache);
      this.#cacheOut = new PairedWords(this.#cache);
    }
    if (this.#cached.length < places.length) this.#cached = new Int32Array(places.length);
    this.#cached.fill(0);
  }

  /** The memory that its buffers are in. */
  get memory(): PacketMemory {
    return this.#memory;
  }

  /** Buffers in the common ring. */
  get free(): number {
    return this.#ring.count;
  }

  /** Buffers in all caches. */
  get cached(): number {
    let sum = 0;
    for (let i = 0; i < this.#lcores; i++) sum += this.#cached[i]!;
    return sum;
  }

  /** Buffers in one lcore's cache. */
  cachedBy(lcore: number): number {
    return this.#cached[lcore]!;
  }

  /** Times that the common ring was used for a get or a put, of however many buffers. */
  get commonOps(): number {
    return this.#ring.operations;
  }

  /** Gives an lcore's cache back to the common ring; O(cacheSize). Source: rte_mempool_cache_flush. */
  flush(lcore: number): void {
    const cached = this.#cached[lcore]!;
    this.#ring.give(this.#cache, lcore * this.cacheLimit, cached);
    this.#cached[lcore] = 0;
    if (cached > 0 && this.#starved) this.#wake();
  }

  /** Takes one buffer, as new, or -1 when there is none. Source: rte_pktmbuf_alloc. */
  get(lcore: number): number {
    const b = this.getRaw(lcore);
    if (b >= 0) this.#memory.refresh(b);
    return b;
  }

  /** Takes `n` buffers, as new, into `out[at..]`, all or none. Source: rte_pktmbuf_alloc_bulk. */
  getBulk(lcore: number, out: Int32Array, at: number, n: number): boolean {
    if (!this.getRawBulk(lcore, out, at, n)) return false;
    this.#memory.refreshBulk(out, at, n);
    return true;
  }

  /**
   * Takes one buffer, or -1 when there is none, for a caller who sets its words: they say what they
   * said when it was given back. Who sets a shorter length calls `note` of the memory before. Source:
   * rte_mbuf_raw_alloc.
   */
  getRaw(lcore: number): number {
    const cached = this.#cached[lcore]!;
    if (cached === 0) return this.getRawBulk(lcore, this.#one, 0, 1) ? this.#one[0]! : -1;
    const b = this.#cache[lcore * this.cacheLimit + cached - 1]!;
    this.#cached[lcore] = cached - 1;
    const ledger = this.#memory.ledger;
    if (ledger !== null) ledger.alloc(b, this.#places[lcore]!);
    return b;
  }

  /**
   * Takes `n` buffers into `out[at..]`, all or none, each as {@link getRaw} does. Source:
   * rte_mempool_get_bulk.
   */
  getRawBulk(lcore: number, out: Int32Array, at: number, n: number): boolean {
    const cached = this.#cached[lcore]!;
    if (n <= cached) {
      this.#cacheOut.copyOffTop(lcore * this.cacheLimit + cached, out, at, n);
      this.#cached[lcore] = cached - n;
    } else if (!this.#takeBeyond(lcore, cached, out, at, n)) return false;
    const ledger = this.#memory.ledger;
    if (ledger !== null) ledger.allocBulk(out, at, n, this.#places[lcore]!);
    return true;
  }

  /** Gives one buffer back. */
  put(lcore: number, b: number): void {
    if (!this.#accept(b, lcore)) return;
    const cached = this.#cached[lcore]!;
    if (cached < this.cacheLimit) {
      this.#cache[lcore * this.cacheLimit + cached] = b;
      this.#cached[lcore] = cached + 1;
      if (this.#starved) this.#wake();
      return;
    }
    this.#one[0] = b;
    this.#store(lcore, this.#one, 0, 1);
  }

  /** Gives `n` buffers back, `buffers[at..at+n-1]`. */
  putBulk(lcore: number, buffers: Int32Array, at: number, n: number): void {
    if (this.#memory.ledger === null) this.#store(lcore, buffers, at, n);
    else this.#storeAccepted(lcore, buffers, at, n);
  }

  #accepted = new Int32Array(64);
  readonly #one = new Int32Array(1);

  /** The ledger may refuse some; the caches do with the rest what they do without one. */
  #storeAccepted(lcore: number, buffers: Int32Array, at: number, n: number): void {
    if (this.#accepted.length < n) this.#accepted = new Int32Array(n);
    let accepted = 0;
    for (let i = 0; i < n; i++) {
      const b = buffers[at + i]!;
      if (this.#accept(b, lcore)) this.#accepted[accepted++] = b;
    }
    if (accepted > 0) this.#store(lcore, this.#accepted, 0, accepted);
  }

  #store(lcore: number, buffers: Int32Array, at: number, n: number): void {
    const cached = this.#cached[lcore]!;
    if (cached + n <= this.cacheLimit) {
      this.#cacheIn.copyIn(lcore * this.cacheLimit + cached, buffers, at, n);
      this.#cached[lcore] = cached + n;
    } else this.#flushFor(lcore, buffers, at, n);
    if (this.#starved) this.#wake();
  }

  /** A put of buffers for which the cache has no room. */
  #flushFor(lcore: number, buffers: Int32Array, at: number, n: number): void {
    const most = this.#flushThreshold ? this.cacheLimit : this.cacheSize >> 1;
    if (n > most) return this.#ring.give(buffers, at, n);
    const cache = this.#cache;
    const base = lcore * this.cacheLimit;
    const cached = this.#cached[lcore]!;
    const cold = this.#flushThreshold ? cached : most;
    this.#ring.give(cache, base, cold);
    cache.copyWithin(base, base + cold, base + cached);
    this.#cacheIn.copyIn(base + cached - cold, buffers, at, n);
    this.#cached[lcore] = cached - cold + n;
  }

  /** A get of more than the cache has; apart, so that V8 has room to inline the usual one. */
  #takeBeyond(lcore: number, cached: number, out: Int32Array, at: number, n: number): boolean {
    if (n > cached + this.#ring.count) return this.#refuse();
    this.#cacheOut.copyOffTop(lcore * this.cacheLimit + cached, out, at, cached);
    this.#cached[lcore] = 0;
    this.#fetch(lcore, out, at + cached, n - cached);
    return true;
  }

  #refuse(): false {
    this.#starved = true;
    this.refusals++;
    return false;
  }

  /** Takes `n` buffers from the ring, which has them, for an lcore whose cache is empty. */
  #fetch(lcore: number, out: Int32Array, at: number, n: number): void {
    const ring = this.#ring;
    const base = lcore * this.cacheLimit;
    if (this.#flushThreshold) {
      if (n <= CACHE_MAX && n + this.cacheSize <= ring.count) {
        ring.take(this.#cache, base, this.cacheSize);
        this.#cached[lcore] = this.cacheSize;
        // What was fetched last is handed out first, as off a stack.
        ring.take(out, at, n);
        out.subarray(at, at + n).reverse();
      } else ring.take(out, at, n);
      return;
    }
    const half = this.cacheSize >> 1;
    if (n > half) return ring.take(out, at, n);
    const refill = half < ring.count ? half : ring.count;
    ring.take(this.#cache, base, refill);
    this.#cached[lcore] = refill - n;
    for (let i = 0; i < n; i++) out[at + i] = this.#cache[base + refill - 1 - i]!;
  }

  #accept(b: number, lcore: number): boolean {
    const ledger = this.#memory.ledger;
    if (ledger === null) return true;
    const place = this.#places[lcore]!;
    if (b >= this.first && b < this.first + this.size) return ledger.free(b, place);
    noteForeign(ledger, b, place, this.#memory.used);
    return false;
  }

  #wake(): void {
    this.#starved = false;
    if (this.onRefill !== null) this.onRefill();
  }
}
