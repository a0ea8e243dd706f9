/**
 * The ICMP header (RFC 792) whose first byte is at `off`. Bytes 4..7 mean something else in each
 * message: identifier and sequence in an echo, nothing in "time exceeded", next-hop MTU in
 * "fragmentation needed" (RFC 1191, 4). Readers and setters do not check lengths. The checksum
 * covers no pseudo header.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { checksumWithout, verifyChecksum } from "./checksum.ts";

/** Bytes of the header. */
export const ICMP_HEADER_BYTES = 8;
/** Type of an echo reply. */
export const ICMP_ECHO_REPLY = 0;
/** Type of "destination unreachable". */
export const ICMP_UNREACHABLE = 3;
/** Type of an echo request. */
export const ICMP_ECHO_REQUEST = 8;
/** Type of "time exceeded". */
export const ICMP_TIME_EXCEEDED = 11;

/** Message type. */
export function icmpType(bytes: Uint8Array, off: number): number {
  return bytes[off]!;
}

/** Sets the message type. */
export function setIcmpType(bytes: Uint8Array, off: number, type: number): void {
  bytes[off] = type;
}

/** Code within the type. */
export function icmpCode(bytes: Uint8Array, off: number): number {
  return bytes[off + 1]!;
}

/** Sets the code within the type. */
export function setIcmpCode(bytes: Uint8Array, off: number, code: number): void {
  bytes[off + 1] = code;
}

/** Checksum as it stands in the field. */
export function icmpChecksum(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 2);
}

/** Sets the checksum field. */
export function setIcmpChecksum(bytes: Uint8Array, off: number, sum: number): void {
  writeU16(bytes, off + 2, sum);
}

/** Bytes 4..7 as one unsigned number. */
export function icmpRest(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 4);
}

/** Sets bytes 4..7. */
export function setIcmpRest(bytes: Uint8Array, off: number, rest: number): void {
  writeU32(bytes, off + 4, rest);
}

/** Identifier of an echo. */
export function icmpId(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 4);
}

/** Sets the identifier of an echo. */
export function setIcmpId(bytes: Uint8Array, off: number, id: number): void {
  writeU16(bytes, off + 4, id);
}

/** Sequence number of an echo. */
export function icmpSequence(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 6);
}

/** Sets the sequence number of an echo. */
export function setIcmpSequence(bytes: Uint8Array, off: number, sequence: number): void {
  writeU16(bytes, off + 6, sequence);
}

/**
 * The checksum that the message of `length` bytes (header and data) at `off` ought to hold.
 * O(length).
 *
 * @throws {RangeError} when `length` is below 4
 */
export function computeIcmpChecksum(bytes: Uint8Array, off: number, length: number): number {
  return checksumWithout(bytes, off, length, 2, 0);
}

/**
 * Whether the message of `length` bytes (header and data) at `off` has a right checksum. O(length).
 */
export function verifyIcmpChecksum(bytes: Uint8Array, off: number, length: number): boolean {
  return verifyChecksum(bytes, off, length, 0);
}
