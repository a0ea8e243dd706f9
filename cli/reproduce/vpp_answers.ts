/** The model's answers to the rows about VPP: one core of CSIT's machine, 64-byte frames. */
import { maximaFor, Testbed } from "../../core/mod.ts";
import { csitHost, generateTraffic, machineProfile } from "../../fixtures/mod.ts";
import { vpp, type VppOptions } from "../../stacks/mod.ts";
import type { Lab } from "./lab.ts";
import type { CoreSetup } from "./one_core.ts";
import { rateOf, type SystemAnswer } from "./system_answers.ts";
import { routesTo } from "./traffic.ts";

/** Ports of the test bed, each of which sends to the other. */
const PORTS = 2;
const NAMES = [0, 1].map((port) => `TenGigabitEthernet5/0/${port}`);
/** Frames of a measurement, on each port. */
const FRAMES = 6000;

/** Clocks of each node a vector, by node, with `mpps` on each of `inputs` ports. */
function clocksAt(
  mpps: number,
  frames: number,
  inputs: readonly number[],
): ReadonlyMap<string, number> {
  const machine = machineProfile(csitHost);
  const { routes, neighbours } = routesTo(PORTS);
  const traffic = generateTraffic({
    ...{ routes, neighbours, size: 64, count: inputs.length * frames, seed: 1, flows: 64 },
    pattern: { name: "both ways", inputs: inputs.map((port) => ({ port, outputs: [1 - port] })) },
    ...{ rateGbps: (mpps * 84 * 8) / 1000, linkGbps: machine.linkGbps, arrivals: "cbr" as const },
  });
  const geometry = {
    ...{ ports: PORTS, lcores: 1, rxRing: 1024, txRing: 1024, ingress: 1024, spareBuffers: 2048 },
    ...{ poolCache: 256, peerSlots: 64, fidelity: "coarse" as const },
    ...{ headerCredits: 64, dataCredits: 1024, mps: 256 },
  };
  const testbed = new Testbed(vpp({ audit: false }), machine, {
    maxima: maximaFor(geometry, machine),
  });
  testbed.run({ geometry, routes, neighbours, traffic, deviations: [] });
  const values = new Map(testbed.report().map(({ name, value }) => [name, value]));
  const clocks = new Map<string, number>();
  for (const [name, vectors] of values) {
    const [, node] = /^show runtime thread 0 node (\S+) vectors$/.exec(name) ?? [];
    if (node === undefined || vectors === 0) continue;
    clocks.set(node, values.get(`show runtime thread 0 node ${node} clocks`)! / vectors);
  }
  return clocks;
}

const full = (lab: Lab) =>
  lab.once("VPP's nodes at saturation", () => clocksAt(7.4, FRAMES, [0, 1]));
const alone = (lab: Lab) => lab.once("VPP's nodes with one packet", () => clocksAt(0.001, 1, [0]));

/** Clocks of one node. */
function clocksOf(
  node: string,
  at: (lab: Lab) => ReadonlyMap<string, number>,
): (lab: Lab) => SystemAnswer {
  return (lab) => ({ value: at(lab).get(node)!, detail: "show runtime" });
}

/** What one core forwards; the link is no limit. */
function rate(id: string, options: VppOptions = {}): () => SystemAnswer {
  const setup: CoreSetup = {
    ...{ host: csitHost, rings: 1024, linkGbps: 40 },
    stack: () => vpp({ audit: false, ...options }),
  };
  return () => rateOf(id, setup);
}

function withAcl(rule: string): VppOptions {
  return {
    startup: [
      `set acl-plugin acl ${rule}`,
      ...NAMES.map((name) => `set acl-plugin interface ${name} input acl 0`),
    ],
  };
}

const PATH = ["dpdk-input", "ethernet-input", "ip4-input-no-checksum", "ip4-lookup", "ip4-rewrite"];

/** How each of these rows is answered. */
export const VPP_ANSWERS: Readonly<Record<string, (lab: Lab) => SystemAnswer>> = {
  ...Object.fromEntries(PATH.map((node, i) => [`V0${i + 1}`, clocksOf(node, full)])),
  V06: clocksOf(`${NAMES[0]}-output`, full),
  V07: clocksOf(`${NAMES[0]}-tx`, full),
  V08: rate("V08"),
  V09: rate("V09", withAcl("permit")),
  V10: clocksOf("ip4-lookup", alone),
  V11: clocksOf("ip4-rewrite", alone),
  V12: clocksOf("ip4-input-no-checksum", alone),
  V13: clocksOf("ethernet-input", alone),
  V14: (lab) => {
    const nodes = [...PATH, `${NAMES[0]}-output`, `${NAMES[0]}-tx`];
    const value = nodes.reduce((sum, node) => sum + full(lab).get(node)!, 0);
    return { value, detail: "the sum of V01 to V07 as they come out" };
  },
  V15: rate("V15", withAcl("permit+reflect")),
};
