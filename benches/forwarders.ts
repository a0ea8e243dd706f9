/** Stacks flat out, without virtual time: poll loops on rings for devices, programs of XDP on frames in memory. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, netmap, odp, packetshader, pfRingZc, snabb, vpp } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";
import { xdpPrograms } from "./xdp.ts";

/** Packets of a run. */
const PACKETS = 4096;
const PORTS = 4;

/** One stack, with so many routes. */
interface Subject {
  readonly group: string;
  readonly name: string;
  readonly count: number;
  readonly stack: Stack;
}

const L3FWD = "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32";
const VPP = "vpp flat out, 4 ports, 64-byte frames, frames of 256";

const SUBJECTS: readonly Subject[] = [
  { group: L3FWD, name: "strict", count: 1_000, stack: l3fwd("strict") },
  { group: L3FWD, name: "strict", count: 100_000, stack: l3fwd("strict") },
  { group: L3FWD, name: "faithful", count: 100_000, stack: l3fwd("faithful") },
  ...(["direct", "atomic", "ordered"] as const).map((mode) => ({
    group: "odp l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
    name: mode,
    count: 100_000,
    stack: odp({ mode }),
  })),
  {
    group: "pf_ring ZC flat out, 4 ports, 64-byte frames, bursts of 32",
    name: "router",
    count: 100_000,
    stack: pfRingZc(),
  },
  {
    group: "packetshader without GPU, polling, flat out, 4 ports, 64-byte frames, chunks of 64",
    name: "router",
    count: 100_000,
    stack: packetshader({ offload: "cpu", recvBlocking: false, chunk: 64 }),
  },
  {
    group: "snabb flat out, 4 ports, 64-byte frames, pulls of 25",
    name: "router",
    count: 100_000,
    // links of 256 slots, so that a pull is of 25; without the checks that `audit` reports
    stack: snabb({ linkRingSize: 256, developerDebug: false }),
  },
  {
    group: "netmap flat out, 4 ports, 64-byte frames, rings of 512",
    name: "router",
    count: 100_000,
    // without moderation no interrupt is asked for
    stack: netmap({ itrUs: 0 }),
  },
  ...(["single", "dual", "quad"] as const).map((loop) => ({
    group: VPP,
    name: `${loop} loops`,
    count: 100_000,
    stack: vpp({ loop, audit: false }),
  })),
];

/** All of them; l3fwd with both profiles and two sizes of tables, ODP in three modes, VPP with each of its loops. */
export function forwarders(): Benchmark[] {
  return [...SUBJECTS.map(flatOut), ...xdpPrograms()];
}

/** A stack on ports that never run dry. */
function flatOut({ group, name, count, stack }: Subject): Benchmark {
  const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: PORTS });
  const neighbours = {
    count: PORTS,
    port: Uint8Array.from({ length: PORTS }, (_, port) => port),
    mac: new Uint8Array(PORTS * 6).fill(2),
    // what the frames are addressed to
    portMac: new Uint8Array(PORTS * 6).fill(2).map((byte, i) => i % 6 === 5 ? byte : 0),
  };
  const frames = Array.from(
    { length: PORTS },
    () => framesTo(addresses4("covered", routes, ITEMS)),
  );
  const flat = new FlatOut(stack, { ports: PORTS, ring: 512, routes, neighbours, frames });
  // a turn sends a burst of each port or a frame of some; what is over counts for the next run
  let owed = 0;
  const run = (): number => {
    for (owed += PACKETS; owed > 0;) owed -= flat.run(1);
    return flat.sent;
  };
  return { group, name: `${name}, ${count} routes`, items: PACKETS, run };
}
