// Aim: the kernel's forwarding keeps every law that is judged, on drawn scenarios and on a full table; its table holds
// what it is told; a fence that is lost is a result of its own. Method: the kernel itself, in namespaces.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { STRICT } from "../../core/mod.ts";
import { bgpLikeTable, generateTraffic, neighboursOnPorts } from "../../fixtures/mod.ts";
import {
  build,
  checkConformance,
  LAWS,
  PLAIN_GEOMETRY,
  PLAIN_PACKET,
  scenario,
} from "../../properties/mod.ts";
import { runProperty } from "../../properties/run/property.ts";
import { Subject } from "../../properties/run/subject.ts";
import { ipv4Fence } from "../../stacks/external/live/ipv4_fence.ts";
import { KERNEL_POLICY, KernelTables } from "../../stacks/external/live/kernel.ts";
import { liveDevice } from "../../stacks/external/live/live_device.ts";
import { FIRST_INDEX, Rig } from "../../stacks/external/live/rig.ts";
import { countRoutes, KernelRoutes } from "../../stacks/external/live/routes.ts";
import { kernelDevice } from "../../stacks/mod.ts";
import { misledKernel } from "./_misled_for_tests.ts";
import { liveTest } from "./needs.ts";

const NEEDS = ["ip", "namespaces"] as const;

liveTest("the kernel keeps every law on drawn scenarios", NEEDS, () => {
  const device = kernelDevice();
  const began = performance.now();
  const { ok, laws, runs, packets, harness } = checkConformance(device, { numRuns: 3000 });
  const seconds = (performance.now() - began) / 1000;
  const short = scenario(KERNEL_POLICY, { packetsMax: 12, deviations: false });
  const again = performance.now();
  const property = { arbitrary: short, laws: LAWS, numRuns: 3000, seed: 1812 };
  const result = runProperty(new Subject(device), property);
  const rate = Math.round(3000 / (performance.now() - again) * 1000);
  device.close();
  assertEquals(result.tallies.filter(({ broken }) => broken > 0), []);
  assertEquals(laws.flatMap(({ counterexample }) => counterexample?.sentence ?? []), []);
  assertEquals([ok, runs, harness], [true, 3000, []]);
  assert(laws.filter(({ judged }) => judged > 0).length >= 18);
  // figures of this machine at this moment, compared with nothing
  console.log(`${Math.round(runs / seconds)} cases/s, ${Math.round(packets / seconds)} packets/s`);
  const mean = (result.packets / result.runs).toFixed(1);
  console.log(
    `with ${mean} packets a case instead of ${(packets / runs).toFixed(1)}: ${rate} cases/s`,
  );
});

liveTest("the kernel keeps every law on 800,000 routes", NEEDS, () => {
  const routes = bgpLikeTable({ routes: 800_000, seed: 1, nextHops: 16 });
  const neighbours = neighboursOnPorts({ nextHops: 16, ports: 4 });
  const traffic = generateTraffic({
    ...{ routes, neighbours, pattern: "4in-4out", size: "imix", rateGbps: 10, linkGbps: 40 },
    ...{ count: 100_000, seed: 1 },
    faults: { ttl1: 0.01, noRoute: 0.01, badChecksum: 0.01, runt: 0.01 },
  });
  const geometry = { ...PLAIN_GEOMETRY, ports: 4 };
  const device = kernelDevice();
  const replay = { geometry, routes, neighbours, traffic, deviations: [] };
  const { laws, ok } = checkConformance(device, { replay });
  device.close();
  assertEquals(laws.flatMap(({ counterexample }) => counterexample?.sentence ?? []), []);
  assert(ok);
});

liveTest(
  "routes are installed, replaced and removed as told, those that stand twice too",
  NEEDS,
  () => {
    const rig = new Rig(4);
    const table = new KernelRoutes(rig.netlink, FIRST_INDEX);
    const neighbours = neighboursOnPorts({ nextHops: 16, ports: 4 });
    for (const count of [10_000, 100_000, 800_000, 7]) {
      const routes = bgpLikeTable({ routes: count, seed: count, nextHops: 16 });
      const began = performance.now();
      table.install({ routes, neighbours });
      console.log(`${count} routes: ${Math.round(performance.now() - began)} ms`);
      assertEquals(countRoutes(rig.netlink), routes.count);
    }
    const twice = {
      count: 2,
      prefix: Uint32Array.of(0x0a000000, 0x0a000000),
      depth: Uint8Array.of(8, 8),
      nextHop: Uint32Array.of(0, 1),
    };
    table.install({ routes: twice, neighbours });
    assertEquals(countRoutes(rig.netlink), 1);
    table.install({ routes: { ...twice, count: 0 }, neighbours });
    assertEquals(countRoutes(rig.netlink), 0);
    rig.close();
  },
);

liveTest("a policy that is not the kernel's is seen to be broken", NEEDS, () => {
  const device = kernelDevice();
  // without what it declares: it cuts padding, and sends ICMP errors
  const policy = { ...STRICT, congestion: [] };
  const { laws } = checkConformance(device, { numRuns: 300, policy, only: /^PKT-(1|8|10)$/ });
  device.close();
  const broken = laws.filter(({ counterexample }) => counterexample !== null);
  assertEquals(broken.map(({ law }) => law.id), ["PKT-1", "PKT-8", "PKT-10"]);
});

liveTest("a kernel that was told a wrong route is found out, on one packet", NEEDS, () => {
  const device = misledKernel((one) => {
    const { routes, neighbours } = one;
    // the next hop after the right one, for /24 alone
    const nextHop = routes.nextHop.map((hop, i) =>
      routes.depth[i] === 24 ? (hop + 1) % neighbours.count : hop
    );
    return { ...one, routes: { ...routes, nextHop } };
  });
  const { laws } = checkConformance(device, { numRuns: 300, only: /^LPM-1$/ });
  device.close();
  const { counterexample } = laws.find(({ law }) => law.id === "LPM-1")!;
  assertEquals(counterexample!.scenario.traffic.count, 1);
  assertEquals(counterexample!.scenario.routes.depth[0], 24);
});

liveTest("a fence that is lost breaks RUN-1, and no packet is called dropped", NEEDS, () => {
  // a kernel that does not forward
  const rig = new Rig(2, { "net/ipv4/ip_forward": 0 });
  const tables = new KernelTables(rig);
  const fences = ipv4Fence();
  const device = liveDevice(rig, {
    name: "host",
    policy: KERNEL_POLICY,
    configure: (one) => tables.configure(one, fences.choose(one)),
    fence: fences.frame,
  });
  const replay = build({
    geometry: PLAIN_GEOMETRY,
    neighbours: [1],
    routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
    packets: [{ ...PLAIN_PACKET, src: 0xac100001, dst: 0x0a000001 }],
    deviations: [],
  });
  const { laws } = checkConformance(device, { replay });
  device.close();
  const [run, ...others] = laws;
  assertEquals([run!.law.id, run!.kept], ["RUN-1", 0]);
  assertStringIncludes(
    run!.counterexample!.sentence,
    "FenceLost: the fence from port 0 to port 0, from port 0 to port 1 did not come back within",
  );
  assertEquals(others.filter(({ judged }) => judged > 0), []);
});
