/** What the kinds of maps have in common. */
import type { BpfMap } from "./map.ts";
import { ERRNO, type MapSpec, OBJECT_VALUES } from "./map_spec.ts";

/** What programs may do with a map's entries: values of objects are read, or only handed on. */
export function programMay(spec: MapSpec): BpfMap["programMay"] {
  if (spec.readOnly === true) return "read";
  if (OBJECT_VALUES[spec.type] === undefined) return "write";
  return spec.type === "prog_array" || spec.type === "cpumap" ? "pass" : "read";
}

/**
 * Words as the bytes of a key or value, least significant first.
 *
 * @example
 * ```ts
 * import { u32 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...u32(1, 0x0a000001)], [1, 0, 0, 0, 1, 0, 0, 10]);
 * ```
 */
export function u32(...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setUint32(i * 4, word >>> 0, true));
  return bytes;
}

/** The word at `at`, least significant byte first. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>>
    0;
}

/** Copies a value in; shared by all kinds. */
export function storeValue(
  map: BpfMap,
  slot: number,
  values: Uint8Array,
  from: number,
  cpu: number,
): void {
  const { valueSize } = map.spec;
  map.values.set(values.subarray(from, from + valueSize), slot + cpu * map.perCpu);
}

/** Whether the flags allow an update of a key that is there, or is not: 0 or an error. */
export function updateError(present: boolean, flags: number): number {
  if (flags < 0 || flags > 2) return -ERRNO.EINVAL;
  if (present && flags === 1) return -ERRNO.EEXIST;
  return !present && flags === 2 ? -ERRNO.ENOENT : 0;
}

/** Bytes from one value to the next: kernel values are aligned to 8. */
export function strideOf(valueSize: number): number {
  return (valueSize + 7) & ~7;
}
