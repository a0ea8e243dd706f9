// Aim: what stands around the path: VLAN sub-interfaces, bridges and cross-connects; pings and ARP for the router; ICMP
// errors byte by byte; interfaces that are down; a pool that runs dry; interrupt and adaptive modes. Method: single
// packets with their bytes spelled out, and counts.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  fates,
  frame,
  left,
  type Offer,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import {
  ARP_REPLY,
  arpOperation,
  arpSenderIpv4,
  arpTargetIpv4,
  fillIpv4Checksum,
  pushVlan,
  setArpOperation,
  setArpSenderIpv4,
  setArpTargetIpv4,
  setEtherType,
  setIpv4TotalLength,
  verifyChecksum,
  writeArp,
  writeIcmpEchoFrame,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import {
  endedInNodes,
  errorsCounted,
  errorsOf,
  IF0,
  IF1,
  IF2,
  kept,
  nodeOf,
  scenarioOf,
  testbedOf,
  valueOf,
} from "./_rig_for_tests.ts";
import { AdjacencyTable } from "./adjacency.ts";
import type { SwInterface } from "./interfaces.ts";
import { vppView } from "./mod.ts";

const ADDRESSES = [0x0a00ff01, 0x0a01ff01];

function dontFragment(bytes: Uint8Array): void {
  bytes[20]! |= 0x40;
  fillIpv4Checksum(bytes, 14);
}

/** Puts a VLAN tag on a frame. */
function tagged(vlan: number): (bytes: Uint8Array) => void {
  return (bytes) => {
    const wide = new Uint8Array(bytes.length + 8);
    wide.set(bytes, 4);
    const at = pushVlan(wide, 4, 0x8100, vlan);
    bytes.set(wide.subarray(at, at + bytes.length));
    setIpv4TotalLength(bytes, 18, bytes.length - 18);
    fillIpv4Checksum(bytes, 18);
  };
}

Deno.test("vpp 8.10: a sub-interface takes its VLAN off and puts another's on", () => {
  const testbed = testbedOf({
    startup: [
      ...[`create sub-interfaces ${IF0} 100`, `create sub-interfaces ${IF1} 200`],
      `set ip neighbor ${IF1}.200 198.51.100.1 02:aa:00:00:00:01`,
      "ip route add 11.0.0.0/8 via 198.51.100.1",
    ],
  });
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, dst: 0x0b000001, size: 80, edit: tagged(100) },
    { port: 0, at: 9e6, dst: 0x0b000001, size: 80, edit: tagged(101) },
  ])));
  assertEquals([o.outCount, o.reason[1]], [1, REASON["not-ip"]]);
  const sent = frame(o, 0);
  assertEquals([...sent.subarray(0, 18)], [
    2,
    0xaa,
    0,
    0,
    0,
    1,
    2,
    1,
    3,
    4,
    5,
    1,
    0x81,
    0,
    0,
    200,
    8,
    0,
  ]);
  assert(verifyChecksum(sent, 18, 20));
  const report = testbed.report();
  assertEquals(valueOf(report, `show interface ${IF1}.200 tx packets`), 1);
  assertEquals(valueOf(report, `show interface ${IF0}.100 ip4`), 1);
  assertEquals(errorsOf(report), { "ethernet-input: unknown vlan": 1 });
});

/** A frame from one MAC address to another. */
function between(from: number, to: number): (bytes: Uint8Array) => void {
  return (bytes) => bytes.set([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from]);
}

Deno.test("vpp 8.10: a bridge domain floods what it does not know, learns, and then forwards", () => {
  const testbed = testbedOf({
    startup: [IF0, IF1, IF2].map((name) => `set interface l2 bridge ${name} 7`),
  });
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, edit: between(1, 2) },
    { port: 1, at: 20e6, edit: between(2, 1) },
    { port: 0, at: 40e6, edit: between(1, 2) },
    { port: 1, at: 60e6, edit: between(9, 2) },
  ], { ports: 3 })));
  // flooded to both others; then each to where the other was seen; last to its own port
  assertEquals([left(o, 0), left(o, 1), left(o, 2).length], [[1], [0, 2], 1]);
  assertEquals([...frame(o, o.outCount - 1).subarray(0, 12)], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  assertEquals(errorsOf(testbed.report()), { "l2-fwd: L2 fwd drops: same interface": 1 });
});

