import { assertEquals } from "@std/assert";
import { STRICT } from "../../core/stack.ts";
import { policyLines } from "./policy_lines.ts";

const STRICT_LINE =
  "miss drop, ttl drop, checksum verify, header full, hairpin forward, destination mac next-hop";

Deno.test("policyLines says what a router goes by, and what it may lose", () => {
  assertEquals(policyLines(STRICT), [STRICT_LINE, "may lose under load: rx-missed"]);
  const loses = { ...STRICT, checksDstMac: true, congestion: [] as const };
  assertEquals(policyLines(loses), [
    `${STRICT_LINE}, checks destination mac`,
    "may lose under load: nothing",
  ]);
});

Deno.test("policyLines says nothing of a field that says what is meant without it", () => {
  assertEquals(
    policyLines({
      ...STRICT,
      ...{ checksDstMac: false, checksumUpdate: "rfc1624", options: "forward" },
      ...{ tinyFragments: "forward", macs: "keep", tooLong: "whole", priorityTags: "tag" },
      ...{ routeTypes: false, padding: "keep", ports: "ethernet", order: "flow" },
    }),
    policyLines(STRICT),
  );
});

Deno.test("policyLines says all that is declared", () => {
  const [first, second, ...others] = policyLines({
    ...STRICT,
    ...{ checksDstMac: "unicast", defaultRoute: false, checksumUpdate: "increment" },
    ...{ options: "punt", tinyFragments: "drop", tooLong: "cut", mtu: [1500, 9000] },
    ...{ reversePath: "strict", priorityTags: "may", routeTypes: true, padding: "any" },
    ...{ ports: "virtual", order: "unfragmented", turns: "priority" },
    ...{ martianSources: ["127.0.0.0/8"], martianDestinations: ["0.0.0.0/8", "240.0.0.0/4"] },
    originates: { addresses: [1, 2], icmpBurst: 6, icmpPerSecond: 1, arp: [3] },
    mayDropAs: { checksDstMac: true, options: "parse", martianSources: ["10.0.0.0/8"] },
  });
  assertEquals(
    first,
    `${STRICT_LINE}, checks destination mac but of frames to a group, no default route`,
  );
  assertEquals(second, "may lose under load: rx-missed");
  assertEquals(others, [
    "increments the checksum",
    "takes IPv4 options aside",
    "drops fragments at offset 8",
    "sends of its own accord: ICMP errors and ARP",
    "MTU 1500, 9000",
    "cuts what is longer into fragments",
    "strict reverse path forwarding",
    "may take tags of VLAN 0 off",
    "routes may have several next hops, or none",
    "may cut padding off, or write zeros there",
    "virtual ports: takes frames of any length",
    "forwards nothing from 127.0.0.0/8",
    "forwards nothing to 0.0.0.0/8, 240.0.0.0/4",
    "fragments in any order",
    "what is urgent goes before all else",
    "may drop or forward: frames to another MAC address; options that ask something or cannot be parsed; from 10.0.0.0/8",
  ]);
});

Deno.test("policyLines says of what forwards by ports nothing of routes", () => {
  const ports = { ...STRICT, topology: "paired", macs: "swap", rewrites: "5-tuple" } as const;
  assertEquals(policyLines(ports), [
    "may lose under load: rx-missed",
    "forwards by ports, paired",
    "swaps MAC addresses",
    "swaps addresses and ports",
  ]);
  assertEquals(policyLines({ ...STRICT, topology: "sink" })[1], "takes every packet");
});
