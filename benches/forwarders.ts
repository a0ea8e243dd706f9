/** Stacks flat out: rings for devices, no virtual time. */
import { FlatOut } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { type Stack } from "../core/mod.ts";
import { l3fwd, vpp } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

/** l3fwd in both profiles, and VPP with each of its loops. */
export function forwarders(): Benchmark[] {
  return [
    ...([["strict", 1_000], ["strict", 100_000], ["faithful", 100_000]] as const).map(
      ([profile, count]) =>
        flatOut(
          "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
          `${profile}, ${count} routes`,
          l3fwd(profile),
          count,
        ),
    ),
    ...(["single", "dual", "quad"] as const).map((loop) =>
      flatOut(
        "vpp flat out, 4 ports, 64-byte frames, frames of 256",
        `${loop} loops, 100000 routes`,
        vpp({ loop, audit: false }),
        100_000,
      )
    ),
  ];
}

/** A stack on ports that never run dry. */
function flatOut(group: string, name: string, stack: Stack, count: number): Benchmark {
  const ports = 4;
  const items = 4096;
  const routes = bgpLikeTable({ routes: count, seed: 1, nextHops: ports });
  const neighbours = {
    count: ports,
    port: Uint8Array.from({ length: ports }, (_, port) => port),
    mac: new Uint8Array(ports * 6).fill(2),
    // what the frames are addressed to
    portMac: new Uint8Array(ports * 6).fill(2).map((byte, i) => i % 6 === 5 ? byte : 0),
  };
  const frames = Array.from(
    { length: ports },
    () => framesTo(addresses4("covered", routes, ITEMS)),
  );
  const flat = new FlatOut(stack, { ports, ring: 512, routes, neighbours, frames });
  // a turn sends a burst of each port or a frame of some; what is over counts for the next run
  let owed = 0;
  const run = (): number => {
    for (owed += items; owed > 0;) owed -= flat.run(1);
    return flat.sent;
  };
  return { group, name, items, run };
}
