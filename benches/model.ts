/**
 * How fast the model runs: packets that stacks forward in virtual time, saturated with 64-byte frames, streamed
 * without a record of single packets (`Testbed.stream`).
 *
 * l3fwd: four ports and four lcores, 4in-4out-mix at 11.9 M frames a second and port, a tenth more than the
 * lcores forward, so that every burst is full. P2PNIC: four ports, 4in-4out-mix at 37.2, somewhat more than the
 * DMA engines write. Both over 1,000 BGP-like routes and 256 flows a pair of ports.
 */
import {
  createFib4,
  type Fidelity,
  type Geometry,
  maximaFor,
  type Observation,
  type Repeat,
  type Scenario,
  type Stack,
  Testbed,
} from "../core/mod.ts";
import { bgpLikeTable, generateTraffic, neighboursOnPorts } from "../fixtures/mod.ts";
import { machineProfile, paperHost } from "../fixtures/mod.ts";
import { l3fwd, p2pnic } from "../stacks/mod.ts";
import type { Benchmark } from "./benchmark.ts";

const PORTS = 4;
/** Frames of the traffic that is offered over and over: 1,536 a port, so that each pair of ports has as many. */
const FRAMES = 1536 * PORTS;
const GEOMETRY: Geometry = {
  ports: PORTS,
  lcores: 4,
  rxRing: 128,
  txRing: 128,
  ingress: 64,
  spareBuffers: 1024,
  poolCache: 256,
  peerSlots: 64,
  fidelity: "coarse",
  headerCredits: 64,
  dataCredits: 1024,
  mps: 256,
};

/** What is run: a stack and the rate of each port in Gb/s. */
const SUBJECTS: readonly { name: string; stack: Stack; gbps: number }[] = [
  { name: "l3fwd", stack: l3fwd("strict"), gbps: 8 },
  { name: "P2PNIC-Wr", stack: p2pnic(), gbps: 25 },
];

/** A saturated stack, ready to run. */
export interface Saturated {
  readonly name: string;
  /** Streams the frames `times` times. */
  run(times: number): Observation;
}

/** Each stack in each fidelity, made when asked for. */
export const SATURATED: readonly { name: string; make(): Saturated }[] = SUBJECTS.flatMap(
  ({ name, stack, gbps }) =>
    (["coarse", "tlp"] as const).map((fidelity) => {
      const title = `${name}, ${fidelity}`;
      return { name: title, make: () => saturated(title, stack, gbps, fidelity) };
    }),
);

function saturated(name: string, stack: Stack, gbps: number, fidelity: Fidelity): Saturated {
  const routes = bgpLikeTable({ routes: 1000, seed: 1, nextHops: PORTS });
  const neighbours = neighboursOnPorts({ nextHops: PORTS, ports: PORTS });
  const traffic = generateTraffic({
    routes,
    neighbours,
    pattern: "4in-4out-mix",
    size: 64,
    rateGbps: gbps,
    count: FRAMES,
    seed: 1,
  });
  const fib = createFib4("dir24-8");
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  const scenario: Scenario = {
    geometry: { ...GEOMETRY, fidelity },
    routes,
    neighbours,
    traffic,
    deviations: [],
  };
  const profile = machineProfile(paperHost);
  const testbed = new Testbed(stack, profile, {
    fib,
    maxima: maximaFor(scenario.geometry, profile),
  });
  // 64 bytes and 20 of preamble and gap
  const periodPs = (FRAMES / PORTS) * 84 * 8 * 1000 / gbps;
  return {
    name,
    run: (times) => testbed.stream(scenario, { times, periodPs } satisfies Repeat),
  };
}

/** Rows for the runners: an operation is a forwarded packet. */
export function model(): Benchmark[] {
  return SATURATED.map(({ name, make }) => {
    const { run } = make();
    const items = run(8).emitted;
    return {
      group: "forwarded in virtual time, saturated, 64 bytes",
      name,
      items,
      run: () => run(8).events,
    };
  });
}
