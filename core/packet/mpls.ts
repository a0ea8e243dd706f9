/**
 * MPLS label stack entries (RFC 3032, 2.1), four bytes each: label, traffic class (RFC 5462), bottom
 * of stack, time to live. Readers do not check lengths; {@link mplsStackLength} does.
 *
 * No entry says what follows the stack. {@link mplsPayloadType} goes by the label where one of RFC
 * 3032, 2.1 says it, and else by the first four bits as routers do (RFC 4928, 3), which is a guess:
 * an Ethernet pseudowire without control word whose address begins with 4 or 6 is taken for IP.
 */

import { readU32, writeU32 } from "./bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "./ethernet.ts";

/** Bytes of one entry. */
export const MPLS_ENTRY_BYTES = 4;
/** Most entries of a stack that is read. */
export const MPLS_ENTRIES_MAX = 16;
const IPV4_EXPLICIT_NULL = 0;
const IPV6_EXPLICIT_NULL = 2;

/** Label, 20 bits. */
export function mplsLabel(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) >>> 12;
}

/** Traffic class, 0..7. */
export function mplsTrafficClass(bytes: Uint8Array, at: number): number {
  return bytes[at + 2]! >>> 1 & 7;
}

/** Whether the entry is the last of its stack. */
export function mplsIsBottom(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 2]! & 1) === 1;
}

/** Time to live. */
export function mplsTtl(bytes: Uint8Array, at: number): number {
  return bytes[at + 3]!;
}

/**
 * Bytes of the stack at `off` through its bottom entry, or -1 when `available` bytes end before
 * that, or {@link MPLS_ENTRIES_MAX} entries do. Nothing beyond them or the array is read.
 * O(entries).
 *
 * @example
 * ```ts
 * import { mplsLabel, mplsStackLength, writeMplsEntry } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const stack = new Uint8Array(8);
 * writeMplsEntry(stack, 0, 100, 0, false, 64);
 * writeMplsEntry(stack, 4, 200, 0, true, 64);
 * assertEquals([mplsStackLength(stack, 0, 8), mplsStackLength(stack, 0, 7)], [8, -1]);
 * assertEquals(mplsLabel(stack, 4), 200);
 * ```
 */
export function mplsStackLength(bytes: Uint8Array, off: number, available: number): number {
  const room = Math.min(available, bytes.length - off, MPLS_ENTRIES_MAX * MPLS_ENTRY_BYTES);
  for (let n = MPLS_ENTRY_BYTES; n <= room; n += MPLS_ENTRY_BYTES) {
    if (mplsIsBottom(bytes, off + n - MPLS_ENTRY_BYTES)) return n;
  }
  return -1;
}

/**
 * EtherType of what follows the stack of `length` bytes at `off`, or 0 where neither its last label
 * nor the next byte says: it is IPv4, IPv6, or unknown. `available` as for {@link mplsStackLength}.
 * O(1).
 */
export function mplsPayloadType(
  bytes: Uint8Array,
  off: number,
  length: number,
  available: number,
): number {
  const label = mplsLabel(bytes, off + length - MPLS_ENTRY_BYTES);
  if (label === IPV4_EXPLICIT_NULL) return ETHERTYPE_IPV4;
  if (label === IPV6_EXPLICIT_NULL) return ETHERTYPE_IPV6;
  if (!(Math.min(available, bytes.length - off) > length)) return 0;
  const version = bytes[off + length]! >>> 4;
  return version === 4 ? ETHERTYPE_IPV4 : version === 6 ? ETHERTYPE_IPV6 : 0;
}

/**
 * Writes one entry.
 *
 * @throws {RangeError} when `label` is not 0..2^20-1, `trafficClass` not 0..7 or `ttl` not 0..255
 */
export function writeMplsEntry(
  bytes: Uint8Array,
  at: number,
  label: number,
  trafficClass: number,
  bottom: boolean,
  ttl: number,
): void {
  const exact = (value: number, max: number, name: string): void => {
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new RangeError(`Cannot write MPLS entry: ${name} is ${value}, not 0..${max}`);
    }
  };
  exact(label, 0xfffff, "label");
  exact(trafficClass, 7, "trafficClass");
  exact(ttl, 255, "ttl");
  writeU32(bytes, at, (label << 12) | (trafficClass << 9) | (bottom ? 256 : 0) | ttl);
}
