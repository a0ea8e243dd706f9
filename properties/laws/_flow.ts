/**
 * Which packets are of one flow: those of one ingress port with equal addresses, protocol and, for TCP and UDP,
 * ports. Fragments have no ports (only the first carries them), so they are a flow of their own, as RSS has it.
 */
import type { Traffic } from "../../core/machine/scenario.ts";
import { headerLength, IP, isIpv4, u16, u32 } from "./_frame.ts";

const TCP = 6;
const UDP = 17;

/**
 * Whether packet `p` belongs to a flow. One whose lengths contradict each other does not: where its ports
 * would be is anybody's guess, so nobody can be asked to keep it in order with others.
 */
export function hasFlow(t: Traffic, p: number): boolean {
  const at = t.offset[p]!;
  if (!isIpv4(t.bytes, at, t.length[p]!)) return false;
  const header = headerLength(t.bytes, at);
  const total = u16(t.bytes, at + IP + 2);
  return header >= 20 && total >= header && total <= t.length[p]! - IP;
}

/** Whether packet `p`, of a flow, is a fragment: more of them follow, or it has an offset (RFC 791, 3.1). */
export function isFragment(t: Traffic, p: number): boolean {
  return (u16(t.bytes, t.offset[p]! + IP + 6) & 0x3fff) !== 0;
}

/** Source and destination port of packet `p` as one number; -1 for a fragment, 0 where there are none. */
function ports(t: Traffic, p: number): number {
  const at = t.offset[p]!;
  if (isFragment(t, p)) return -1;
  const protocol = t.bytes[at + IP + 9];
  if (protocol !== TCP && protocol !== UDP) return 0;
  const l4 = IP + headerLength(t.bytes, at);
  return l4 + 4 <= IP + u16(t.bytes, at + IP + 2) ? u32(t.bytes, at + l4) : 0;
}

/** A hash of the flow of packet `p`, equal for equal flows; any 32-bit integer. */
export function flowHash(t: Traffic, p: number): number {
  const at = t.offset[p]! + IP;
  let h = Math.imul(u32(t.bytes, at + 12), 0x9e3779b1) ^ u32(t.bytes, at + 16);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ ports(t, p);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ t.bytes[at + 9]! ^ t.port[p]! << 8;
  return Math.imul(h ^ (h >>> 16), 0x9e3779b1);
}

/** Whether two packets are of one flow. */
export function sameFlow(t: Traffic, a: number, b: number): boolean {
  const x = t.offset[a]! + IP;
  const y = t.offset[b]! + IP;
  return t.port[a] === t.port[b] && u32(t.bytes, x + 12) === u32(t.bytes, y + 12) &&
    u32(t.bytes, x + 16) === u32(t.bytes, y + 16) && t.bytes[x + 9] === t.bytes[y + 9] &&
    ports(t, a) === ports(t, b);
}
