/** A machine for the tests of this folder, and a look at what a run left behind. */
import type { Geometry } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { type Offer, scenarioOf } from "../../core/machine/_scenario_for_tests.ts";
import { SCENARIO_MAXIMA } from "../../core/machine/sizes.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { Finding } from "../../core/stack.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import type { SnabbModules, SnabbOptions } from "./mod.ts";
import { snabb } from "./mod.ts";

/** The default machine at another clock, with ports of another rate. */
export function profileOf(mhz = 3400, linkGbps = 40): MachineProfile {
  const profile = machineProfile(paperHost);
  return { ...profile, cpuMhz: mhz, linkGbps, costs: { ...profile.costs, mhz } };
}

/** Picoseconds from one 64-byte frame to the next at so many million packets a second. */
export function gapPs(mpps: number): number {
  return Math.round(1e6 / mpps);
}

/** A run, and ways to look at it. */
export interface Ran {
  readonly testbed: Testbed;
  readonly o: Observation;
  /** A row of the report, by its name without the number of the process. */
  n(path: string, pid?: number): number;
  /** Rows whose name matches. */
  rows(path: RegExp): [string, number][];
  /** What the audit said of an invariant, or undefined. */
  finding(id: number): Finding | undefined;
  /** The processes, as the design got them. */
  readonly processes: SnabbModules[];
}

/** What a run is made with. */
export interface Setup {
  readonly options?: SnabbOptions;
  readonly geometry?: Partial<Geometry>;
  readonly profile?: MachineProfile;
  readonly buffers?: number;
  readonly patiencePs?: number;
  readonly deviations?: Parameters<typeof scenarioOf>[2];
}

/** Runs a design on offered packets. */
export function run(offers: readonly Offer[], setup: Setup = {}): Ran {
  const { options = {}, geometry = {}, profile = profileOf(), buffers, patiencePs } = setup;
  const processes: SnabbModules[] = [];
  const { design } = options;
  const stack = snabb(
    design === undefined ? options : {
      ...options,
      design(process) {
        processes.push(process);
        design(process);
      },
    },
  );
  const testbed = new Testbed(stack, profile, {
    ...buffers === undefined ? {} : { maxima: { ...SCENARIO_MAXIMA, buffers } },
    ...patiencePs === undefined ? {} : { patiencePs },
  });
  const o = testbed.run(scenarioOf(offers, geometry, setup.deviations));
  const report = new Map(testbed.report().map(({ name, value }) => [name, value]));
  return {
    testbed,
    o,
    processes,
    n(path, pid = 0) {
      const value = report.get(`${pid}/${path}`) ?? report.get(path);
      if (value === undefined) {
        throw new RangeError(`Cannot read ${pid}/${path}: no row has that name`);
      }
      return value;
    },
    rows: (path) => [...report].filter(([name]) => path.test(name)),
    finding: (id) => o.findings.find((one) => one.id === `SNABB-${id}`),
  };
}

/** Findings that say that something is wrong. */
export function broken(o: Observation): Finding[] {
  return o.findings.filter((finding) => finding.broken !== null);
}
