/** Stacks of poll loops flat out: rings for devices, no virtual time. */
import { FlatOut } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, pfRingZc } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

/** Each as it is named, with so many routes. */
const SUBJECTS = [
  { group: "dpdk l3fwd", name: "strict", count: 1_000, stack: l3fwd("strict") },
  { group: "dpdk l3fwd", name: "strict", count: 100_000, stack: l3fwd("strict") },
  { group: "dpdk l3fwd", name: "faithful", count: 100_000, stack: l3fwd("faithful") },
  { group: "pf_ring ZC", name: "router", count: 100_000, stack: pfRingZc() },
];

/** All of them: both profiles of l3fwd, two sizes of tables; the router on ZC. */
export function forwarders(): Benchmark[] {
  return SUBJECTS.map(
    ({ group, name, count, stack }) => {
      const ports = 4;
      const turns = 32;
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
        group: `${group} flat out, 4 ports, 64-byte frames, bursts of 32`,
        name: `${name}, ${count} routes`,
        items: ports * turns * 32,
        run: () => flat.run(turns),
      };
    },
  );
}
