/**
 * Ethernet II frames (IEEE 802.3 clause 3), as they lie in memory: destination, source, type,
 * payload; preamble and frame check sequence are never stored.
 *
 * A MAC address is read as one integer below 2^48, its first byte the highest: exact in a double,
 * equal when the addresses are equal, no object. `copyMac` moves the bytes without making the
 * number.
 *
 * Readers do not check lengths; `l3Offset` does, for any length, and is where a receive path
 * begins.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";

/** Bytes of destination, source and type. */
export const ETHERNET_HEADER_BYTES = 14;
/** Shortest frame without its FCS (IEEE 802.3, 3.2.8: minFrameSize of 64 bytes less the FCS). */
export const MIN_FRAME_BYTES = 60;
/** Bytes of the frame check sequence (IEEE 802.3, 3.2.9). */
export const FCS_BYTES = 4;
/**
 * What a frame takes on the wire beside itself and its FCS: preamble and SFD 8, inter-packet gap
 * 12.
 */
export const WIRE_OVERHEAD_BYTES = 20;

/** EtherType of IPv4. */
export const ETHERTYPE_IPV4 = 0x0800;
/** EtherType of ARP. */
export const ETHERTYPE_ARP = 0x0806;
/** EtherType of IPv6. */
export const ETHERTYPE_IPV6 = 0x86dd;
/** EtherType of MPLS, downstream-assigned labels (RFC 3032, 5; RFC 5332, 3). */
export const ETHERTYPE_MPLS = 0x8847;
/** EtherType of MPLS, upstream-assigned labels (RFC 5332, 3). */
export const ETHERTYPE_MPLS_UPSTREAM = 0x8848;
/** Protocol type of a whole Ethernet frame inside GRE (RFC 1701; RFC 7637, 3.2). */
export const ETHERTYPE_BRIDGED = 0x6558;
/** Tag protocol identifier of a customer VLAN tag (IEEE 802.1Q, table 9-1). */
export const ETHERTYPE_VLAN = 0x8100;
/** Tag protocol identifier of a service VLAN tag, the outer one of two (IEEE 802.1Q, table 9-1). */
export const ETHERTYPE_QINQ = 0x88a8;

/** The MAC address whose six bytes begin at `at`, as an integer below 2^48. */
export function readMac(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x1_0000_0000 + readU32(bytes, at + 2);
}

/** Writes the MAC address `mac` (an integer below 2^48) as six bytes at `at`. */
export function writeMac(bytes: Uint8Array, at: number, mac: number): void {
  writeU16(bytes, at, Math.floor(mac / 0x1_0000_0000));
  writeU32(bytes, at + 2, mac % 0x1_0000_0000);
}

/**
 * Copies the six bytes at `fromAt` to `toAt`: the MAC rewrite of a forwarder, without making a
 * number.
 *
 * @example
 * ```ts
 * import { copyMac, dstMac } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const neighbours = Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2); // two addresses
 * const frame = new Uint8Array(60);
 * copyMac(neighbours, 6, frame, 0);
 * assertEquals(dstMac(frame, 0), 0x020000000002);
 * ```
 */
export function copyMac(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number): void {
  to[toAt] = from[fromAt]!;
  to[toAt + 1] = from[fromAt + 1]!;
  to[toAt + 2] = from[fromAt + 2]!;
  to[toAt + 3] = from[fromAt + 3]!;
  to[toAt + 4] = from[fromAt + 4]!;
  to[toAt + 5] = from[fromAt + 5]!;
}

/** Whether the six bytes at `at` and the six at `otherAt` are the same address. */
export function equalMac(
  bytes: Uint8Array,
  at: number,
  other: Uint8Array,
  otherAt: number,
): boolean {
  for (let i = 0; i < 6; i++) {
    if (bytes[at + i] !== other[otherAt + i]) return false;
  }
  return true;
}

