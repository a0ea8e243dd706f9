/**
 * RSS: which queue a packet is given to.
 */
import type { Law, Run, Verdict } from "../law.ts";
import { flowHash, hasFlow, sameFlow } from "./_flow.ts";
import { broken, KEPT, notJudged, placeName } from "./_text.ts";

/** Open-addressed table from a flow to its packet that came last; grown once. */
let slots = new Int32Array(256);

function judgeQueues(run: Run): Verdict {
  const { observation: o, scenario: { traffic } } = run;
  while (slots.length < 2 * o.count) slots = new Int32Array(slots.length * 2);
  slots.fill(-1);
  const mask = slots.length - 1;
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    if (o.seenRing[p]! < 0 || !hasFlow(traffic, p)) continue;
    let slot = flowHash(traffic, p) & mask;
    for (;; slot = slot + 1 & mask) {
      const q = slots[slot]!;
      if (q < 0) break;
      if (!sameFlow(traffic, p, q)) continue;
      judged++;
      if (o.seenRing[p] === o.seenRing[q]) break;
      return broken(
        `packet ${p} came by ${placeName(o, o.seenRing[p]!)}, expected ` +
          `${placeName(o, o.seenRing[q]!)} as packet ${q} of the same flow`,
        [p, q],
      );
    }
    slots[slot] = p;
  }
  return judged === 0 ? notJudged("no driver took two packets of a flow") : KEPT;
}

/** RSS-4: one flow, one queue. */
export const RSS_4: Law = {
  id: "RSS-4",
  statement: "All packets of one flow are received on one queue.",
  clause: "Microsoft, Receive Side Scaling, indirection table; Intel 82599 data sheet, 7.1.2.8",
  needs: ["metadata"],
  stress: ["two lcores"],
  judge: judgeQueues,
};
