/**
 * TIME: a run is a function of its scenario.
 */
import type { Observation } from "../../core/machine/observation.ts";
import { REASONS } from "../../core/policy.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { sameBytes } from "./_frame.ts";
import { broken, hex, KEPT, notJudged, placeName, time } from "./_text.ts";

function judgeRepeat(run: Run): Verdict {
  const a = run.observation;
  if (a.count === 0) return notJudged("no packet was offered");
  const b = run.again({}, true);
  if (a === b) return notJudged("the device showed the same observation twice");
  return differentFate(a, b) ?? differentFrame(a, b) ?? differentTrace(a, b) ?? KEPT;
}

/** "dropped (ttl) by nic0 at 5 ns" */
function fate(o: Observation, p: number): string {
  const name = ["without a fate", "emitted", "dropped", "freed"][o.fate[p]!];
  if (o.fate[p] === 0) return `${name}`;
  const reason = o.fate[p] === 2 ? ` (${REASONS[o.reason[p]!]})` : "";
  return `${name}${reason} by ${placeName(o, o.place[p]!)} at ${time(o.endAt[p]!)}`;
}

function differentFate(a: Observation, b: Observation): Verdict | null {
  for (let p = 0; p < a.count; p++) {
    if (
      a.fate[p] === b.fate[p] && a.reason[p] === b.reason[p] && a.place[p] === b.place[p] &&
      a.endAt[p] === b.endAt[p]
    ) continue;
    return broken(`packet ${p} is ${fate(b, p)} in a second run, expected ${fate(a, p)}`, [p]);
  }
  return null;
}

function differentFrame(a: Observation, b: Observation): Verdict | null {
  for (let i = 0; i < Math.min(a.outCount, b.outCount); i++) {
    const length = a.outLength[i]!;
    const p = a.outPacket[i]!;
    const packets = p < 0 ? [] : [p];
    if (p !== b.outPacket[i]) {
      return broken(
        `frame ${i} carries packet ${b.outPacket[i]} in a second run, expected packet ${p}`,
        packets,
      );
    }
    if (
      a.outPort[i] !== b.outPort[i] || a.outStart[i] !== b.outStart[i] ||
      a.outEnd[i] !== b.outEnd[i]
    ) {
      return broken(
        `packet ${p} left port ${b.outPort[i]} at ${time(b.outStart[i]!)} in a second run, ` +
          `expected port ${a.outPort[i]} at ${time(a.outStart[i]!)}`,
        packets,
      );
    }
    if (
      length !== b.outLength[i] ||
      !sameBytes(a.outBytes, a.outOffset[i]!, b.outBytes, b.outOffset[i]!, length)
    ) {
      return broken(`packet ${p} left with other bytes in a second run`, packets);
    }
  }
  return a.outCount === b.outCount ? null : broken(
    `${b.outCount} frames were emitted in a second run, expected ${a.outCount}`,
    [],
  );
}

function differentTrace(a: Observation, b: Observation): Verdict | null {
  if (a.events !== b.events) {
    return broken(`a second run took ${b.events} events, expected ${a.events}`, []);
  }
  if (a.traceHash !== b.traceHash) {
    return broken(
      `a second run has the trace ${hex(b.traceHash >>> 0, 8)}, ` +
        `expected ${hex(a.traceHash >>> 0, 8)}`,
      [],
    );
  }
  return a.endPs === b.endPs && a.end === b.end ? null : broken(
    `a second run ended by ${b.end} at ${time(b.endPs)}, expected ${a.end} at ${time(a.endPs)}`,
    [],
  );
}

/** TIME-1: the same scenario, the same run. */
export const TIME_1: Law = {
  id: "TIME-1",
  statement: "The same scenario on a fresh device gives the same fates, the same bytes at the " +
    "same instants, and the same trace.",
  clause: "Lamport, Time, Clocks, and the Ordering of Events (1978): total order of events",
  needs: ["frames", "fates", "trace"],
  reruns: true,
  stress: ["deviations"],
  judge: judgeRepeat,
};

/** Time after the last fate in which a device has to come to rest. */
const REST_PS = 1e9;

function judgeRest({ observation: o }: Run): Verdict {
  if (o.count === 0) return notJudged("no packet was offered");
  if (o.unresolved > 0) return notJudged("packets wait");
  if (o.end === "quiet") return KEPT;
  let lastPs = 0;
  for (let p = 0; p < o.count; p++) lastPs = Math.max(lastPs, o.endAt[p]!);
  if (o.end === "horizon" && o.endPs - lastPs < REST_PS) return notJudged("the run was cut short");
  return broken(
    `every packet had met its fate, but the device went on: the run ended by ${o.end} at ` +
      `${time(o.endPs)}, after ${o.events} events`,
    [],
  );
}

/** TIME-3: when all is done, the device comes to rest. */
export const TIME_3: Law = {
  id: "TIME-3",
  statement: "When every packet has met its fate, nothing goes on but timers.",
  clause: "bounded steps to quiescence: the contract of Clock.run",
  needs: ["fates", "trace"],
  stress: ["1 to 4 packets"],
  judge: judgeRest,
};
