/**
 * The property run: scenarios are drawn, each is run once, and every law judges it. A law that
 * broke does not end the run, since the others have something to say as well. What the run itself
 * has to keep (it had packets, it was long enough, it contained what it should) is part of the
 * result: a run that saw nothing is no pass.
 */
import * as fc from "fast-check";
import type { Arbitrary } from "../arbitraries/arbitrary.ts";
import { build } from "../arbitraries/build.ts";
import type { ScenarioDraw } from "../arbitraries/draw.ts";
import type { Geometry, Scenario, Setup } from "../../core/machine/device.ts";
import type { Law } from "../law.ts";
import { counted } from "../laws/_text.ts";
import { judgeScenario, RUN_1 } from "./judge_scenario.ts";
import { type LabelCount, Labels } from "./labels.ts";
import type { Subject } from "./subject.ts";
import { Tally } from "./tally.ts";

/** What a property run is given. */
export interface PropertyOptions {
  /** Where scenarios come from. */
  readonly arbitrary: Arbitrary<ScenarioDraw>;
  /** The laws to judge, at least one. */
  readonly laws: readonly Law[];
  /** Scenarios to run; at least 1. */
  readonly numRuns: number;
  /** Seed of the drawing: an integer of 32 bits. */
  readonly seed: number;
  /** Sizes that `arbitrary` does not draw; they decide which floors apply. */
  readonly fixed?: Partial<Geometry>;
  /** Most packets that `arbitrary` draws, where it was told; it decides about floors, too. */
  readonly packetsMax?: number | undefined;
  /** Routes and neighbours that it does not draw. */
  readonly setup?: Setup;
  /**
   * Milliseconds of real time after which no new scenario is begun; a run that is cut short fails.
   */
  readonly timeLimitMs?: number;
}

/**
 * Laws that run the device again are judged on every so many runs; one such law costs as much as
 * all others.
 */
const RERUN_EVERY = 8;

/**
 * A device that has failed on so many runs is not run any more: it would be built anew each time. One that does not
 * end takes all its time each time.
 */
const FAILED_MAX = 20;
const TIMEOUTS_MAX = 3;

/**
 * Events after which a run that has broken a law ends. A stack that holds a packet for ever polls
 * for ever: each of its runs goes to the horizon and takes a thousand times as long as one that ends.
 */
const EVENTS_MAX = 10_000_000;

/** A rule of the harness that a property run missed. */
export interface HarnessFailure {
  /** Something was run, enough was run, it contained what it should. */
  readonly id: "HARN-1" | "HARN-2" | "HARN-3";
  /** What was missed, with the numbers. */
  readonly sentence: string;
}

/** What came of a property run. */
export interface PropertyResult {
  /** Scenarios run. */
  readonly runs: number;
  /** Packets offered in all runs. */
  readonly packets: number;
  /** {@link RUN_1}, then the laws as given. */
  readonly tallies: readonly Tally[];
  /** What the scenarios contained. */
  readonly labels: readonly LabelCount[];
  /** What the run itself missed. */
  readonly harness: readonly HarnessFailure[];
}

/**
 * Draws and judges `numRuns` scenarios. The same seed gives the same result.
 *
 * @throws {RangeError} when `numRuns` is not a positive integer, `seed` not an integer of 32 bits,
 * or there is no law
 */
export function runProperty(subject: Subject, options: PropertyOptions): PropertyResult {
  const { parameters, judge, result } = propertyOf(subject, options);
  return result(fc.check(fc.property(options.arbitrary, judge), parameters));
}

/**
 * As {@link runProperty}; `before` is awaited with each scenario before it is judged.
 *
 * @throws {RangeError} as `runProperty`
 */
export async function runPropertyAsync(
  subject: Subject,
  options: PropertyOptions,
  before: (scenario: Scenario) => Promise<void>,
): Promise<PropertyResult> {
  const { parameters, judge, isOver, result } = propertyOf(subject, options);
  const property = fc.asyncProperty(options.arbitrary, async (draw) => {
    if (isOver()) return;
    await before(build(draw));
    judge(draw);
  });
  return result(await fc.check(property, parameters));
}

