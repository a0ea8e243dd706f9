/**
 * How the caches of a mempool flush and refill.
 *
 * `half`, of DPDK since 26.07: a cache holds at most `cacheSize`. A put that does not fit, and is at most
 * half a cache, first flushes the coldest half to the ring; a larger one bypasses the cache. A get that is
 * short refills half a cache, or takes a large remainder straight from the ring.
 *
 * `flush-threshold`, of DPDK 22.11 to 26.03: a cache holds up to one and a half of `cacheSize`. A put that
 * would cross that flushes the whole cache first, one greater than it bypasses the cache. A get that is
 * short fetches the rest and `cacheSize` more in one go, or the rest alone when the ring has no more.
 *
 * Source: DPDK lib/mempool/rte_mempool.h at 26.11-rc0 and at 22.11.
 */
export type CacheAlgorithm = "half" | "flush-threshold";

/** Largest cache, and most buffers of a short get that one is filled for (RTE_MEMPOOL_CACHE_MAX_SIZE). */
export const CACHE_MAX = 512;

/**
 * Most buffers that a cache of nominal size `cacheSize` ever holds.
 * @throws {RangeError} when the size is not in 0..512
 */
export function cacheLimitOf(pool: string, cacheSize: number, algorithm: CacheAlgorithm): number {
  if (!(Number.isInteger(cacheSize) && cacheSize >= 0 && cacheSize <= CACHE_MAX)) {
    throw new RangeError(`Cannot make mempool ${pool}: cache of ${cacheSize} is not in 0..512`);
  }
  return algorithm === "half" ? cacheSize : Math.floor(cacheSize * 1.5);
}
