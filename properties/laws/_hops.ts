/** Which of several next hops, any one of which is right, a frame went to. */
import type { Run } from "../law.ts";
import { sameBytes } from "./_frame.ts";

/**
 * Of packet `p`, that is in frame `i`: the next hop whose port and MAC address the frame has, -1 when it has those of
 * none, null when the packet has one next hop alone.
 */
export function hopTaken(run: Run, i: number, p: number): number | null {
  const hops = run.expectation.oneOf?.get(p);
  if (hops === undefined) return null;
  const { observation: o, scenario: { neighbours }, policy } = run;
  return hops.find((hop) =>
    neighbours.port[hop] === o.outPort[i] && o.outLength[i]! >= 6 &&
    (policy.dstMac === "port" ||
      sameBytes(o.outBytes, o.outOffset[i]!, neighbours.mac, hop * 6, 6))
  ) ?? -1;
}

/** "1 on port 0 or 3 on port 2", for the next hops of packet `p`. */
export function hopNames({ expectation, scenario: { neighbours } }: Run, p: number): string {
  return expectation.oneOf!.get(p)!.map((hop) => `${hop} on port ${neighbours.port[hop]}`)
    .join(" or ");
}

/** MAC addresses of a frame that goes to a next hop. */
export function addressesTo({ scenario: { neighbours }, policy }: Run, hop: number): Uint8Array {
  const port = neighbours.port[hop]!;
  const macs = new Uint8Array(12);
  if (policy.dstMac === "next-hop") macs.set(neighbours.mac.subarray(hop * 6, hop * 6 + 6));
  else macs.set([2, 0, 0, 0, 0, port]);
  macs.set(neighbours.portMac.subarray(port * 6, port * 6 + 6), 6);
  return macs;
}

/** The frame that is expected of packet `p` when it goes to `hop`: that of the first next hop, with other addresses. */
export function expectedFrame(run: Run, p: number, hop: number | null): Uint8Array {
  const { expectation: e } = run;
  const bytes = e.bytes.slice(e.offset[p]!, e.offset[p]! + e.length[p]!);
  if (hop !== null && hop >= 0) bytes.set(addressesTo(run, hop));
  return bytes;
}