/**
 * Whether the address at `at` names a group: multicast or broadcast (IEEE 802.3, 3.2.3: the I/G
 * bit).
 */
export function isGroupMac(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & 1) === 1;
}

/** Destination address of the frame at `off`, an integer below 2^48. */
export function dstMac(bytes: Uint8Array, off: number): number {
  return readMac(bytes, off);
}

/** Source address of the frame at `off`, an integer below 2^48. */
export function srcMac(bytes: Uint8Array, off: number): number {
  return readMac(bytes, off + 6);
}

/** Sets the destination address of the frame at `off`. */
export function setDstMac(bytes: Uint8Array, off: number, mac: number): void {
  writeMac(bytes, off, mac);
}

/** Sets the source address of the frame at `off`. */
export function setSrcMac(bytes: Uint8Array, off: number, mac: number): void {
  writeMac(bytes, off + 6, mac);
}

/**
 * The field behind the addresses of the frame at `off`: an EtherType, a TPID, or (below 1536) a
 * length.
 */
export function etherType(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 12);
}

/** Sets the field behind the addresses of the frame at `off`. */
export function setEtherType(bytes: Uint8Array, off: number, type: number): void {
  writeU16(bytes, off + 12, type);
}

/** Whether `type` announces a VLAN tag. */
export function isVlanType(type: number): boolean {
  return type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ;
}

/**
 * Where the network header of the frame at `off` begins, behind up to two VLAN tags; -1 when the
 * Ethernet header with its tags does not fit in `len` bytes, or when a third tag follows.
 *
 * Nothing at or beyond `off + len`, or beyond the array, is read, whatever `len` is. The EtherType
 * of what begins there is the two bytes before it: {@link l3Type}. O(1).
 *
 * @example
 * ```ts
 * import { ETHERTYPE_IPV4, l3Offset, l3Type } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(60);
 * frame.set([0x81, 0x00, 0x00, 0x05, 0x08, 0x00], 12); // VLAN 5, then IPv4
 * const at = l3Offset(frame, 0, frame.length);
 * assertEquals(at, 18);
 * assertEquals(l3Type(frame, at), ETHERTYPE_IPV4);
 * assertEquals(l3Offset(frame, 0, 17), -1); // cut inside the tag
 * ```
 */
export function l3Offset(bytes: Uint8Array, off: number, len: number): number {
  const end = Math.min(off + len, bytes.length);
  const at = off + ETHERNET_HEADER_BYTES;
  if (!(at <= end)) return -1;
  if (!isVlanType(readU16(bytes, at - 2))) return at;
  if (at + 4 > end) return -1;
  if (!isVlanType(readU16(bytes, at + 2))) return at + 4;
  if (at + 8 > end) return -1;
  return isVlanType(readU16(bytes, at + 6)) ? -1 : at + 8;
}

/** EtherType of the network header that begins at `l3off` (a result of {@link l3Offset}). */
export function l3Type(bytes: Uint8Array, l3off: number): number {
  return readU16(bytes, l3off - 2);
}

/** The address in the usual notation, e.g. `"02:00:00:00:00:01"`. */
export function macToString(mac: number): string {
  const digits = mac.toString(16).padStart(12, "0");
  return digits.replace(/..(?=.)/g, "$&:");
}

/**
 * The address that `text` writes as six pairs of hexadecimal digits joined by colons or hyphens.
 *
 * @throws {RangeError} when `text` is anything else
 * @example
 * ```ts
 * import { macToString, parseMac } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseMac("02:00:00:00:00:ff"), 0x0200000000ff);
 * assertEquals(macToString(0x0200000000ff), "02:00:00:00:00:ff");
 * ```
 */
export function parseMac(text: string): number {
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) {
    throw new RangeError(
      `Cannot parse MAC address: ${JSON.stringify(text.slice(0, 40))} is not six pairs of ` +
        `hexadecimal digits joined by colons`,
    );
  }
  return Number.parseInt(text.replace(/[:-]/g, ""), 16);
}
