/** Poll-mode stacks flat out: rings for devices, no virtual time. */
import { FlatOut, type Stack } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, odp } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

const PORTS = 4;
/** Packets of one run of an ODP benchmark: a turn of its loop is not always a burst. */
const PACKETS = 4096;

/** A stack on four ports, with a table of `count` routes. */
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

/** DPDK's l3fwd in both profiles and with two sizes of tables; ODP's in its modes. */
export function forwarders(): Benchmark[] {
  return [...dpdk(), ...openDataPlane()];
}

function dpdk(): Benchmark[] {
  return ([["strict", 1_000], ["strict", 100_000], ["faithful", 100_000]] as const).map(
    ([profile, count]) => {
      const turns = 32;
      const flat = flatOut(l3fwd(profile), count);
      return {
        group: "dpdk l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
        name: `${profile}, ${count} routes`,
        items: PORTS * turns * 32,
        run: () => flat.run(turns),
      };
    },
  );
}

function openDataPlane(): Benchmark[] {
  return (["direct", "parallel", "atomic", "ordered"] as const).map((mode) => {
    const flat = flatOut(odp({ mode }), 1_000);
    let due = flat.sent;
    return {
      group: "odp l3fwd flat out, 4 ports, 64-byte frames, bursts of 32",
      name: `${mode}, 1000 routes`,
      items: PACKETS,
      run() {
        due += PACKETS;
        while (flat.sent < due) flat.run(1);
        return flat.sent;
      },
    };
  });
}
