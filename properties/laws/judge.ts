/**
 * Lets laws judge a run.
 */
import type { Law, Run, Verdict } from "../law.ts";
import { notJudged } from "./_text.ts";
import { LAWS } from "./laws.ts";

/** What one law says of a run. */
export interface Judgement {
  /** The law. */
  readonly law: Law;
  /** What it says. */
  readonly verdict: Verdict;
}

/**
 * Lets `laws`, all of them by default, judge a run and answers one judgement for each, in their order. A law that needs what the device
 * does not offer, or another fidelity, is not judged, and says why; laws that run the device again are judged
 * after all others, so that they can disturb nobody's view.
 *
 * @example
 * ```ts
 * import { judgeAll, LAWS, referenceRouter } from "@planecheck/planecheck/properties";
 * import { Observation, STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = {
 *   geometry: {
 *     ports: 1, lcores: 1, rxRing: 8, txRing: 8, ingress: 8, spareBuffers: 8, poolCache: 1,
 *     peerSlots: 8, fidelity: "coarse", headerCredits: 8, dataCredits: 64, mps: 256,
 *   },
 *   routes: {
 *     count: 0, prefix: new Uint32Array(0), depth: new Uint8Array(0), nextHop: new Uint32Array(0),
 *   },
 *   neighbours: {
 *     count: 0, port: new Uint8Array(0), mac: new Uint8Array(0), portMac: new Uint8Array(6),
 *   },
 *   traffic: {
 *     count: 1, port: Uint8Array.of(0), at: Float64Array.of(0), offset: Uint32Array.of(0),
 *     length: Uint32Array.of(60), bytes: new Uint8Array(60),
 *   },
 *   deviations: [],
 * } as const;
 * const observation = new Observation();
 * observation.reset(1, "coarse"); // the packet is offered, and nothing becomes of it
 * const [judgement] = judgeAll({
 *   scenario,
 *   observation,
 *   policy: STRICT,
 *   expectation: referenceRouter(scenario, STRICT),
 *   offers: new Set(["fates"]),
 *   again: () => observation,
 * }, LAWS.filter((law) => law.id === "LOSS-3"));
 * assertEquals(judgement?.verdict.kind, "broken");
 * ```
 */
export function judgeAll(run: Run, laws: readonly Law[] = LAWS): Judgement[] {
  const verdicts = new Array<Verdict>(laws.length);
  for (let i = 0; i < laws.length; i++) {
    if (laws[i]!.reruns !== true) verdicts[i] = judge(run, laws[i]!);
  }
  for (let i = 0; i < laws.length; i++) {
    if (laws[i]!.reruns === true) verdicts[i] = judge(run, laws[i]!);
  }
  return laws.map((law, i) => ({ law, verdict: verdicts[i]! }));
}

function judge(run: Run, law: Law): Verdict {
  for (const evidence of law.needs) {
    if (!run.offers.has(evidence)) return notJudged(`the device does not show ${evidence}`);
  }
  const { fidelity } = run.observation;
  if (law.fidelity !== undefined && fidelity === "coarse") {
    return notJudged(`the run is ${fidelity}; the law is about ${law.fidelity} runs`);
  }
  return law.judge(run);
}
