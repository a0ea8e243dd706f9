/** Conformance of a device whose runs are promises, by the same laws and with the same result. */
import type {
  AsyncDevice,
  DeviceUnderTest,
  Evidence,
  Scenario,
} from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { Policy } from "../../core/policy.ts";
import { build } from "../arbitraries/build.ts";
import type { ScenarioDraw } from "../arbitraries/draw.ts";
import { minimiseAsync } from "../arbitraries/minimise.ts";
import type { Counterexample } from "../counterexample/counterexample.ts";
import type { Law } from "../law.ts";
import type { Tally } from "./tally.ts";
import {
  type CheckOptions,
  chosenLaws,
  type ConformanceResult,
  conformanceResult,
  type Outcome,
  outcomeOf,
  propertyOptions,
  replayed,
  SEED,
  SHRINK_EVENTS_MAX,
  SHRINK_RUNS_MAX,
  shrunkExample,
} from "./check.ts";
import { verdictOf } from "./judge_scenario.ts";
import { runPropertyAsync } from "./property.ts";
import { Subject } from "./subject.ts";

/**
 * Stands for an asynchronous device before judges that cannot wait: each scenario is awaited first, and
 * its run is then given out as often as it is asked for.
 */
class AwaitedDevice implements DeviceUnderTest {
  readonly name: string;
  readonly policy: Policy;
  readonly offers: ReadonlySet<Evidence>;
  readonly #device: AsyncDevice;
  #ran = (): Observation => {
    throw new Error("Cannot give out a run: none was awaited");
  };

  constructor(device: AsyncDevice) {
    this.#device = device;
    this.name = device.name;
    this.policy = device.policy;
    this.offers = device.offers;
  }

  /** Runs a scenario; what is thrown is thrown when the run is asked for. */
  async await(scenario: Scenario): Promise<void> {
    try {
      const observation = await this.#device.runAsync(scenario);
      this.#ran = () => observation;
    } catch (error) {
      this.#ran = () => {
        throw error;
      };
    }
  }

  run(): Observation {
    return this.#ran();
  }
}

/** A law that asks for further runs while it judges cannot be told to wait for them. */
function awaited(law: Law): Law {
  if (law.reruns !== true) return law;
  const { id, statement, clause, needs } = law;
  const why = "it runs the device again, which is asynchronous";
  return { id, statement, clause, needs, judge: () => ({ kind: "not-judged", why }) };
}

/**
 * As `checkConformance`, for a device whose runs are promises; one is awaited after the other. Laws that
 * run the device again (LOSS-1b, LOSS-1c, TIME-1) are not judged, and the result says so.
 *
 * @throws {RangeError} when `only` matches no law, or `numRuns` is not a positive integer
 * @example
 * ```ts
 * import { asyncForwarder, REASON } from "@planecheck/planecheck/core";
 * import { checkConformanceAsync } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // Takes every packet, and forgets those that it has to wait for.
 * const device = asyncForwarder((env) => async (packet) => {
 *   if (packet.port === 0) await new Promise(() => {});
 *   env.drop(packet, REASON.other);
 * });
 * const { laws } = await checkConformanceAsync(device, { numRuns: 20, only: /LOSS-3/ });
 * const { counterexample } = laws.find(({ law }) => law.id === "LOSS-3")!;
 * assertEquals(counterexample!.sentence.includes("a handler that awaits no turn"), true);
 * ```
 */
export async function checkConformanceAsync(
  device: AsyncDevice,
  options: Omit<CheckOptions, "fresh"> = {},
): Promise<ConformanceResult> {
  const laws = chosenLaws(device, options).map(awaited);
  const made = new AwaitedDevice(device);
  const { policy, replay, seed = SEED } = options;
  const subject = new Subject(made, policy === undefined ? {} : { policy });
  let outcome: Outcome;
  if (replay === undefined) outcome = await drawn(subject, made, laws, seed, options);
  else {
    await made.await(replay);
    outcome = replayed(subject, laws, replay);
  }
  return conformanceResult(subject, seed, outcome);
}

async function drawn(
  subject: Subject,
  made: AwaitedDevice,
  laws: readonly Law[],
  seed: number,
  options: CheckOptions,
): Promise<Outcome> {
  const drawing = propertyOptions(subject, laws, seed, options);
  const result = await runPropertyAsync(subject, drawing, (one) => made.await(one));
  const examples: (Counterexample | null)[] = [];
  for (const tally of result.tallies) {
    const { smallest } = tally;
    examples.push(smallest === null ? null : await shrink(subject, made, tally, smallest, options));
  }
  return outcomeOf(result, examples);
}

async function shrink(
  subject: Subject,
  made: AwaitedDevice,
  { law, said }: Tally,
  draw: ScenarioDraw,
  { geometry = {} }: CheckOptions,
): Promise<Counterexample> {
  const isSpent = subject.spending(SHRINK_EVENTS_MAX);
  const fails = async (one: ScenarioDraw): Promise<boolean> => {
    if (isSpent()) return false;
    const scenario = build(one);
    await made.await(scenario);
    return verdictOf(subject, law, scenario).verdict.kind === "broken";
  };
  const least = await fails(draw)
    ? await minimiseAsync(draw, fails, SHRINK_RUNS_MAX, geometry)
    : { draw, minimal: false };
  const replay = build(least.draw);
  await made.await(replay);
  return shrunkExample(subject, law, replay, least.minimal && !isSpent(), said!);
}
