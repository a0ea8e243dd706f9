/** Judges a device on drawn scenarios and, where files are named, on these. */
import { type DeviceUnderTest, maximaFor, type Scenario, testbed } from "../../core/mod.ts";
import { flatten, machineProfile, paperHost } from "../../fixtures/mod.ts";
import {
  checkConformance,
  type CheckOptions,
  type ConformanceResult,
  LAWS,
} from "../../properties/mod.ts";
import { external } from "../../stacks/mod.ts";
import { PORTS, readInputs } from "../inputs.ts";
import { LINK_GBPS } from "../options.ts";
import { stackNamed } from "../stacks.ts";
import { UserError } from "../user_error.ts";
import type { ConformOptions } from "./options.ts";

/** What came of it. */
export interface Judged {
  /** On drawn scenarios. */
  readonly drawn: ConformanceResult;
  /** On the files named, or null. */
  readonly onFiles: ConformanceResult | null;
  /** What the files held, in words. */
  readonly files: string;
}

/**
 * Judges. The files are read before anything is run.
 * @throws {UserError} or {InputError} when an option or a file is not as expected
 */
export function judge(options: ConformOptions): Judged {
  const only = options.only ?? /./;
  if (!LAWS.some(({ id }) => id.search(only) >= 0)) {
    throw new UserError(`--only: expected to match one of ${LAWS.map(({ id }) => id).join(", ")}`);
  }
  const given = scenarioOf(options);
  const common: CheckOptions = { only };
  const seed = options.seed === null ? {} : { seed: options.seed };
  const { device, fresh } = deviceOf(options, null);
  const drawn = checkConformance(device, { ...common, ...fresh, ...seed, numRuns: options.runs });
  if (given === null) return { drawn, onFiles: null, files: "" };
  const { scenario, files } = given;
  const large = deviceOf(options, scenario);
  const onFiles = checkConformance(large.device, { ...common, ...large.fresh, replay: scenario });
  return { drawn, onFiles, files };
}

interface Subject {
  readonly device: DeviceUnderTest;
  readonly fresh: { readonly fresh?: () => DeviceUnderTest };
}

/** The device, large enough for a scenario. */
function deviceOf(options: ConformOptions, scenario: Scenario | null): Subject {
  const { exec, protocol, stack, timeoutMs } = options;
  if (exec !== null) return { device: external({ command: exec, protocol, timeoutMs }), fresh: {} };
  const entry = stackNamed(stack!);
  const host = machineProfile(paperHost);
  const maxima = scenario === null ? {} : { maxima: maximaFor(scenario.geometry, host) };
  const fresh = () => testbed(entry.create(), host, { name: entry.name, ...maxima });
  return { device: fresh(), fresh: { fresh } };
}

function scenarioOf(options: ConformOptions): { scenario: Scenario; files: string } | null {
  const { routes, pcap, count, seed } = options;
  if (routes === null && pcap === null) return null;
  const inputs = readInputs({
    ...{ stacks: [], routes, pcap, size: "imix", pattern: "4in-4out", rateGbps: LINK_GBPS / 4 },
    ...{ seed: seed ?? 1, count, fidelity: "tlp", json: false, report: null },
  }, FAULTS);
  const { nic, pcie } = flatten(paperHost);
  const ring = 1024;
  const scenario: Scenario = {
    geometry: {
      ...{ ports: PORTS, lcores: 4, rxRing: ring, txRing: ring, ingress: nic.ingressPackets },
      ...{ poolCache: 256, spareBuffers: ring, peerSlots: 512, fidelity: "tlp" },
      ...{ headerCredits: pcie.postedHeaderCredits, dataCredits: pcie.postedDataCredits },
      mps: pcie.mpsBytes,
    },
    routes: inputs.routes,
    neighbours: inputs.neighbours,
    traffic: inputs.traffic,
    deviations: [],
  };
  const { routesRecord: r, trafficRecord: t } = inputs;
  return { scenario, files: `${r.count} routes of ${r.name}, ${t.packets} packets of ${t.name}` };
}

/** Some of every kind of packet that a router must drop. */
const FAULTS = { ttl1: 0.01, noRoute: 0.01, badChecksum: 0.01, runt: 0.01 };
