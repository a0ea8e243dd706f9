/**
 * ARP between Ethernet and IPv4 addresses (RFC 826), a packet whose first byte is at `off`.
 *
 * RFC 826 lets the lengths of both kinds of address vary; the readers here are for six and four
 * bytes, where every field has a fixed place. {@link checkArp} says whether a packet is of that
 * kind and whole; the readers and setters do not check.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { ETHERTYPE_IPV4, readMac, writeMac } from "./ethernet.ts";

/** Bytes of a packet between six-byte and four-byte addresses. */
export const ARP_BYTES = 28;
/** Operation of a request. */
export const ARP_REQUEST = 1;
/** Operation of a reply. */
export const ARP_REPLY = 2;

/**
 * Whether the `available` bytes at `off` hold a whole packet for Ethernet (hardware type 1) and
 * IPv4. What lies at or beyond `off + available`, or beyond the array, is not read. O(1).
 */
export function checkArp(bytes: Uint8Array, off: number, available: number): boolean {
  return Math.min(available, bytes.length - off) >= ARP_BYTES && readU16(bytes, off) === 1 &&
    readU16(bytes, off + 2) === ETHERTYPE_IPV4 && readU16(bytes, off + 4) === 0x0604;
}

/** Operation: {@link ARP_REQUEST}, {@link ARP_REPLY} or another. */
export function arpOperation(bytes: Uint8Array, off: number): number {
  return readU16(bytes, off + 6);
}

/** Sets the operation. */
export function setArpOperation(bytes: Uint8Array, off: number, operation: number): void {
  writeU16(bytes, off + 6, operation);
}

/** Hardware address of the sender, an integer below 2^48. */
export function arpSenderMac(bytes: Uint8Array, off: number): number {
  return readMac(bytes, off + 8);
}

/** Sets the hardware address of the sender. */
export function setArpSenderMac(bytes: Uint8Array, off: number, mac: number): void {
  writeMac(bytes, off + 8, mac);
}

/** IPv4 address of the sender. */
export function arpSenderIpv4(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 14);
}

/** Sets the IPv4 address of the sender. */
export function setArpSenderIpv4(bytes: Uint8Array, off: number, address: number): void {
  writeU32(bytes, off + 14, address);
}

/** Hardware address of the target; means nothing in a request. */
export function arpTargetMac(bytes: Uint8Array, off: number): number {
  return readMac(bytes, off + 18);
}

/** Sets the hardware address of the target. */
export function setArpTargetMac(bytes: Uint8Array, off: number, mac: number): void {
  writeMac(bytes, off + 18, mac);
}

/** IPv4 address of the target. */
export function arpTargetIpv4(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 24);
}

/** Sets the IPv4 address of the target. */
export function setArpTargetIpv4(bytes: Uint8Array, off: number, address: number): void {
  writeU32(bytes, off + 24, address);
}

/**
 * Writes the four fields of types and lengths that {@link checkArp} asks for; operation and
 * addresses are the setters' business.
 *
 * @example
 * ```ts
 * import { ARP_BYTES, ARP_REQUEST, checkArp, setArpOperation, writeArp } from "@planecheck/planecheck/core";
 * import { assert } from "@std/assert";
 *
 * const packet = new Uint8Array(ARP_BYTES);
 * writeArp(packet, 0);
 * setArpOperation(packet, 0, ARP_REQUEST);
 * assert(checkArp(packet, 0, ARP_BYTES));
 * ```
 */
export function writeArp(bytes: Uint8Array, off: number): void {
  writeU16(bytes, off, 1);
  writeU16(bytes, off + 2, ETHERTYPE_IPV4);
  writeU16(bytes, off + 4, 0x0604);
}
