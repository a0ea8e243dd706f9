/** The DPDK stack flat out: rings for devices, no virtual time. */
import { FlatOut } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

/** Both profiles, two sizes of tables. */
export function forwarders(): Benchmark[] {
  return ([["strict", 1_000], ["strict", 100_000], ["faithful", 100_000]] as const).map(
    ([profile, count]) => {
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
      const flat = new FlatOut(l3fwd(profile), { ports, ring: 512, routes, neighbours, frames });
      return {
        group: "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
        name: `${profile}, ${count} routes`,
        items: ports * turns * 32,
        run: () => flat.run(turns),
      };
    },
  );
}
