// Aim: the project's stacks do what the systems do that they are models of. Method: the same scenarios through both,
// packet for packet; where the two declare different things docs/real-devices.md tells why.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type DeviceUnderTest,
  maximaFor,
  type Policy,
  type Stack,
  STRICT,
  testbed,
} from "../../core/mod.ts";
import { generateTraffic, machineProfile, paperHost } from "../../fixtures/mod.ts";
import { build, compareDevices, type PacketDraw, scenario } from "../../properties/mod.ts";
import { dpdkDevice, kernelDevice, l3fwd, linuxNapi, xdp, xdpDevice } from "../../stacks/mod.ts";
import { scenarioOfFiles } from "../conform/device.ts";
import { DPDK_LPM } from "../conform/live.ts";
import { SharedTables } from "../tables.ts";
import { built, interpreted } from "./_examples_for_tests.ts";
import { liveTest } from "./needs.ts";

const HOST = machineProfile(paperHost);
const NEEDS = ["ip", "namespaces"] as const;

/** Stacks that model the kernel's forwarding: by itself, and by XDP with the kernel's table behind it. */
const MODELS: readonly { readonly name: string; create(): Stack }[] = [
  { name: "linux-napi", create: () => linuxNapi() },
  { name: "xdp", create: () => xdp() },
];

/** Whether a packet is one of which the models and the kernel here are known to make different things. */
function isKnownToDiffer({ size, totalLength, header, dst, type }: PacketDraw): boolean {
  const martian = dst === 0 || dst >>> 24 === 127 || dst >>> 28 === 14 || dst === 0xffffffff;
  return size < 60 || totalLength === "padded" || header === "ihl-long" || martian ||
    type === "priority";
}

/**
 * Gives devices the same drawn scenarios without some packets, and allows no difference on what is left, which is three
 * times as many packets as were left out.
 */
function agreeWithout(
  leaveOut: (packet: PacketDraw) => boolean,
  devices: readonly DeviceUnderTest[],
): void {
  const drawn = fc.sample(scenario(devices[0]!.policy, { deviations: false }), {
    numRuns: 1000,
    seed: 9,
  });
  let left = 0;
  const scenarios = drawn.flatMap((draw) => {
    const packets = draw.packets.filter((packet) => !leaveOut(packet));
    left += draw.packets.length - packets.length;
    return packets.length === 0 ? [] : [build({ ...draw, packets })];
  });
  const { divergence, packets } = compareDevices(devices, { scenarios });
  assertEquals(divergence, null);
  assert(packets > 3 * left, `${packets} compared, ${left} left out`);
  console.log(`${packets} packets compared, ${left} left out`);
}

for (const { name, create } of MODELS) {
  liveTest(`${name} does as the kernel does, but for what is declared`, NEEDS, () => {
    const device = kernelDevice();
    const stack = testbed(create(), HOST, { name });
    const { divergence, runs } = compareDevices([stack, device], {
      numRuns: 1000,
      undeclaredOnly: true,
    });
    device.close();
    assertEquals([divergence, runs], [null, 1000]);
  });

  liveTest(`${name} does as the kernel does, but for five kinds of packets`, NEEDS, () => {
    const device = kernelDevice();
    agreeWithout(isKnownToDiffer, [testbed(create(), HOST, { name }), device]);
    device.close();
  });

  liveTest(`${name} and the kernel agree on a BGP-like table`, NEEDS, () => {
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
    const stack = testbed(create(), HOST, { name, maxima, fib });
    const { divergence } = compareDevices([stack, device], { scenarios: [full] });
    device.close();
    assertEquals(divergence, null);
  });
}

/** Programs of docs/examples, what each looks at, and the longest frame: what is beyond the MTU the second passes on. */
const PROGRAMS = [
  { name: "xdp_forward", policy: STRICT, longest: 1518 },
  { name: "xdp_fib_lookup", policy: { ...STRICT, checksum: "trust" }, longest: 1514 },
] as const satisfies { name: string; policy: Policy; longest: number }[];

for (const { name, policy, longest } of PROGRAMS) {
  const needs = ["ip", "root", "clang", "libbpf"] as const;
  liveTest(`${name}.o does in the interpreter what it does in the kernel`, needs, () => {
    built(name, (file) => {
      const device = xdpDevice({ file });
      // a port with a MAC refuses short frames
      const leaveOut = ({ size }: PacketDraw): boolean => size < 60 || size > longest;
      agreeWithout(leaveOut, [interpreted(file, policy), device]);
      device.close();
    });
  });
}

liveTest("the faithful l3fwd does as one on rte_lpm does", ["compiler", "dpdk"], () => {
  const device = dpdkDevice({ source: DPDK_LPM, profile: "l3fwd" });
  const stack = testbed(l3fwd("faithful"), HOST, { name: "dpdk-faithful" });
  const { divergence, runs } = compareDevices([stack, device], { numRuns: 15 });
  device.close();
  assertEquals([divergence, runs], [null, 15]);
});
