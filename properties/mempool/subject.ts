/** What a pool of buffers has to offer to be judged, and what it may offer to be judged by more laws. */

/** The limits that a pool under test is made with. */
export interface MempoolGeometry {
  /** Buffers of the pool, 1 or more. */
  readonly size: number;
  /** Buffers that each lcore's cache is to hold; a pool without caches may ignore it. */
  readonly cacheSize: number;
  /** Lcores that use the pool, numbered from 0. */
  readonly lcores: number;
}

/** How a judge looks into the buffers of a pool, and writes into those that it holds. */
export interface PoolBuffers {
  /** Byte that free buffers are overwritten with; absent when they are not. */
  readonly poison?: number;
  /** The fields that a user finds in a buffer, in any fixed order: lengths, flags, links. */
  fields(b: number): readonly number[];
  /** Writes into every field and some bytes of a buffer, as its user may. */
  soil(b: number): void;
  /** The bytes that `soil` wrote. */
  bytes(b: number): Uint8Array;
}

/** A pool under test. What is optional and absent leaves the laws that need it not judged. */
export interface PoolUnderTest {
  /** Takes a buffer for an lcore, or answers -1. */
  get(lcore: number): number;
  /** Takes a buffer back from an lcore, not always the one that got it. */
  put(lcore: number, b: number): void;
  /** Takes `n` buffers into `out[at..]`, all or none, and tells which. */
  getBulk?(lcore: number, out: Int32Array, at: number, n: number): boolean;
  /** Takes `buffers[at..at+n-1]` back. */
  putBulk?(lcore: number, buffers: Int32Array, at: number, n: number): void;
  /** Buffers that every lcore can get. */
  readonly free?: number;
  /** Buffers in all caches; 0 when absent. */
  readonly cached?: number;
  /** Buffers in the cache of an lcore, which it alone can get. */
  cachedBy?(lcore: number): number;
  /** Most buffers that a cache may hold; `cacheSize` when absent. */
  readonly cacheLimit?: number;
  /** Gives the cache of an lcore back for all to get. */
  flush?(lcore: number): void;
  /** Wrong puts noticed so far: of a buffer that is free, or of another pool. */
  readonly faults?: number;
  /** The buffers themselves. */
  readonly buffers?: PoolBuffers;
}

/** Something that a pool may offer. */
export type PoolOffer =
  | "free"
  | "cachedBy"
  | "getBulk"
  | "faults"
  | "buffers"
  | "poison";

/** Whether a pool offers it. */
export function offers(pool: PoolUnderTest, what: PoolOffer): boolean {
  if (what === "poison") return pool.buffers?.poison !== undefined;
  return pool[what] !== undefined;
}
