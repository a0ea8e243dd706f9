/**
 * Maps: memory that programs and their users share. Values lie in one array, so that a pointer to a value is
 * an offset into it and what one side writes the other reads at once, without a copy or a reload.
 *
 * A map answers error numbers as the system calls do: 0, or a negative ERRNO.
 */
import { LpmTrie } from "./_lpm_trie.ts";
import { checkMapSpec, isIndexed, type MapSpec } from "./map_spec.ts";
import { ArrayMap } from "./_array_map.ts";
import { HashMap } from "./_hash_map.ts";

/** A map as programs and users see it. */
export interface BpfMap {
  /** Its declaration. */
  readonly spec: MapSpec;
  /** Values of all entries, each at the offset that `lookup` answers. */
  readonly values: Uint8Array;
  /** Bytes from one CPU's copy of a value to the next one's; 0 where there is one copy. */
  readonly perCpu: number;
  /** Whether programs may read, and change, what it holds. */
  readonly programMay: "write" | "read" | "pass";
  /** Entries present. */
  readonly size: number;
  /** Offset of the value of the key at `keys[at..]`, or -1. */
  lookup(keys: Uint8Array, at: number): number;
  /** Stores a value under a key; `flags` is BPF_ANY, BPF_NOEXIST or BPF_EXIST. */
  update(
    keys: Uint8Array,
    at: number,
    values: Uint8Array,
    from: number,
    flags: number,
    cpu?: number,
  ): number;
  /** Removes a key. */
  delete(keys: Uint8Array, at: number): number;
  /** The keys present (BPF_MAP_GET_NEXT_KEY). */
  keys(): Iterable<Uint8Array>;
}

/**
 * Creates a map (BPF_MAP_CREATE) for a machine of `cpus` CPUs.
 *
 * @example
 * ```ts
 * import { createMap, u32 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const map = createMap({
 *   name: "counters",
 *   type: "array",
 *   keySize: 4,
 *   valueSize: 8,
 *   maxEntries: 4,
 *   flags: 0,
 * });
 * assertEquals(map.update(u32(3), 0, u32(7, 0), 0, 0), 0);
 * assertEquals(map.values[map.lookup(u32(3), 0)], 7);
 * assertEquals(map.lookup(u32(4), 0), -1);
 * ```
 * @throws {RangeError} when the declaration is one that BPF_MAP_CREATE refuses
 */
export function createMap(spec: MapSpec, cpus = 1): BpfMap {
  checkMapSpec(spec);
  if (spec.type === "lpm_trie") return new LpmTrie(spec);
  if (isIndexed(spec.type)) return new ArrayMap(spec, spec.type === "percpu_array" ? cpus : 1);
  return new HashMap(spec, spec.type === "percpu_hash" ? cpus : 1);
}
