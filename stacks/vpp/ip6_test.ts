// Aim: the IPv6 twin of the path: look-up by hash for each length, hop limits, neighbour discovery, errors. Method: frames
// of IPv6 through the machine, with routes of the CLI; a scan beside the hash.
import { assert, assertEquals } from "@std/assert";
import { fates, frame, type Offer, stream } from "../../core/machine/_scenario_for_tests.ts";
import {
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_NEIGHBOUR_SOLICITATION,
  PROTOCOL_ICMPV6,
  verifyChecksum6,
  writeIcmpv6EchoFrame,
  writeUdp6Frame,
} from "../../core/packet/mod.ts";
import { REASONS } from "../../core/policy.ts";
import { bytesOf, Ip6Fib } from "./ip6_fib.ts";
import { ip6Text, parseIp6 } from "./ip6_text.ts";
import { LB_DROP, LoadBalances } from "./load_balance.ts";
import {
  errorsOf,
  IF0,
  IF1,
  kept,
  nodeOf,
  scenarioOf,
  testbedOf,
  valueOf,
} from "./_rig_for_tests.ts";

const HOST = "2001:db8:a::7";
const PEER = "2001:db8:1::9";
const STATIC = [
  `set ip neighbor ${IF1} 2001:db8::1 02:bb:00:00:00:01`,
  `set ip neighbor ${IF0} 2001:db8::2 02:bb:00:00:00:02`,
  "ip route add 2001:db8:1::/48 via 2001:db8::1",
  "ip route add 2001:db8:a::/48 via 2001:db8::2",
];
const ADDRESSES6 = ["2001:db8:a::1", "2001:db8:1::1"];

function address(text: string): Uint8Array {
  return bytesOf(parseIp6(text));
}

/** Makes a frame one of IPv6, its MAC addresses kept. */
function udp6(dst: string, hopLimit = 64, payload = 10): NonNullable<Offer["edit"]> {
  return (bytes) => {
    const macs = bytes.slice(0, 12);
    writeUdp6Frame(bytes, 0, {
      ...{ dstMac: 0, srcMac: 0, src: address(HOST), dst: address(dst), hopLimit, payload },
    });
    bytes.set(macs);
  };
}

Deno.test("vpp 8.17: IPv6 goes ip6-input, ip6-lookup, ip6-rewrite, with its hop limit one less", () => {
  const testbed = testbedOf({ startup: STATIC });
  const o = kept(testbed.run(scenarioOf(stream(30, 1e6, () => ({ size: 72, edit: udp6(PEER) })))));
  assertEquals([fates(o).emitted, o.outPort[0]], [30, 1]);
  const sent = frame(o, 0);
  assertEquals([...sent.subarray(0, 14)], [2, 0xbb, 0, 0, 0, 1, 2, 1, 3, 4, 5, 1, 0x86, 0xdd]);
  assertEquals([sent[21], verifyChecksum6(sent, 54, 18, 17, 22, 38)], [63, true]);
  const report = testbed.report();
  for (const node of ["ip6-input", "ip6-lookup", "ip6-rewrite"]) {
    assertEquals(nodeOf(report, node).vectors, 30);
  }
  assertEquals(valueOf(report, `show interface ${IF0} ip6`), 30);
});

Deno.test("vpp 8.17: a miss, a hop limit that ends and a packet too big are dropped or answered", () => {
  const testbed = testbedOf({
    startup: [...STATIC, `set interface mtu packet 1280 ${IF1}`],
    addresses6: ADDRESSES6,
  });
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, size: 72, edit: udp6("2001:db9::1") },
    { port: 0, at: 30e6, size: 72, edit: udp6(PEER, 1) },
    { port: 0, at: 60e6, size: 1400, edit: udp6(PEER, 9, 1400 - 62) },
    { port: 0, at: 90e6, size: 72, edit: udp6(PEER, 0) },
  ])));
  assertEquals(errorsOf(testbed.report()), {
    "ip6-drop: ip6 drop": 1,
    "ip6-rewrite: ip6 hop limit <= 1": 1,
    "ip6-rewrite: ip6 MTU exceeded": 1,
    "ip6-input: ip6 hop limit <= 1": 1,
    "ip6-icmp-error: packet too big response sent": 1,
    "ip6-icmp-error: hop limit exceeded response sent": 2,
  });
  const answers = Array.from({ length: o.outCount }, (_, i) => frame(o, i));
  assertEquals(answers.map((each) => [each[54], each[55]]), [[3, 0], [2, 0], [3, 0]]);
  assertEquals(answers.map((each) => each[21]), [254, 254, 254]);
  const [, tooBig] = answers;
  assertEquals([tooBig!.length, tooBig![60]! << 8 | tooBig![61]!], [14 + 1280, 1280]);
  for (const each of answers) {
    assert(verifyChecksum6(each, 54, each.length - 54, PROTOCOL_ICMPV6, 22, 38));
    assertEquals(each.slice(22, 38), address(ADDRESSES6[0]!));
  }
});

