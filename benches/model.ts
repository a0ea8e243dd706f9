/**
 * How fast the model runs: packets that stacks forward in virtual time, saturated with 64-byte frames, streamed
 * without a record of single packets (`Testbed.stream`).
 *
 * l3fwd: two ports and one lcore, and four ports and four lcores, each to all others, at 11.9 M frames a second
 * and lcore, a tenth more than it forwards, so that every burst is full. P2PNIC: four ports at 31.3, 7 % more than
 * its threads take, before ingress buffers as large as those of the profile. All over 1,000 BGP-like routes and 256 flows a pair of ports.
 */
import {
  createFib4,
  type Fidelity,
  type Geometry,
  maximaFor,
  type Observation,
  type Scenario,
  type Stack,
  Testbed,
} from "../core/mod.ts";
import {
  bgpLikeTable,
  generateTraffic,
  machineProfile,
  neighboursOnPorts,
  paperHost,
} from "../fixtures/mod.ts";
import { l3fwd, p2pnic } from "../stacks/mod.ts";
import type { Benchmark } from "./benchmark.ts";

/** Frames of each port that are offered over and over: a multiple of the ports that they go to. */
const FRAMES = 1536;
const GEOMETRY: Omit<Geometry, "ports" | "lcores" | "ingress" | "fidelity"> = {
  rxRing: 128,
  txRing: 128,
  spareBuffers: 1024,
  poolCache: 256,
  peerSlots: 64,
  headerCredits: 64,
  dataCredits: 1024,
  mps: 256,
};

interface Subject {
  readonly name: string;
  readonly stack: Stack;
  readonly ports: number;
  readonly lcores: number;
  /** Packets of an ingress buffer. */
  readonly ingress: number;
  /** Rate of each port in Gb/s. */
  readonly gbps: number;
}

const SUBJECTS: readonly Subject[] = [
  { name: "l3fwd, 1 lcore", stack: l3fwd("strict"), ports: 2, lcores: 1, ingress: 64, gbps: 4 },
  { name: "l3fwd, 4 lcores", stack: l3fwd("strict"), ports: 4, lcores: 4, ingress: 64, gbps: 8 },
  { name: "P2PNIC-Wr", stack: p2pnic(), ports: 4, lcores: 1, ingress: 512, gbps: 21 },
];

/** A saturated stack, ready to run. */
export interface Saturated {
  readonly name: string;
  /** Streams the frames `times` times. */
  run(times: number): Observation;
}

/** Each stack in each fidelity, made when asked for. */
export const SATURATED: readonly { name: string; make(): Saturated }[] = SUBJECTS.flatMap(
  (subject) =>
    (["coarse", "tlp"] as const).map((fidelity) => {
      const name = `${subject.name}, ${fidelity}`;
      return { name, make: () => ({ name, run: saturated(subject, fidelity) }) };
    }),
);

function saturated(subject: Subject, fidelity: Fidelity): Saturated["run"] {
  const { stack, ports, lcores, ingress, gbps } = subject;
  const routes = bgpLikeTable({ routes: 1000, seed: 1, nextHops: ports });
  const neighbours = neighboursOnPorts({ nextHops: ports, ports });
  const all = Array.from({ length: ports }, (_, port) => port);
  const traffic = generateTraffic({
    routes,
    neighbours,
    // in turn, from the next port on
    pattern: {
      name: "each to all others",
      inputs: all.map((port) => ({ port, outputs: all.slice(1).map((k) => (port + k) % ports) })),
    },
    size: 64,
    rateGbps: gbps,
    count: FRAMES * ports,
    seed: 1,
  });
  const fib = createFib4("dir24-8");
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  const geometry = { ...GEOMETRY, ports, lcores, ingress, fidelity };
  const scenario: Scenario = { geometry, routes, neighbours, traffic, deviations: [] };
  const profile = machineProfile(paperHost);
  const testbed = new Testbed(stack, profile, { fib, maxima: maximaFor(geometry, profile) });
  // 64 bytes and 20 of preamble and gap
  const periodPs = FRAMES * 84 * 8 * 1000 / gbps;
  return (times) => testbed.stream(scenario, { times, periodPs });
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
