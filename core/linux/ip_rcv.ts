/**
 * ip_rcv: is this an IPv4 packet at all? In the kernel's order: version and header length, a header that is
 * wholly there, its checksum, total length. Each failure has the counter that the kernel gives it.
 *
 * Source: Linux net/ipv4/ip_input.c, ip_rcv_core; RFC 1812, 5.2.2.
 */
import { ipv4Dst, verifyChecksum } from "../packet/mod.ts";
import type { LcTrie } from "../fib/lc_trie.ts";
import { REASON, type Reason } from "../policy.ts";
import type { IpMib } from "./mib.ts";

/** Judges the header at `ip`, of which `available` bytes came; answers a drop reason or none. */
export function ipRcv(bytes: Uint8Array, ip: number, available: number, mib: IpMib): Reason {
  mib.inReceives++;
  const headerBytes = (bytes[ip]! & 15) << 2;
  if (bytes[ip]! >>> 4 !== 4 || headerBytes < 20 || headerBytes > available) {
    mib.inHdrErrors++;
    return REASON["bad-header"];
  }
  if (!verifyChecksum(bytes, ip, headerBytes)) {
    mib.inCsumErrors++;
    mib.inHdrErrors++;
    return REASON["bad-checksum"];
  }
  const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
  if (total > available) {
    mib.inTruncatedPkts++;
    return REASON["bad-header"];
  }
  if (total < headerBytes) {
    mib.inHdrErrors++;
    return REASON["bad-header"];
  }
  return REASON.none;
}

/** ip_route_input: next hop of a packet, or -1 where the table has none. */
export function ipRouteInput(bytes: Uint8Array, ip: number, fib: LcTrie, mib: IpMib): number {
  const nextHop = fib.lookup(ipv4Dst(bytes, ip));
  if (nextHop < 0) mib.inNoRoutes++;
  return nextHop;
}
