/** The device that the command line names, and the scenario of the files that it names. */
import {
  type DeviceUnderTest,
  type Geometry,
  maximaFor,
  type Neighbours,
  type RouteSet,
  type Scenario,
  type Setup,
  testbed,
} from "../../core/mod.ts";
import {
  flatten,
  generateTraffic,
  machineProfile,
  neighboursOnPorts,
  paperHost,
} from "../../fixtures/mod.ts";
import { isSame } from "../../stacks/external/live/given_device.ts";
import { external, type ExternalProtocol } from "../../stacks/mod.ts";
import { PORTS, readCaptureTraffic, readInputs, readRoutes } from "../inputs.ts";
import { LINK_GBPS } from "../options.ts";
import { counted, cutText } from "../report/format.ts";
import type { TrafficRecord } from "../report/types.ts";
import { stackNamed } from "../stacks.ts";
import { oneLine, UserError } from "../user_error.ts";
import { readBench } from "./bench_file.ts";
import { isBench, openLive } from "./live.ts";
import { type Deviation, readProfile, withDeviations } from "./profile.ts";

/** Milliseconds that a run of a program may take unless told otherwise. */
export const TIMEOUT_MS = 10_000;

/** Which device. */
export interface DeviceOptions {
  /** The program, or null for a bundled stack. */
  readonly exec: string | null;
  /** How the program reads and writes. */
  readonly protocol: ExternalProtocol;
  /** Milliseconds that a run of the program may take. */
  readonly timeoutMs: number;
  /** Name of a bundled stack, or null. */
  readonly stack: string | null;
  /** Name of a device of the real world, or null. */
  readonly device: string | null;
  /** Whether interfaces that carry an address may be used. */
  readonly force: boolean;
  /** Path of a deviation profile, or null. */
  readonly profile: string | null;
}

/** On which files. */
export interface FileOptions {
  /** Path of a prefix list; null for a generated table, or with a capture for four routes. */
  readonly routes: string | null;
  /** Path of a capture, or null for generated frames. */
  readonly pcap: string | null;
  /** Packets to offer; null for the whole capture. */
  readonly count: number | null;
  /** Seed of what is generated. */
  readonly seed: number | null;
}

/** A device, and how to build another like it, if that is possible. */
export interface NamedDevice {
  readonly device: DeviceUnderTest;
  readonly fresh: { readonly fresh?: () => DeviceUnderTest };
  /** What it declares beyond its own policy. */
  readonly deviations: readonly Deviation[];
  /** Takes down what was put up for it. */
  close(): void;
}

/**
 * The device, large enough for a scenario. To be closed.
 * @throws {UserError} when there is no such device, or it may not be opened
 */
export function deviceOf(options: DeviceOptions, scenario: Scenario | null): NamedDevice {
  const { exec, protocol, stack, timeoutMs } = options;
  const deviations = options.profile === null ? [] : readProfile(options.profile);
  checkMtus(options, deviations);
  const declaring = (device: DeviceUnderTest, close: () => void): NamedDevice => ({
    device: { ...device, policy: withDeviations(device.policy, deviations) },
    fresh: {},
    deviations,
    close,
  });
  if (exec !== null) {
    if (deviations.some(({ field }) => field === "routeTypes")) {
      throw new UserError(
        `${options.profile}: expected no routeTypes for a program: what it is told has one next ` +
          "hop for each route",
      );
    }
    return declaring(external({ command: exec, protocol, timeoutMs }), () => {});
  }
  if (options.device !== null) {
    const device = openLive(options.device, deviations, options.force);
    return declaring(device, () => device.close());
  }
  const entry = stackNamed(stack!);
  const host = machineProfile(paperHost);
  const maxima = scenario === null ? {} : { maxima: maximaFor(scenario.geometry, host) };
  const fresh = () => testbed(entry.create(), host, { name: entry.name, ...maxima });
  return { device: fresh(), fresh: { fresh }, deviations, close: () => {} };
}

/** @throws {UserError} when MTUs are listed, and not one for each port */
function checkMtus(options: DeviceOptions, deviations: readonly Deviation[]): void {
  const mtu = deviations.find(({ field }) => field === "mtu")?.value;
  if (!Array.isArray(mtu)) return;
  const { ports } = benchSetup(options) ?? { ports: PORTS };
  if (mtu.length === ports) return;
  throw new UserError(
    `${options.profile}: mtu: expected one number, or one for each of ${ports} ports, ` +
      `got ${mtu.length}`,
  );
}

/**
 * Refuses routes that a device cannot be told: it would be blamed for what it does not know.
 *
 * @param source what names the routes, e.g. the path of a list
 * @throws {UserError} when it is set up for others, or knows next hops only and some lead elsewhere
 */
export function checkRoutes(
  { name, policy, setup }: DeviceUnderTest,
  { routes, neighbours }: { readonly routes: RouteSet; readonly neighbours: Neighbours },
  source: string,
): void {
  const { special } = neighbours;
  if (setup !== undefined) {
    if (isSame(routes, setup.routes) && isSame(neighbours, setup.neighbours)) return;
    throw new UserError(
      `${source}: expected the routes and next hops that ${oneLine(name)} is set up for`,
    );
  }
  if (special === undefined || special.size === 0 || policy.routeTypes) return;
  const [first] = special.values();
  throw new UserError(
    `${source}: expected routes to one next hop each, since ${
      oneLine(name)
    } knows no others, got ` +
      `one to ${typeof first === "string" ? first : "several"}`,
  );
}

