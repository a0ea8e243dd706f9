/**
 * The look at a packet that the three variants of P2PNIC share: parse, check, longest-prefix match, rewrite.
 * It runs on a thread of the ingress NIC, out of the NIC's own table.
 */
import { checkFrame, ETHERNET_HEADER_BYTES, ipv4Dst, rewriteFrame } from "../../core/packet/mod.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";

/** Where a packet goes: an egress port, or the reason why it goes nowhere. */
export class Verdict {
  reason: Reason = REASON.none;
  egress = -1;
  /** Dependent reads of the table that the look-up made. */
  reads = 0;

  /** No look at the packet: everything goes to one port. */
  fixed(egress: number): void {
    this.reason = REASON.none;
    this.egress = egress;
    this.reads = 0;
  }
}

/** Judges the packet in buffer `b` that came in on `port`, by `fib`, and rewrites it; the answer is in `verdict`. */
export function route(env: Env, fib: Fib4, b: number, port: number, verdict: Verdict): void {
  const { memory, neighbours } = env;
  const bytes = memory.bytes;
  const at = memory.offset[b]!;
  verdict.egress = -1;
  verdict.reads = 0;
  verdict.reason = checkFrame(bytes, at, memory.length[b]!);
  if (verdict.reason !== REASON.none) return;
  const destination = ipv4Dst(bytes, at + ETHERNET_HEADER_BYTES);
  const nextHop = fib.lookup(destination);
  verdict.reads = fib.reads(destination);
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
  rewriteFrame(bytes, at, neighbours, nextHop);
  verdict.egress = egress;
}