Deno.test("vpp 8.10: a cross-connect sends every frame to its other end, unchanged", () => {
  const testbed = testbedOf({
    startup: [`set interface l2 xconnect ${IF0} ${IF1}`, `set interface l2 xconnect ${IF1} ${IF0}`],
  });
  const scenario = scenarioOf(stream(20, 1e6, (i) => ({ port: i % 2, edit: between(i, i + 1) })));
  const o = kept(testbed.run(scenario));
  assertEquals([left(o, 0).length, left(o, 1).length], [10, 10]);
  for (let i = 0; i < o.outCount; i++) {
    const at = scenario.traffic.offset[o.outPacket[i]!]!;
    assertEquals(frame(o, i), scenario.traffic.bytes.subarray(at, at + 60));
  }
  assertEquals(nodeOf(testbed.report(), "l2-input").vectors, 20);
});

/** An echo request to the router. */
function ping(bytes: Uint8Array): void {
  const macs = bytes.slice(0, 12);
  writeIcmpEchoFrame(bytes, 0, {
    ...{ dstMac: 0, srcMac: 0, src: 0x0a000007, dst: ADDRESSES[0]!, ttl: 9 },
    ...{ echoId: 5, sequence: 6, payload: 18 },
  });
  bytes.set(macs);
}

Deno.test("vpp 8.11: a ping of the router goes ip4-local, ip4-icmp-input, echo-request, load-balance, and back", () => {
  const testbed = testbedOf({ addresses: ADDRESSES, startup: ["trace add dpdk-input 1"] });
  const o = kept(testbed.run(scenarioOf([{ port: 0, at: 1e6, edit: ping }])));
  assertEquals([o.outCount, o.outPort[0], o.reason[0]], [1, 0, REASON.consumed]);
  const reply = frame(o, 0);
  assertEquals([...reply.subarray(26, 36)], [10, 0, 255, 1, 10, 0, 0, 7, 0, 0]);
  assertEquals([reply[22], reply[39], reply[41]], [64, 5, 6]);
  assert(verifyChecksum(reply, 14, 20) && verifyChecksum(reply, 34, reply.length - 34));
  const nodes = [...vppView("show trace", testbed.report()).matchAll(/^[\d:]+ (\S+)$/gm)].map((
    [, n],
  ) => n);
  assertEquals(nodes.slice(3), [
    ...["ip4-lookup", "ip4-local", "ip4-icmp-input", "ip4-icmp-echo-request", "ip4-load-balance"],
    ...["ip4-rewrite", `${IF0}-output`, `${IF0}-tx`],
  ]);
});

Deno.test("vpp 8.11: what is for the router and nobody knows is punted", () => {
  const testbed = testbedOf({ addresses: ADDRESSES });
  kept(testbed.run(scenarioOf([{ port: 0, at: 1e6, dst: ADDRESSES[0]! }])));
  const report = testbed.report();
  assertEquals(errorsOf(report), { "ip4-local: unknown ip protocol": 1 });
  assertEquals(valueOf(report, `show interface ${IF0} punt`), 1);
});

Deno.test("vpp invariant 12: time exceeded and fragmentation needed, byte by byte, with the TTL as it came", () => {
  const testbed = testbedOf({ addresses: ADDRESSES, mtu: 576 });
  const src = 0x0a000007;
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, src, ttl: 1 },
    { port: 0, at: 30e6, src, ttl: 9, size: 700, edit: (f) => df(f) },
    { port: 0, at: 60e6, src, ttl: 9, size: 700 },
  ])));
  assertEquals([...o.outPort.subarray(0, 3)], [0, 0, 1]);
  const [expired, tooBig] = [frame(o, 0), frame(o, 1)];
  assertEquals([...expired.subarray(14, 16), expired[22], expired[34], expired[35]], [
    0x45,
    0,
    254,
    11,
    0,
  ]);
  assertEquals([...expired.subarray(26, 34)], [10, 0, 255, 1, 10, 0, 0, 7]);
  assertEquals(expired[42 + 8], 1, "TTL of the packet that is quoted");
  assertEquals([...tooBig.subarray(34, 42)].filter((_, i) => i < 2 || i > 3), [
    3,
    4,
    0,
    0,
    576 >> 8,
    576 & 255,
  ]);
  assertEquals([tooBig[42 + 8], tooBig.length], [9, 14 + 576]);
  for (const each of [expired, tooBig]) {
    assert(verifyChecksum(each, 14, 20) && verifyChecksum(each, 34, each.length - 34));
  }
  assertEquals(frame(o, 2)[22], 8, "may be cut, and goes on whole");
});

