/** Looks for scenarios on which devices part, and shrinks the first. */
import * as fc from "fast-check";
import type { DeviceUnderTest, Scenario } from "../../core/machine/device.ts";
import type { Policy } from "../../core/policy.ts";
import { build } from "../arbitraries/build.ts";
import { scenario } from "../arbitraries/scenario.ts";
import { shrinkScenario } from "../shrink/scenario.ts";
import { type Divergence, firstDivergence } from "./outcomes.ts";

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
}

/**
 * Gives all devices the same scenarios until they part, then shrinks the one on which they did.
 *
 * @throws {RangeError} when there are fewer than two devices
 */
export function compareDevices(
  devices: readonly DeviceUnderTest[],
  options: DifferentialOptions = {},
): DifferentialResult {
  const { undeclaredOnly = false } = options;
  const parts = (one: Scenario): Divergence | null => firstDivergence(devices, one, undeclaredOnly);
  let runs = 0;
  let packets = 0;
  for (const one of scenariosOf(devices, options)) {
    runs++;
    packets += one.traffic.count;
    if (parts(one) === null) continue;
    const isFixed = devices.some(({ setup }) => setup !== undefined);
    const fails = (smaller: Scenario) => parts(smaller) !== null;
    const least = shrinkScenario(one, fails, SHRINK_RUNS_MAX, isFixed);
    return {
      runs,
      packets,
      scenario: least.scenario,
      divergence: parts(least.scenario),
      minimal: least.minimal,
    };
  }
  return { runs, packets, scenario: null, divergence: null, minimal: false };
}

function scenariosOf(
  devices: readonly DeviceUnderTest[],
  { numRuns = 200, seed = 1812, scenarios }: DifferentialOptions,
): readonly Scenario[] | Iterable<Scenario> {
  if (scenarios !== undefined) return scenarios;
  // a default route only where every device can hold one
  const policy: Policy = {
    ...devices[0]!.policy,
    defaultRoute: devices.every((device) => device.policy.defaultRoute),
  };
  const setup = devices.find((device) => device.setup !== undefined)?.setup;
  const on = setup === undefined ? {} : { setup };
  const drawn = fc.sample(scenario(policy, { deviations: false, ...on }), { numRuns, seed });
  return drawn.values().map((draw) => build(draw));
}
