/**
 * The TCP header (RFC 793, 3.1) whose first byte is at `off`. Readers and setters do not check
 * lengths.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { checksumWithout, pseudoHeaderSum, verifyChecksum } from "./checksum.ts";
import { PROTOCOL_TCP } from "./ipv4.ts";

/** Bytes of a header without options. */
export const TCP_HEADER_BYTES = 20;

/** Bits of {@link tcpFlags}; ECE and CWR are those of RFC 3168, 6.1. */
export const TCP_FLAG: {
  readonly fin: 1;
  readonly syn: 2;
  readonly rst: 4;
  readonly psh: 8;
  readonly ack: 16;
  readonly urg: 32;
  readonly ece: 64;
  readonly cwr: 128;
} = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 };

/** Source port. */
export function tcpSrcPort(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off);
}

/** Sets the source port. */
export function setTcpSrcPort(bytes: Uint8Array, off: number, port: number): void {
  writeU16(bytes, off, port);
}

/** Destination port. */
export function tcpDstPort(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 2);
}

/** Sets the destination port. */
export function setTcpDstPort(bytes: Uint8Array, off: number, port: number): void {
  writeU16(bytes, off + 2, port);
}

/** Sequence number, unsigned. */
export function tcpSeq(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 4);
}

/** Sets the sequence number. */
export function setTcpSeq(bytes: Uint8Array, off: number, seq: number): void {
  writeU32(bytes, off + 4, seq);
}

/** Acknowledgment number, unsigned. */
export function tcpAck(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 8);
}

/** Sets the acknowledgment number. */
export function setTcpAck(bytes: Uint8Array, off: number, ack: number): void {
  writeU32(bytes, off + 8, ack);
}

/** Bytes of the header with its options: data offset times four, 0..60. */
export function tcpHeaderLength(bytes: Uint8Array, off: number): number {
  return bytes[off + 12]! >>> 4 << 2;
}

/** Sets the bytes of the header, a multiple of four 20..60; the reserved bits stay. */
export function setTcpHeaderLength(bytes: Uint8Array, off: number, lengthBytes: number): void {
  bytes[off + 12] = (lengthBytes >>> 2 << 4) | (bytes[off + 12]! & 15);
}

/** The eight control bits: see {@link TCP_FLAG}. */
export function tcpFlags(bytes: Uint8Array, off: number): number {
  return bytes[off + 13]!;
}

/** Sets the eight control bits. */
export function setTcpFlags(bytes: Uint8Array, off: number, flags: number): void {
  bytes[off + 13] = flags;
}

/** Window, unscaled. */
export function tcpWindow(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 14);
}

/** Sets the window. */
export function setTcpWindow(bytes: Uint8Array, off: number, window: number): void {
  writeU16(bytes, off + 14, window);
}

/** Checksum as it stands in the field; unlike UDP's, 0 is a checksum like any other. */
export function tcpChecksum(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 16);
}

/** Sets the checksum field. */
export function setTcpChecksum(bytes: Uint8Array, off: number, sum: number): void {
  writeU16(bytes, off + 16, sum);
}

/** Urgent pointer. */
export function tcpUrgent(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 18);
}

/** Sets the urgent pointer. */
export function setTcpUrgent(bytes: Uint8Array, off: number, urgent: number): void {
  writeU16(bytes, off + 18, urgent);
}

/**
 * The checksum that the segment of `length` bytes (header and data) at `off` between the IPv4
 * addresses `src` and `dst` ought to hold, whatever its field holds. O(length).
 *
 * @throws {RangeError} when `length` is below 18
 */
export function computeTcpChecksum(
  bytes: Uint8Array,
  off: number,
  length: number,
  src: number,
  dst: number,
): number {
  const pseudo = pseudoHeaderSum(src, dst, PROTOCOL_TCP, length);
  return checksumWithout(bytes, off, length, 16, pseudo);
}

/**
 * Whether the segment of `length` bytes (header and data) at `off` has a right checksum. O(length).
 */
export function verifyTcpChecksum(
  bytes: Uint8Array,
  off: number,
  length: number,
  src: number,
  dst: number,
): boolean {
  return verifyChecksum(bytes, off, length, pseudoHeaderSum(src, dst, PROTOCOL_TCP, length));
}
