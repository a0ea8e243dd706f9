// Aim: each device keeps what it declares, and breaks what is known to be its own fault, on a counterexample that shows
// it. Method: the devices themselves; the programs are built from docs/examples here.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DeviceUnderTest } from "../../core/mod.ts";
import { checkBridge, checkConformance, type ConformanceResult } from "../../properties/mod.ts";
import {
  bridgeDevice,
  dpdkDevice,
  ovsDevice,
  TESTPMD_MODES,
  testpmdDevice,
  xdpDevice,
} from "../../stacks/mod.ts";
import { DPDK_LPM } from "../conform/live.ts";
import { readProfile, withDeviations } from "../conform/profile.ts";
import { built } from "./_examples_for_tests.ts";
import { liveTest } from "./needs.ts";

const ROOT = `${import.meta.dirname}/../..`;
const XDP_NEEDS = ["ip", "root", "clang", "libbpf"] as const;

/** Judges a device and closes it. */
function judged(
  device: DeviceUnderTest & { close(): void },
  options: Parameters<typeof checkConformance>[1],
): ConformanceResult {
  try {
    return checkConformance(device, options);
  } finally {
    device.close();
  }
}

function sentences({ laws }: ConformanceResult): string[] {
  return laws.flatMap(({ law, counterexample }) =>
    counterexample === null ? [] : [`${law.id}: ${counterexample.sentence}`]
  );
}

for (const live of [false, true, "native"] as const) {
  const way = live === "native"
    ? "attached in native mode"
    : live
    ? "attached to ports"
    : "run frame by frame";
  liveTest(`an XDP router with checks keeps every law, ${way}`, XDP_NEEDS, () => {
    built("xdp_forward", (file) => {
      const result = judged(xdpDevice({ file, live }), { numRuns: 1000 });
      assertEquals([sentences(result), result.harness], [[], []]);
    });
  });

  liveTest(`bpf_fib_lookup without checks forwards bad checksums, ${way}`, XDP_NEEDS, () => {
    built("xdp_fib_lookup", (file) => {
      const result = judged(xdpDevice({ file, live }), { numRuns: 300 });
      const broken = sentences(result);
      assertEquals(broken.map((one) => one.split(":")[0]), ["PKT-3", "PKT-5"]);
      assertMatch(broken[1]!, /expected to be dropped for bad-(checksum|header)/);
      const five = result.laws.find(({ law }) => law.id === "PKT-5")!;
      assertEquals(five.counterexample!.scenario.traffic.count, 1);
    });
  });
}

const OVS_NEEDS = ["ip", "root", "ovs"] as const;

liveTest("Open vSwitch keeps every law once its deviations are declared", OVS_NEEDS, () => {
  const device = ovsDevice();
  const deviations = readProfile(`${ROOT}/docs/profiles/ovs.json`);
  const policy = withDeviations(device.policy, deviations);
  const result = judged(device, { numRuns: 60, policy });
  assertEquals(sentences(result), []);
});

liveTest(
  "Open vSwitch forwards bad checksums, and nothing back where it came in",
  OVS_NEEDS,
  () => {
    const result = judged(ovsDevice(), {
      numRuns: 30,
      only: /^(PKT-5|LOSS-1a)$/,
    });
    const broken = sentences(result);
    assertEquals(broken.map((one) => one.split(":")[0]), ["PKT-5", "LOSS-1a"]);
    assert(/bad-checksum|bad-header/.test(broken[0]!), broken[0]);
    const { scenario } = result.laws.find(({ law }) => law.id === "LOSS-1a")!.counterexample!;
    assertEquals(scenario.traffic.count, 1);
    assertEquals(scenario.neighbours.port[scenario.routes.nextHop[0]!], scenario.traffic.port[0]);
  },
);

liveTest("a router on DPDK's rte_lpm keeps every law", ["compiler", "dpdk"], () => {
  assertEquals(sentences(judged(dpdkDevice({ source: DPDK_LPM }), { numRuns: 10 })), []);
});

liveTest("what does as DPDK's l3fwd keeps what l3fwd declares", ["compiler", "dpdk"], () => {
  assertEquals(
    sentences(judged(dpdkDevice({ source: DPDK_LPM, profile: "l3fwd" }), { numRuns: 10 })),
    [],
  );
});

for (const mode of TESTPMD_MODES) {
  liveTest(`testpmd keeps what forwarding by ports declares, in mode ${mode}`, ["testpmd"], () => {
    assertEquals(sentences(judged(testpmdDevice(mode), { numRuns: 5 })), []);
  });
}

for (const ports of [2, 4]) {
  liveTest(`the kernel's bridge of ${ports} ports keeps every law`, ["ip", "namespaces"], () => {
    const bridge = bridgeDevice(ports);
    const { ok, fault } = checkBridge(bridge, { numRuns: 300 });
    bridge.close();
    assertEquals([ok, fault], [true, null]);
  });
}
