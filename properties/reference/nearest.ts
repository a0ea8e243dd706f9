/** Where a policy allows several frames for a packet: the one that is nearest to what came out. */
import type { Policy } from "../../core/policy.ts";

/** IEEE 802.3, 4.2.3.3: the shortest frame without FCS. */
const FRAME_MIN = 60;
/** Where the IPv4 header begins in a frame. */
const IP = 14;

/**
 * The frame that a packet may leave in, which `expected` holds with its padding as received: of several the one that is
 * nearest to the frame at `bytes[at]`. They differ in what follows the IPv4 packet: as received, zero, or cut off.
 */
export function nearestFrame(
  { padding, topology }: Policy,
  expected: Uint8Array,
  bytes: Uint8Array,
  at: number,
  length: number,
): Uint8Array {
  if (padding !== "any" || topology !== undefined) return expected;
  const end = IP + expected[IP + 2]! * 256 + expected[IP + 3]!;
  const longest = Math.max(expected.length, FRAME_MIN);
  const nearest = new Uint8Array(Math.min(Math.max(length, end), longest));
  nearest.set(expected.subarray(0, nearest.length));
  for (let i = end; i < nearest.length; i++) if (bytes[at + i] === 0) nearest[i] = 0;
  return nearest;
}
