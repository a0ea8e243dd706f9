/**
 * LOSS-1b and LOSS-1c: laws about runs other than the one that is judged. A run that lost packets to
 * congestion shows nothing wrong by itself; the same packets one at a time must all come through, and
 * the smallest credits must cost speed, never packets.
 */
import type { Geometry } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import type { Traffic } from "../../core/machine/scenario.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { judgeCongestion, judgeWaiting } from "./loss.ts";
import { broken, KEPT, notJudged, placeName, time } from "./_text.ts";

/** Gaps tried: as long as the whole run took, at least 20 us, then eight times as much. */
const GAP_MIN_PS = 20_000_000;
const GAP_GROWTH = 8;

/** The same frames, `gapPs` apart. */
function paced(traffic: Traffic, gapPs: number): Traffic {
  const at = new Float64Array(traffic.count);
  for (let p = 0; p < traffic.count; p++) at[p] = p * gapPs;
  return { ...traffic, at };
}

/** The first packet that should have been forwarded and was not, or -1; of those before `end`. */
function firstLost(run: Run, o: Observation, end: number): number {
  for (let p = 0; p < end; p++) {
    const { forward, reasons } = run.expectation;
    if (forward[p] === 1 && reasons[p] === 0 && o.fate[p] !== FATE.emitted) return p;
  }
  return -1;
}

/**
 * The first packet that arrived before the fate of every earlier one; `count` if none. `doneAt` does not
 * matter: a driver that reclaims what was sent only when it next sends is quiet in between.
 */
function firstHurried(o: Observation, at: Float64Array): number {
  let busyUntil = -1;
  for (let p = 0; p < o.count; p++) {
    if (busyUntil >= at[p]!) return p;
    busyUntil = o.fate[p] === FATE.none ? Infinity : Math.max(busyUntil, o.endAt[p]!);
  }
  return o.count;
}

/** What LOSS-1b says of a run; LOSS-1c says it of another. */
function judgePaced(run: Run): Verdict {
  const { observation, scenario } = run;
  if (observation.count === 0) return notJudged("no packet was offered");
  const took = observation.endPs - scenario.traffic.at[0]!;
  let gap = Math.max(GAP_MIN_PS, Math.ceil(took));
  for (const last of [false, true]) {
    const traffic = paced(scenario.traffic, gap);
    const o = run.again({ traffic });
    if (o.end !== "quiet") return notJudged(`the paced run ended by ${o.end}`);
    const hurried = firstHurried(o, traffic.at);
    const lost = firstLost(run, o, hurried);
    if (lost >= 0) return broken(lostSentence(o, lost, gap), [lost]);
    if (hurried === o.count) return KEPT;
    if (last) {
      return notJudged(`packet ${hurried - 1} was still under way ${time(gap)} after its arrival`);
    }
    gap *= GAP_GROWTH;
  }
  return KEPT;
}

function lostSentence(o: Observation, p: number, gap: number): string {
  const fate = o.fate[p] === FATE.none
    ? `never left ${o.waitingAt.get(p) ?? "an unnamed place"}`
    : `was lost at ${time(o.endAt[p]!)} in ${placeName(o, o.place[p]!)}`;
  return `with frames ${time(gap)} apart, each into a quiet machine, packet ${p} ${fate}, ` +
    `expected it to be forwarded`;
}

/** LOSS-1b: one packet at a time, none is lost. */
export const LOSS_1B: Law = {
  id: "LOSS-1b",
  statement: "Traffic that is paced so that each frame comes when the machine is quiet loses " +
    "nothing.",
  clause: "PCI Express Base 3.0, 2.6.1; P2PNIC, 3.2",
  needs: ["fates"],
  reruns: true,
  stress: ["congestion drop", "burst of 4"],
  judge: judgePaced,
};

/** The smallest credits that are legal: one header, one payload of maximal size in units of 16 bytes. */
function smallest(g: Geometry): Geometry {
  return { ...g, headerCredits: 1, dataCredits: Math.ceil(g.mps / 16) };
}

function judgeSmallest(run: Run): Verdict {
  const geometry = smallest(run.scenario.geometry);
  const { headerCredits, dataCredits } = run.scenario.geometry;
  const isSmallest = headerCredits === 1 && dataCredits === geometry.dataCredits;
  const tight: Run = isSmallest ? run : {
    scenario: { ...run.scenario, geometry },
    observation: run.again({ geometry }),
    policy: run.policy,
    expectation: run.expectation,
    offers: run.offers,
    again: (change, fresh) => run.again({ geometry, ...change }, fresh),
  };
  if (tight.observation.count === 0) return notJudged("no packet was offered");
  // What the paced run overwrites is read before it.
  let verdict = judgeWaiting(tight);
  if (verdict.kind !== "broken") verdict = judgeCongestion(tight);
  if (verdict.kind !== "broken") verdict = judgePaced(tight);
  if (verdict.kind !== "broken") return verdict;
  return broken(
    `with 1 header credit and ${geometry.dataCredits} data credits: ${verdict.sentence}`,
    verdict.packets,
  );
}

/** LOSS-1c: the smallest legal credits change nothing about loss. */
export const LOSS_1C: Law = {
  id: "LOSS-1c",
  statement: "LOSS-1a, LOSS-1b and LOSS-3 hold with the smallest legal credits: one header and " +
    "one maximal payload in each class.",
  clause: "PCI Express Base 3.0, 2.6.1, minimum initial advertisements",
  needs: ["fates", "occupancy"],
  fidelity: "tlp",
  reruns: true,
  stress: ["smallest credits"],
  judge: judgeSmallest,
};