Deno.test("vpp's ICMP errors quote the packet and not what pads its frame, up to what a message may hold", () => {
  const testbed = testbedOf({ addresses: ADDRESSES });
  const totals = [20, 28, 29, 45, 46, 100, 547, 548, 549, 1000];
  const offers = totals.flatMap((total) =>
    [0, 1, 4, 40].map((padding) => ({ total, size: Math.max(60, 14 + total + padding) }))
  ).map(({ total, size }, i): Offer => ({
    ...{ port: 0, at: (1 + 20 * i) * 1e6, src: 0x0a000007, ttl: 1, size },
    edit: header((bytes) => setIpv4TotalLength(bytes, 14, total)),
  }));
  const o = kept(testbed.run(scenarioOf(offers)));
  const lengths = Array.from({ length: o.outCount }, (_, i) => frame(o, i).length);
  assertEquals(
    lengths,
    totals.flatMap((total) => new Array<number>(4).fill(14 + 28 + Math.min(total, 548))),
  );
});

Deno.test("vpp sends no ICMP error about frames to a group, later fragments or ICMP errors", () => {
  // RFC 1812, 4.3.2.7
  const src = 0x0a000007;
  const silent: Offer["edit"][] = [
    (bytes) => void bytes.fill(0xff, 0, 6),
    header((bytes) => void bytes.set([0, 9], 20)),
    header((bytes) => {
      bytes[23] = 1;
      bytes[34] = 11;
    }),
    header((bytes) => void bytes.set([224, 0, 0, 9], 30)),
    header((bytes) => void bytes.set([0, 0, 0, 7], 26)),
  ];
  const testbed = testbedOf({ addresses: ADDRESSES });
  const offers = silent.map((edit, i) => ({
    port: 0,
    at: (1 + 30 * i) * 1e6,
    src,
    ttl: 1,
    edit: edit!,
  }));
  const o = testbed.run(scenarioOf([...offers, { port: 0, at: 300e6, src, ttl: 1 }]));
  assertEquals([o.outCount, fates(o).dropped], [1, offers.length + 1], "but about the last");
  assert(o.outStart[0]! > 300e6);
});

/** Changes a frame and fills in its header checksum. */
function header(change: (bytes: Uint8Array) => void): NonNullable<Offer["edit"]> {
  return (bytes) => {
    change(bytes);
    fillIpv4Checksum(bytes, 14);
  };
}

function df(bytes: Uint8Array): void {
  bytes[20]! |= 0x40;
  const sum = (bytes[24]! << 8 | bytes[25]!) - 0x4000;
  const folded = sum < 0 ? sum + 0xffff : sum;
  bytes[24] = folded >> 8;
  bytes[25] = folded & 255;
}

const ARP = { addresses: ADDRESSES, neighbours: [0x0a000009, 0x0a010009] };

/** An ARP packet from 10.1.0.9. */
function arp(operation: number): NonNullable<Offer["edit"]> {
  return (bytes) => {
    bytes.fill(0, 12);
    bytes.set([2, 9, 9, 9, 9, 9], 6);
    setEtherType(bytes, 0, 0x0806);
    writeArp(bytes, 14);
    setArpOperation(bytes, 14, operation);
    bytes.set([2, 9, 9, 9, 9, 9], 22);
    setArpSenderIpv4(bytes, 14, ARP.neighbours[1]!);
    setArpTargetIpv4(bytes, 14, ADDRESSES[1]!);
  };
}

