/**
 * PKT-5: packets that must not be forwarded.
 */
import { FATE } from "../../core/machine/observation.ts";
import { REASON, REASONS } from "../../core/policy.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { broken, KEPT, notJudged, placeName, time } from "./_text.ts";

/** Names of the reasons in a set: "ttl or no-route". */
function names(set: number): string {
  return REASONS.filter((_, r) => r > 0 && (set >>> r & 1) === 1).join(" or ");
}

function judgeDrops(run: Run): Verdict {
  const { observation: o, expectation: e, policy } = run;
  // Congestion may take a bad packet before anybody looks at it; LOSS-1a asks for its evidence.
  let congestion = 0;
  for (const name of policy.congestion) congestion |= 1 << REASON[name];
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    if (e.forward[p] === 1) continue;
    judged++;
    const right = e.reasons[p]!;
    const fate = o.fate[p]!;
    const told = run.offers.has("reasons");
    if (told && fate === FATE.dropped && ((right | congestion) >>> o.reason[p]! & 1) === 0) {
      return broken(
        `packet ${p} was dropped at ${time(o.endAt[p]!)} by ${placeName(o, o.place[p]!)} ` +
          `for ${REASONS[o.reason[p]!] ?? o.reason[p]}, expected ${names(right)}`,
        [p],
      );
    }
    if (fate === FATE.emitted) {
      return broken(
        `packet ${p} was forwarded at ${time(o.endAt[p]!)}, expected to be dropped for ` +
          names(right),
        [p],
      );
    }
  }
  return judged === 0 ? notJudged("no packet had to be dropped") : KEPT;
}

/** PKT-5: what must be dropped is dropped, and counted under a right name. */
export const PKT_5: Law = {
  id: "PKT-5",
  statement: "A packet that must be dropped is never emitted, and is counted under a reason " +
    "that it gives cause for.",
  clause: "RFC 1812, 5.2.2, 5.2.4.3 and 5.3.1",
  needs: ["fates"],
  stress: ["wrong checksum", "bad header", "bad length", "no route", "runt"],
  judge: judgeDrops,
};
