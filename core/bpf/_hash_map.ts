/**
 * Hash maps: hash, lru_hash, percpu_hash, devmap_hash (kernel/bpf/hashtab.c). All elements are allocated
 * beforehand and wait on a free list; buckets are chains through them. The LRU kind gives up the entry that was
 * used longest ago, exactly (the kernel's lists are approximate for the sake of several CPUs).
 */
import { programMay, storeValue, strideOf, updateError } from "./_map_parts.ts";
import type { BpfMap } from "./map.ts";
import { ERRNO, type MapSpec } from "./map_spec.ts";

const NONE = -1;

/** A hash table of fixed capacity. */
export class HashMap implements BpfMap {
  readonly spec: MapSpec;
  readonly values: Uint8Array;
  readonly perCpu: number;
  readonly programMay: BpfMap["programMay"];
  size = 0;
  readonly #stride: number;
  readonly #keys: Uint8Array;
  readonly #buckets: Int32Array;
  readonly #next: Int32Array;
  readonly #used: Float64Array;
  readonly #live: Uint8Array;
  #free: number;
  #clock = 0;

  constructor(spec: MapSpec, cpus: number) {
    const { maxEntries, keySize } = spec;
    this.spec = spec;
    this.#stride = strideOf(spec.valueSize);
    this.perCpu = cpus > 1 ? this.#stride * maxEntries : 0;
    this.values = new Uint8Array(this.#stride * maxEntries * cpus);
    this.programMay = programMay(spec);
    this.#keys = new Uint8Array(keySize * maxEntries);
    let buckets = 1;
    while (buckets < maxEntries) buckets *= 2;
    this.#buckets = new Int32Array(buckets).fill(NONE);
    this.#next = Int32Array.from(
      { length: maxEntries },
      (_, i) => i + 1 < maxEntries ? i + 1 : NONE,
    );
    this.#used = new Float64Array(maxEntries);
    this.#live = new Uint8Array(maxEntries);
    this.#free = 0;
  }

  lookup(keys: Uint8Array, at: number): number {
    const element = this.#find(keys, at, this.#bucket(keys, at));
    if (element === NONE) return -1;
    this.#used[element] = ++this.#clock;
    return element * this.#stride;
  }

  update(
    keys: Uint8Array,
    at: number,
    values: Uint8Array,
    from: number,
    flags: number,
    cpu = 0,
  ): number {
    const bucket = this.#bucket(keys, at);
    let element = this.#find(keys, at, bucket);
    const error = updateError(element !== NONE, flags);
    if (error !== 0) return error;
    if (element === NONE) {
      element = this.#insert(keys, at, bucket);
      if (element === NONE) return -ERRNO.E2BIG;
    }
    this.#used[element] = ++this.#clock;
    storeValue(this, element * this.#stride, values, from, cpu);
    return 0;
  }

  delete(keys: Uint8Array, at: number): number {
    const bucket = this.#bucket(keys, at);
    const element = this.#find(keys, at, bucket);
    if (element === NONE) return -ERRNO.ENOENT;
    this.#remove(element, bucket);
    return 0;
  }

  *keys(): Iterable<Uint8Array> {
    const { keySize, maxEntries } = this.spec;
    for (let i = 0; i < maxEntries; i++) {
      if (this.#live[i] === 1) yield this.#keys.slice(i * keySize, (i + 1) * keySize);
    }
  }

  /** FNV-1a over the key. */
  #bucket(keys: Uint8Array, at: number): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < this.spec.keySize; i++) {
      hash = Math.imul(hash ^ keys[at + i]!, 0x01000193);
    }
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1);
  }

  #find(keys: Uint8Array, at: number, bucket: number): number {
    const { keySize } = this.spec;
    for (let one = this.#buckets[bucket]!; one !== NONE; one = this.#next[one]!) {
      const from = one * keySize;
      let i = 0;
      while (i < keySize && this.#keys[from + i] === keys[at + i]) i++;
      if (i === keySize) return one;
    }
    return NONE;
  }

  #insert(keys: Uint8Array, at: number, bucket: number): number {
    if (this.#free === NONE && this.spec.type === "lru_hash") this.#evict();
    const element = this.#free;
    if (element === NONE) return NONE;
    this.#free = this.#next[element]!;
    const { keySize } = this.spec;
    this.#keys.set(keys.subarray(at, at + keySize), element * keySize);
    // what another CPU's copy held belongs to the key before
    for (let copy = element * this.#stride; copy < this.values.length; copy += this.perCpu) {
      this.values.fill(0, copy, copy + this.#stride);
      if (this.perCpu === 0) break;
    }
    this.#next[element] = this.#buckets[bucket]!;
    this.#buckets[bucket] = element;
    this.#live[element] = 1;
    this.size++;
    return element;
  }

  #evict(): void {
    let oldest = 0;
    for (let i = 1; i < this.#used.length; i++) {
      if (this.#used[i]! < this.#used[oldest]!) oldest = i;
    }
    this.#remove(oldest, this.#bucket(this.#keys, oldest * this.spec.keySize));
  }

  #remove(element: number, bucket: number): void {
    let before = NONE;
    for (let one = this.#buckets[bucket]!; one !== element; one = this.#next[one]!) before = one;
    if (before === NONE) this.#buckets[bucket] = this.#next[element]!;
    else this.#next[before] = this.#next[element]!;
    this.#next[element] = this.#free;
    this.#free = element;
    this.#live[element] = 0;
    this.size--;
  }
}
