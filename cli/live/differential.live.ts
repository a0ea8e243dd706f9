// Aim: the project's stacks do what the systems do that they are models of. Method: the same scenarios through both,
// packet for packet; where the two declare different things docs/real-devices.md tells why.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { maximaFor, testbed } from "../../core/mod.ts";
import { generateTraffic, machineProfile, paperHost } from "../../fixtures/mod.ts";
import { build, compareDevices, type PacketDraw, scenario } from "../../properties/mod.ts";
import { dpdkDevice, kernelDevice, l3fwd, linuxNapi } from "../../stacks/mod.ts";
import { scenarioOfFiles } from "../conform/device.ts";
import { DPDK_LPM } from "../conform/live.ts";
import { SharedTables } from "../tables.ts";
import { liveTest } from "./needs.ts";

const HOST = machineProfile(paperHost);
const NEEDS = ["ip", "namespaces"] as const;

liveTest(
  "linux-napi does as the kernel does, but for what is declared",
  ["ip", "namespaces"],
  () => {
    const device = kernelDevice();
    const stack = testbed(linuxNapi(), HOST, { name: "linux-napi" });
    const { divergence, runs } = compareDevices([stack, device], {
      numRuns: 1000,
      undeclaredOnly: true,
    });
    device.close();
    assertEquals([divergence, runs], [null, 1000]);
  },
);

/** Whether a packet is one of which the model and the kernel here are known to make different things. */
function isKnownToDiffer({ size, totalLength, header, dst }: PacketDraw): boolean {
  const martian = dst === 0 || dst >>> 24 === 127 || dst >>> 28 === 14 || dst === 0xffffffff;
  return size < 60 || totalLength === "padded" || header === "ihl-long" || martian;
}

liveTest("linux-napi does as the kernel does, but for four kinds of packets", NEEDS, () => {
  const device = kernelDevice();
  const stack = testbed(linuxNapi(), HOST, { name: "linux-napi" });
  const drawn = fc.sample(scenario(stack.policy, { deviations: false }), {
    numRuns: 1000,
    seed: 9,
  });
  let left = 0;
  const scenarios = drawn.flatMap((draw) => {
    const packets = draw.packets.filter((packet) => !isKnownToDiffer(packet));
    left += draw.packets.length - packets.length;
    return packets.length === 0 ? [] : [build({ ...draw, packets })];
  });
  const { divergence, packets } = compareDevices([stack, device], { scenarios });
  device.close();
  assertEquals(divergence, null);
  assert(packets > 4 * left, `${packets} compared, ${left} left out`);
  console.log(`${packets} packets compared, ${left} left out`);
});

liveTest("linux-napi and the kernel agree on a BGP-like table", NEEDS, () => {
  const { scenario: plain } = scenarioOfFiles({ routes: null, pcap: null, count: 1, seed: 1 });
  const { routes, neighbours } = plain;
  // no runts, which a port with a MAC refuses and a virtual one takes
  const traffic = generateTraffic({
    ...{ routes, neighbours, pattern: "4in-4out", size: "imix", rateGbps: 10, linkGbps: 40 },
    ...{ count: 5000, seed: 1, faults: { ttl1: 0.02, noRoute: 0.02, badChecksum: 0.02 } },
  });
  const full = { ...plain, traffic };
  const device = kernelDevice();
  const maxima = maximaFor(full.geometry, HOST);
  const fib = new SharedTables(routes).table(true);
  const stack = testbed(linuxNapi(), HOST, { name: "linux-napi", maxima, fib });
  const { divergence } = compareDevices([stack, device], { scenarios: [full] });
  device.close();
  assertEquals(divergence, null);
});

liveTest("the faithful l3fwd does as one on rte_lpm does", ["compiler", "dpdk"], () => {
  const device = dpdkDevice({ source: DPDK_LPM, profile: "l3fwd" });
  const stack = testbed(l3fwd("faithful"), HOST, { name: "dpdk-faithful" });
  const { divergence, runs } = compareDevices([stack, device], { numRuns: 15 });
  device.close();
  assertEquals([divergence, runs], [null, 15]);
});
