/** Stacks of poll loops flat out: rings for devices, no virtual time. */
import { FlatOut } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, odp, pfRingZc } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

/** Each as it is named, with so many routes. */
const SUBJECTS = [
  { group: "dpdk l3fwd", name: "strict", count: 1_000, stack: l3fwd("strict") },
  { group: "dpdk l3fwd", name: "strict", count: 100_000, stack: l3fwd("strict") },
  { group: "dpdk l3fwd", name: "faithful", count: 100_000, stack: l3fwd("faithful") },
  { group: "odp l3fwd", name: "direct", count: 100_000, stack: odp({ mode: "direct" }) },
  { group: "odp l3fwd", name: "atomic", count: 100_000, stack: odp() },
  { group: "odp l3fwd", name: "ordered", count: 100_000, stack: odp({ mode: "ordered" }) },
  { group: "pf_ring ZC", name: "router", count: 100_000, stack: pfRingZc() },
];

/** All of them: both profiles of l3fwd, two sizes of tables; ODP in three modes; the router on ZC. */
export function forwarders(): Benchmark[] {
  return SUBJECTS.map(
    ({ group, name, count, stack }) => {
      const ports = 4;
      const items = ports * 1024;
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
      let due = flat.sent;
      return {
        group: `${group} flat out, 4 ports, 64-byte frames, bursts of 32`,
        name: `${name}, ${count} routes`,
        items,
        // a turn of the loops is not a burst of each port in every stack
        run() {
          due += items;
          while (flat.sent < due) flat.run(1);
          return due;
        },
      };
    },
  );
}
