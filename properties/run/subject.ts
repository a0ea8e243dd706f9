/**
 * A device under test together with what judging needs beyond one run of it: the policy it is
 * judged by, and a way to build another one like it.
 */
import { ScenarioError } from "../../core/machine/check.ts";
import {
  type DeviceUnderTest,
  type Evidence,
  RunFailure,
  type Scenario,
  type Setup,
} from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { PcieLedger } from "../../core/pcie/link/trace.ts";
import type { Policy } from "../../core/policy.ts";

/** What a subject may be told beyond its device. */
export interface SubjectOptions {
  /** What the device is judged by instead of what it declares itself. */
  readonly policy?: Policy;
  /** Builds another device like the first one. */
  readonly fresh?: () => DeviceUnderTest;
}

/** The device threw while it ran a scenario; the message is a clause that says what. */
export class DeviceError extends Error {
  /** Always `"DeviceError"`. */
  override readonly name: string = "DeviceError";

  /** Takes what the device threw. */
  constructor(thrown: unknown) {
    super(clauseOf(thrown), { cause: thrown });
  }
}

/** What a {@link RunFailure} says itself; anything else is told by its name and where it was thrown. */
function clauseOf(thrown: unknown): string {
  if (thrown instanceof RunFailure) return thrown.message;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return `it threw ${text.split("\n", 1)[0]}${whereFrom(thrown)}`;
}

/** How many calls are named: enough to reach from the machine into the stack that called it. */
const CALLS_MAX = 3;

/**
 * File, line and column of the innermost calls when it was thrown. Without folders, which differ
 * from machine to machine.
 */
function whereFrom(thrown: unknown): string {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const calls = [...stack.matchAll(/^\s+at .*?([^\s/\\(]+:\d+:\d+)\)?$/gm)];
  if (calls.length === 0) return "";
  return ` (at ${calls.slice(0, CALLS_MAX).map((call) => call[1]).join(", from ")})`;
}

/** Runs that may time out while one law's failure is shrunk: each takes as long as it may. */
const SHRINK_TIMEOUTS_MAX = 5;

/** One device, and others like it. */
export class Subject {
  /** What the device is judged by. */
  readonly policy: Policy;
  /**
   * What can be judged; without a way to build a new device, nothing that compares with a new one.
   */
  readonly offers: ReadonlySet<Evidence>;
  /** Events that all runs so far took, those that laws asked for included. */
  events = 0;
  /** Runs that did not end in their time. */
  timeouts = 0;
  #device: DeviceUnderTest;
  #spare: DeviceUnderTest | null = null;
  readonly #fresh: (() => DeviceUnderTest) | null;

  /** Takes the device; it is not run yet. */
  constructor(device: DeviceUnderTest, options: SubjectOptions = {}) {
    this.#device = device;
    this.#fresh = options.fresh ?? null;
    this.policy = options.policy ?? device.policy;
    const offers = new Set(device.offers);
    if (this.#fresh === null) offers.delete("trace");
    this.offers = offers;
  }

  /** Name of the device. */
  get name(): string {
    return this.#device.name;
  }

  /** Most packets that the device can be given at once. */
  get packetsMax(): number | undefined {
    return this.#device.packetsMax;
  }

  /** What somebody has set the device up for. */
  get setup(): Setup | undefined {
    return this.#device.setup;
  }

  /** Whether `again` leaves the observation of the last `run` alone. */
  get hasSpare(): boolean {
    return this.#fresh !== null;
  }

  /**
   * Runs a scenario. A device that threw is replaced where that is possible, since its state is
   * anyone's guess.
   *
   * @throws {DeviceError} when the device throws
   * @throws {ScenarioError} when the scenario is not one for the device: nothing to judge
   * @throws {RunFailure} when there is no device
   */
  run(scenario: Scenario): Observation {
    try {
      return this.#counted(this.#device.run(scenario));
    } catch (error) {
      this.#passOn(error);
      if (this.#fresh !== null) this.#device = this.#fresh();
      throw new DeviceError(error);
    }
  }

  /**
   * Runs a scenario on a second device, on a newly built one if `fresh` is set, or on the only one
   * there is.
   *
   * @throws {DeviceError} when the device throws
   * @throws {RangeError} when a new device is asked for and none can be built
   */
  again(scenario: Scenario, fresh: boolean): Observation {
    if (this.#fresh === null) {
      if (!fresh) return this.run(scenario);
      throw new RangeError(`Cannot run ${this.name} anew: no way to build another one was given`);
    }
    const device = fresh ? this.#fresh() : this.#spare ??= this.#fresh();
    try {
      return this.#counted(device.run(scenario));
    } catch (error) {
      this.#passOn(error);
      this.#spare = null;
      throw new DeviceError(error);
    }
  }

  /**
   * What happens on the PCIe links when a scenario is run on links with their data link layer, or null where the
   * device has none, or throws.
   */
  pcieLedger(scenario: Scenario): PcieLedger | null {
    const device = this.#fresh === null ? this.#device : this.#fresh();
    try {
      return device.pcieLedger?.(scenario) ?? null;
    } catch {
      return null;
    }
  }

  /** Whether shrinking that begins now has spent what it may: so many events, or a few time-outs. */
  spending(eventsMax: number): () => boolean {
    const events = this.events + eventsMax;
    const timeouts = this.timeouts + SHRINK_TIMEOUTS_MAX;
    return () => this.events > events || this.timeouts >= timeouts;
  }

  /** Throws on what is not the device's doing, and counts what took all of its time. */
  #passOn(error: unknown): void {
    if (error instanceof ScenarioError) throw error;
    if (!(error instanceof RunFailure)) return;
    if (error.kind === "missing") throw error;
    if (error.kind === "timeout") this.timeouts++;
  }

  #counted(observation: Observation): Observation {
    this.events += observation.events;
    return observation;
  }
}
