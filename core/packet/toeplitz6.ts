/** The RSS hash of IPv6 packets: see `toeplitz.ts`. */

import { PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";
import { IPV6_SRC_AT } from "./ipv6.ts";
import { Ipv6Headers } from "./ipv6_extensions.ts";
import { RSS_KEY_MICROSOFT, Toeplitz } from "./toeplitz.ts";

const MICROSOFT = new Toeplitz(RSS_KEY_MICROSOFT, 36);
const headers = new Ipv6Headers();

/**
 * The RSS hash of the IPv6 packet whose header, already checked, is at `l3off`: over addresses and
 * ports for TCP and UDP, over addresses alone for every other protocol, for fragments, and where
 * extension headers are not whole or the packet too short to hold ports. The addresses are those of
 * the IPv6 header, whatever extension headers say (hash types IPV6 and TCP_IPV6 of Microsoft, "RSS
 * Hashing Types", not the _EX ones). Unsigned. O(extension headers).
 *
 * @throws {RangeError} when the tables of `toeplitz` do not reach 36 bytes
 * @example
 * ```ts
 * import { rssHashIpv6, writeTcp6Frame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * // 3ffe:2501:200:1fff::7 port 2794 to 3ffe:2501:200:3::1 port 1766
 * const src = Uint8Array.of(0x3f, 0xfe, 0x25, 1, 2, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7);
 * const dst = Uint8Array.of(0x3f, 0xfe, 0x25, 1, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1);
 * const frame = new Uint8Array(80);
 * const ports = { srcPort: 2794, dstPort: 1766 };
 * writeTcp6Frame(frame, 0, { dstMac: 1, srcMac: 2, src, dst, ...ports });
 * assertEquals(rssHashIpv6(frame, 14), 0x40207d3d);
 * ```
 */
export function rssHashIpv6(
  bytes: Uint8Array,
  l3off: number,
  toeplitz: Toeplitz = MICROSOFT,
): number {
  if (toeplitz.inputBytes < 36) {
    throw new RangeError(
      `Cannot hash IPv6 packet: the tables reach ${toeplitz.inputBytes} bytes, 36 needed`,
    );
  }
  const addresses = toeplitz.hash(bytes, l3off + IPV6_SRC_AT, 32);
  const how = headers.walk(bytes, l3off, Infinity);
  const { end, fragmentAt, offset, protocol } = headers;
  const hasPorts = how === "whole" && (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) &&
    fragmentAt < 0 && offset + 4 <= end;
  return hasPorts ? (addresses ^ toeplitz.part(bytes, offset, 4, 32)) >>> 0 : addresses;
}
