/** Conformance of a device as data: for other test runners, for the command line, for reports. */
import type { DeviceUnderTest, Geometry, Scenario, Setup } from "../../core/machine/device.ts";
import type { Fidelity } from "../../core/pcie/fabric.ts";
import type { Policy } from "../../core/policy.ts";
import { build } from "../arbitraries/build.ts";
import type { ScenarioDraw } from "../arbitraries/draw.ts";
import { minimise } from "../arbitraries/minimise.ts";
import { scenario } from "../arbitraries/scenario.ts";
import { drawLadder, hasLadder, type Ladder } from "../counterexample/ladder.ts";
import { type Counterexample, tellCounterexample } from "../counterexample/counterexample.ts";
import type { Law, Verdict } from "../law.ts";
import { LAW_SET_VERSION, lawsOf } from "../laws/mod.ts";
import { judgeScenario, RUN_1, verdictOf } from "./judge_scenario.ts";
import type { LabelCount } from "./labels.ts";
import {
  type HarnessFailure,
  type PropertyOptions,
  type PropertyResult,
  runProperty,
} from "./property.ts";
import { Subject } from "./subject.ts";
import type { NotJudged, Tally } from "./tally.ts";

/** Scenarios that a property run draws unless told otherwise. */
export const NUM_RUNS = 1000;
/** Seed unless told otherwise: the number of the RFC that most laws come from. */
export const SEED = 1812;
/** Scenarios that shrinking one law's failure may run, and events that these may take together. */
export const SHRINK_RUNS_MAX = 3000;
/** See {@link SHRINK_RUNS_MAX}. */
export const SHRINK_EVENTS_MAX = 5_000_000;

/** What a check may be told. Everything has a default. */
export interface CheckOptions {
  /** Only laws whose id this matches. */
  readonly only?: RegExp;
  /** Scenarios to draw; {@link NUM_RUNS}. */
  readonly numRuns?: number;
  /** Seed of the drawing, an integer of 32 bits; {@link SEED}. */
  readonly seed?: number;
  /** Runs this scenario alone instead of drawing any. */
  readonly replay?: Scenario;
  /** Judges by this instead of what the device declares. */
  readonly policy?: Policy;
  /** Sizes that are not to be drawn. */
  readonly geometry?: Partial<Geometry>;
  /** Most packets of a scenario; 400. Only the few that saturate the machine have more than 64. */
  readonly packetsMax?: number;
  /** Routes and neighbours that are not to be drawn; those of the device, if it has any. */
  readonly setup?: Setup;
  /** The laws to judge; all that there are, and the device's own invariants. */
  readonly laws?: readonly Law[];
  /** Builds another device like the first; without it, laws about a new device are not judged. */
  readonly fresh?: () => DeviceUnderTest;
  /** Milliseconds of real time after which the run is cut short, and fails. */
  readonly timeLimitMs?: number;
}

/** What one law said. */
export interface LawResult {
  /** The law. */
  readonly law: Law;
  /** Runs on which it was judged. */
  readonly judged: number;
  /** The same by the fidelity of the fabric. */
  readonly judgedIn: Readonly<Record<Fidelity, number>>;
  /** Those of them that kept it. */
  readonly kept: number;
  /** Number of the first run that broke it, from 1; 0 when none did. */
  readonly first: number;
  /** Why it was not judged, the most frequent reason first. */
  readonly notJudged: readonly NotJudged[];
  /** The smallest scenario found that breaks it, if any does. */
  readonly counterexample: Counterexample | null;
}

/** What came of a check. */
export interface ConformanceResult {
  /** Name of the device. */
  readonly device: string;
  /** No law was broken, at least one was judged, and the run was what it had to be. */
  readonly ok: boolean;
  /** Version of the laws. */
  readonly lawSetVersion: string;
  /** What the device was judged by. */
  readonly policy: Policy;
  /** Seed of the drawing. */
  readonly seed: number;
  /** Scenarios run. */
  readonly runs: number;
  /** Packets offered in all of them. */
  readonly packets: number;
  /** In the order of the laws, {@link RUN_1} first. */
  readonly laws: readonly LawResult[];
  /** What the scenarios contained. */
  readonly labels: readonly LabelCount[];
  /** What the run itself missed. */
  readonly harness: readonly HarnessFailure[];
}

