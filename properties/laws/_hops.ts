/** Which of several next hops, any one of which is right, a frame went to. */
import type { Run } from "../law.ts";
import { frameOf } from "../reference/expectation.ts";
import { sameBytes } from "./_frame.ts";

/** What is known of a run when its frames are looked at. */
export type SentFrames = Pick<Run, "observation" | "expectation" | "policy" | "scenario">;

/** Whether frame `i` left by the port of a next hop, to its MAC address; one with no room for an address may have. */
export function wentTo(
  { observation: o, scenario: { neighbours }, policy }: SentFrames,
  i: number,
  hop: number,
): boolean {
  return neighbours.port[hop] === o.outPort[i] &&
    (policy.dstMac === "port" || o.outLength[i]! < 6 ||
      sameBytes(o.outBytes, o.outOffset[i]!, neighbours.mac, hop * 6, 6));
}

/**
 * Of packet `p`, that is in frame `i`: the next hop whose port and MAC address the frame has, -1 when it has those of
 * none, null when the packet has one next hop alone.
 */
export function hopTaken(run: SentFrames, i: number, p: number): number | null {
  const hops = run.expectation.oneOf?.get(p);
  if (hops === undefined) return null;
  return hops.find((hop) => wentTo(run, i, hop)) ?? -1;
}

/** "1 on port 0 or 3 on port 2". */
export function hopNames(
  { scenario: { neighbours } }: SentFrames,
  hops: readonly number[],
): string {
  return hops.map((hop) => `${hop} on port ${neighbours.port[hop]}`).join(" or ");
}

/**
 * The frame that is expected of packet `p` when it goes to `hop`: that of the first next hop, with other addresses; as
 * it stands in the expectation, of a packet with one next hop alone or one that went to none of several.
 */
export function expectedFrame(
  { expectation, scenario: { neighbours }, policy }: Omit<SentFrames, "observation">,
  p: number,
  hop: number | null,
): Uint8Array {
  const first = frameOf(expectation, p);
  if (hop === null || hop < 0) return first;
  const bytes = first.slice();
  const port = neighbours.port[hop]!;
  if (policy.dstMac === "next-hop") bytes.set(neighbours.mac.subarray(hop * 6, hop * 6 + 6));
  else bytes.set([2, 0, 0, 0, 0, port]);
  bytes.set(neighbours.portMac.subarray(port * 6, port * 6 + 6), 6);
  return bytes;
}
