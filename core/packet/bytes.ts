/**
 * Big-endian fields in a byte array: what every header reader and writer of this folder is made of.
 *
 * The functions neither allocate nor check: the caller has made sure that the field lies inside the
 * array (`l3Offset` and `checkHeader` are made for that). A DataView would be as short to write,
 * but one would have to be held beside every arena, and V8 inlines these loads and shifts anyway.
 */

/**
 * The unsigned 16-bit field at `at`, network byte order.
 *
 * @example
 * ```ts
 * import { readU16 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readU16(Uint8Array.of(0x08, 0x00), 0), 0x0800);
 * ```
 */
export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Writes the low 16 bits of `value` at `at`, network byte order. */
export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/**
 * The unsigned 32-bit field at `at`, network byte order.
 *
 * @example
 * ```ts
 * import { readU32 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readU32(Uint8Array.of(255, 0, 0, 1), 0), 0xff000001);
 * ```
 */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

/** Writes the low 32 bits of `value` at `at`, network byte order. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