Deno.test("vpp invariant 17: an unresolved neighbour loses the packet, is asked once, and later packets pass", () => {
  const testbed = testbedOf({ ...ARP, throttleUs: 1000 });
  const o = kept(testbed.run(scenarioOf([
    ...stream(3, 10e6),
    { port: 1, at: 50e6, edit: arp(ARP_REPLY) },
    ...stream(5, 10e6, () => ({}), 100e6),
  ])));
  const request = frame(o, 0);
  assertEquals([o.outPort[0], request[12], request[13], arpOperation(request, 14)], [1, 8, 6, 1]);
  assertEquals([arpSenderIpv4(request, 14), arpTargetIpv4(request, 14)], [
    ADDRESSES[1],
    ARP.neighbours[1],
  ]);
  assertEquals(errorsOf(testbed.report()), {
    "ip4-arp: ARP requests sent": 1,
    "ip4-arp: ARP requests throttled": 2,
    "arp-input: ARP replies received": 1,
  });
  assertEquals([o.outCount, [...frame(o, 1).subarray(0, 6)]], [6, [2, 9, 9, 9, 9, 9]]);
});

Deno.test("vpp asks for a neighbour until a request is on its way, whenever the pool is empty for a moment", () => {
  const route6 = `ip route add 2001:db8:1::/48 via 2001:db8:1::99 ${IF1}`;
  const addresses6 = ["2001:db8:a::1", "2001:db8:1::1"];
  const udp6: Offer["edit"] = (bytes) => {
    bytes.fill(0, 12);
    bytes.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17, 64, 0x20, 1, 0xd, 0xb8, 0, 0xa], 12);
    bytes.set([0x20, 1, 0xd, 0xb8, 0, 1], 38);
  };
  for (const edit of [undefined, udp6]) {
    for (let occurrence = 0; occurrence < 24; occurrence++) {
      const testbed = testbedOf({ ...ARP, addresses6, startup: [route6], throttleUs: 1000 });
      const offers = stream(6, 10e6, () => ({ size: 62, ...edit && { edit } }));
      const plain = scenarioOf(offers, { rxRing: 8, poolCache: 0 });
      const deviations = [{ site: "allocation", occurrence, value: 1 }];
      const o = kept(testbed.run({ ...plain, deviations }));
      const errors = errorsOf(testbed.report());
      const sent = edit === undefined
        ? errors["ip4-arp: ARP requests sent"]
        : errors["ip6-discover-neighbor: neighbor solicitations sent"];
      const text = `${edit === undefined ? "ARP" : "ND"}, allocation ${occurrence} fails`;
      assertEquals([o.outCount, sent], [1, 1], text);
      assertEquals(errorsCounted(testbed.report()), endedInNodes(o), text);
    }
  }
});

Deno.test("vpp answers an ARP request for its own address", () => {
  const testbed = testbedOf(ARP);
  const o = kept(testbed.run(scenarioOf([{ port: 1, at: 1e6, edit: arp(1) }])));
  const reply = frame(o, 0);
  assertEquals([o.outPort[0], arpOperation(reply, 14)], [1, ARP_REPLY]);
  assertEquals([arpSenderIpv4(reply, 14), arpTargetIpv4(reply, 14)], [
    ADDRESSES[1],
    ARP.neighbours[1],
  ]);
  assertEquals([...reply.subarray(0, 12)], [2, 9, 9, 9, 9, 9, 2, 1, 3, 4, 5, 1]);
});

Deno.test("vpp answers no ARP request for an address that is not its own on that interface", () => {
  const testbed = testbedOf(ARP);
  const of = (target: number): NonNullable<Offer["edit"]> => (bytes) => {
    arp(1)(bytes);
    setArpTargetIpv4(bytes, 14, target);
  };
  const targets = [ADDRESSES[0]!, 0x0a01ff02, ARP.neighbours[1]!, ADDRESSES[1]!];
  const o = kept(testbed.run(scenarioOf(
    targets.map((target, i) => ({ port: 1, at: 1e6 + i * 20e6, edit: of(target) })),
  )));
  assertEquals([o.outCount, arpSenderIpv4(frame(o, 0), 14)], [1, ADDRESSES[1]]);
});

Deno.test("vpp 8.10: a sub-interface that is down receives nothing, the one beside it does", () => {
  const testbed = testbedOf({
    startup: [
      ...[`create sub-interfaces ${IF0} 100`, `create sub-interfaces ${IF0} 101`],
      `set interface state ${IF0}.100 down`,
    ],
  });
  const o = kept(testbed.run(scenarioOf([
    { port: 0, at: 1e6, size: 80, edit: tagged(100) },
    { port: 0, at: 9e6, size: 80, edit: tagged(101) },
  ])));
  assertEquals([o.outCount, o.outPacket[0]], [1, 1]);
  assertEquals(errorsOf(testbed.report()), { "ethernet-input: subinterface down": 1 });
});

