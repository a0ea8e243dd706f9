/**
 * The GRE header (RFC 2784, 2; key and sequence number RFC 2890, 2) whose first byte is at `off`:
 * four bytes, then four for each of checksum, key and sequence number that a flag announces, in this
 * order. Readers do not check; {@link greHeaderLength} says what is there.
 *
 * Version 0 only: version 1 is PPTP's (RFC 2637), whose header lies otherwise.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { checksumWithout, verifyChecksum } from "./checksum.ts";

/** Bytes of a header without optional fields. */
export const GRE_HEADER_BYTES = 4;
/** Bits of {@link greFlags}. */
export const GRE_FLAG: {
  readonly checksum: 0x8000;
  readonly key: 0x2000;
  readonly sequence: 0x1000;
} = { checksum: 0x8000, key: 0x2000, sequence: 0x1000 };

/** Routing, strict source route and recursion of RFC 1701: who sets them wants more than RFC 2784. */
const FLAGS_REFUSED = 0x4c00;
const VERSION = 7;

/** The sixteen bits of flags, reserved bits and version. */
export function greFlags(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off);
}

/** Protocol type of what follows, an EtherType. */
export function greProtocol(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 2);
}

/** Bytes of a header with these flags, 4..16. */
function lengthFor(flags: number): number {
  return GRE_HEADER_BYTES + (flags >>> 13 & 4) + (flags >>> 11 & 4) + (flags >>> 10 & 4);
}

/**
 * Bytes of the header at `off`, or -1 when it does not fit in `available` bytes, is not of version
 * 0, or has one of the bits 1, 4 and 5 set, which a receiver must discard (RFC 2784, 2.2, as RFC
 * 2890 changes it). Nothing beyond those bytes or the array is read. O(1).
 *
 * @example
 * ```ts
 * import { greHeaderLength, greKey, writeGre } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new Uint8Array(8);
 * assertEquals(writeGre(header, 0, { protocol: 0x0800, key: 42 }), 8);
 * assertEquals([greHeaderLength(header, 0, 8), greKey(header, 0)], [8, 42]);
 * assertEquals(greHeaderLength(header, 0, 7), -1);
 * ```
 */
export function greHeaderLength(bytes: Uint8Array, off: number, available: number): number {
  const room = Math.min(available, bytes.length - off);
  if (!(room >= GRE_HEADER_BYTES)) return -1;
  const flags = greFlags(bytes, off);
  if ((flags & (FLAGS_REFUSED | VERSION)) !== 0) return -1;
  const length = lengthFor(flags);
  return length <= room ? length : -1;
}

/** Key of a header that has one: its flag is set. */
export function greKey(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + ((greFlags(bytes, off) & GRE_FLAG.checksum) !== 0 ? 8 : 4));
}

/** Sequence number of a header that has one: the last field. */
export function greSequence(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + lengthFor(greFlags(bytes, off)) - 4);
}

/**
 * Whether the `length` bytes of header and payload at `off` have a right checksum, or none (RFC
 * 2784, 2.3: no pseudo header). O(length).
 */
export function verifyGreChecksum(bytes: Uint8Array, off: number, length: number): boolean {
  return (greFlags(bytes, off) & GRE_FLAG.checksum) === 0 || verifyChecksum(bytes, off, length, 0);
}

/**
 * Computes the checksum of the `length` bytes of header and payload at `off` and writes it; what
 * {@link writeGre} leaves to be done when the payload is there. O(length).
 *
 * @throws {RangeError} when `length` is below 6
 */
export function fillGreChecksum(bytes: Uint8Array, off: number, length: number): void {
  writeU16(bytes, off + 4, checksumWithout(bytes, off, length, 4, 0));
}

/** A GRE header to be written. */
export interface GreHeader {
  /** Protocol type: the EtherType of the payload. */
  readonly protocol: number;
  /** Whether there is room for a checksum, left 0 for {@link fillGreChecksum}; false. */
  readonly checksum?: boolean;
  /** Key, unsigned 32 bits; none. */
  readonly key?: number;
  /** Sequence number, unsigned 32 bits; none. */
  readonly sequence?: number;
}

/** Writes a header and answers its bytes, 4..16. */
export function writeGre(bytes: Uint8Array, off: number, header: GreHeader): number {
  const { protocol, checksum = false, key, sequence } = header;
  const flags = (checksum ? GRE_FLAG.checksum : 0) | (key === undefined ? 0 : GRE_FLAG.key) |
    (sequence === undefined ? 0 : GRE_FLAG.sequence);
  writeU16(bytes, off, flags);
  writeU16(bytes, off + 2, protocol);
  let at = off + GRE_HEADER_BYTES;
  for (const field of [checksum ? 0 : undefined, key, sequence]) {
    if (field === undefined) continue;
    writeU32(bytes, at, field);
    at += 4;
  }
  return at - off;
}