/** What files hold, as a scenario and in words. */
export interface FileScenario {
  readonly scenario: Scenario;
  readonly files: string;
}

/** Some of every kind of packet that a router must drop. */
const FAULTS = { ttl1: 0.01, noRoute: 0.01, badChecksum: 0.01, runt: 0.01 };
/** 0.0.0.0/2 to port 0, 64.0.0.0/2 to port 1, ... */
const QUARTERS: RouteSet = {
  count: PORTS,
  prefix: Uint32Array.from({ length: PORTS }, (_, i) => i * 2 ** 30),
  depth: new Uint8Array(PORTS).fill(2),
  nextHop: Uint32Array.from({ length: PORTS }, (_, i) => i),
};
/** Descriptors of each ring, as l3fwd has them. */
const RING = 1024;

/**
 * What the files hold, as a scenario, and in words.
 * @throws {UserError} or {InputError} when a file is not as expected
 */
export function scenarioOfFiles(
  { routes, pcap, count, seed }: FileOptions,
  setup?: Setup,
): FileScenario {
  if (setup !== undefined) return onSetup(setup, { routes, pcap, count, seed });
  const inputs = readInputs(
    {
      ...{ stacks: [], routes, pcap, size: "imix", pattern: "4in-4out", rateGbps: LINK_GBPS / 4 },
      ...{ seed: seed ?? 1, count, fidelity: "tlp", json: false, report: null },
    },
    FAULTS,
    true,
  );
  // what a capture holds goes nowhere on a generated table
  const quarters = routes === null && pcap !== null;
  const scenario: Scenario = {
    geometry: geometryOf(PORTS),
    routes: quarters ? QUARTERS : inputs.routes,
    neighbours: inputs.neighbours,
    traffic: inputs.traffic,
    deviations: [],
  };
  const { routesRecord: r, trafficRecord: t } = inputs;
  const table = quarters
    ? "a route to each port for a quarter of all addresses"
    : `${counted(r.count, "route")} of ${r.name}`;
  return { scenario, files: `${table}, ${packetsText(t)}` };
}

function packetsText({ packets, name, capture }: TrafficRecord): string {
  const cut = capture?.cut ? `, which is ${cutText(capture.cut)}` : "";
  return `${counted(packets, "packet")} of ${name}${cut}`;
}

/** The sizes of the machine of the paper, with so many ports. */
function geometryOf(ports: number): Geometry {
  const { nic, pcie } = flatten(paperHost);
  return {
    ...{ ports, lcores: 4, rxRing: RING, txRing: RING, ingress: nic.ingressPackets },
    ...{ poolCache: 256, spareBuffers: RING, peerSlots: 512, fidelity: "tlp" },
    ...{ headerCredits: pcie.postedHeaderCredits, dataCredits: pcie.postedDataCredits },
    mps: pcie.mpsBytes,
  };
}

/** A capture into the ports of a device that somebody has set up. */
function onSetup(setup: Setup, { routes, pcap, count }: FileOptions): FileScenario {
  if (routes !== null) throw new UserError("--routes: the bench file says which routes there are");
  const { ports, neighbours } = setup;
  const [traffic, record] = readCaptureTraffic(pcap!, { ports, neighbours, count });
  const geometry = geometryOf(ports);
  return {
    scenario: { geometry, routes: setup.routes, neighbours, traffic, deviations: [] },
    files: `${counted(setup.routes.count, "route")} of the bench, ${packetsText(record)}`,
  };
}

/** What somebody has set a device up for, if the options name one of these. */
export function benchSetup({ device }: DeviceOptions): Setup | undefined {
  if (device === null || !isBench(device)) return undefined;
  const { interfaces, routes, neighbours } = readBench(device.slice("ports:".length));
  return { ports: interfaces.length, routes, neighbours };
}

/**
 * The routes of a prefix list, each next hop on a port of its own as far as there are ports.
 * @throws {UserError} or {InputError} when the file is not as expected
 */
export function tableOf(path: string): Setup {
  const { routes, routesRecord, special } = readRoutes({ routes: path, seed: 1 }, true);
  const nextHops = routesRecord.nextHops + special.size;
  const plain = neighboursOnPorts({ nextHops, ports: PORTS });
  const neighbours = special.size === 0 ? plain : { ...plain, special };
  return { ports: PORTS, routes, neighbours };
}

/** Packets of the long run: what happens once in some thousand packets happens in it. */
const LONG = 10_000;

/**
 * Many packets at once on few routes: a program that is started anew for each scenario sees no long run otherwise.
 */
export function longRun(seed: number): FileScenario {
  const neighbours = neighboursOnPorts({ nextHops: PORTS, ports: PORTS });
  const traffic = generateTraffic({
    ...{ routes: QUARTERS, neighbours, pattern: "4in-4out", size: "imix", count: LONG, seed },
    ...{ rateGbps: LINK_GBPS / 4, linkGbps: LINK_GBPS, faults: { ...FAULTS, noRoute: 0 } },
  });
  return {
    scenario: {
      geometry: geometryOf(PORTS),
      routes: QUARTERS,
      neighbours,
      traffic,
      deviations: [],
    },
    files: `a long run: a route to each port, ${
      counted(LONG, "packet")
    } of simple IMIX, seed ${seed}`,
  };
}