/** The parts of a property run. */
interface PropertyParts {
  /** For fast-check. */
  readonly parameters: fc.Parameters<[ScenarioDraw]>;
  /** Whether no more scenarios are to be run, however many are left. */
  isOver(): boolean;
  /** Runs and judges one. */
  judge(draw: ScenarioDraw): void;
  /** What came of it all. */
  result(details: fc.RunDetails<[ScenarioDraw]>): PropertyResult;
}

function propertyOf(subject: Subject, options: PropertyOptions): PropertyParts {
  const { laws, numRuns, seed, timeLimitMs } = options;
  if (!(Number.isInteger(numRuns) && numRuns >= 1)) {
    throw new RangeError(`Cannot run property: numRuns is ${numRuns}, not a positive integer`);
  }
  if (!Number.isInteger(seed) || seed < -0x80000000 || seed > 0x7fffffff) {
    throw new RangeError(`Cannot run property: seed is ${seed}, not an integer of 32 bits`);
  }
  if (laws.length === 0) throw new RangeError("Cannot run property: there is no law to judge");
  const tallies = [RUN_1, ...laws].map((law) => new Tally(law));
  const labels = new Labels();
  let runs = 0;
  let packets = 0;
  const before = subject.events;
  let over = "";
  const cheap = tallies.filter(({ law }) => law.reruns !== true);
  const cheapLaws = cheap.slice(1).map((tally) => tally.law);
  const judge = (draw: ScenarioDraw): void => {
    if (over !== "") return;
    const isSample = runs % RERUN_EVERY === 0;
    const judging = isSample ? tallies : cheap;
    const judged = judgeScenario(subject, build(draw), isSample ? laws : cheapLaws);
    runs++;
    packets += draw.packets.length;
    labels.add(draw, judged);
    judged.verdicts.forEach((verdict, i) => judging[i]!.add(verdict, draw, runs));
    const events = subject.events - before;
    if (tallies[0]!.broken === FAILED_MAX) over = `the device failed on ${FAILED_MAX}`;
    else if (subject.timeouts >= TIMEOUTS_MAX) {
      over = `the device did not end in time on ${TIMEOUTS_MAX}`;
    } else if (events > EVENTS_MAX && tallies.some((tally) => tally.broken > 0)) {
      over = `a law was broken and ${events} events were spent`;
    }
  };
  const parameters = {
    numRuns,
    seed,
    endOnFailure: true,
    ...timeLimitMs === undefined ? {} : { interruptAfterTimeLimit: timeLimitMs },
  };
  const result = (details: fc.RunDetails<[ScenarioDraw]>): PropertyResult => {
    // The property itself never fails: what it throws is a mistake in a law or in the harness.
    if (details.failed && details.errorInstance !== null) throw details.errorInstance;
    const counts = labels.counts(runs, {
      policy: subject.policy,
      offers: subject.offers,
      fixed: options.fixed ?? {},
      packetsMax: options.packetsMax,
      drawsRoutes: options.setup === undefined,
    });
    for (const tally of tallies) {
      if (tally.law.reruns) tally.skip(`sampled: every ${RERUN_EVERY}th run`, runs);
    }
    const why = over === "" ? "the time limit came" : over;
    const harness = missedRules(numRuns, runs, packets, why, tallies, counts);
    return { runs, packets, tallies, labels: counts, harness };
  };
  return { parameters, isOver: () => over !== "", judge, result };
}

function missedRules(
  wanted: number,
  runs: number,
  packets: number,
  why: string,
  tallies: readonly Tally[],
  counts: readonly LabelCount[],
): HarnessFailure[] {
  const missed: HarnessFailure[] = [];
  if (packets === 0) {
    missed.push({ id: "HARN-1", sentence: `no packet was offered in ${counted(runs, "run")}` });
  } else if (tallies.slice(1).every((tally) => tally.judged === 0)) {
    missed.push({ id: "HARN-1", sentence: `no law could be judged in ${counted(runs, "run")}` });
  }
  if (runs < wanted) {
    missed.push({
      id: "HARN-2",
      sentence: `${runs} of ${counted(wanted, "scenario")} were run: ${why}`,
    });
  }
  // what a faulty device does not let happen is no fault of the drawing
  const broken = tallies.some((tally) => tally.broken > 0);
  for (const { label, runs: had, floor } of counts) {
    if (had >= floor || broken) continue;
    const sentence = `"${label}" in ${had} of ${runs} runs, fewer than the ${floor} that are due`;
    missed.push({ id: "HARN-3", sentence });
  }
  return missed;
}
