/**
 * What a router does to an IPv4 header on its way through: the checks of RFC 1812, 5.2.2, and one
 * step of the time to live (RFC 1812, 5.3.1). Whether a packet may go is data, a drop reason, never
 * an exception.
 */

import { REASON, type Reason } from "../policy.ts";
import { checksum, checksumIpv4Header20, fold } from "./checksum.ts";

const NONE = REASON.none;
const BAD_HEADER = REASON["bad-header"];
const BAD_CHECKSUM = REASON["bad-checksum"];

/**
 * Judges the IPv4 header at `off` of which the link layer delivered `available` bytes, padding
 * included: `REASON.none`, `REASON["bad-header"]` or `REASON["bad-checksum"]`.
 *
 * The tests come in the order of RFC 1812, 5.2.2: (1) at least 20 bytes, (2) checksum, (3) version,
 * (4) IHL, (5) total length not below the header length; then the truncation test of the same
 * section, total length not above what was delivered. One departure is forced: the checksum covers
 * IHL words, so an IHL below five, or one that reaches beyond `available`, leaves (2) without a
 * meaning and is `bad-header` first.
 *
 * Safe for any `available`: what lies at or beyond `off + available`, or beyond the array, is never
 * read and never matters. O(header length).
 *
 * @example
 * ```ts
 * import { checkHeader, REASON, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(60);
 * writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002 });
 * assertEquals(checkHeader(frame, 14, 46, true), REASON.none);
 * assertEquals(checkHeader(frame, 14, 19, true), REASON["bad-header"]);
 * frame[22]! ^= 1;
 * assertEquals(checkHeader(frame, 14, 46, true), REASON["bad-checksum"]);
 * ```
 */
export function checkHeader(
  bytes: Uint8Array,
  off: number,
  available: number,
  verifyChecksum: boolean,
): Reason {
  const room = Math.min(available, bytes.length - off);
  if (!(room >= 20)) return BAD_HEADER;
  const first = bytes[off]!;
  const headerBytes = (first & 15) << 2;
  if (headerBytes < 20 || headerBytes > room) return BAD_HEADER;
  if (verifyChecksum) {
    const rest = headerBytes === 20
      ? checksumIpv4Header20(bytes, off)
      : checksum(bytes, off, headerBytes, 0);
    if (rest !== 0) return BAD_CHECKSUM;
  }
  if (first >>> 4 !== 4) return BAD_HEADER;
  const total = (bytes[off + 2]! << 8) | bytes[off + 3]!;
  return total < headerBytes || total > room ? BAD_HEADER : NONE;
}

/**
 * Takes one from the time to live of the header at `off`, corrects its checksum by RFC 1624 eqn 3,
 * and answers the new time to live. A time to live of 0 becomes 255, with the checksum that belongs
 * to it: whether a packet that arrives with 0 or 1 is to be forwarded is the caller's question,
 * asked before.
 *
 * A header whose checksum was right stays right, and one that was wrong stays wrong by as much.
 * O(1).
 *
 * @example
 * ```ts
 * import { decrementTtl, ipv4Checksum } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const header = Uint8Array.from([
 *   0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 64, 17, 0xb8, 0x61, 192, 168, 0, 1, 192, 168, 0, 199,
 * ]);
 * assertEquals(decrementTtl(header, 0), 63);
 * assertEquals(ipv4Checksum(header, 0), 0xb961);
 * ```
 */
export function decrementTtl(bytes: Uint8Array, off: number): number {
  const ttl = bytes[off + 8]!;
  const next = (ttl - 1) & 0xff;
  const before = (bytes[off + 10]! << 8) | bytes[off + 11]!;
  // ~m + m' of eqn 3, where m is TTL and protocol: the protocol byte cancels out of it, leaving
  // 0xff below.
  const sum = (~before & 0xffff) + ((0xff - ttl + next) << 8) + 0xff;
  const after = ~fold(sum);
  bytes[off + 8] = next;
  bytes[off + 10] = after >>> 8;
  bytes[off + 11] = after;
  return next;
}
