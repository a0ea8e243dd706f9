/**
 * ip_forward: time to live and MTU. It comes after the look-up, as in the kernel: a packet without a route is
 * lost for that, whatever its TTL. A TTL of 0 or 1 ends here, and so does what is longer than the MTU and must
 * not be cut; the TTL of any other is decremented and the checksum follows by RFC 1624.
 *
 * Source: Linux net/ipv4/ip_forward.c.
 */
import { decrementTtl, IPV4_DF, ipv4Flags, ipv4TotalLength, ipv4Ttl } from "../packet/mod.ts";
import { REASON, type Reason } from "../policy.ts";
import type { IpMib } from "./mib.ts";

/** Rewrites the header at `ip` for its next hop; answers a drop reason, and nothing is rewritten, or none. */
export function ipForward(bytes: Uint8Array, ip: number, mtu: number, mib: IpMib): Reason {
  if (ipv4Ttl(bytes, ip) <= 1) {
    mib.inHdrErrors++;
    return REASON.ttl;
  }
  if (ipv4TotalLength(bytes, ip) > mtu && (ipv4Flags(bytes, ip) & IPV4_DF) !== 0) {
    mib.fragFails++;
    return REASON["too-big"];
  }
  decrementTtl(bytes, ip);
  mib.forwDatagrams++;
  return REASON.none;
}
