/**
 * A stack on a machine as a device under test: gives the stack its environment, runs a scenario until the
 * machine is quiet, closes the books.
 */
import type { Maxima } from "../nic/nic.ts";
import type { PcieLedger } from "../pcie/link/trace.ts";
import type { Policy } from "../policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Invariant,
  type ReportRow,
  type Stack,
  STRICT,
} from "../stack.ts";
import { audit } from "./audit.ts";
import { checkRepeat, checkScenario, lastArrival } from "./check.ts";
import { closeBooks } from "./close.ts";
import type { DeviceUnderTest, Evidence, Geometry, Scenario } from "./device.ts";
import { Environment } from "./environment.ts";
import { Machine } from "./machine.ts";
import type { Observation } from "./observation.ts";
import { countInHand } from "./pool_accounts.ts";
import type { MachineProfile } from "./profile.ts";
import type { Repeat } from "./scenario.ts";
import { ScenarioTable } from "./scenario_table.ts";
import { DRAWN_MAXIMA, holds, maximaFor, SCENARIO_MAXIMA } from "./sizes.ts";
import type { TestbedOptions } from "./testbed_options.ts";

const EVIDENCE: ReadonlySet<Evidence> = new Set<Evidence>([
  "frames",
  "fates",
  "reasons",
  "occupancy",
  "buffers",
  "milestones",
  "counters",
  "metadata",
  "credits",
  "trace",
]);

/** Traffic as it is. */
const ONCE: Repeat = { times: 1, periodPs: 0 };

/** Events that a run may take for each packet, and beyond: more is a loop. */
const EVENTS_PER_PACKET = 5_000;
const EVENTS_MIN = 2_000_000;
/** And one for each 10 us that go by: a drain timer on each lcore fires every 100 us. */
const TIMER_PS = 1e7;

/**
 * A stack on a simulated machine. The Observation it answers is overwritten by the next run.
 *
 * @example
 * ```ts
 * import { FATE, Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const one = { ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 };
 * const routes = [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }];
 * const draw = { geometry: PLAIN_GEOMETRY, neighbours: [0, 1], routes, packets: [one], deviations: [] };
 * const device = new Testbed(forwarder, machineProfile(paperHost));
 * const seen = device.run(build(draw));
 * assertEquals([device.name, seen.end, seen.fate[0]], ["forwarder", "quiet", FATE.emitted]);
 * assertEquals(device.machine.nics[0]!.counters.rxFrames, 1);
 * ```
 */
export class Testbed implements DeviceUnderTest {
  /** What the stack declares; {@link STRICT} if it declares nothing. */
  readonly policy: Policy;
  /** What the stack declares of its own parts. */
  readonly invariants: readonly Invariant[];
  /** All evidence: everything in the machine is seen. */
  readonly offers: ReadonlySet<Evidence> = EVIDENCE;
  #machine: Machine;
  /** Machines by their sizes: the two usual ones or that which was asked for, and the last that was larger. */
  readonly #machines = new WeakMap<Maxima, Machine>();
  #larger: Maxima = SCENARIO_MAXIMA;
  /** A run began and did not end: whatever was under way in the machine's parts still is. */
  #broken = false;
  #name: string;
  #dataplane: Dataplane | null = null;
  readonly #stack: Stack;
  readonly #profile: MachineProfile;
  readonly #options: TestbedOptions;
  /** The scenario's routes, unless a filled table was given. */
  readonly #table: ScenarioTable | null;

  /**
   * Builds the machine, which takes milliseconds; the stack is booted anew by each run.
   * @throws {RangeError} when a rate or a delay of the profile is out of range
   */
  constructor(stack: Stack, profile: MachineProfile, options: TestbedOptions = {}) {
    this.#stack = stack;
    this.#options = options;
    this.policy = stack.policy ?? STRICT;
    this.invariants = stack.invariants ?? [];
    this.#name = options.name ?? (stack.name || "stack");
    this.#profile = profile;
    this.#machine = this.#build(options.maxima ?? DRAWN_MAXIMA);
    this.#table = options.fib === undefined ? new ScenarioTable(this.policy.defaultRoute) : null;
  }

  /** Name in reports: as given, or the stack's own once it has run. */
  get name(): string {
    return this.#name;
  }

  /**
   * The machine of the last run; a new one takes its place when the stack has thrown in the middle of a run, and one
   * of another size when a scenario needs that.
   */
  get machine(): Machine {
    return this.#machine;
  }

  /** What the stack reports of its last run, in its own words. */
  report(): readonly ReportRow[] {
    return this.#dataplane?.report?.() ?? [];
  }

  /**
   * Runs a scenario.
   * @throws {ScenarioError} when the scenario is not one that the machine can run, or its routes do not fit
   */
  run(scenario: Scenario): Observation {
    return this.#run(scenario, ONCE, true);
  }

  /**
   * Runs a scenario whose frames are offered over and over, without any record of single packets: all counters
   * and times are what `run` would show, in memory that grows neither with time nor with packets.
   *
   * @example
   * ```ts
   * import { Testbed } from "@planecheck/planecheck/core";
   * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
   * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
   * import { forwarder } from "@planecheck/planecheck/stacks";
   * import { assertEquals } from "@std/assert";
   *
   * const one = { ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 };
   * const routes = [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }];
   * const draw = { geometry: PLAIN_GEOMETRY, neighbours: [0, 1], routes, packets: [one], deviations: [] };
   * const device = new Testbed(forwarder, machineProfile(paperHost));
   * const seen = device.stream(build(draw), { times: 1000, periodPs: 1e6 });
   * assertEquals([seen.offered, seen.emitted, seen.count, seen.outCount], [1000, 1000, 0, 0]);
   * ```
   * @throws {ScenarioError} as `run`, or when the repetition is not one of whole frames in order of time
   */
  stream(scenario: Scenario, repeat: Repeat): Observation {
    checkRepeat(scenario.traffic, repeat);
    return this.#run(scenario, repeat, false);
  }

