/** LPM-2: of several next hops, any one of which is right, a flow keeps to one. */
import type { Law, Run, Verdict } from "../law.ts";
import { flowHash, hasFlow, sameFlow } from "./_flow.ts";
import { hopTaken } from "./_hops.ts";
import { addressAt, broken, KEPT, notJudged, time } from "./_text.ts";
import { IP } from "./_frame.ts";

function judgeFlows(run: Run): Verdict {
  const { observation: o, expectation: e, scenario: { traffic } } = run;
  if (e.oneOf === undefined) return notJudged("no packet had several next hops");
  const flows = new Map<number, [packet: number, hop: number][]>();
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count || e.forward[p] === 0 || !hasFlow(traffic, p)) continue;
    const hop = hopTaken(run, i, p);
    // not one of them: PKT-1
    if (hop === null || hop < 0) continue;
    const hash = flowHash(traffic, p);
    const known = flows.get(hash) ?? [];
    flows.set(hash, known);
    const before = known.find(([q]) => sameFlow(traffic, p, q));
    if (before === undefined) known.push([p, hop]);
    else if (before[0] !== p) judged++;
    if (before === undefined || before[1] === hop) continue;
    const at = traffic.offset[p]! + IP;
    return broken(
      `packet ${p} went to next hop ${hop} at ${time(o.outStart[i]!)}, expected ${before[1]}, as ` +
        `packet ${before[0]} of the same flow ${addressAt(traffic.bytes, at + 12)} > ` +
        `${addressAt(traffic.bytes, at + 16)}`,
      [before[0], p],
    );
  }
  return judged === 0 ? notJudged("no flow with several next hops had two packets emitted") : KEPT;
}

/** LPM-2: a flow keeps to one of several next hops. */
export const LPM_2: Law = {
  id: "LPM-2",
  statement: "Where a route has several next hops, all packets of a flow go to the same.",
  clause: "RFC 2991, 2; RFC 2992",
  needs: ["frames"],
  stress: ["several next hops"],
  judge: judgeFlows,
};
