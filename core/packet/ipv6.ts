/**
 * Fields of the IPv6 header (RFC 8200, 3) whose first byte is at `off`.
 *
 * An address is sixteen bytes in place, named by where it begins: at {@link IPV6_SRC_AT} and
 * {@link IPV6_DST_AT} behind `off`; no number holds 128 bits, and an object per packet would.
 * Readers and setters touch one field each and do not check lengths: {@link checkHeader6} has said
 * that the header is there.
 */

import { REASON, type Reason } from "../policy.ts";
import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";

/** Bytes of the header, extension headers not counted. */
export const IPV6_HEADER_BYTES = 40;
/** Where the source address begins behind the first byte of the header. */
export const IPV6_SRC_AT = 8;
/** Where the destination address begins behind the first byte of the header. */
export const IPV6_DST_AT = 24;

/** Version, 6 in a right header. */
export function ipv6Version(bytes: Uint8Array, off: number): number {
  return bytes[off]! >>> 4;
}

/** Sets version 6; the traffic class stays. */
export function setIpv6Version(bytes: Uint8Array, off: number): void {
  bytes[off] = 0x60 | (bytes[off]! & 15);
}

/** Traffic class: code point and ECN, 0..255 (RFC 8200, 7). */
export function ipv6TrafficClass(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off) >>> 4 & 0xff;
}

/** Sets the traffic class; version and flow label stay. */
export function setIpv6TrafficClass(bytes: Uint8Array, off: number, trafficClass: number): void {
  writeU16(bytes, off, (readU16(bytes, off) & 0xf00f) | (trafficClass & 0xff) << 4);
}

/** Explicit congestion notification, 0..3: the low bits of the traffic class (RFC 3168). */
export function ipv6Ecn(bytes: Uint8Array, off: number): number {
  return bytes[off + 1]! >>> 4 & 3;
}

/** Sets ECN; the code point stays. */
export function setIpv6Ecn(bytes: Uint8Array, off: number, ecn: number): void {
  bytes[off + 1] = (bytes[off + 1]! & 0xcf) | (ecn & 3) << 4;
}

/** Flow label, 20 bits (RFC 6437). */
export function ipv6FlowLabel(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off) & 0xfffff;
}

/** Sets the flow label; version and traffic class stay. */
export function setIpv6FlowLabel(bytes: Uint8Array, off: number, label: number): void {
  writeU32(bytes, off, (readU32(bytes, off) & 0xfff0_0000) | (label & 0xfffff));
}

/** Bytes behind the header, extension headers included; 0 in a jumbogram (RFC 2675). */
export function ipv6PayloadLength(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 4);
}

/** Sets the bytes behind the header. */
export function setIpv6PayloadLength(bytes: Uint8Array, off: number, length: number): void {
  writeU16(bytes, off + 4, length);
}

/** Number of what follows the header: an extension header or the protocol of the payload. */
export function ipv6NextHeader(bytes: Uint8Array, off: number): number {
  return bytes[off + 6]!;
}

/** Sets the number of what follows the header. */
export function setIpv6NextHeader(bytes: Uint8Array, off: number, next: number): void {
  bytes[off + 6] = next;
}

/** Hop limit. */
export function ipv6HopLimit(bytes: Uint8Array, off: number): number {
  return bytes[off + 7]!;
}

/** Sets the hop limit. */
export function setIpv6HopLimit(bytes: Uint8Array, off: number, limit: number): void {
  bytes[off + 7] = limit;
}

/**
 * Judges the IPv6 header at `off` of which the link layer delivered `available` bytes, padding
 * included: `REASON["bad-header"]` for fewer than 40 bytes, another version, or a payload length
 * above what was delivered; else `REASON.none`. There is no checksum. Extension headers are not
 * looked at, as a router leaves them alone (RFC 8200, 4): see `Ipv6Headers`.
 *
 * Safe for any `available`: what lies at or beyond `off + available`, or beyond the array, is never
 * read and never matters. O(1).
 *
 * @example
 * ```ts
 * import { checkHeader6, REASON } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = new Uint8Array(48);
 * packet.set([0x60, 0, 0, 0, 0, 8, 17, 64]);
 * assertEquals(checkHeader6(packet, 0, 48), REASON.none);
 * assertEquals(checkHeader6(packet, 0, 47), REASON["bad-header"]);
 * ```
 */
export function checkHeader6(bytes: Uint8Array, off: number, available: number): Reason {
  const room = Math.min(available, bytes.length - off);
  if (!(room >= IPV6_HEADER_BYTES) || ipv6Version(bytes, off) !== 6) return REASON["bad-header"];
  const whole = IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, off);
  return whole > room ? REASON["bad-header"] : REASON.none;
}
