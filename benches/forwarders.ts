/** Stacks flat out: rings for devices, no virtual time. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, snabb } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

const PORTS = 4;
const RING = 512;
/** Callbacks of a breath of Snabb: a pull of each port, the router, a push to each port. */
const CALLBACKS = 2 * PORTS + 1;

/** A stack with so many routes, run for `turns` of its bodies, in which it sends `items` packets. */
function flatOut(
  group: string,
  name: string,
  { stack, count, turns, items }: { stack: Stack; count: number; turns: number; items: number },
): Benchmark {
  const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: PORTS });
  const neighbours = {
    count: PORTS,
    port: Uint8Array.from({ length: PORTS }, (_, port) => port),
    mac: new Uint8Array(PORTS * 6).fill(2),
    portMac: new Uint8Array(PORTS * 6).fill(4),
  };
  const frames = Array.from(
    { length: PORTS },
    () => framesTo(addresses4("covered", routes, ITEMS)),
  );
  const flat = new FlatOut(stack, { ports: PORTS, ring: RING, routes, neighbours, frames });
  return { group, name, items, run: () => flat.run(turns) };
}

/** l3fwd in both profiles and two sizes of tables; Snabb's breaths, of a tenth of a link of 256 from each port. */
export function forwarders(): Benchmark[] {
  const dpdk = ([["strict", 1_000], ["strict", 100_000], ["faithful", 100_000]] as const).map(
    ([profile, count]) =>
      flatOut(
        "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
        `${profile}, ${count} routes`,
        { stack: l3fwd(profile), count, turns: 32, items: PORTS * 32 * 32 },
      ),
  );
  const breaths = 10;
  const snabbs = [1_000, 100_000].map((count) =>
    flatOut("snabb flat out, 4 ports, 64-byte frames, pulls of 25", `router, ${count} routes`, {
      stack: snabb({ developerDebug: false, linkRingSize: 256 }),
      count,
      turns: breaths * CALLBACKS,
      items: PORTS * breaths * 25,
    })
  );
  return [...dpdk, ...snabbs];
}
