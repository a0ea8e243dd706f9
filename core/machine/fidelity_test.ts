// Aim: the coarse fabric forwards at the rate of the TLP fabric. Method: saturated ports in every pattern of the
// P2PNIC paper and from the shortest to the longest frame, over both architectures; what has left of what came is
// compared, through rings that hold little.
import { assert, assertEquals } from "@std/assert";
import {
  generateTraffic,
  machineProfile,
  neighboursOnPorts,
  paperHost,
  type Pattern,
  PATTERNS,
} from "../../fixtures/mod.ts";
import { l3fwd } from "../../stacks/dpdk/mod.ts";
import { p2pnic } from "../../stacks/p2pnic/mod.ts";
import { GEOMETRY, towards } from "./_scenario_for_tests.ts";
import { Testbed } from "./testbed.ts";

/** Stacks, packets for each port, and how many cases at least are too much for them. Which packets an overloaded lcore loses is chance: over 1,000 for each port the rates of l3fwd are up to 6 % apart, either way. */
const STACKS = [["l3fwd", l3fwd("strict"), 8000, 12], ["p2pnic", p2pnic(), 400, 3]] as const;
const SIZES = { ports: 4, lcores: 4, rxRing: 64, txRing: 64, ingress: 32 };
const PORTS = Array.from({ length: 4 }, (_, port) => port);
const NEIGHBOURS = neighboursOnPorts({ nextHops: 4, ports: 4 });
const ROUTES = {
  count: 4,
  prefix: Uint32Array.from(PORTS, (port) => towards(port, 0)),
  depth: new Uint8Array(4).fill(16),
  nextHop: Uint32Array.from(PORTS),
};

/** Frames that leave of those that come to saturated ports, beside what the TLP fabric lets leave. */
function excess(testbed: Testbed, pattern: Pattern, size: number, packets: number): number {
  const count = packets * pattern.inputs.length;
  const options = { routes: ROUTES, neighbours: NEIGHBOURS, pattern, size, count, flows: 64 };
  const traffic = generateTraffic({ ...options, rateGbps: 40, seed: 1 });
  const [coarse, tlp] = (["coarse", "tlp"] as const).map((fidelity) => {
    const geometry = { ...GEOMETRY, ...SIZES, fidelity };
    const scenario = { geometry, traffic, routes: ROUTES, neighbours: NEIGHBOURS, deviations: [] };
    const o = testbed.stream(scenario, { times: 1, periodPs: traffic.at[count - 1]! });
    assertEquals([o.end, o.unresolved], ["quiet", 0]);
    return o.emitted;
  });
  return coarse! / tlp! - 1;
}

for (const [name, stack, packets, share] of STACKS) {
  Deno.test(`Testbed coarse and tlp fabrics forward at rates within 3 % in every pattern and size, ${name}`, () => {
    const testbed = new Testbed(stack, machineProfile(paperHost));
    const errors: string[] = [];
    let overloaded = 0;
    for (const pattern of Object.values(PATTERNS)) {
      for (const size of [64, 128, 512, 1518]) {
        const off = excess(testbed, pattern, size, packets);
        if (testbed.machine.observation.emitted < testbed.machine.observation.offered) overloaded++;
        if (!(Math.abs(off) < 0.03)) {
          errors.push(
            `${pattern.name}, ${size} B: coarse forwards ${(off * 100).toFixed(2)} % more`,
          );
        }
      }
    }
    assertEquals(errors, []);
    assert(overloaded >= share, `only ${overloaded} of 20 were more than the stack forwards`);
  });
}
