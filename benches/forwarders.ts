/** Forwarders flat out: rings for devices, no virtual time. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, netmap } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

/** l3fwd in both profiles with two sizes of tables, and the router on netmap rings. */
export function forwarders(): Benchmark[] {
  const loops = ([["strict", 1_000], ["strict", 100_000], ["faithful", 100_000]] as const).map(
    ([profile, count]): Benchmark => {
      const flat = flatOut(l3fwd(profile), count);
      const turns = 32;
      return {
        group: "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
        name: `${profile}, ${count} routes`,
        items: PORTS * turns * 32,
        run: () => flat.run(turns),
      };
    },
  );
  return [...loops, onNetmap(1_000), onNetmap(100_000)];
}

const PORTS = 4;

/** A stack on four ports of rings of 512. */
function flatOut(stack: Stack, count: number): FlatOut {
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
  return new FlatOut(stack, { ports: PORTS, ring: 512, routes, neighbours, frames });
}

/** What fits into the transmit rings decides how many a turn moves, so it turns until all have been sent. */
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
}
