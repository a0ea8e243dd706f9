/** Stacks of poll loops flat out: rings for devices, no virtual time. */
import { FlatOut } from "../core/mod.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { l3fwd, pfRingZc, snabb } from "../stacks/mod.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

const PORTS = 4;
/** A turn runs each body once: a burst of 32 of each port. */
const BURSTS = { what: "bursts of 32", turns: 32, items: PORTS * 32 * 32 };
/** Ten breaths of Snabb, of nine callbacks each: four pulls of 25, the router, four pushes. */
const BREATHS = { what: "pulls of 25", turns: 10 * 9, items: PORTS * 10 * 25 };
/** Links of 256 slots, so that a pull is of 25; without the checks that `audit` reports. */
const breathing = snabb({ linkRingSize: 256, developerDebug: false });

/** Each as it is named, with so many routes. */
const SUBJECTS = [
  { group: "dpdk l3fwd", name: "strict", count: 1_000, stack: l3fwd("strict"), load: BURSTS },
  { group: "dpdk l3fwd", name: "strict", count: 100_000, stack: l3fwd("strict"), load: BURSTS },
  { group: "dpdk l3fwd", name: "faithful", count: 100_000, stack: l3fwd("faithful"), load: BURSTS },
  { group: "pf_ring ZC", name: "router", count: 100_000, stack: pfRingZc(), load: BURSTS },
  { group: "snabb", name: "router", count: 100_000, stack: breathing, load: BREATHS },
];

/** All of them: both profiles of l3fwd, two sizes of tables; the router on ZC; Snabb's breaths. */
export function forwarders(): Benchmark[] {
  return SUBJECTS.map(
    ({ group, name, count, stack, load: { what, turns, items } }) => {
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
      const flat = new FlatOut(stack, { ports: PORTS, ring: 512, routes, neighbours, frames });
      return {
        group: `${group} flat out, ${PORTS} ports, 64-byte frames, ${what}`,
        name: `${name}, ${count} routes`,
        items,
        run: () => flat.run(turns),
      };
    },
  );
}
