/** Looks for scenarios on which devices part, and shrinks the first. */
import * as fc from "fast-check";
import type { DeviceUnderTest, Scenario } from "../../core/machine/device.ts";
import type { Policy } from "../../core/policy.ts";
import { build } from "../arbitraries/build.ts";
import { scenario } from "../arbitraries/scenario.ts";
import { type Counterexample, tellCounterexample } from "../counterexample/counterexample.ts";
import { RUN_1 } from "../run/judge_scenario.ts";
import { DeviceError, Subject } from "../run/subject.ts";
import { shrinkScenario } from "../shrink/scenario.ts";
import { shrinkToLaw } from "../shrink/shrink.ts";
import { type Divergence, firstDivergence, spacedOut } from "./outcomes.ts";

/** Runs of all devices that shrinking may take. */
const SHRINK_RUNS_MAX = 500;

/** What the search may be told. */
export interface DifferentialOptions {
  /** Scenarios to draw; 200. */
  readonly numRuns?: number;
  /** Seed of the drawing, an integer of 32 bits; 1812. */
  readonly seed?: number;
  /** Judges these scenarios instead of drawing any. */
  readonly scenarios?: readonly Scenario[];
  /** Whether only what a device does against its own policy counts; false. */
  readonly undeclaredOnly?: boolean;
}

/** What came of a search. */
export interface DifferentialResult {
  /** Scenarios run. */
  readonly runs: number;
  /** Packets offered in all of them. */
  readonly packets: number;
  /** The smallest scenario found on which devices part; null when none does. */
  readonly scenario: Scenario | null;
  /** Where they part on it. */
  readonly divergence: Divergence | null;
  /** Whether no single packet of it can go. */
  readonly minimal: boolean;
  /** The device (its index) that failed, and the smallest scenario found on which it does; null when none did. */
  readonly failure: { readonly device: number; readonly counterexample: Counterexample } | null;
}

/**
 * Gives all devices the same scenarios until they part, then shrinks the one on which they did. A device that fails (it
 * throws, crashes, does not end) ends the search: what it did is shrunk instead.
 *
 * @throws {RangeError} when there are fewer than two devices
 * @throws {RunFailure} when one of them is not there
 */
export function compareDevices(
  devices: readonly DeviceUnderTest[],
  options: DifferentialOptions = {},
): DifferentialResult {
  const { undeclaredOnly = false } = options;
  const subjects = devices.map((device) => new Subject(device));
  let running = -1;
  const watched = subjects.map((subject, i): DeviceUnderTest => ({
    ...{ name: subject.name, policy: subject.policy, offers: subject.offers },
    run(scenario) {
      running = i;
      return subject.run(scenario);
    },
  }));
  const parts = (one: Scenario): Divergence | null => firstDivergence(watched, one, undeclaredOnly);
  const same = { scenario: null, divergence: null, minimal: false, failure: null };
  let runs = 0;
  let packets = 0;
  for (const one of scenariosOf(devices, options)) {
    runs++;
    packets += one.traffic.count;
    try {
      if (parts(one) === null) continue;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      const counterexample = failing(devices[running]!, spacedOut(one), error.message);
      return { ...same, runs, packets, failure: { device: running, counterexample } };
    }
    const spent = subjects.map((subject) => subject.spending(Infinity));
    const isSpent = () => spent.some((one) => one());
    const stillPart = (smaller: Scenario): boolean => {
      try {
        return !isSpent() && parts(smaller) !== null;
      } catch (error) {
        // another matter than the one that is shrunk
        if (error instanceof DeviceError) return false;
        throw error;
      }
    };
    const isFixed = devices.some(({ setup }) => setup !== undefined);
    const { scenario, minimal } = shrinkScenario(one, stillPart, SHRINK_RUNS_MAX, isFixed);
    const divergence = parts(scenario);
    return { ...same, runs, packets, scenario, divergence, minimal: minimal && !isSpent() };
  }
  return { ...same, runs, packets };
}

/** The smallest scenario on which a device fails; as it was when it fails only once. */
function failing(device: DeviceUnderTest, scenario: Scenario, sentence: string): Counterexample {
  const { name, policy } = device;
  return shrinkToLaw(device, scenario, RUN_1, { maxRuns: SHRINK_RUNS_MAX }) ?? tellCounterexample({
    ...{ device: name, law: RUN_1, policy, scenario, run: null, sentence, packets: [] },
    minimal: false,
  });
}

function scenariosOf(
  devices: readonly DeviceUnderTest[],
  { numRuns = 200, seed = 1812, scenarios }: DifferentialOptions,
): readonly Scenario[] | Iterable<Scenario> {
  if (scenarios !== undefined) return scenarios;
  // a default route only where every device can hold one, and routes to nowhere or several next hops likewise
  const policy: Policy = {
    ...devices[0]!.policy,
    defaultRoute: devices.every((device) => device.policy.defaultRoute),
    routeTypes: devices.every((device) => device.policy.routeTypes === true),
  };
  const setup = devices.find((device) => device.setup !== undefined)?.setup;
  const on = setup === undefined ? {} : { setup };
  const drawn = fc.sample(scenario(policy, { deviations: false, ...on }), { numRuns, seed });
  return drawn.values().map((draw) => build(draw));
}