Deno.test("vpp: each packet of a frame is held to the MTU of its own adjacency", () => {
  for (const loop of ["single", "dual", "quad"] as const) {
    const testbed = testbedOf({ loop, startup: [`set interface mtu packet 500 ${IF1}`] });
    // together in one frame: long and short ones, to a port that takes them and to one that does not
    const offers = Array.from({ length: 32 }, (_, i): Offer => {
      const out = i * 7 % 3 === 0 ? 1 : 2;
      return {
        port: 0,
        at: 1e6,
        dst: towards(out),
        size: i % 2 === 0 ? 600 : 60,
        edit: dontFragment,
      };
    });
    const o = kept(testbed.run(scenarioOf(offers, { ports: 3 })));
    const lost = offers.map((_, i) => i).filter((i) => i * 7 % 3 === 0 && i % 2 === 0);
    const gone = new Set(o.outPacket.subarray(0, o.outCount));
    assertEquals(offers.map((_, i) => i).filter((i) => !gone.has(i)), lost, loop);
  }
});

Deno.test("AdjacencyTable finds a neighbour on the interface that is asked for, or on any", () => {
  const table = new AdjacencyTable(new Uint8Array(18), 1);
  const [a, b] = [0, 1].map((port) => ({ port, vlan: -1 }) as unknown as SwInterface);
  const [one, two] = [table.add(a!, 0x0a000001, 0), table.add(b!, 0x0a000001, 0)];
  assertEquals([table.find(0x0a000001, a), table.find(0x0a000001, b)], [one, two]);
  assertEquals([table.find(0x0a000001), table.find(0x0a000002)], [one, undefined]);
  assertEquals(table.find(0x0a000001, { port: 2 } as unknown as SwInterface), undefined);
});

Deno.test("vpp invariant 16: an interface that is down counts what would go out, and sends nothing", () => {
  const testbed = testbedOf({
    commands: [{ atUs: 50, command: `set interface state ${IF1} down` }],
  });
  const o = kept(testbed.run(scenarioOf(stream(100, 1e6))));
  const report = testbed.report();
  const down = errorsOf(report)[`${IF1}-output: interface is down`]!;
  assert(down > 45 && down < 55, `${down}`);
  assertEquals([fates(o).emitted + down, valueOf(report, `show interface ${IF1} tx-error`)], [
    100,
    down,
  ]);
  assertEquals(valueOf(report, `show interface ${IF1} tx packets`), 100 - down);
  assertEquals(valueOf(report, `show interface ${IF1}: mtu`), 9000);
});

Deno.test("vpp invariant 16: a sub-interface that is up sends nothing while its port is down", () => {
  const sub = `${IF1}.200`;
  const testbed = testbedOf({
    startup: [
      `create sub-interfaces ${IF1} 200`,
      `set ip neighbor ${sub} 10.1.0.9 02:bb:00:00:00:01`,
      `ip route add 10.1.0.0/16 via 10.1.0.9 ${sub}`,
    ],
    commands: [{ atUs: 50, command: `set interface state ${IF1} down` }],
  });
  const o = kept(testbed.run(scenarioOf(stream(100, 1e6))));
  const report = testbed.report();
  const down = errorsOf(report)[`${IF1}-output: interface is down`]!;
  assert(down > 45 && down < 55, `${down}`);
  assertEquals(fates(o).emitted + down, 100);
  assertEquals(valueOf(report, `show interface ${sub} tx-error`), down);
});

Deno.test("vpp counts as tx-error what a full transmit ring refused, and nothing else", () => {
  const testbed = testbedOf();
  const offers = [0, 2].flatMap((port) =>
    stream(800, 67_200, () => ({ port, size: 500, dst: towards(1) }))
  );
  const o = kept(testbed.run(scenarioOf(offers, { ports: 3, txRing: 32, rxRing: 256 })));
  const lost = o.dropped[REASON["tx-full"]]!;
  assert(lost > 50 && fates(o).emitted > 50, `${lost} lost`);
  assertEquals(valueOf(testbed.report(), `show interface ${IF1} tx-error`), lost);
});

