/** Stacks of poll loops flat out: rings for devices, no virtual time. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, packetshader, pfRingZc } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

/** A stack, with so many routes; in so many turns it is through with `ITEMS_A_RUN` packets. */
interface Subject {
  readonly group: string;
  readonly name: string;
  readonly count: number;
  readonly stack: Stack;
  readonly turns: number;
}

const PORTS = 4;
const ITEMS_A_RUN = 4096;
const L3FWD = { group: "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32", turns: 32 };
const SUBJECTS: readonly Subject[] = [
  { ...L3FWD, name: "strict", count: 1_000, stack: l3fwd("strict") },
  { ...L3FWD, name: "strict", count: 100_000, stack: l3fwd("strict") },
  { ...L3FWD, name: "faithful", count: 100_000, stack: l3fwd("faithful") },
  {
    group: "pf_ring ZC flat out, 4 ports, 64-byte frames, bursts of 32",
    ...{ name: "router", count: 100_000, stack: pfRingZc(), turns: 32 },
  },
  {
    // one turn receives a chunk, the next sends it
    group: "packetshader without GPU, polling, flat out, 4 ports, 64-byte frames, chunks of 64",
    ...{ name: "ipv4", count: 100_000, turns: 2 * ITEMS_A_RUN / 64 },
    stack: packetshader({ offload: "cpu", recvBlocking: false, chunk: 64 }),
  },
];

/** All of them: both profiles of l3fwd, two sizes of tables; the routers of PacketShader and on ZC. */
export function forwarders(): Benchmark[] {
  return SUBJECTS.map(
    ({ group, name, count, stack, turns }) => {
      const ports = PORTS;
      const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: ports });
      const neighbours = {
        count: ports,
        port: Uint8Array.from({ length: ports }, (_, port) => port),
        mac: new Uint8Array(ports * 6).fill(2),
        portMac: new Uint8Array(ports * 6).fill(4),
      };
      const frames = Array.from(
        { length: ports },
        () => framesTo(addresses4("covered", routes, ITEMS)),
      );
      const flat = new FlatOut(stack, { ports, ring: 512, routes, neighbours, frames });
      return {
        group,
        name: `${name}, ${count} routes`,
        items: ITEMS_A_RUN,
        run: () => flat.run(turns),
      };
    },
  );
}