  /** What happened on the PCIe links in a run of a scenario, on the fabric with a data link layer. */
  pcieLedger(scenario: Scenario): PcieLedger | null {
    const links: Scenario = { ...scenario, geometry: { ...scenario.geometry, fidelity: "link" } };
    this.#run(links, ONCE, true, true);
    return this.machine.fabric("link").ledger!();
  }

  #run(
    scenario: Scenario,
    { times, periodPs, onDrop }: Repeat,
    recorded: boolean,
    pcie = false,
  ): Observation {
    const { geometry, traffic } = scenario;
    checkScenario(scenario, this.#options.maxima ?? SCENARIO_MAXIMA);
    const sizes = this.#sizesFor(geometry);
    if (this.#broken) this.#machines.delete(this.#machine.maxima);
    this.#machine = this.#machines.get(sizes) ?? this.#build(sizes);
    this.#broken = true;
    const machine = this.machine;
    machine.keepsPcieLedger = pcie;
    machine.reset(
      geometry,
      traffic.count * times,
      scenario.deviations,
      (cpu, vector) => this.#dataplane!.interrupt!(cpu, vector),
      recorded,
    );
    for (const lcore of machine.lcores) {
      lcore.skipsIdlePolls = this.#options.skipIdlePolls ?? true;
    }
    const env = this.#boot(scenario);
    const inHandAtBoot = env.pools.map((pool) => countInHand(machine, pool));
    machine.offer(traffic, times, periodPs);
    const o = machine.observation;
    const fabric = machine.fabric(geometry.fidelity);
    if (onDrop !== undefined) o.onDrop = (at) => onDrop(at) ? machine.clock.stop() : undefined;
    const last = lastArrival(traffic, { times, periodPs });
    o.end = machine.clock.run(
      {
        horizonPs: last + (this.#options.patiencePs ?? 2e9),
        events: Math.max(EVENTS_MIN, o.offered * EVENTS_PER_PACKET) + Math.ceil(last / TIMER_PS),
      },
      () => o.unresolved <= 0 && (fabric.isQuiet ?? true),
    );
    closeBooks(machine, geometry, env.pools, inHandAtBoot);
    if (o.end === "quiet") o.findings = audit(this.#name, this.#dataplane!, this.invariants);
    this.#broken = false;
    return o;
  }

  #build(sizes: Maxima): Machine {
    const machine = new Machine(this.#profile, sizes);
    this.#machines.set(sizes, machine);
    return machine;
  }

  /**
   * The sizes that were asked for, or the smallest that hold the scenario, whatever ran before: a stack may ask how
   * much memory there is.
   */
  #sizesFor(geometry: Geometry): Maxima {
    if (this.#options.maxima !== undefined) return this.#options.maxima;
    const needed = maximaFor(geometry, this.#profile);
    if (holds(DRAWN_MAXIMA, needed)) return DRAWN_MAXIMA;
    if (holds(SCENARIO_MAXIMA, needed)) return SCENARIO_MAXIMA;
    // the pools that a stack makes besides find as much room as on a smaller machine
    const buffers = SCENARIO_MAXIMA.buffers + needed.buffers;
    if (this.#larger.buffers !== buffers) this.#larger = { ...SCENARIO_MAXIMA, buffers };
    return this.#larger;
  }

  #boot(scenario: Scenario): Environment {
    const { geometry } = scenario;
    const fib = this.#options.fib ?? this.#table!.of(scenario.routes);
    const env = new Environment(this.machine, fib, scenario);
    const dataplane = this.#stack(env);
    this.#dataplane = dataplane;
    if (this.#options.name === undefined) this.#name = dataplane.name;
    if (dataplane.firmware !== undefined) {
      for (const nic of env.hardware.nics) nic.threads.boot(dataplane.firmware);
    }
    if (dataplane.poll !== undefined) {
      const poll = (cpu: Cpu): number => dataplane.poll!(cpu);
      for (let lcore = 0; lcore < geometry.lcores; lcore++) {
        env.spawn(lcore, "thread", poll, dataplane.idlePollIsStateless ?? false);
      }
    }
    return env;
  }
}

/**
 * Puts a stack on a machine, as a device that the laws can drive.
 * @throws {RangeError} when a rate or a delay of the profile is out of range
 *
 * @example
 * ```ts
 * import { REASON, testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const one = { ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0b000001 };
 * const route = { prefix: 0x0a010000, depth: 16, nextHop: 1 };
 * const draw = { geometry: PLAIN_GEOMETRY, neighbours: [0, 1], routes: [route], packets: [one], deviations: [] };
 * const seen = testbed(forwarder, machineProfile(paperHost)).run(build(draw));
 * assertEquals([seen.outCount, seen.reason[0]], [0, REASON["no-route"]]);
 * ```
 */
export function testbed(
  stack: Stack,
  profile: MachineProfile,
  options: TestbedOptions = {},
): DeviceUnderTest {
  return new Testbed(stack, profile, options);
}
