/**
 * Checksums of UDP, TCP and ICMPv6 over IPv6 (RFC 8200, 8.1). Addresses are named by where they
 * begin in the same array. The destination is that of the final recipient: behind a routing header
 * with segments left it stands there and not in the IPv6 header (`Ipv6Headers.destinationAt`).
 */

import { readU16 } from "./bytes.ts";
import { checksumWithout, sumWords, verifyChecksum } from "./checksum.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";

/**
 * Sum of the IPv6 pseudo header: both addresses, the length of header and data of the transport
 * protocol as 32 bits, and its number. To be given as `initial` to `checksum`. O(1).
 */
export function pseudoHeaderSum6(
  bytes: Uint8Array,
  srcAt: number,
  dstAt: number,
  protocol: number,
  length: number,
): number {
  const addresses = sumWords(bytes, dstAt, 16, sumWords(bytes, srcAt, 16, 0));
  return addresses + (length >>> 16) + (length & 0xffff) + protocol;
}

/** Where the checksum of a transport header lies in it. */
function fieldOf(protocol: number): number {
  if (protocol === PROTOCOL_UDP) return 6;
  if (protocol === PROTOCOL_TCP) return 16;
  if (protocol === PROTOCOL_ICMPV6) return 2;
  throw new RangeError(
    `Cannot compute checksum over IPv6: protocol ${protocol} is not TCP, UDP or ICMPv6`,
  );
}

/**
 * The checksum that the `length` bytes of header and data at `off` are to be sent with, whatever the
 * field holds. That of UDP is never 0: one that comes out so is sent as 0xffff. O(length).
 *
 * @throws {RangeError} when `protocol` is not TCP, UDP or ICMPv6, or `length` does not reach beyond
 * the field
 * @example
 * ```ts
 * import { computeChecksum6, PROTOCOL_ICMPV6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = new Uint8Array(48);
 * packet[23] = 1; // from ::1
 * packet[39] = 1; // to ::1
 * packet[40] = 128; // echo request
 * assertEquals(computeChecksum6(packet, 40, 8, PROTOCOL_ICMPV6, 8, 24), 0x7fbb);
 * ```
 */
export function computeChecksum6(
  bytes: Uint8Array,
  off: number,
  length: number,
  protocol: number,
  srcAt: number,
  dstAt: number,
): number {
  const pseudo = pseudoHeaderSum6(bytes, srcAt, dstAt, protocol, length);
  const sum = checksumWithout(bytes, off, length, fieldOf(protocol), pseudo);
  return sum === 0 && protocol === PROTOCOL_UDP ? 0xffff : sum;
}

/**
 * Whether the `length` bytes of header and data at `off` have a right checksum. Unlike over IPv4 a
 * UDP datagram without one is refused (RFC 8200, 8.1); the exception that RFC 6935 makes for
 * tunnels is the caller's to make. O(length).
 *
 * @throws {RangeError} when `protocol` is not TCP, UDP or ICMPv6
 */
export function verifyChecksum6(
  bytes: Uint8Array,
  off: number,
  length: number,
  protocol: number,
  srcAt: number,
  dstAt: number,
): boolean {
  const field = fieldOf(protocol);
  if (length < field + 2) return false;
  if (protocol === PROTOCOL_UDP && readU16(bytes, off + field) === 0) return false;
  return verifyChecksum(
    bytes,
    off,
    length,
    pseudoHeaderSum6(bytes, srcAt, dstAt, protocol, length),
  );
}
