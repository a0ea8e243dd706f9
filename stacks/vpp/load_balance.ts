/**
 * Load balances: what a route leads to. One has a power of two of buckets, each a DPO (data-path object): a type,
 * which says the next node, and an index. A flow's hash picks the bucket. Paths of different weight take buckets in
 * proportion, in the smallest block in which the mean error is a tenth of a bucket or less.
 *
 * Source: VPP src/vnet/dpo/load_balance.h, src/vnet/fib/fib_path_list / ip_multipath_normalize_next_hops.
 */

/** Types of DPOs; each is also the index of the next node of a look-up (ip_lookup_next_t). */
export const DPO = {
  drop: 0,
  punt: 1,
  local: 2,
  arp: 3,
  glean: 4,
  /** An adjacency: rewritten if it is complete, else as `arp`. */
  adjacency: 5,
} as const;

/** Where a path leads. */
export interface Path {
  readonly type: number;
  readonly index: number;
  readonly weight: number;
}

/** Most error of a bucket on average (multipath_next_hop_error_tolerance). */
const ERROR_TOLERANCE = 0.1;
/** The load balance of the default route: drop. */
export const LB_DROP = 0;

/** Buckets for each path: their sum is the power of two that is answered with them. */
export function normalise(weights: readonly number[]): { buckets: number; share: number[] } {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let buckets = 1;
  while (buckets < weights.length) buckets *= 2;
  for (;; buckets *= 2) {
    let left = buckets;
    let error = 0;
    const share = weights.map((weight) => {
      const exact = weight * buckets / sum;
      const n = Math.min(Math.round(exact), left);
      left -= n;
      error += Math.abs(exact - n);
      return n;
    });
    share[0]! += left;
    if (error <= ERROR_TOLERANCE * buckets) return { buckets, share };
  }
}

/** All load balances, by index. */
export class LoadBalances {
  /** Buckets of each, less one: what masks a hash; -1 where the index is free. */
  mask: Int32Array = new Int32Array(16).fill(-1);
  /** Where the buckets of each begin. */
  base: Int32Array = new Int32Array(16);
  /** Type and index of each bucket. */
  type: Uint8Array = new Uint8Array(16);
  dpo: Int32Array = new Int32Array(16);
  /** Packets and bytes of each, by thread. */
  readonly #counts: Float64Array[];
  #count = 0;
  #used = 0;
  readonly #free: number[] = [];
  /** Paths of those that have several. */
  readonly #paths = new Map<number, readonly Path[]>();
  /** Free blocks of buckets by size. */
  readonly #blocks = new Map<number, number[]>();

  /** With the load balance of the default route. */
  constructor(threads: number) {
    this.#counts = Array.from({ length: threads }, () => new Float64Array(32));
    this.create([{ type: DPO.drop, index: 0, weight: 1 }]);
  }

  /** Indices in use are below this. */
  get end(): number {
    return this.#count;
  }

  /** A new load balance over paths. */
  create(paths: readonly Path[]): number {
    const { buckets, share } = paths.length === 1
      ? { buckets: 1, share: [1] }
      : normalise(paths.map(({ weight }) => weight));
    const index = this.#free.pop() ?? this.#count++;
    if (index >= this.mask.length) this.#growIndices();
    const base = this.#blocks.get(buckets)?.pop() ?? this.#block(buckets);
    this.mask[index] = buckets - 1;
    this.base[index] = base;
    let at = base;
    paths.forEach(({ type, index: dpo }, i) => {
      for (let k = 0; k < share[i]!; k++, at++) {
        this.type[at] = type;
        this.dpo[at] = dpo;
      }
    });
    for (const counts of this.#counts) counts.fill(0, 2 * index, 2 * index + 2);
    if (paths.length > 1) this.#paths.set(index, paths);
    return index;
  }

  /** Paths that a load balance of several was made over. */
  pathsOf(index: number): readonly Path[] {
    return this.#paths.get(index) ?? [];
  }

  /** Nothing leads to it any more. */
  release(index: number): void {
    const buckets = this.mask[index]! + 1;
    const blocks = this.#blocks.get(buckets);
    if (blocks === undefined) this.#blocks.set(buckets, [this.base[index]!]);
    else blocks.push(this.base[index]!);
    this.mask[index] = -1;
    this.#paths.delete(index);
    this.#free.push(index);
  }

  /** One thread counts a packet; nobody else writes there. */
  count(thread: number, index: number, bytes: number): void {
    const counts = this.#counts[thread]!;
    counts[2 * index]!++;
    counts[2 * index + 1]! += bytes;
  }

  /** Packets of all threads. */
  packets(index: number): number {
    return this.#counts.reduce((sum, counts) => sum + counts[2 * index]!, 0);
  }

  /** Bytes of all threads. */
  bytes(index: number): number {
    return this.#counts.reduce((sum, counts) => sum + counts[2 * index + 1]!, 0);
  }

  #block(buckets: number): number {
    const base = this.#used;
    this.#used += buckets;
    if (this.#used > this.type.length) {
      const size = Math.max(2 * this.type.length, this.#used);
      const type = new Uint8Array(size);
      type.set(this.type);
      this.type = type;
      const dpo = new Int32Array(size);
      dpo.set(this.dpo);
      this.dpo = dpo;
    }
    return base;
  }

  #growIndices(): void {
    const size = 2 * this.mask.length;
    const mask = new Int32Array(size).fill(-1);
    mask.set(this.mask);
    this.mask = mask;
    const base = new Int32Array(size);
    base.set(this.base);
    this.base = base;
    for (let t = 0; t < this.#counts.length; t++) {
      const counts = new Float64Array(2 * size);
      counts.set(this.#counts[t]!);
      this.#counts[t] = counts;
    }
  }
}
