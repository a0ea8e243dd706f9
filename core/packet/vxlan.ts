/**
 * The VXLAN header (RFC 7348, 5) whose first byte is at `off`: a whole Ethernet frame follows it,
 * and UDP carries it. Readers and setters do not check lengths; {@link checkVxlan} does.
 */

import { readU32, writeU32 } from "./bytes.ts";

/** Bytes of the header. */
export const VXLAN_HEADER_BYTES = 8;
/** UDP destination port (RFC 7348, 5). */
export const VXLAN_PORT = 4789;
/** The flag that says that the network identifier is valid; it must be set. */
const FLAG_I = 0x08;

/**
 * Whether the `available` bytes at `off` begin with a valid header: eight bytes, I flag set. The
 * other flags and the reserved fields are ignored on receipt (RFC 7348, 5). Nothing beyond them or
 * the array is read. O(1).
 */
export function checkVxlan(bytes: Uint8Array, off: number, available: number): boolean {
  return Math.min(available, bytes.length - off) >= VXLAN_HEADER_BYTES &&
    (bytes[off]! & FLAG_I) !== 0;
}

/** VXLAN network identifier, 24 bits. */
export function vxlanVni(bytes: Uint8Array, off: number): number {
  return readU32(bytes, off + 4) >>> 8;
}

/**
 * Writes a header with network identifier `vni`; reserved bits are zero.
 *
 * @throws {RangeError} when `vni` is not 0..2^24-1
 * @example
 * ```ts
 * import { checkVxlan, vxlanVni, writeVxlan } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new Uint8Array(8);
 * writeVxlan(header, 0, 1111);
 * assertEquals([checkVxlan(header, 0, 8), vxlanVni(header, 0)], [true, 1111]);
 * ```
 */
export function writeVxlan(bytes: Uint8Array, off: number, vni: number): void {
  if (!Number.isInteger(vni) || vni < 0 || vni > 0xffffff) {
    throw new RangeError(`Cannot write VXLAN header: vni is ${vni}, not 0..16777215`);
  }
  writeU32(bytes, off, FLAG_I << 24);
  writeU32(bytes, off + 4, vni << 8);
}
