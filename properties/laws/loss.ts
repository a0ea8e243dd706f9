/**
 * LOSS: where a packet may be lost, and that nothing else becomes of any.
 */
import { FATE } from "../../core/machine/observation.ts";
import { REASON, REASONS } from "../../core/policy.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { firstFault, unkept } from "./_faults.ts";
import { broken, KEPT, notJudged, placeName, time } from "./_text.ts";

/** What LOSS-1a says of a run; LOSS-1c says it of another. */
export function judgeCongestion(run: Run): Verdict {
  const { observation: o, expectation: e, policy, offers } = run;
  let declared = 0;
  for (const name of policy.congestion) declared |= 1 << REASON[name];
  if (!offers.has("reasons")) return judgeUnexplained(run, declared !== 0);
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    if (o.fate[p] !== FATE.dropped) continue;
    const reason = o.reason[p]!;
    // A reason that the packet gives cause for is PKT-5's.
    if ((e.reasons[p]! >>> reason & 1) === 1) continue;
    const isDeclared = (declared >>> reason & 1) === 1;
    if (e.forward[p] === 0 && !isDeclared) continue;
    judged++;
    const place = o.places[o.place[p]!];
    const what = `packet ${p} was dropped at ${time(o.endAt[p]!)} by ${
      placeName(o, o.place[p]!)
    } for ${REASONS[reason] ?? reason}`;
    if (!isDeclared) {
      return broken(
        `${what}, expected it to be forwarded: the policy declares loss only for ` +
          (policy.congestion.length === 0 ? "nothing" : policy.congestion.join(", ")),
        [p],
      );
    }
    if (!offers.has("occupancy")) return notJudged("the device does not show occupancy");
    if (place === undefined || place.capacity === Infinity) {
      return broken(`${what}, expected a place with a declared capacity`, [p]);
    }
    if (o.occupancy[p]! < place.capacity) {
      const occupancy = o.occupancy[p]! < 0 ? "an unknown number" : `${o.occupancy[p]}`;
      return broken(`${what} with ${occupancy} in it, expected ${place.capacity}: full`, [p]);
    }
  }
  return judged === 0 ? notJudged("no packet was lost to congestion") : KEPT;
}

/** Of a device that does not say why it lost a packet: whether it may lose any at all. */
function judgeUnexplained({ observation: o, expectation: e }: Run, mayLose: boolean): Verdict {
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    if (e.forward[p] === 0 || e.reasons[p] !== 0) continue;
    judged++;
    if (o.fate[p] === FATE.emitted) continue;
    if (mayLose) return notJudged(`packet ${p} was lost, and the device does not show reasons`);
    const where = placeName(o, o.place[p]!);
    return broken(
      `packet ${p} never came out of ${where}, expected it to be forwarded: the policy declares no loss`,
      [p],
    );
  }
  return judged === 0 ? notJudged("no packet had to be forwarded") : KEPT;
}

/** LOSS-1a: congestion takes packets only where that is declared, and only when the place is full. */
export const LOSS_1A: Law = {
  id: "LOSS-1a",
  statement: "A packet that must be forwarded is dropped only for a declared congestion reason, " +
    "at a place that was full at that instant.",
  clause: "PCI Express Base 3.0, 2.6.1; P2PNIC, 3.2",
  needs: ["fates"],
  stress: ["congestion drop", "burst of 4"],
  judge: judgeCongestion,
};

/** Frames seen of each packet; grown once, for the largest run. */
let seen = new Uint8Array(256);

function judgeFates(run: Run): Verdict {
  const { observation: o } = run;
  if (o.count === 0) return notJudged("no packet was offered");
  const fault = firstFault(o, "LOSS-2");
  if (fault !== null) return fault;
  if (seen.length < o.count) seen = new Uint8Array(o.count);
  seen.fill(0, 0, o.count);
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count) continue; // PKT-1
    seen[p] = 1;
    if (o.fate[p] !== FATE.emitted) {
      return broken(
        `packet ${p} left port ${o.outPort[i]} at ${time(o.outStart[i]!)}, ` +
          `but its fate is ${fateName(o.fate[p]!)}`,
        [p],
      );
    }
  }
  for (let p = 0; p < o.count; p++) {
    const fate = o.fate[p]!;
    if (fate === FATE.none) continue; // LOSS-3
    const where = `by ${placeName(o, o.place[p]!)} at ${time(o.endAt[p]!)}`;
    if (fate === FATE.freed) {
      return broken(
        `packet ${p} was freed ${where} though nothing had become of it, ` +
          `expected it to be emitted or dropped with a reason`,
        [p],
      );
    }
    if (fate === FATE.dropped && o.reason[p] === REASON.none) {
      return broken(`packet ${p} was dropped ${where} without a reason`, [p]);
    }
    if (fate === FATE.emitted && seen[p] === 0) {
      return broken(`packet ${p} is booked as emitted ${where}, but no frame carries it`, [p]);
    }
  }
  const why = unkept(o);
  return why === null ? KEPT : notJudged(why);
}

function fateName(fate: number): string {
  return ["none", "emitted", "dropped", "freed"][fate] ?? `${fate}`;
}

/** LOSS-2: the books balance, packet by packet. */
export const LOSS_2: Law = {
  id: "LOSS-2",
  statement: "Every packet has exactly one fate: emitted once, or dropped once with a reason; " +
    "none is freed in silence.",
  clause: "RFC 1812, 1.3.3 and glossary (silently discard)",
  needs: ["frames", "fates"],
  stress: ["congestion drop", "wrong fcs"],
  judge: judgeFates,
};

/** What LOSS-3 says of a run; LOSS-1c says it of another. */
export function judgeWaiting(run: Run): Verdict {
  const { observation: o } = run;
  if (o.count === 0) return notJudged("no packet was offered");
  const waiting: number[] = [];
  for (let p = 0; p < o.count; p++) if (o.fate[p] === FATE.none) waiting.push(p);
  if (waiting.length === 0) return KEPT;
  const shown = waiting.slice(0, 4).map((p) =>
    `packet ${p} in ${o.waitingAt.get(p) ?? "an unnamed place"}`
  );
  if (waiting.length > 4) shown.push(`${waiting.length - 4} more`);
  const how = o.end === "quiet"
    ? "had gone quiet"
    : o.end === "horizon"
    ? "had come to its time limit"
    : "had come to its limit of events";
  return broken(
    `${shown.join(", ")} still waited when the machine ${how} at ${time(o.endPs)}`,
    waiting,
  );
}

/** LOSS-3: progress. */
export const LOSS_3: Law = {
  id: "LOSS-3",
  statement: "When the machine has gone quiet, no packet waits anywhere in it; and it goes quiet.",
  clause: "P2PNIC, 3.2; PCI Express Base 3.0, 2.6.1",
  needs: ["fates"],
  stress: ["deviations", "1 to 4 packets"],
  judge: judgeWaiting,
};
