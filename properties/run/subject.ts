/**
 * A device under test together with what judging needs beyond one run of it: the policy it is judged by, and a
 * way to build another one like it.
 */
import type { DeviceUnderTest, Evidence, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { Policy } from "../../core/policy.ts";

/** What a subject may be told beyond its device. */
export interface SubjectOptions {
  /** What the device is judged by instead of what it declares itself. */
  readonly policy?: Policy;
  /** Builds another device like the first one. */
  readonly fresh?: () => DeviceUnderTest;
}

/** The device threw while it ran a scenario. */
export class DeviceError extends Error {
  /** Always `"DeviceError"`. */
  override readonly name: string = "DeviceError";

  /** Takes what the device threw. */
  constructor(thrown: unknown) {
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    super(text.split("\n", 1)[0]! + whereFrom(thrown), { cause: thrown });
  }
}

/** File, line and column where it was thrown, without the folders: they differ from machine to machine. */
function whereFrom(thrown: unknown): string {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const match = /\n\s+at .*?([^\s/\\(]+:\d+:\d+)\)?(?:\n|$)/.exec(stack);
  return match === null ? "" : ` (${match[1]})`;
}

/** One device, and others like it. */
export class Subject {
  /** What the device is judged by. */
  readonly policy: Policy;
  /** What can be judged; without a way to build a new device, nothing that compares with a new one. */
  readonly offers: ReadonlySet<Evidence>;
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

  /** Whether `again` leaves the observation of the last `run` alone. */
  get hasSpare(): boolean {
    return this.#fresh !== null;
  }

  /**
   * Runs a scenario. A device that threw is replaced where that is possible, since its state is anyone's guess.
   *
   * @throws {DeviceError} when the device throws
   */
  run(scenario: Scenario): Observation {
    try {
      return this.#device.run(scenario);
    } catch (error) {
      if (this.#fresh !== null) this.#device = this.#fresh();
      throw new DeviceError(error);
    }
  }

  /**
   * Runs a scenario on a second device, on a newly built one if `fresh` is set, or on the only one there is.
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
      return device.run(scenario);
    } catch (error) {
      this.#spare = null;
      throw new DeviceError(error);
    }
  }
}
