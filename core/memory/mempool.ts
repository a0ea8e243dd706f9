/**
 * A fixed population of host buffers with a cache for each lcore, as rte_mempool since DPDK 26.07.
 *
 * The common pool is a ring of free buffers (first freed, first used); a cache is a stack (last freed,
 * first used, so hot in the lcore's own caches) of at most `cacheSize` buffers. A put that fits goes to the
 * cache; one that does not, and is at most half a cache, first flushes the coldest half to the ring; a
 * larger one bypasses the cache. A get is served from the cache; when it is short it refills half a cache
 * from the ring, or takes a large remainder straight from the ring. An operation on n buffers happens whole
 * or not at all.
 *
 * Source: DPDK lib/mempool/rte_mempool.h at 26.11-rc0.
 */
import type { Memory, Region } from "./memory.ts";

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
  /** Buffers that each lcore's cache holds, 0..512. */
  cacheSize = 0;
  /** First buffer of its region. */
  first = 0;
  /** Called when buffers come back to a pool that had refused somebody. */
  onRefill: (() => void) | null = null;
  /** Times that a get was refused. */
  refusals = 0;

  readonly #memory: Memory;
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
  ) {
    this.#memory = memory;
    this.setUp(region, places, cacheSize);
  }

  /**
   * As new, over another region: all of its buffers free, all caches empty.
   * @throws {RangeError} when the cache size is out of range
   */
  setUp(region: Region, places: ArrayLike<number>, cacheSize: number): void {
    if (!(Number.isInteger(cacheSize) && cacheSize >= 0 && cacheSize <= 512)) {
      throw new RangeError(
        `Cannot make mempool ${region.name}: cache of ${cacheSize} is not in 0..512`,
      );
    }
    this.name = region.name;
    this.size = region.count;
    this.first = region.first;
    this.cacheSize = cacheSize;
    this.onRefill = null;
    this.refusals = 0;
    this.#lcores = places.length;
    this.#places = places;
    this.#starved = false;
    if (this.#ring.length < region.count) this.#ring = new Int32Array(region.count);
    for (let i = 0; i < region.count; i++) this.#ring[i] = region.first + i;
    this.#head = 0;
    this.#count = region.count;
    const slots = places.length * cacheSize;
    if (this.#cache.length < slots) this.#cache = new Int32Array(slots);
    if (this.#cached.length < places.length) this.#cached = new Int32Array(places.length);
    this.#cached.fill(0);
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

  /** Takes one buffer, or -1 when there is none. */
  get(lcore: number): number {
    const cached = this.#cached[lcore]!;
    if (cached > 0) {
      const b = this.#cache[lcore * this.cacheSize + cached - 1]!;
      this.#cached[lcore] = cached - 1;
      return this.#issue(b, lcore);
    }
    return this.#refillAndGet(lcore);
  }

  /** Takes `n` buffers into `out[at..]`, all or none. */
  getBulk(lcore: number, out: Int32Array, at: number, n: number): boolean {
    const base = lcore * this.cacheSize;
    const cached = this.#cached[lcore]!;
    if (n > cached + this.#count) {
      this.#starved = true;
      this.refusals++;
      return false;
    }
    const fromCache = n < cached ? n : cached;
    for (let i = 0; i < fromCache; i++) {
      out[at + i] = this.#issue(this.#cache[base + cached - 1 - i]!, lcore);
    }
    this.#cached[lcore] = cached - fromCache;
    const rest = n - fromCache;
    if (rest === 0) return true;
    const half = this.cacheSize >> 1;
    if (rest <= half && this.#count >= rest) {
      const refill = half < this.#count ? half : this.#count;
      for (let i = 0; i < refill; i++) this.#cache[base + i] = this.#take();
      this.#cached[lcore] = refill;
      for (let i = fromCache; i < n; i++) {
        const top = --this.#cached[lcore]!;
        out[at + i] = this.#issue(this.#cache[base + top]!, lcore);
      }
      return true;
    }
    for (let i = fromCache; i < n; i++) out[at + i] = this.#issue(this.#take(), lcore);
    return true;
  }

  /** Gives one buffer back. */
  put(lcore: number, b: number): void {
    if (!this.#accept(b, lcore)) return;
    const cached = this.#cached[lcore]!;
    if (cached < this.cacheSize) {
      this.#cache[lcore * this.cacheSize + cached] = b;
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
    // in checked mode the ledger may refuse one of them
    for (let i = 0; i < n; i++) this.put(lcore, buffers[at + i]!);
  }

  readonly #one = new Int32Array(1);

  #store(lcore: number, buffers: Int32Array, at: number, n: number): void {
    const size = this.cacheSize;
    const base = lcore * size;
    let cached = this.#cached[lcore]!;
    const half = size >> 1;
    if (cached + n <= size) {
      for (let i = 0; i < n; i++) this.#cache[base + cached + i] = buffers[at + i]!;
      this.#cached[lcore] = cached + n;
    } else if (n <= half) {
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

  #refillAndGet(lcore: number): number {
    if (this.#count === 0) {
      this.#starved = true;
      this.refusals++;
      return -1;
    }
    const base = lcore * this.cacheSize;
    const half = this.cacheSize >> 1;
    const refill = half < this.#count ? half : this.#count;
    if (refill === 0) return this.#issue(this.#take(), lcore);
    for (let i = 0; i < refill; i++) this.#cache[base + i] = this.#take();
    this.#cached[lcore] = refill - 1;
    return this.#issue(this.#cache[base + refill - 1]!, lcore);
  }

  #issue(b: number, lcore: number): number {
    const ledger = this.#memory.ledger;
    if (ledger !== null) ledger.alloc(b, this.#places[lcore]!);
    this.#memory.refresh(b);
    return b;
  }

  #accept(b: number, lcore: number): boolean {
    const ledger = this.#memory.ledger;
    if (ledger === null) return true;
    if (b < this.first || b >= this.first + this.size) {
      const o = ledger.observation;
      const known = b >= 0 && b < this.#memory.used;
      o.fault(
        "foreign-free",
        ledger.now,
        b,
        known ? ledger.packet[b]! : -1,
        this.#places[lcore]!,
        known ? ledger.holder[b]! : -1,
      );
      return false;
    }
    return ledger.free(b, this.#places[lcore]!);
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
