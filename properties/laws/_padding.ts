/** What follows an IPv4 packet in its frame is no part of it. */
import type { Policy } from "../../core/policy.ts";
import { IP, sameBytes, u16 } from "./_frame.ts";

/** Shortest frame without FCS (IEEE 802.3, 4.2.3.3). */
const SHORTEST = 60;

/**
 * Whether a frame of `length` bytes at `at` is the one that is wanted: byte for byte, but for padding where the policy
 * leaves it open. It may then be as received, or zero, or cut off as far as Ethernet allows.
 */
export function isWanted(
  { padding, ports }: Policy,
  got: Uint8Array,
  at: number,
  length: number,
  want: Uint8Array,
  wantAt: number,
  wantLength: number,
): boolean {
  if (padding !== "any") return length === wantLength && sameBytes(got, at, want, wantAt, length);
  const packet = IP + u16(want, wantAt + IP + 2);
  const least = ports === "virtual" ? packet : Math.max(packet, SHORTEST);
  if (length < least || length > Math.max(wantLength, SHORTEST)) return false;
  if (!sameBytes(got, at, want, wantAt, packet)) return false;
  for (let i = packet; i < length; i++) {
    if (got[at + i] !== 0 && (i >= wantLength || got[at + i] !== want[wantAt + i])) return false;
  }
  return true;
}
