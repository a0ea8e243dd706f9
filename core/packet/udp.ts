/**
 * The UDP header (RFC 768) whose first byte is at `off`. Readers and setters do not check lengths.
 *
 * Two zeros: a checksum field of 0 says that the sender computed none, so a checksum that comes out
 * as 0 is sent as 0xffff, its other form.
 */

import { readU16, writeU16 } from "./bytes.ts";
import { checksumWithout, pseudoHeaderSum, verifyChecksum } from "./checksum.ts";
import { PROTOCOL_UDP } from "./ipv4.ts";

/** Bytes of the header. */
export const UDP_HEADER_BYTES = 8;

/** Source port. */
export function udpSrcPort(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off);
}

/** Sets the source port. */
export function setUdpSrcPort(bytes: Uint8Array, off: number, port: number): void {
  writeU16(bytes, off, port);
}

/** Destination port. */
export function udpDstPort(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 2);
}

/** Sets the destination port. */
export function setUdpDstPort(bytes: Uint8Array, off: number, port: number): void {
  writeU16(bytes, off + 2, port);
}

/** Bytes of header and data, as the field says. */
export function udpLength(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 4);
}

/** Sets the bytes of header and data. */
export function setUdpLength(bytes: Uint8Array, off: number, length: number): void {
  writeU16(bytes, off + 4, length);
}

/** Checksum as it stands in the field; 0 means that there is none. */
export function udpChecksum(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 6);
}

/** Sets the checksum field. */
export function setUdpChecksum(bytes: Uint8Array, off: number, sum: number): void {
  writeU16(bytes, off + 6, sum);
}

/**
 * The checksum that the datagram of `length` bytes at `off` between the IPv4 addresses `src` and
 * `dst` is to be sent with, whatever its field holds: never 0. O(length).
 *
 * @throws {RangeError} when `length` is below 8
 */
export function computeUdpChecksum(
  bytes: Uint8Array,
  off: number,
  length: number,
  src: number,
  dst: number,
): number {
  const pseudo = pseudoHeaderSum(src, dst, PROTOCOL_UDP, length);
  const sum = checksumWithout(bytes, off, length, 6, pseudo);
  return sum === 0 ? 0xffff : sum;
}

/**
 * Whether the datagram of `length` bytes at `off` has a right checksum, or none. O(length).
 *
 * @example
 * ```ts
 * import { verifyUdpChecksum, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const [src, dst] = [0x0a000001, 0x0a000002];
 * const frame = new Uint8Array(64);
 * writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src, dst, payload: 10 });
 * assert(verifyUdpChecksum(frame, 34, 18, src, dst));
 * frame[42]! ^= 1;
 * assertFalse(verifyUdpChecksum(frame, 34, 18, src, dst));
 * ```
 */
export function verifyUdpChecksum(
  bytes: Uint8Array,
  off: number,
  length: number,
  src: number,
  dst: number,
): boolean {
  if (udpChecksum(bytes, off) === 0) return true;
  return verifyChecksum(bytes, off, length, pseudoHeaderSum(src, dst, PROTOCOL_UDP, length));
}
