/**
 * Fields of the IPv4 header (RFC 791, 3.1) whose first byte is at `off`.
 *
 * Addresses are unsigned 32-bit numbers in host order: 10.0.0.1 is 0x0a000001. Readers and setters
 * touch one field each and do not check lengths: `checkHeader` has said that the header is there. A
 * setter leaves the header checksum as it is; `setIpv4Checksum` or `fillIpv4Checksum` is the
 * caller's next call.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { checksumWithout } from "./checksum.ts";

/** Bytes of a header without options. */
export const IPV4_HEADER_BYTES = 20;
/** Bytes of the longest header: IHL is four bits of 32-bit words. */
export const IPV4_HEADER_BYTES_MAX = 60;
/** Protocol number of ICMP. */
export const PROTOCOL_ICMP = 1;
/** Protocol number of TCP. */
export const PROTOCOL_TCP = 6;
/** Protocol number of UDP. */
export const PROTOCOL_UDP = 17;
/** Protocol number of IPv4 in IP (RFC 2003). */
export const PROTOCOL_IPV4 = 4;
/** Protocol number of IPv6 in IP (RFC 4213). */
export const PROTOCOL_IPV6 = 41;
/** Protocol number of GRE (RFC 2784). */
export const PROTOCOL_GRE = 47;
/** Protocol number of ICMPv6 (RFC 4443). */
export const PROTOCOL_ICMPV6 = 58;
/** Protocol number of MPLS in IP (RFC 4023). */
export const PROTOCOL_MPLS = 137;
/** "More fragments" in the number that {@link ipv4Flags} gives. */
export const IPV4_MF = 1;
/** "Don't fragment" in the number that {@link ipv4Flags} gives. */
export const IPV4_DF = 2;

/** Version, 4 in a right header. */
export function ipv4Version(bytes: Uint8Array, off: number): number {
  return bytes[off]! >>> 4;
}

/** Length of the header with its options in bytes: IHL times four, 0..60. */
export function ipv4HeaderLength(bytes: Uint8Array, off: number): number {
  return (bytes[off]! & 15) << 2;
}

/** Sets version 4 and a header of `lengthBytes`, a multiple of four 20..60. */
export function setIpv4HeaderLength(bytes: Uint8Array, off: number, lengthBytes: number): void {
  bytes[off] = 0x40 | (lengthBytes >>> 2);
}

/** Bytes of options: header length less 20. They begin at `off + IPV4_HEADER_BYTES`. */
export function ipv4OptionsLength(bytes: Uint8Array, off: number): number {
  return ipv4HeaderLength(bytes, off) - IPV4_HEADER_BYTES;
}

/** Differentiated services code point, 0..63 (RFC 2474). */
export function ipv4Dscp(bytes: Uint8Array, off: number): number {
  return bytes[off + 1]! >>> 2;
}

/** Sets the code point; ECN stays. */
export function setIpv4Dscp(bytes: Uint8Array, off: number, dscp: number): void {
  bytes[off + 1] = (dscp << 2) | (bytes[off + 1]! & 3);
}

/** Explicit congestion notification, 0..3 (RFC 3168). */
export function ipv4Ecn(bytes: Uint8Array, off: number): number {
  return bytes[off + 1]! & 3;
}

/** Sets ECN; the code point stays. */
export function setIpv4Ecn(bytes: Uint8Array, off: number, ecn: number): void {
  bytes[off + 1] = (bytes[off + 1]! & 0xfc) | (ecn & 3);
}

/** Bytes of header and payload together. */
export function ipv4TotalLength(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 2);
}

/** Sets the bytes of header and payload together. */
export function setIpv4TotalLength(bytes: Uint8Array, off: number, length: number): void {
  writeU16(bytes, off + 2, length);
}

/** Identification. */
export function ipv4Id(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 4);
}

/** Sets the identification. */
export function setIpv4Id(bytes: Uint8Array, off: number, id: number): void {
  writeU16(bytes, off + 4, id);
}

/**
 * The three flag bits, reserved bit highest: {@link IPV4_DF} and {@link IPV4_MF} may be set in it.
 */
export function ipv4Flags(bytes: Uint8Array, off: number): number {
  return bytes[off + 6]! >>> 5;
}

/** Sets the three flag bits; the fragment offset stays. */
export function setIpv4Flags(bytes: Uint8Array, off: number, flags: number): void {
  bytes[off + 6] = (flags << 5) | (bytes[off + 6]! & 31);
}

/** Fragment offset in units of eight bytes, 0..8191. */
export function ipv4FragmentOffset(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 6) & 0x1fff;
}

/** Sets the fragment offset in units of eight bytes; the flags stay. */
export function setIpv4FragmentOffset(bytes: Uint8Array, off: number, units: number): void {
  writeU16(bytes, off + 6, (bytes[off + 6]! >>> 5 << 13) | (units & 0x1fff));
}

/** Whether the packet is a part of a larger one: more fragments follow, or the offset is not 0. */
export function isIpv4Fragment(bytes: Uint8Array, off: number): boolean {
  return (readU16(bytes, off + 6) & 0x3fff) !== 0;
}

/** Time to live. */
export function ipv4Ttl(bytes: Uint8Array, off: number): number {
  return bytes[off + 8]!;
}

/** Sets the time to live; `decrementTtl` is what a forwarder calls. */
export function setIpv4Ttl(bytes: Uint8Array, off: number, ttl: number): void {
  bytes[off + 8] = ttl;
}

/** Protocol number of the payload. */
export function ipv4Protocol(bytes: Uint8Array, off: number): number {
  return bytes[off + 9]!;
}

/** Sets the protocol number of the payload. */
export function setIpv4Protocol(bytes: Uint8Array, off: number, protocol: number): void {
  bytes[off + 9] = protocol;
}

/** Header checksum as it stands in the field. */
export function ipv4Checksum(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 10);
}

/** Sets the header checksum field. */
export function setIpv4Checksum(bytes: Uint8Array, off: number, sum: number): void {
  writeU16(bytes, off + 10, sum);
}

/** Source address, unsigned. */
export function ipv4Src(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 12);
}

/** Sets the source address. */
export function setIpv4Src(bytes: Uint8Array, off: number, address: number): void {
  writeU32(bytes, off + 12, address);
}

/** Destination address, unsigned. */
export function ipv4Dst(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 16);
}

/** Sets the destination address. */
export function setIpv4Dst(bytes: Uint8Array, off: number, address: number): void {
  writeU32(bytes, off + 16, address);
}

/** The checksum that the header at `off` ought to hold, whatever it holds. */
export function computeIpv4Checksum(bytes: Uint8Array, off: number): number {
  return checksumWithout(bytes, off, ipv4HeaderLength(bytes, off), 10, 0);
}

/**
 * Computes the header checksum in full and writes it.
 *
 * @throws {RangeError} when IHL says fewer than three words, so that the header does not hold the
 * field
 * @example
 * ```ts
 * import { fillIpv4Checksum, ipv4Checksum } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const header = Uint8Array.from([
 *   0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 168, 0, 1, 192, 168, 0, 199,
 * ]);
 * fillIpv4Checksum(header, 0);
 * assertEquals(ipv4Checksum(header, 0), 0xb861);
 * ```
 */
export function fillIpv4Checksum(bytes: Uint8Array, off: number): void {
  setIpv4Checksum(bytes, off, computeIpv4Checksum(bytes, off));
}
