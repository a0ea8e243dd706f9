/** From a concrete scenario that breaks a law to the smallest one, told as a counterexample. */
import type { DeviceUnderTest, Scenario } from "../../core/machine/device.ts";
import type { Policy } from "../../core/policy.ts";
import { type Counterexample, tellCounterexample } from "../counterexample/counterexample.ts";
import type { Law } from "../law.ts";
import { verdictOf } from "../run/judge_scenario.ts";
import { Subject } from "../run/subject.ts";
import { shrinkScenario } from "./scenario.ts";

/** Runs that shrinking may take unless told otherwise. */
const RUNS_MAX = 1000;

/** What shrinking may be told. */
export interface ShrinkOptions {
  /** Builds another device like the first; without it, laws about a new device are not judged. */
  readonly fresh?: () => DeviceUnderTest;
  /** Judges by this instead of what the device declares. */
  readonly policy?: Policy;
  /** Runs that it may take at most; 1,000. */
  readonly maxRuns?: number;
}

/**
 * The smallest counterexample to a law that is found in a scenario, a long capture say; null when the
 * scenario does not break the law.
 *
 * @example
 * ```ts
 * import { build, LAWS, PLAIN_GEOMETRY, PLAIN_PACKET, shrinkToLaw } from "@planecheck/planecheck/properties";
 * import { external } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [1],
 *   routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
 *   packets: Array.from({ length: 9 }, (_, i) => ({
 *     ...PLAIN_PACKET,
 *     src: 0xac100000 + i,
 *     dst: 0x0a000000 + i,
 *   })),
 *   deviations: [],
 * });
 * const law = LAWS.find(({ id }) => id === "LOSS-1a")!;
 * const found = shrinkToLaw(external({ command: "true" }), scenario, law);
 * assertEquals([found!.scenario.traffic.count, found!.minimal], [1, true]);
 * ```
 */
export function shrinkToLaw(
  device: DeviceUnderTest,
  scenario: Scenario,
  law: Law,
  options: ShrinkOptions = {},
): Counterexample | null {
  const { fresh, policy, maxRuns = RUNS_MAX } = options;
  const subject = new Subject(device, {
    ...fresh === undefined ? {} : { fresh },
    ...policy === undefined ? {} : { policy },
  });
  const isSpent = subject.spending(Infinity);
  const fails = (one: Scenario) =>
    !isSpent() && verdictOf(subject, law, one).verdict.kind === "broken";
  if (!fails(scenario)) return null;
  const least = shrinkScenario(scenario, fails, maxRuns, device.setup !== undefined);
  const { run, verdict } = verdictOf(subject, law, least.scenario);
  const again = verdict.kind === "broken";
  return tellCounterexample({
    device: subject.name,
    law,
    policy: subject.policy,
    scenario: least.scenario,
    run,
    sentence: again
      ? verdict.sentence
      : "broken once, but kept when the same scenario was repeated",
    packets: again ? verdict.packets : [],
    minimal: least.minimal && !isSpent() && again,
  });
}