/**
 * Judges a device by the laws, on drawn scenarios or on one that is given. Broken laws are data in
 * the result, each with a shrunk counterexample. The same options give the same result on a
 * deterministic device.
 *
 * @throws {RangeError} when `only` matches no law, or `numRuns` is not a positive integer
 * @example
 * ```ts
 * import { checkConformance, reportCounterexample } from "@planecheck/planecheck/properties";
 * import { type Stack, testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * // A stack that takes every packet and frees it without a word.
 * const black: Stack = ({ ports, pool }) => ({
 *   name: "black hole",
 *   idlePollIsStateless: true,
 *   poll(cpu) {
 *     const burst = new Int32Array(32);
 *     let taken = 0;
 *     for (const { port, queue } of cpu.rxQueues) {
 *       const n = ports[port]!.rxBurst(cpu, queue, burst, 32);
 *       for (let i = 0; i < n; i++) pool.put(cpu.lcore, burst[i]!);
 *       taken += n;
 *     }
 *     return taken;
 *   },
 * });
 * const device = testbed(black, machineProfile(paperHost));
 * const { ok, laws } = checkConformance(device, { numRuns: 20, only: /LOSS-2/ });
 * const found = laws.find(({ law }) => law.id === "LOSS-2")!.counterexample!;
 * assertEquals(ok, false);
 * assertEquals(found.scenario.traffic.count, 1);
 * assertEquals(reportCounterexample(found).startsWith("LOSS-2 broken by black hole"), true);
 * ```
 */
export function checkConformance(
  device: DeviceUnderTest,
  options: CheckOptions = {},
): ConformanceResult {
  const laws = chosenLaws(device, options);
  const subject = new Subject(device, {
    ...options.policy === undefined ? {} : { policy: options.policy },
    ...options.fresh === undefined ? {} : { fresh: options.fresh },
  });
  const seed = options.seed ?? SEED;
  const outcome = options.replay === undefined
    ? drawn(subject, laws, seed, options)
    : replayed(subject, laws, options.replay);
  return conformanceResult(subject, seed, outcome);
}

/** The result of a check, of what became of its laws. */
export function conformanceResult(
  subject: Subject,
  seed: number,
  outcome: Outcome,
): ConformanceResult {
  const broken = outcome.laws.some((law) => law.counterexample !== null);
  return {
    ...outcome,
    device: subject.name,
    ok: !broken && outcome.harness.length === 0,
    lawSetVersion: String(LAW_SET_VERSION),
    policy: subject.policy,
    seed,
  };
}

/** What became of the laws of a check. */
export type Outcome = Pick<ConformanceResult, "runs" | "packets" | "laws" | "labels" | "harness">;

/**
 * The laws that a check is about.
 *
 * @throws {RangeError} when `only` matches none
 */
export function chosenLaws(
  device: Pick<DeviceUnderTest, "invariants">,
  { laws = lawsOf(device), only }: CheckOptions,
): readonly Law[] {
  const chosen = only === undefined ? laws : laws.filter((law) => law.id.search(only) >= 0);
  if (chosen.length === 0) {
    const ids = laws.map((law) => law.id).join(", ");
    throw new RangeError(`Cannot check conformance: ${only} matches none of the laws ${ids}`);
  }
  return chosen;
}

function drawn(
  subject: Subject,
  laws: readonly Law[],
  seed: number,
  options: CheckOptions,
): Outcome {
  const fixed = options.geometry ?? {};
  const result = runProperty(subject, propertyOptions(subject, laws, seed, options));
  const examples = result.tallies.map((tally) =>
    tally.smallest === null ? null : shrink(subject, tally, tally.smallest, fixed)
  );
  return outcomeOf(result, examples);
}

/** What a property run of a check is given. */
export function propertyOptions(
  subject: Subject,
  laws: readonly Law[],
  seed: number,
  options: CheckOptions,
): PropertyOptions {
  const { geometry: fixed = {}, packetsMax = subject.packetsMax, setup = subject.setup } = options;
  const drawing = {
    ...packetsMax === undefined ? {} : { packetsMax },
    ...setup === undefined ? {} : { setup },
  };
  return {
    arbitrary: scenario(subject.policy, { geometry: fixed, ...drawing }),
    laws,
    numRuns: options.numRuns ?? NUM_RUNS,
    seed,
    fixed,
    ...drawing,
    ...options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs },
  };
}

/** What became of the laws of a property run, with a counterexample for each that was broken. */
export function outcomeOf(
  { runs, packets, tallies, labels, harness }: PropertyResult,
  examples: readonly (Counterexample | null)[],
): Outcome {
  const laws = tallies.map((tally, i): LawResult => ({
    law: tally.law,
    judged: tally.judged,
    judgedIn: tally.judgedIn,
    kept: tally.kept,
    first: tally.first,
    notJudged: tally.notJudged(),
    counterexample: examples[i]!,
  }));
  return { runs, packets, laws, labels, harness };
}

