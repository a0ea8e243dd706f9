/**
 * ORD: order within a flow, and no packet twice.
 */
import type { Law, Run, Verdict } from "../law.ts";
import { flowHash, hasFlow, isFragment, sameFlow } from "./_flow.ts";
import { IP } from "./_frame.ts";
import { addressAt, broken, KEPT, notJudged, time } from "./_text.ts";

/** Open-addressed table from (flow, egress port) to the frame that left last; grown once. */
let slots = new Int32Array(256);

function judgeOrder(run: Run): Verdict {
  const { observation: o, policy, scenario: { traffic } } = run;
  if (policy.order === "none") return notJudged("the policy declares no order");
  while (slots.length < 2 * o.outCount) slots = new Int32Array(slots.length * 2);
  slots.fill(-1);
  const mask = slots.length - 1;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count || !hasFlow(traffic, p)) continue;
    if (policy.order === "unfragmented" && isFragment(traffic, p)) continue;
    const port = o.outPort[i]!;
    let slot = flowHash(traffic, p) & mask;
    for (;; slot = slot + 1 & mask) {
      const last = slots[slot]!;
      if (last < 0) break;
      const q = o.outPacket[last]!;
      if (o.outPort[last] !== port || !sameFlow(traffic, p, q)) continue;
      judged++;
      if (p < q) return broken(disorder(run, i, last), [p, q]);
      break;
    }
    slots[slot] = i;
  }
  return judged === 0 ? notJudged("no flow had two packets emitted") : KEPT;
}

function disorder(run: Run, i: number, last: number): string {
  const { observation: o, scenario: { traffic } } = run;
  const p = o.outPacket[i]!;
  const q = o.outPacket[last]!;
  const at = traffic.offset[p]! + IP;
  return `packet ${p} left port ${o.outPort[i]} at ${time(o.outStart[i]!)} after packet ${q}, ` +
    `which left at ${time(o.outStart[last]!)}, expected before it: they came in the other order ` +
    `on port ${traffic.port[p]}, in the flow ${addressAt(traffic.bytes, at + 12)} > ` +
    `${addressAt(traffic.bytes, at + 16)} of protocol ${traffic.bytes[at + 9]}`;
}

/** ORD-1: order within a flow. */
export const ORD_1: Law = {
  id: "ORD-1",
  statement: "Packets of one flow (ingress port, addresses, protocol, ports) leave a port in the " +
    "order in which they arrived.",
  clause: "RFC 4737, 3.3",
  needs: ["frames"],
  stress: ["two lcores", "24 packets or more"],
  judge: judgeOrder,
};

/** The frame that carried each packet; grown once. */
let frameOf = new Int32Array(256);

function judgeDuplicates(run: Run): Verdict {
  const { observation: o, expectation: e } = run;
  if (o.outCount === 0) return notJudged("no packet was emitted");
  if (frameOf.length < o.count) frameOf = new Int32Array(o.count);
  frameOf.fill(-1, 0, o.count);
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count || e.cut?.has(p)) continue; // PKT-12
    const first = frameOf[p]!;
    if (first >= 0) {
      return broken(
        `packet ${p} left port ${o.outPort[i]} at ${time(o.outStart[i]!)}, expected never: it ` +
          `had left port ${o.outPort[first]} at ${time(o.outStart[first]!)}`,
        [p],
      );
    }
    frameOf[p] = i;
  }
  return KEPT;
}

/** ORD-2: no packet twice. */
export const ORD_2: Law = {
  id: "ORD-2",
  statement: "No packet is emitted twice.",
  clause: "RFC 5560, 2",
  needs: ["frames"],
  stress: ["24 packets or more"],
  judge: judgeDuplicates,
};
