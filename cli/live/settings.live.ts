// Aim: under every setting of the kernel the laws are kept, and a kernel that is set otherwise than told is found out.
// Method: kernels set and judged by the same settings, then by others.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Policy, SpecialHop } from "../../core/mod.ts";
import { build, checkConformance, PLAIN_GEOMETRY, PLAIN_PACKET } from "../../properties/mod.ts";
import { kernelDevice, type KernelSettings } from "../../stacks/mod.ts";
import { misledKernel } from "./_misled_for_tests.ts";
import { liveTest } from "./needs.ts";

const NEEDS = ["ip", "namespaces"] as const;

/** Laws that a kernel with `settings` breaks, judged by `told` instead of what it declares. */
function broken(settings: KernelSettings, told: Partial<Policy> = {}, numRuns = 1000): string[] {
  const device = kernelDevice({ settings });
  try {
    const policy = { ...device.policy, ...told };
    const { laws, harness } = checkConformance(device, { numRuns, policy });
    assertEquals(harness, []);
    return laws.flatMap(({ law, counterexample }) =>
      counterexample === null ? [] : [`${law.id}: ${counterexample.sentence}`]
    );
  } finally {
    device.close();
  }
}

const SETTINGS: readonly KernelSettings[] = [
  { reversePath: "strict" },
  { reversePath: "loose" },
  { mtu: 576 },
  { mtu: [1500, 1000, 576, 1280] },
  { mtu: [68, 1500, 9000, 296], reversePath: "loose" },
];

for (const settings of SETTINGS) {
  liveTest(`the kernel keeps every law with ${JSON.stringify(settings)}`, NEEDS, () => {
    assertEquals(broken(settings, {}, 2000), []);
  });
}

const OTHERWISE: readonly [string, KernelSettings, Partial<Policy>, RegExp][] = [
  [
    "filters sources",
    { reversePath: "strict" },
    { reversePath: undefined! },
    /^LOSS-1a: packet \d+ never came out/,
  ],
  [
    "filters none",
    {},
    { reversePath: "strict" },
    /^PKT-5: .*expected to be dropped for reverse-path/,
  ],
  [
    "filters more than told",
    { reversePath: "strict" },
    { reversePath: "loose" },
    /^LOSS-1a: packet \d+ never came out/,
  ],
  [
    "cuts more than told",
    { mtu: [1500, 1500, 1000, 1000] },
    { mtu: 1500 },
    /^PKT-1: .* with length \d+, expected/,
  ],
  ["cuts less than told", {}, { mtu: 1000 }, /^PKT-12: .*expected fragments of at most 1000/],
  ["does not cut", {}, { mtu: 1000 }, /^PKT-5: .*expected to be dropped for too-big/],
  [
    "says another MTU",
    { mtu: [1500, 1500, 1000, 1500] },
    { mtu: [1500, 1500, 1004, 1500] },
    /^PKT-10: /,
  ],
  ["takes priority tags off", {}, { priorityTags: "tag" }, /^PKT-5: .*dropped for not-ip/],
];

for (const [what, set, told, finding] of OTHERWISE) {
  liveTest(`a kernel that ${what} is found out`, NEEDS, () => {
    const found = broken(set, told);
    assert(found.some((one) => finding.test(one)), found.join("\n"));
  });
}

/** A kernel whose routes to `told` lead to `set`, judged on one packet that follows them. */
function misled(told: SpecialHop, set: SpecialHop, packets = 1): string[] {
  const device = misledKernel((one) => ({
    ...one,
    neighbours: { ...one.neighbours, special: new Map([[4, set]]) },
  }));
  const replay = build({
    geometry: { ...PLAIN_GEOMETRY, ports: 4 },
    neighbours: [0, 1, 2, 3, told],
    routes: [
      { prefix: 0x0a000000, depth: 8, nextHop: 4 },
      { prefix: 0xac100000, depth: 12, nextHop: 0 },
    ],
    packets: Array.from({ length: packets }, (_, i) => ({
      ...PLAIN_PACKET,
      ...{ src: 0xac100001 + i, dst: 0x0a000001 },
    })),
    deviations: [],
  });
  const { laws } = checkConformance(device, { replay });
  device.close();
  return laws.flatMap(({ law, counterexample }) =>
    counterexample === null ? [] : [`${law.id}: ${counterexample.sentence}`]
  );
}

liveTest("routes that lead nowhere, or to several next hops, are told apart", NEEDS, () => {
  for (const one of ["blackhole", "unreachable", "prohibit", [1, 2], [0, 1, 2, 3]] as const) {
    assertEquals(misled(one, one, 40), []);
  }
  // fewer next hops than told are some of these
  assertEquals(misled([1, 2], [1], 40), []);
  const one = (told: SpecialHop, set: SpecialHop) => misled(told, set, 40)[0] ?? "none";
  assertStringIncludes(one([1, 2], [1, 2, 3]), "LPM-1: packet ");
  assertStringIncludes(one([1, 2], "blackhole"), "LOSS-1a: packet 0 never came out");
  assertStringIncludes(one("blackhole", [1]), "LPM-1: packet 0 to 10.0.0.1 left port 1");
  // the kernel tells a host five times at once (net.ipv4.route.error_burst), and not when the run is repeated
  const told = /^PKT-10: .*frame 0, which left port 0/;
  assertMatch(one("blackhole", "unreachable"), told);
  assertMatch(one("unreachable", "prohibit"), told);
});
