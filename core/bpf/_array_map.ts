/** Maps with an index for a key: array, percpu_array, prog_array, devmap, cpumap, xskmap (kernel/bpf/arraymap.c). */
import { programMay, readU32, storeValue, strideOf, u32, updateError } from "./_map_parts.ts";
import type { BpfMap } from "./map.ts";
import { ERRNO, type MapSpec, OBJECT_VALUES } from "./map_spec.ts";

/** Entries 0..maxEntries-1. Those of plain arrays are always there; those that name objects come and go. */
export class ArrayMap implements BpfMap {
  readonly spec: MapSpec;
  readonly values: Uint8Array;
  readonly perCpu: number;
  readonly programMay: BpfMap["programMay"];
  readonly #stride: number;
  /** Which entries are there, or null where all are. */
  readonly #present: Uint8Array | null;

  constructor(spec: MapSpec, cpus: number) {
    this.spec = spec;
    this.#stride = strideOf(spec.valueSize);
    this.perCpu = cpus > 1 ? this.#stride * spec.maxEntries : 0;
    this.values = new Uint8Array(this.#stride * spec.maxEntries * cpus);
    this.programMay = programMay(spec);
    this.#present = OBJECT_VALUES[spec.type] === undefined ? null : new Uint8Array(spec.maxEntries);
    if (spec.data !== undefined) this.values.set(spec.data);
  }

  get size(): number {
    return this.#present === null
      ? this.spec.maxEntries
      : this.#present.reduce((sum, one) => sum + one, 0);
  }

  lookup(keys: Uint8Array, at: number): number {
    return this.at(readU32(keys, at));
  }

  /** Offset of entry `index`, or -1. */
  at(index: number): number {
    if (index >= this.spec.maxEntries) return -1;
    return this.#present !== null && this.#present[index] === 0 ? -1 : index * this.#stride;
  }

  update(
    keys: Uint8Array,
    at: number,
    values: Uint8Array,
    from: number,
    flags: number,
    cpu = 0,
  ): number {
    const index = readU32(keys, at);
    // in an array every index exists already: BPF_NOEXIST never succeeds
    const error = updateError(this.#present === null || this.#present[index] === 1, flags);
    if (index >= this.spec.maxEntries) return error === -ERRNO.EINVAL ? error : -ERRNO.E2BIG;
    if (error !== 0) return error;
    if (this.#present !== null) this.#present[index] = 1;
    storeValue(this, index * this.#stride, values, from, cpu);
    return 0;
  }

  delete(keys: Uint8Array, at: number): number {
    const index = readU32(keys, at);
    if (this.#present === null) return -ERRNO.EINVAL;
    if (index >= this.spec.maxEntries) return -ERRNO.EINVAL;
    if (this.#present[index] === 0) return -ERRNO.ENOENT;
    this.#present[index] = 0;
    this.values.fill(0, index * this.#stride, (index + 1) * this.#stride);
    return 0;
  }

  *keys(): Iterable<Uint8Array> {
    for (let i = 0; i < this.spec.maxEntries; i++) if (this.at(i) >= 0) yield u32(i);
  }
}
