/**
 * The look at a packet that the three variants of P2PNIC share: parse, check, longest-prefix match, rewrite.
 * It runs on a thread of the ingress NIC, out of the NIC's own table.
 */
import {
  checkHeader,
  copyMac,
  decrementTtl,
  ETHERNET_HEADER_BYTES,
  etherType,
  ETHERTYPE_IPV4,
  ipv4Dst,
  ipv4Ttl,
} from "../../core/packet/mod.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";

/** Where a packet goes: an egress port, or the reason why it goes nowhere. */
export class Verdict {
  reason: Reason = REASON.none;
  egress = -1;
}

/** Judges and rewrites the packet in buffer `b` that came in on `port`; the answer is put into `verdict`. */
export function route(env: Env, b: number, port: number, verdict: Verdict): void {
  const { memory, neighbours, fib } = env;
  const bytes = memory.bytes;
  const at = memory.offset[b]!;
  const ip = at + ETHERNET_HEADER_BYTES;
  verdict.egress = -1;
  if (etherType(bytes, at) !== ETHERTYPE_IPV4) {
    verdict.reason = REASON["not-ip"];
    return;
  }
  verdict.reason = checkHeader(bytes, ip, memory.length[b]! - ETHERNET_HEADER_BYTES, true);
  if (verdict.reason !== REASON.none) return;
  if (ipv4Ttl(bytes, ip) <= 1) {
    verdict.reason = REASON.ttl;
    return;
  }
  const nextHop = fib.lookup(ipv4Dst(bytes, ip));
  if (nextHop < 0) {
    verdict.reason = REASON["no-route"];
    return;
  }
  const egress = neighbours.port[nextHop]!;
  if (egress === port) {
    // there is a ring for each ordered pair of NICs, and none from a NIC to itself
    verdict.reason = REASON.hairpin;
    return;
  }
  decrementTtl(bytes, ip);
  copyMac(neighbours.mac, nextHop * 6, bytes, at);
  copyMac(neighbours.portMac, egress * 6, bytes, at + 6);
  verdict.egress = egress;
}
