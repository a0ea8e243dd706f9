<<<<<<< HEAD
/** Stacks flat out: rings for devices, no virtual time. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, netmap, pfRingZc } from "../stacks/mod.ts";
=======
/** Stacks of poll loops flat out: rings for devices, no virtual time. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, pfRingZc, vpp } from "../stacks/mod.ts";
>>>>>>> main
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

<<<<<<< HEAD
const PORTS = 4;

/** Each as it is named, with so many routes. */
const SUBJECTS = [
  { group: "dpdk l3fwd", name: "strict", count: 1_000, stack: l3fwd("strict") },
  { group: "dpdk l3fwd", name: "strict", count: 100_000, stack: l3fwd("strict") },
  { group: "dpdk l3fwd", name: "faithful", count: 100_000, stack: l3fwd("faithful") },
  { group: "pf_ring ZC", name: "router", count: 100_000, stack: pfRingZc() },
];

/** All of them: both profiles of l3fwd, two sizes of tables; the routers on ZC and on netmap rings. */
export function forwarders(): Benchmark[] {
  const loops = SUBJECTS.map(({ group, name, count, stack }): Benchmark => {
    const turns = 32;
    const flat = flatOut(stack, count);
    return {
      group: `${group} flat out, 4 ports, 64-byte frames, bursts of 32`,
      name: `${name}, ${count} routes`,
      items: PORTS * turns * 32,
      run: () => flat.run(turns),
    };
  });
  return [...loops, onNetmap(100_000)];
}

/** A stack on four ports of rings of 512. */
function flatOut(stack: Stack, count: number): FlatOut {
=======
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
  {
    group: "pf_ring ZC flat out, 4 ports, 64-byte frames, bursts of 32",
    name: "router",
    count: 100_000,
    stack: pfRingZc(),
  },
  ...(["single", "dual", "quad"] as const).map((loop) => ({
    group: VPP,
    name: `${loop} loops`,
    count: 100_000,
    stack: vpp({ loop, audit: false }),
  })),
];

/** All of them: both profiles of l3fwd, two sizes of tables; the router on ZC; VPP with each of its loops. */
export function forwarders(): Benchmark[] {
  return SUBJECTS.map(flatOut);
}

/** A stack on ports that never run dry. */
function flatOut({ group, name, count, stack }: Subject): Benchmark {
>>>>>>> main
  const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: PORTS });
  const neighbours = {
    count: PORTS,
    port: Uint8Array.from({ length: PORTS }, (_, port) => port),
    mac: new Uint8Array(PORTS * 6).fill(2),
<<<<<<< HEAD
    portMac: new Uint8Array(PORTS * 6).fill(4),
=======
    // what the frames are addressed to
    portMac: new Uint8Array(PORTS * 6).fill(2).map((byte, i) => i % 6 === 5 ? byte : 0),
>>>>>>> main
  };
  const frames = Array.from(
    { length: PORTS },
    () => framesTo(addresses4("covered", routes, ITEMS)),
  );
<<<<<<< HEAD
  return new FlatOut(stack, { ports: PORTS, ring: 512, routes, neighbours, frames });
}

/** What fits into the transmit rings decides how many a turn moves, so it turns until enough have been sent. */
function onNetmap(count: number): Benchmark {
  const flat = flatOut(netmap(), count);
  const items = PORTS * 32 * 512;
  return {
    group: "netmap router flat out, 4 ports, 64-byte frames, rings of 512",
    name: `${count} routes`,
    items,
    run() {
      let sent = 0;
      while (sent < items) sent += flat.run(PORTS);
      return sent;
    },
  };
=======
  const flat = new FlatOut(stack, { ports: PORTS, ring: 512, routes, neighbours, frames });
  // a turn sends a burst of each port or a frame of some; what is over counts for the next run
  let owed = 0;
  const run = (): number => {
    for (owed += PACKETS; owed > 0;) owed -= flat.run(1);
    return flat.sent;
  };
  return { group, name: `${name}, ${count} routes`, items: PACKETS, run };
>>>>>>> main
}