Deno.test("vpp 8.17: what IPv6 has no route for, and nobody listens to, is dropped as what is not IPv4", () => {
  const testbed = testbedOf({ startup: STATIC, addresses6: ADDRESSES6 });
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, size: 72, edit: udp6("2001:db9::1") },
    { port: 0, at: 30e6, size: 72, edit: udp6(ADDRESSES6[0]!) },
  ])));
  assertEquals([0, 1].map((p) => REASONS[o.reason[p]!]), ["not-ip", "not-ip"]);
  assertEquals(errorsOf(testbed.report()), {
    "ip6-drop: ip6 drop": 1,
    "ip6-local: unknown ip protocol": 1,
  });
});

/** An advertisement of 2001:db8:1::99, which its link-layer address ends where the frame is long enough for it. */
function advertise(bytes: Uint8Array): void {
  const macs = bytes.slice(0, 12);
  bytes.fill(0, 12);
  bytes.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, bytes.length - 54, PROTOCOL_ICMPV6, 255], 12);
  bytes.set(address("2001:db8:1::99"), 22);
  bytes.set(address(ADDRESSES6[1]!), 38);
  bytes[54] = ICMPV6_NEIGHBOUR_ADVERTISEMENT;
  bytes.set(address("2001:db8:1::99"), 62);
  if (bytes.length >= 86) bytes.set([2, 1, 2, 0x99, 0, 0, 0, 9], 78);
  bytes.set(macs);
}

Deno.test("vpp 8.17: an advertisement without a link-layer address completes nothing", () => {
  const testbed = testbedOf({
    startup: [`ip route add 2001:db8:1::/48 via 2001:db8:1::99 ${IF1}`],
    addresses6: ADDRESSES6,
  });
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, size: 72, edit: udp6(PEER) },
    { port: 1, at: 40e6, size: 78, edit: advertise },
    { port: 1, at: 60e6, size: 85, edit: advertise },
    { port: 0, at: 80e6, size: 72, edit: udp6(PEER) },
  ])));
  assertEquals([o.outCount, frame(o, 0)[54]], [1, ICMPV6_NEIGHBOUR_SOLICITATION]);
});

Deno.test("vpp 8.17: an ICMPv6 message whose hop limit ends is answered, an error among them is not", () => {
  const testbed = testbedOf({ startup: STATIC, addresses6: ADDRESSES6 });
  const icmp = (type: number): NonNullable<Offer["edit"]> => (bytes) => {
    udp6(PEER, 1)(bytes);
    bytes[20] = PROTOCOL_ICMPV6;
    bytes[54] = type;
  };
  const types = [1, 2, 3, 4, 127, 128, 129, 255];
  const o = kept(testbed.run(scenarioOf(
    types.map((type, i) => ({ port: 0, at: 1e6 + i * 30e6, size: 72, edit: icmp(type) })),
  )));
  const answers = Array.from({ length: o.outCount }, (_, i) => frame(o, i));
  // behind the header of the answer stands the packet that it is about
  assertEquals(
    answers.map((each) => [each[54], each[102]]),
    [128, 129, 255].map((type) => [3, type]),
  );
});

Deno.test("vpp 8.17: the MTU of an interface is of the IPv6 packet, its header included", () => {
  const testbed = testbedOf({
    startup: [...STATIC, `set interface mtu packet 1280 ${IF1}`],
    addresses6: ADDRESSES6,
  });
  const sizes = [1293, 1294, 1295, 1334, 1335];
  const o = kept(testbed.run(scenarioOf(
    sizes.map((size, i) => ({
      ...{ port: 0, at: 1e6 + i * 30e6, size, edit: udp6(PEER, 9, size - 62) },
    })),
  )));
  // Ethernet's header does not count, IPv6's does
  const outs = Array.from({ length: o.outCount }, (_, i) => [o.outPort[i], frame(o, i).length]);
  assertEquals(outs, [[1, 1293], [1, 1294], ...sizes.slice(2).map(() => [0, 14 + 1280])]);
});

Deno.test("vpp 8.17: neighbour discovery asks by a solicitation, once, and forwards after the advertisement", () => {
  const testbed = testbedOf({
    startup: [`ip route add 2001:db8:1::/48 via 2001:db8:1::99 ${IF1}`],
    addresses6: ADDRESSES6,
  });
  const data = (at: number): Offer => ({ port: 0, at, size: 72, edit: udp6(PEER) });
  const o = kept(testbed.run(scenarioOf([
    ...[data(1e6), data(10e6)],
    { port: 1, at: 40e6, size: 86, edit: advertise },
    ...[data(80e6), data(90e6)],
  ])));
  const solicitation = frame(o, 0);
  assertEquals([o.outPort[0], solicitation[54]], [1, ICMPV6_NEIGHBOUR_SOLICITATION]);
  assertEquals([...solicitation.subarray(0, 6)], [0x33, 0x33, 0xff, 0, 0, 0x99]);
  assertEquals(solicitation.slice(38, 54), address("ff02::1:ff00:99"));
  assertEquals(solicitation.slice(62, 78), address("2001:db8:1::99"));
  assert(verifyChecksum6(solicitation, 54, 32, PROTOCOL_ICMPV6, 22, 38));
  assertEquals([o.outCount, [...frame(o, 2).subarray(0, 6)]], [3, [2, 0x99, 0, 0, 0, 9]]);
  assertEquals(errorsOf(testbed.report()), {
    "ip6-discover-neighbor: neighbor solicitations sent": 1,
    "ip6-discover-neighbor: neighbor solicitations throttled": 1,
    "icmp6-neighbor-advertisement: neighbor advertisements received": 1,
  });
});

