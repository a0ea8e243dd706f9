/**
 * A fixed population of host buffers with a cache for each lcore, as rte_mempool.
 *
 * The common pool is a ring of free buffers (first freed, first used); a cache is a stack (last freed,
 * first used, so hot in the lcore's own caches), which serves gets and takes puts while it can. How it is
 * flushed and refilled is its {@link CacheAlgorithm}. An operation on n buffers happens whole or not at all.
 *
 * Source: DPDK lib/mempool/rte_mempool.h at 26.11-rc0.
 */
import { CACHE_MAX, type CacheAlgorithm, cacheLimitOf } from "./cache_algorithm.ts";
import { noteForeign } from "./_foreign_free.ts";
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
  #ring: Int32Array = new Int32Array(0);
  #head = 0;
  #count = 0;
  #cache: Int32Array = new Int32Array(0);
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
    if (this.#ring.length < region.count) this.#ring = new Int32Array(region.count);
    for (let i = 0; i < region.count; i++) this.#ring[i] = region.first + i;
    this.#head = 0;
    this.#count = region.count;
    const slots = places.length * this.cacheLimit;
    if (this.#cache.length < slots) this.#cache = new Int32Array(slots);
    if (this.#cached.length < places.length) this.#cached = new Int32Array(places.length);
    this.#cached.fill(0);
  }

  /** The memory that its buffers are in. */
  get memory(): PacketMemory {
    return this.#memory;
  }

  /** Buffers in the common ring. */
  get free(): number {
    return this.#count;
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

  /**
   * Gives an lcore's cache back to the common ring, e.g. when the lcore stops; O(cacheSize). Source:
   * rte_mempool_cache_flush.
   */
  flush(lcore: number): void {
    const base = lcore * this.cacheLimit;
    const cached = this.#cached[lcore]!;
    for (let i = 0; i < cached; i++) this.#give(this.#cache[base + i]!);
    this.#cached[lcore] = 0;
    if (cached > 0 && this.#starved) this.#wake();
  }

  /** Takes one buffer, or -1 when there is none. */
  get(lcore: number): number {
    const cached = this.#cached[lcore]!;
    if (cached > 0) {
      const b = this.#cache[lcore * this.cacheLimit + cached - 1]!;
      this.#cached[lcore] = cached - 1;
      const ledger = this.#memory.ledger;
      if (ledger !== null) ledger.alloc(b, this.#places[lcore]!);
      this.#memory.refresh(b);
      return b;
    }
    return this.getBulk(lcore, this.#one, 0, 1) ? this.#one[0]! : -1;
  }

  /** Takes `n` buffers into `out[at..]`, all or none. */
  getBulk(lcore: number, out: Int32Array, at: number, n: number): boolean {
    const base = lcore * this.cacheLimit;
    const cached = this.#cached[lcore]!;
    if (n > cached + this.#count) return this.#refuse();
    const fromCache = n < cached ? n : cached;
    const cache = this.#cache;
    for (let i = 0; i < fromCache; i++) out[at + i] = cache[base + cached - 1 - i]!;
    this.#cached[lcore] = cached - fromCache;
    const rest = n - fromCache;
    if (rest > 0) this.#fetch(lcore, out, at + fromCache, rest);
    this.#issue(out, at, n, lcore);
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
    if (this.#memory.ledger === null) {
      this.#store(lcore, buffers, at, n);
      return;
    }
    // The ledger may refuse some of them; the caches do with the rest what they do without a ledger.
    if (this.#accepted.length < n) this.#accepted = new Int32Array(n);
    let accepted = 0;
    for (let i = 0; i < n; i++) {
      const b = buffers[at + i]!;
      if (this.#accept(b, lcore)) this.#accepted[accepted++] = b;
    }
    if (accepted > 0) this.#store(lcore, this.#accepted, 0, accepted);
  }

  #accepted = new Int32Array(64);
  readonly #one = new Int32Array(1);

  #store(lcore: number, buffers: Int32Array, at: number, n: number): void {
    const limit = this.cacheLimit;
    const base = lcore * limit;
    let cached = this.#cached[lcore]!;
    const half = this.cacheSize >> 1;
    if (cached + n <= limit) {
      for (let i = 0; i < n; i++) this.#cache[base + cached + i] = buffers[at + i]!;
      this.#cached[lcore] = cached + n;
    } else if (this.#flushThreshold && n <= limit) {
      for (let i = 0; i < cached; i++) this.#give(this.#cache[base + i]!);
      for (let i = 0; i < n; i++) this.#cache[base + i] = buffers[at + i]!;
      this.#cached[lcore] = n;
    } else if (!this.#flushThreshold && n <= half) {
      for (let i = 0; i < half; i++) this.#give(this.#cache[base + i]!);
      this.#cache.copyWithin(base, base + half, base + cached);
      cached -= half;
      for (let i = 0; i < n; i++) this.#cache[base + cached + i] = buffers[at + i]!;
      this.#cached[lcore] = cached + n;
    } else {
      for (let i = 0; i < n; i++) this.#give(buffers[at + i]!);
    }
    if (this.#starved) this.#wake();
  }

  #refuse(): false {
    this.#starved = true;
    this.refusals++;
    return false;
  }

  /** Takes `n` buffers from the ring, which has them, for an lcore whose cache is empty. */
  #fetch(lcore: number, out: Int32Array, at: number, n: number): void {
    if (this.#flushThreshold) {
      this.#fetchMore(lcore, out, at, n);
      return;
    }
    const half = this.cacheSize >> 1;
    if (n > half) {
      for (let i = 0; i < n; i++) out[at + i] = this.#take();
      return;
    }
    const base = lcore * this.cacheLimit;
    const refill = half < this.#count ? half : this.#count;
    for (let i = 0; i < refill; i++) this.#cache[base + i] = this.#take();
    this.#cached[lcore] = refill - n;
    for (let i = 0; i < n; i++) out[at + i] = this.#cache[base + refill - 1 - i]!;
  }

  /** The same with a flush threshold: what was fetched last is handed out first, as off a stack. */
  #fetchMore(lcore: number, out: Int32Array, at: number, n: number): void {
    const size = this.cacheSize;
    if (n > CACHE_MAX || n + size > this.#count) {
      for (let i = 0; i < n; i++) out[at + i] = this.#take();
      return;
    }
    const base = lcore * this.cacheLimit;
    for (let i = 0; i < size; i++) this.#cache[base + i] = this.#take();
    this.#cached[lcore] = size;
    for (let i = n - 1; i >= 0; i--) out[at + i] = this.#take();
  }

  #issue(out: Int32Array, at: number, n: number, lcore: number): void {
    const ledger = this.#memory.ledger;
    if (ledger !== null) {
      for (let i = at; i < at + n; i++) ledger.alloc(out[i]!, this.#places[lcore]!);
    }
    this.#memory.refreshBulk(out, at, n);
  }

  #accept(b: number, lcore: number): boolean {
    const ledger = this.#memory.ledger;
    if (ledger === null) return true;
    const place = this.#places[lcore]!;
    if (b >= this.first && b < this.first + this.size) return ledger.free(b, place);
    noteForeign(ledger, b, place, this.#memory.used);
    return false;
  }

  #take(): number {
    const b = this.#ring[this.#head]!;
    this.#head = this.#head + 1 === this.size ? 0 : this.#head + 1;
    this.#count--;
    return b;
  }

  #give(b: number): void {
    let tail = this.#head + this.#count;
    if (tail >= this.size) tail -= this.size;
    this.#ring[tail] = b;
    this.#count++;
  }

  #wake(): void {
    this.#starved = false;
    if (this.onRefill !== null) this.onRefill();
  }
}