Deno.test("vpp invariant 20: a pool that runs dry counts rx-no-buf, loses at the NIC, and recovers", () => {
  // sent mbufs stay in the transmit ring until it gets short: a pool has to hold that much besides
  const rings = { rxRing: 128, txRing: 64, ingress: 128 };
  const testbed = testbedOf({ buffersPerNuma: 2 * 128 + 96 });
  const burst = stream(600, 67_200);
  const after = stream(50, 1e6, () => ({}), 2e9);
  const o = kept(testbed.run(scenarioOf([...burst, ...after], { ...rings, poolCache: 1 })));
  const report = testbed.report();
  assert(valueOf(report, `show interface ${IF0} rx-no-buf`) > 0, "the pool never ran dry");
  const lost =
    [...o.reason.subarray(0, 600)].filter((reason) => reason === REASON["rx-missed"]).length;
  assert(lost > 0 && lost === valueOf(report, `show interface ${IF0} rx-miss`));
  const ids = left(o, 1);
  assertEquals(ids.filter((id) => id >= 600).length, 50, "what came after the burst");
});

Deno.test("vpp 8.12: in interrupt mode an idle worker sleeps, and every packet is looked at", () => {
  const testbed = testbedOf({
    startup: [IF0, IF1].map((name) => `set interface rx-mode ${name} interrupt`),
  });
  const o = kept(testbed.run(scenarioOf(stream(40, 5e7))));
  assertEquals([fates(o).emitted, o.interrupts >= 40], [40, true]);
  const [lcore] = testbed.machine.lcores;
  assert(lcore!.emptyPs + lcore!.usefulPs < 0.1 * 40 * 5e7, "the core slept most of the time");
  assert(/^dpdk-input +interrupt wait +\d+ +40 /m.test(vppView("show runtime", testbed.report())));
});

Deno.test("vpp invariant 7: adaptive mode polls above 10 vectors in 128 loops, and waits again below 5", () => {
  const testbed = testbedOf({
    startup: [IF0, IF1].map((name) => `set interface rx-mode ${name} adaptive`),
  });
  const trickle = stream(8, 3e8);
  const flood = stream(600, 2e5, () => ({}), 3e9);
  const o = kept(
    testbed.run(scenarioOf([...trickle, ...flood, ...stream(3, 3e8, () => ({}), 4e9)])),
  );
  assertEquals(fates(o).emitted, 611);
  assertEquals(o.findings.filter(({ id }) => id === "VPP-7").length, 1);
  const { interrupts } = o;
  // one for each packet of the trickle, few while it polls
  assert(interrupts >= 11 && interrupts < 60, `${interrupts} interrupts for 611 packets`);
  assert(
    /^dpdk-input +interrupt wait /m.test(vppView("show runtime", testbed.report())),
    "waits at the end",
  );
});

Deno.test("vpp refuses knobs that are out of range and lines that are none", () => {
  assertThrows(() => testbedOf({ loop: "octo" as "quad" }), TypeError, 'loop "octo"');
  const late = [{ atUs: 1, command: `set interface rx-mode ${IF0} adaptive` }];
  assertThrows(() => testbedOf({ commands: late }), RangeError, "expected in startup");
  assertThrows(() => testbedOf({ mtu: 67 }), RangeError, "mtu 67");
  assertThrows(() => testbedOf({ neighbours: [1] }), RangeError, "neighbours without addresses");
  assertThrows(
    () => testbedOf({ commands: [{ atUs: 2, command: "clear trace" }, { atUs: 1, command: "" }] }),
    RangeError,
    "atUs 1",
  );
  assertThrows(
    () => testbedOf({ startup: ["ip route add 10.0.0.0/33 via 192.0.2.1"] }),
    TypeError,
    "no prefix",
  );
  assertThrows(
    () => testbedOf({ startup: ["set acl-plugin acl allow"] }),
    TypeError,
    '"allow" is no rule',
  );
  assertThrows(
    () => testbedOf({ addresses: [1] }).run(scenarioOf([])),
    RangeError,
    "1 addresses for 2 ports",
  );
});