Deno.test("vpp 8.17: a solicitation for the router is answered, and so is a ping", () => {
  const testbed = testbedOf({ startup: STATIC, addresses6: ADDRESSES6 });
  const solicit = (bytes: Uint8Array): void => {
    bytes.fill(0, 12);
    bytes.set([
      0x33,
      0x33,
      0xff,
      0,
      0,
      1,
      2,
      7,
      7,
      7,
      7,
      7,
      0x86,
      0xdd,
      0x60,
      0,
      0,
      0,
      0,
      32,
      58,
      255,
    ]);
    bytes.set(address(HOST), 22);
    bytes.set(address("ff02::1:ff00:1"), 38);
    bytes[54] = ICMPV6_NEIGHBOUR_SOLICITATION;
    bytes.set(address(ADDRESSES6[0]!), 62);
  };
  const ping = (bytes: Uint8Array): void => {
    const macs = bytes.slice(0, 12);
    writeIcmpv6EchoFrame(bytes, 0, {
      ...{ dstMac: 0, srcMac: 0, src: address(HOST), dst: address(ADDRESSES6[0]!) },
      ...{ echoId: 1, sequence: 2, payload: 10, hopLimit: 9 },
    });
    bytes.set(macs);
  };
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, size: 86, edit: solicit },
    { port: 0, at: 50e6, size: 72, edit: ping },
  ])));
  const [advertisement, reply] = [frame(o, 0), frame(o, 1)];
  assertEquals([advertisement[54], advertisement[58]], [ICMPV6_NEIGHBOUR_ADVERTISEMENT, 0xe0]);
  assertEquals([...advertisement.subarray(78, 86)], [2, 1, 2, 1, 3, 4, 5, 0]);
  assertEquals([reply[54], reply.slice(22, 38), reply.slice(38, 54)], [
    ...[129, address(ADDRESSES6[0]!), address(HOST)],
  ]);
  assert(verifyChecksum6(reply, 54, 18, PROTOCOL_ICMPV6, 22, 38));
});

Deno.test("vpp 8.17: the hash by lengths equals a scan while routes come and go", () => {
  const loadBalances = new LoadBalances(1);
  const fib = new Ip6Fib(loadBalances);
  const scan = new Map<string, { words: number[]; depth: number; index: number }>();
  let state = 7;
  const next = (n: number): number => (state = (state * 1103515245 + 12345) % 2 ** 31) % n;
  const depths = [0, 1, 31, 32, 33, 48, 63, 64, 65, 127, 128];
  const masked = (words: number[], depth: number): number[] =>
    words.map((word, i) => {
      const bits = Math.min(32, Math.max(0, depth - 32 * i));
      return bits === 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0;
    });
  for (let step = 0; step < 400; step++) {
    const depth = depths[next(depths.length)]!;
    const words = masked([0x20010db8, next(3), 0x80000000 + next(2), next(4)], depth);
    const key = `${words} ${depth}`;
    if (next(3) === 0) assertEquals(fib.delete(words, depth), scan.delete(key));
    else {
      fib.add(words, depth, [{ type: 5, index: step, weight: 1 }]);
      scan.set(key, { words, depth, index: step });
    }
    const probe = [0x20010db8, next(3), 0x80000000 + next(2), next(4)];
    const found = fib.lookup(bytesOf(probe), 0);
    const best = [...scan.values()].filter((each) =>
      `${masked(probe, each.depth)}` === `${each.words}`
    ).sort((a, b) =>
      b.depth - a.depth
    )[0];
    const leads = found === LB_DROP ? undefined : loadBalances.dpo[loadBalances.base[found]!];
    assertEquals(leads, best?.index, `step ${step}`);
    // one probe for each length that has routes, from the longest on, until one answers
    const lengths = new Set([...scan.values()].map(({ depth }) => depth));
    const longer = [...lengths].filter((depth) => best === undefined || depth >= best.depth);
    assertEquals(fib.probes, longer.length);
  }
  assertEquals(fib.size, scan.size);
  const inUse = loadBalances.mask.subarray(0, loadBalances.end).filter((mask) => mask >= 0);
  assertEquals(inUse.length, scan.size + 1, "one load balance for each route, and that of drops");
});

Deno.test("parseIp6 and ip6Text are each other's inverse", () => {
  for (
    const text of ["::", "::1", "2001:db8::1", "2001:db8:0:1:0:0:0:9", "1:2:3:4:5:6:7:8", "fe80::"]
  ) {
    assertEquals(parseIp6(ip6Text(parseIp6(text))), parseIp6(text));
  }
  assertEquals(ip6Text(parseIp6("2001:0db8:0:0:1:0:0:0")), "2001:db8:0:0:1::");
});
