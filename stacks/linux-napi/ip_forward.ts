/**
 * ip_forward: the time to live. It comes after the look-up, as in the kernel: a packet without a route is
 * lost for that, whatever its TTL. A TTL of 0 or 1 ends here; any other is decremented and the checksum
 * follows by RFC 1624.
 *
 * Source: Linux net/ipv4/ip_forward.c.
 */
import { decrementTtl, ipv4Ttl } from "../../core/packet/mod.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { IpMib } from "./mib.ts";

/** Rewrites the header at `ip` for its next hop; answers a drop reason or none. */
export function ipForward(bytes: Uint8Array, ip: number, mib: IpMib): Reason {
  if (ipv4Ttl(bytes, ip) <= 1) {
    mib.inHdrErrors++;
    return REASON.ttl;
  }
  decrementTtl(bytes, ip);
  mib.forwDatagrams++;
  return REASON.none;
}