/** Shrinks a draw that broke `law` and tells what happens in the smallest one. */
function shrink(
  subject: Subject,
  { law, said }: Tally,
  draw: ScenarioDraw,
  fixed: Partial<Geometry>,
): Counterexample {
  const isSpent = subject.spending(SHRINK_EVENTS_MAX);
  const fails = (one: ScenarioDraw): boolean => {
    // Out of budget: nothing simpler fails any more as far as can be told.
    if (isSpent()) return false;
    return verdictOf(subject, law, build(one)).verdict.kind === "broken";
  };
  const least = fails(draw)
    ? minimise(draw, fails, SHRINK_RUNS_MAX, fixed)
    : { draw, minimal: false };
  const isMinimal = least.minimal && !isSpent();
  return shrunkExample(subject, law, build(least.draw), isMinimal, said!);
}

/** Runs the smallest scenario found once more and tells what happens in it; what was `said` first, if nothing does. */
export function shrunkExample(
  subject: Subject,
  law: Law,
  replay: Scenario,
  isMinimal: boolean,
  said: Extract<Verdict, { kind: "broken" }>,
): Counterexample {
  const { run, verdict } = verdictOf(subject, law, replay);
  const again = verdict.kind === "broken";
  return tellCounterexample({
    device: subject.name,
    law,
    policy: subject.policy,
    scenario: replay,
    run,
    sentence: again ? verdict.sentence : `broken once, but kept when repeated: ${said.sentence}`,
    packets: again ? verdict.packets : said.packets,
    minimal: isMinimal && again,
    ...ladderOf(subject, law, replay, again ? verdict.packets : []),
  });
}

/** The ladder diagram of a broken law's scenario, where there is one. */
function ladderOf(
  subject: Subject,
  law: Law,
  scenario: Scenario,
  packets: readonly number[],
): { ladder?: Ladder } {
  if (!hasLadder(law, scenario)) return {};
  const links: Scenario = { ...scenario, geometry: { ...scenario.geometry, fidelity: "link" } };
  const ledger = subject.pcieLedger(links);
  if (ledger === null) return {};
  const isBroken = verdictOf(subject, law, links).verdict.kind === "broken";
  const said =
    `${law.id}, ${subject.name}: the scenario on links with their data link layer, where the law ` +
    `${isBroken ? "is broken too" : "is kept or not judged"}`;
  return { ladder: drawLadder(ledger, links, packets, said) };
}

/** Judges one scenario alone. */
export function replayed(subject: Subject, laws: readonly Law[], one: Scenario): Outcome {
  const { verdicts } = judgeScenario(subject, one, laws);
  const results = [RUN_1, ...laws].map((law, i): LawResult => {
    const verdict = verdicts[i]!;
    const notJudged = verdict.kind === "not-judged" ? [{ why: verdict.why, runs: 1 }] : [];
    const judged = verdict.kind === "not-judged" ? 0 : 1;
    return {
      law,
      judged,
      judgedIn: { coarse: 0, tlp: 0, link: 0, [one.geometry.fidelity]: judged },
      kept: verdict.kind === "kept" ? 1 : 0,
      first: verdict.kind === "broken" ? 1 : 0,
      notJudged,
      counterexample: verdict.kind === "broken"
        ? replayedExample(subject, law, one, verdict.sentence)
        : null,
    };
  });
  const harness: HarnessFailure[] = [];
  if (one.traffic.count === 0) {
    harness.push({ id: "HARN-1", sentence: "the replayed scenario offers no packet" });
  } else if (verdicts.slice(1).every((verdict) => verdict.kind === "not-judged")) {
    harness.push({ id: "HARN-1", sentence: "no law could be judged on the replayed scenario" });
  }
  return { runs: 1, packets: one.traffic.count, laws: results, labels: [], harness };
}

function replayedExample(
  subject: Subject,
  law: Law,
  one: Scenario,
  first: string,
): Counterexample {
  const { run, verdict } = verdictOf(subject, law, one);
  const { device, policy } = { device: subject.name, policy: subject.policy };
  return tellCounterexample({
    device,
    law,
    policy,
    scenario: one,
    run,
    sentence: verdict.kind === "broken"
      ? verdict.sentence
      : `broken once, but kept when repeated: ${first}`,
    packets: verdict.kind === "broken" ? verdict.packets : [],
    minimal: false,
    ...ladderOf(subject, law, one, verdict.kind === "broken" ? verdict.packets : []),
  });
}
