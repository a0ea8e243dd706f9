/**
 * What one core of a system does with frames that come faster than it can take them, and how long one frame takes
 * that comes alone: the measurements behind the rows about the systems of the survey, each on the machine that its
 * publication names.
 */
import {
  type Fib4,
  type MachineProfile,
  maximaFor,
  type Observation,
  REASON,
  type Stack,
  STRICT,
  Testbed,
} from "../../core/mod.ts";
import {
  type FaultShares,
  generateTraffic,
  type HostProfile,
  machineProfile,
  neighboursOnPorts,
} from "../../fixtures/mod.ts";
import { routesTo } from "./traffic.ts";

/** A system, its machine, and what it is offered. */
export interface CoreSetup {
  readonly host: HostProfile;
  /** Instead of the host's profile as it is. */
  readonly machine?: MachineProfile;
  stack(): Stack;
  /** Descriptors of each ring; 512. */
  readonly rings?: number;
  /** Cores and queues; 1. */
  readonly lcores?: number;
  /** Rate of the links; the host's. */
  readonly linkGbps?: number;
  /** Ports that frames come in by, to as many others; 1. */
  readonly inputs?: number;
  /** A filled table and an address pattern of its own: what is offered goes to what these routes cover. */
  readonly table?: { readonly fib: Fib4; readonly routes: ReturnType<typeof routesTo>["routes"] };
  readonly faults?: FaultShares;
}

/** Frames that a measurement counts, and those before them. */
const COUNTED = 6000;
const BEFORE = 4000;
const FLOWS = 256;
/** How much more than it takes a system is offered. */
const OVERLOAD = 1.3;

/** A system on its machine, with frames of 64 bytes offered at `mpps` on each input. */
function run(setup: CoreSetup, mpps: number, count: number, arrivals: "cbr" | "poisson") {
  const { host, rings = 512, lcores = 1, inputs = 1, table, faults } = setup;
  const profile = setup.machine ?? machineProfile(host);
  const machine = { ...profile, linkGbps: setup.linkGbps ?? profile.linkGbps };
  const ports = 2 * inputs;
  const plain = routesTo(ports);
  const routes = table?.routes ?? plain.routes;
  const neighbours = table === undefined
    ? plain.neighbours
    : neighboursOnPorts({ nextHops: ports, ports });
  const pattern = {
    name: `${inputs} to as many others`,
    inputs: Array.from({ length: inputs }, (_, port) => ({ port, outputs: [inputs + port] })),
  };
  const traffic = generateTraffic({
    ...{ routes, neighbours, pattern, size: 64, count: count * inputs, seed: 1, flows: FLOWS },
    ...{ rateGbps: (mpps * 84 * 8) / 1000, linkGbps: machine.linkGbps, arrivals },
    ...faults === undefined ? {} : { faults },
  });
  const geometry = {
    ...{ ports, lcores, rxRing: rings, txRing: rings, ingress: 1024, spareBuffers: 1024 },
    ...{ poolCache: 256, peerSlots: 64, fidelity: "coarse" as const },
    ...{ headerCredits: 64, dataCredits: 1024, mps: 256 },
  };
  const stack = setup.stack();
  const testbed = new Testbed(stack, machine, {
    maxima: maximaFor(geometry, machine),
    // a backlog is worked off for as long as it takes
    patiencePs: 2e10,
    ...table === undefined ? {} : { fib: table.fib },
  });
  const scenario = {
    geometry,
    // a table that is filled already stands for the routes
    routes: table === undefined ? routes : { ...routes, count: 0 },
    neighbours,
    traffic,
    deviations: [],
  };
  return { o: testbed.run(scenario), traffic, policy: stack.policy ?? STRICT };
}

/**
 * Packets that the system is through with in a microsecond, sent on or dropped for what they are: those that it loses
 * because it is too slow are not counted, nor the first ones.
 * @param expected Mpps on each input that it is said to do, of which a third more is offered
 */
export function processedMpps(setup: CoreSetup, expected: number): number {
  const offered = Math.ceil((BEFORE + COUNTED) * OVERLOAD);
  const { o, traffic, policy } = run(setup, expected * OVERLOAD, offered, "cbr");
  const congestion = new Set(policy.congestion.map((name) => REASON[name]));
  const ends: number[] = [];
  for (let p = 0; p < o.count; p++) {
    if (o.endAt[p]! >= 0 && !congestion.has(o.reason[p]!)) ends.push(o.endAt[p]!);
  }
  const sorted = Float64Array.from(ends).sort();
  const last = traffic.at[traffic.count - 1]!;
  const begin = traffic.at[0]! + (BEFORE / (BEFORE + COUNTED)) * (last - traffic.at[0]!);
  const within = sorted.filter((at) => at > begin && at <= last);
  return (within.length - 1) / ((within.at(-1)! - within[0]!) / 1e6);
}

/** Mean microseconds from the last bit in to the last bit out, at a rate that the system takes with ease. */
export function meanLatencyUs(setup: CoreSetup, mpps: number, count = COUNTED): number {
  const { o, traffic } = run(setup, mpps, count, "poisson");
  let sum = 0;
  let n = 0;
  for (let p = 0; p < o.count; p++) {
    if (!isOut(o, p)) continue;
    sum += o.endAt[p]! - traffic.at[p]!;
    n++;
  }
  return sum / n / 1e6;
}

function isOut(o: Observation, p: number): boolean {
  return o.fate[p] === 1;
}
