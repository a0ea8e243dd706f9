/**
 * What an IPv4 router does to a whole Ethernet frame: may it be forwarded, and what it looks like when it
 * leaves. Two functions that most stacks are built of; a stack that departs from RFC 1812 writes its own.
 */
import type { Neighbours } from "../machine/scenario.ts";
import { REASON, type Reason } from "../policy.ts";
import { copyMac, ETHERNET_HEADER_BYTES, etherType, ETHERTYPE_IPV4 } from "./ethernet.ts";
import { ipv4Ttl } from "./ipv4.ts";
import { checkHeader, decrementTtl } from "./ipv4_forward.ts";

/**
 * Why the untagged Ethernet frame of `length` bytes at `off` may not be forwarded: `not-ip`, `bad-header`,
 * `bad-checksum` or `ttl` (0 or 1), tested in this order; `none` if it may (RFC 1812, 5.2.2 and 5.3.1).
 * O(header length).
 *
 * @example
 * ```ts
 * import { checkFrame, REASON, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(60);
 * writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002, ttl: 1 });
 * assertEquals(checkFrame(frame, 0, 60), REASON.ttl);
 * ```
 */
export function checkFrame(bytes: Uint8Array, off: number, length: number): Reason {
  if (etherType(bytes, off) !== ETHERTYPE_IPV4) return REASON["not-ip"];
  const ip = off + ETHERNET_HEADER_BYTES;
  const reason = checkHeader(bytes, ip, length - ETHERNET_HEADER_BYTES, true);
  if (reason !== REASON.none) return reason;
  return ipv4Ttl(bytes, ip) <= 1 ? REASON.ttl : REASON.none;
}

/**
 * Rewrites the frame at `off` for its way to a next hop: TTL less one, checksum after RFC 1624, destination
 * MAC of the next hop, source MAC of the port that it leaves by. O(1).
 *
 * @example
 * ```ts
 * import { ipv4Ttl, rewriteFrame, srcMac, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(60);
 * writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002, ttl: 64 });
 * const mac = Uint8Array.of(0, 0, 0, 0, 0, 7);
 * rewriteFrame(frame, 0, { count: 1, port: Uint8Array.of(0), mac, portMac: mac }, 0);
 * assertEquals([ipv4Ttl(frame, 14), srcMac(frame, 0)], [63, 7]);
 * ```
 */
export function rewriteFrame(
  bytes: Uint8Array,
  off: number,
  neighbours: Neighbours,
  nextHop: number,
): void {
  decrementTtl(bytes, off + ETHERNET_HEADER_BYTES);
  copyMac(neighbours.mac, nextHop * 6, bytes, off);
  copyMac(neighbours.portMac, neighbours.port[nextHop]! * 6, bytes, off + 6);
}
