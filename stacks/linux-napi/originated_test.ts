// Aim: the sender of a packet that cannot be forwarded is told so, once, with the right bytes and not too often;
// neighbours are asked for, and what waits for them leaves in order or is lost with a word; what an administrator
// types takes effect at once; a capture sees all and costs.
// Method: whole runs, judged by the laws of what a router originates; then the counters against the frames.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { LcTrie } from "../../core/fib/lc_trie.ts";
import { FATE, GENERATED, type Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { TestbedOptions } from "../../core/machine/testbed_options.ts";
import {
  fillIpv4Checksum,
  icmpId,
  icmpType,
  ipv4Dst,
  ipv4Src,
  setIpv4Flags,
  setIpv4Src,
  verifyIcmpChecksum,
  writeArp,
  writeIcmpEchoFrame,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import { judgeAll, LAWS, referenceRouter } from "../../properties/mod.ts";
import {
  counter,
  type FramePlan,
  LINUX_TEST_PROFILE,
  scenarioOf,
  steady,
} from "./_scenario_for_tests.ts";
import { IcmpLimit } from "../../core/linux/icmp_limit.ts";
import { linuxNapi, type LinuxNapiOptions } from "./mod.ts";

const ADDRESSES = [0xc0000201, 0xc0000202];
/** A host behind port 0, to which there is a way back. */
const HOST = 0x0a000099;

/** A frame from port 0 to port 1, from a host that can be told; `change` comes before the checksum. */
function from(
  at: number,
  fields: Partial<FramePlan> = {},
  change: (bytes: Uint8Array, ip: number) => void = () => {},
): FramePlan {
  return {
    at,
    port: 0,
    to: 1,
    ...fields,
    change(bytes, offset) {
      setIpv4Src(bytes, offset + 14, HOST);
      change(bytes, offset + 14);
      fillIpv4Checksum(bytes, offset + 14);
    },
  };
}

/** Runs a plan and judges it; the judge knows the first `routes` routes, all unless told otherwise. */
function run(
  plan: FramePlan[],
  options: LinuxNapiOptions,
  more: TestbedOptions = {},
  routes = 2,
) {
  const testbed = new Testbed(linuxNapi(options), LINUX_TEST_PROFILE, more);
  const run = scenarioOf(plan, { rxRing: 64, txRing: 64 });
  const o = testbed.run(run);
  const scenario = { ...run, routes: { ...run.routes, count: routes } };
  const { policy, offers } = testbed;
  const expectation = referenceRouter(scenario, policy);
  // a table that changes, and a neighbour that is silent, are nothing that a law knows of
  const laws = LAWS.filter(({ id }) => /^(PKT-(3|7|10|11)|ORD|POOL|NIC|LOSS-[23])/.test(id));
  const again = () => o;
  const judged = judgeAll({ scenario, observation: o, policy, expectation, offers, again }, laws);
  for (const { law, verdict } of judged) {
    assert(verdict.kind !== "broken", `${law.id}: ${JSON.stringify(verdict)}`);
  }
  assertEquals(o.faults, []);
  const kept = judged.filter(({ verdict }) => verdict.kind === "kept").map(({ law }) => law.id);
  return { o, report: testbed.report(), kept };
}

/** Frames of the kernel's own making, without their Ethernet headers. */
function made(o: Observation): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let i = 0; i < o.outCount; i++) {
    if (o.outPacket[i] !== GENERATED) continue;
    frames.push(o.outBytes.slice(o.outOffset[i]! + 14, o.outOffset[i]! + o.outLength[i]!));
  }
  return frames;
}

/** Type, code and bytes 4 to 7 of ICMP messages, e.g. "11/0 0". */
function messages(o: Observation): string[] {
  return made(o).map((b) => `${b[20]}/${b[21]} ${(b[26]! << 8) | b[27]!}`);
}

const cutNot = (bytes: Uint8Array, ip: number) => setIpv4Flags(bytes, ip, 2);

Deno.test("linuxNapi tells why a packet is not forwarded, byte for byte as the laws have it", () => {
  const plan = [
    from(20e6, { ttl: 1 }),
    from(40e6, { ttl: 0 }),
    from(60e6, { to: 9 }),
    from(80e6, { size: 600 }, cutNot),
    // more than the message holds
    from(100e6, { size: 1000, ttl: 1 }),
    from(120e6, {}),
  ];
  const { o, report, kept } = run(plan, { addresses: ADDRESSES, mtu: 500 });
  assertEquals(kept.filter((id) => id.startsWith("PKT")), ["PKT-3", "PKT-7", "PKT-10", "PKT-11"]);
  assertEquals(messages(o), ["11/0 0", "11/0 0", "3/0 0", "3/4 500", "11/0 0"]);
  const frames = made(o);
  assertEquals(frames.map((b) => b.length), [74, 74, 74, 500, 500]);
  // source, then the host that is told
  assertEquals([...frames[0]!.slice(12, 20)], [192, 0, 2, 1, 10, 0, 0, 0x99]);
  const first = [...scenarioOf(plan).traffic.bytes.slice(14, 60)];
  assertEquals([...frames[0]!.slice(28)], first, "the packet as it came");
  const n = (name: RegExp) => counter(report, name);
  assertEquals([n(/IcmpOutDestUnreachs/), n(/IcmpOutTimeExcds/), n(/IpOutRequests/)], [2, 3, 5]);
  assertEquals([n(/IpFragFails/), n(/IpInHdrErrors/), n(/InNoRoutes/), n(/ForwDat/)], [1, 3, 1, 1]);
  assertEquals(n(/tc -s qdisc eth\d queue 0 sent$/), 6);
});

Deno.test("linuxNapi forwards what is too long where it may be cut, and tells nobody without an address", () => {
  const plan = [from(20e6, { size: 600 }), from(40e6, { ttl: 1 }), from(60e6, { to: 9 })];
  // exactly the MTU
  plan.push(from(80e6, { size: 514 }, cutNot));
  assertEquals(made(run(plan, { mtu: 500 }).o).length, 0);
  const { o } = run(plan, { mtu: 500, addresses: ADDRESSES });
  assertEquals([o.fate[0], o.fate[3], messages(o).length], [FATE.emitted, FATE.emitted, 2]);
});

Deno.test("linuxNapi sends no ICMP error where RFC 1812, 4.3.2.7, forbids it, or without a way back", () => {
  const icmp = (type: number) => (b: Uint8Array, ip: number) => {
    b[ip + 9] = 1;
    b[ip + 20] = type;
  };
  const silent: ((bytes: Uint8Array, ip: number) => void)[] = [
    (b, ip) => void (b[ip + 7] = 1), // a later fragment
    (b, ip) => void (b[ip + 16] = 224),
    (b, ip) => void b.fill(255, ip + 16, ip + 20),
    (b, ip) => setIpv4Src(b, ip, 0),
    (b, ip) => setIpv4Src(b, ip, 0x7f000001),
    (b, ip) => setIpv4Src(b, ip, 0xe0000001),
    (b, ip) => setIpv4Src(b, ip, 0x0b000001), // no route leads there
    ...[3, 4, 5, 11, 12, 19].map(icmp),
  ];
  const loud = [
    ...[0, 8, 13].map(icmp),
    (b: Uint8Array, ip: number) => void (b[ip + 6] = 0x20),
    (b: Uint8Array, ip: number) => void (b[ip + 16] = 240), // class E
  ];
  const options = { addresses: ADDRESSES };
  const plan = (changes: typeof silent) =>
    changes.map((change, i) => from(20e6 + i * 20e6, { ttl: 1 }, change));
  assertEquals(messages(run(plan(silent), options).o), []);
  assertEquals(messages(run(plan(loud), options).o).length, loud.length);
});

Deno.test("linuxNapi tells one host six things at once and one a second, and all hosts fifty", () => {
  const spent = (n: number, host = (i: number) => HOST + 0 * i) =>
    Array.from(
      { length: n },
      (_, i) => from(20e6 + i * 1e6, { ttl: 1 }, (b, ip) => setIpv4Src(b, ip, host(i))),
    );
  const options = { addresses: ADDRESSES };
  const one = run([...spent(10), from(1.1e12, { ttl: 1 })], options);
  assertEquals(messages(one.o).length, 7);
  assertEquals(counter(one.report, /RateLimitHost/), 4);
  const all = run(spent(60, (i) => HOST + 256 + i), options);
  assertEquals(messages(all.o).length, 50);
  assertEquals(counter(all.report, /RateLimitGlobal/), 10);
  // path MTU discovery needs each of them
  const tooLong = Array.from({ length: 12 }, (_, i) => from(20e6 + i * 2e6, { size: 600 }, cutNot));
  assertEquals(messages(run(tooLong, { ...options, mtu: 500 }).o).length, 12);
});

Deno.test("linuxNapi in a streamed run counts its answers among no packet's fates", () => {
  const testbed = new Testbed(linuxNapi({ addresses: ADDRESSES }), LINUX_TEST_PROFILE);
  const three = scenarioOf([from(20e6, { ttl: 1 }), from(30e6), from(40e6)]);
  const o = testbed.stream(three, { times: 20, periodPs: 100e6 });
  assertEquals([o.end, o.offered, o.emitted, o.dropped[REASON.ttl]], ["quiet", 60, 40, 20]);
  assertEquals(counter(testbed.report(), /tx_packets/), 46, "and six answers");
  assertEquals(o.unresolved, 0);
});

Deno.test("IcmpLimit gives back one token a second to a host, and a thousand to all", () => {
  const limit = new IcmpLimit();
  const allowed = (host: (i: number) => number, n: number, nowMs: number) =>
    Array.from({ length: n }, (_, i) => limit.allow(host(i), nowMs)).filter((ok) => ok).length;
  assertEquals(allowed(() => 1, 10, 1000), 6);
  assertEquals(allowed(() => 1, 10, 1999), 0);
  assertEquals(allowed(() => 1, 10, 2000), 1);
  assertEquals(allowed(() => 1, 10, 4500), 2);
  assertEquals(allowed(() => 1, 10, 5000), 1, "the half second is not lost");
  assertEquals(allowed(() => 1, 10, 60_000), 6, "no more than six");
  assertEquals(allowed((i) => 10 + i, 100, 61_000), 50);
  assertEquals(allowed((i) => 200 + i, 100, 61_019), 0, "not before 20 ms");
  assertEquals(allowed((i) => 300 + i, 100, 61_025), 25);
});

// Aim: what is typed takes effect at once, and nothing is lost without a word.

Deno.test("linuxNapi answers what follows the withdrawal of a route with ICMP unreachable", () => {
  const plan = Array.from({ length: 400 }, (_, i) => from(20e6 + i * 1.5e6));
  const del = { atUs: 100, route: "del", prefix: 0x0a010000, depth: 16 } as const;
  const again = { ...del, atUs: 300, route: "replace", nextHop: 1 } as const;
  const { o, report } = run(plan, { addresses: ADDRESSES, commands: [del, again] }, {}, 1);
  const fates = plan.map((_, p) => o.fate[p] === FATE.emitted ? "f" : `${o.reason[p]}`).join("");
  assertEquals(fates.replaceAll(/(.)\1*/g, "$1"), `f${REASON["no-route"]}f`);
  const lost = counter(report, /InNoRoutes/);
  // 200 us are 133 packets; the shell waits for the softirq to end
  assert(lost > 100 && lost < 200, `${lost} without a route`);
  assertEquals(messages(o), Array(6).fill("3/0 0"));
  assertEquals(counter(report, /RateLimit/), lost - 6);
  assertEquals(counter(report, /ForwDatagrams/), 400 - lost);
  // at the latest one poll after the command
  const first = fates.indexOf(`${REASON["no-route"]}`);
  assert(o.endAt[first]! > 100e6 && o.endAt[first]! < 150e6, `${o.endAt[first]} ps`);
});

Deno.test("linuxNapi with a table of its machine that is an LC-trie changes that one", () => {
  const fib = new LcTrie();
  fib.add(0x0a010000, 16, 1);
  const del = { atUs: 100, route: "del", prefix: 0x0a010000, depth: 16 } as const;
  const { o } = run([from(20e6), from(300e6)], { commands: [del] }, { fib });
  assertEquals([o.fate[0], o.reason[1], fib.size], [FATE.emitted, REASON["no-route"], 0]);
});

Deno.test("linuxNapi stops forwarding at once when ip_forward is 0", () => {
  const plan = Array.from({ length: 300 }, (_, i) => from(20e6 + i * 1.5e6));
  const off = { atUs: 100, sysctl: "net.ipv4.ip_forward", value: 0 } as const;
  const { o, report } = run(plan, { addresses: ADDRESSES, commands: [off] });
  const left = Array.from(o.fate.subarray(0, 300)).lastIndexOf(FATE.emitted);
  assert(left > 40 && left < 80, `${left} was the last to be forwarded`);
  assertEquals(counter(report, /InAddrErrors/), 299 - left);
  assertEquals(messages(o), [], "a host keeps silent");
  // taken before the command, at most one poll of 64 packets later on the wire
  assert(o.txAt[left]! < 150e6, `${o.txAt[left]} ps`);
});

// Aim: neighbours. The peer answers in the scenario, as a frame of its own.

const NEIGHBOURS = [0x0a000001, 0x0a010001];
const ARP_OPTIONS = { addresses: ADDRESSES, neighbours: NEIGHBOURS };

/** An answer of ARP from next hop 1 to port 1. */
function reply(at: number, sender = NEIGHBOURS[1]!): FramePlan {
  return {
    at,
    port: 1,
    to: 0,
    change(bytes, offset) {
      bytes.fill(0, offset + 14, offset + 60);
      bytes.set([2, 0, 0, 0, 0xcc, 1, 8, 6], offset + 6);
      writeArp(bytes, offset + 14);
      bytes.set([0, 2, 2, 0, 0, 0, 0xcc, 1], offset + 20);
      for (let i = 0; i < 4; i++) bytes[offset + 28 + i] = sender >>> (24 - 8 * i);
      bytes.set([2, 0, 0, 0, 0xaa, 1, 192, 0, 2, 2], offset + 32);
    },
  };
}

Deno.test("linuxNapi asks once for a neighbour, and sends what waits in order when it answers", () => {
  const plan = [...Array.from({ length: 20 }, (_, i) => from(20e6 + i * 5e6)), reply(300e6)];
  const { o, report, kept } = run([...plan, from(400e6)], ARP_OPTIONS);
  assert(kept.includes("PKT-10") && kept.includes("PKT-7"), `${kept}`);
  assertEquals(made(o).map((b) => [b[7], ...b.slice(24, 28)]), [[1, 10, 1, 0, 1]]);
  assertEquals([...o.outPacket.subarray(0, o.outCount)], [
    GENERATED,
    ...Array.from({ length: 20 }, (_, p) => p),
    21,
  ]);
  assert(o.outStart[1]! > 300e6, "nothing leaves before the answer");
  assertEquals(counter(report, /arp_rcv/), 1);
  assertEquals(counter(report, /solicitations/), 1);
  assertEquals(counter(report, /unresolved_discards|tc .*(dropped|backlog)/), 0);
});

Deno.test("linuxNapi learns nothing from an answer for which it did not ask", () => {
  // arp_process: neigh_lookup finds an entry or none is made, arp_accept is 0
  const { o, report } = run([reply(20e6), from(40e6), reply(100e6)], ARP_OPTIONS);
  assertEquals(made(o).map((b) => [b[7], ...b.slice(24, 28)]), [[1, 10, 1, 0, 1]]);
  assertEquals([...o.outPacket.subarray(0, o.outCount)], [GENERATED, 1]);
  assert(o.outStart[1]! > 100e6, "nothing leaves before the answer that was asked for");
  assertEquals(counter(report, /solicitations/), 1);
});

Deno.test("linuxNapi takes an answer from the port alone on which it asked", () => {
  const elsewhere = { ...reply(100e6), port: 0 };
  const { o, report } = run([from(20e6), elsewhere, reply(200e6)], ARP_OPTIONS);
  assertEquals([...o.outPacket.subarray(0, o.outCount)], [GENERATED, 0]);
  assert(o.outStart[1]! > 200e6, "nothing leaves before the answer of the right port");
  assertEquals(counter(report, /arp_rcv/), 2);
});

Deno.test("linuxNapi loses at a cold start what unres_qlen does not hold, the oldest first", () => {
  const plan = [...Array.from({ length: 20 }, (_, i) => from(20e6 + i * 5e6)), reply(300e6)];
  const { o, report } = run(plan, { ...ARP_OPTIONS, unresQlen: 8 });
  for (let p = 0; p < 12; p++) {
    assertEquals([o.reason[p], o.occupancy[p]], [REASON.unresolved, 8], `packet ${p}`);
    assertEquals(o.places[o.place[p]!], { name: "arp_queue of next hop 1", capacity: 8 });
  }
  assertEquals([...o.outPacket.subarray(1, o.outCount)], [12, 13, 14, 15, 16, 17, 18, 19]);
  assertEquals(counter(report, /unresolved_discards/), 12);
});

Deno.test("linuxNapi tells the sender when no neighbour answers three requests, and asks anew", () => {
  const arp = { ...ARP_OPTIONS, retransTimeMs: 1 };
  // next hop 0, behind which the sender is, answers; next hop 1 does not
  const back = (b: FramePlan): FramePlan => ({
    ...b,
    port: 0,
    change(bytes, at) {
      b.change!(bytes, at);
      bytes[at + 5] = 0;
      bytes[at + 11] = bytes[at + 27] = 0;
    },
  });
  const plan = [
    from(20e6),
    from(30e6),
    reply(40e6, 0x0a010077), // another host's
    back(reply(3.5e9, NEIGHBOURS[0]!)),
    from(5e9),
  ];
  const { o, report } = run(plan, arp, { patiencePs: 10e9 });
  const arps = made(o).filter((b) => b[0] === 0);
  assertEquals(arps.map((b) => b[25]), [1, 1, 1, 0, 1, 1, 1], "target of each request");
  assertEquals(made(o).filter((b) => b[0] === 0x45).map((b) => `${b[20]}/${b[21]}`), [
    "3/1",
    "3/1",
    "3/1",
  ]);
  for (const p of [0, 1, 4]) assertEquals(o.reason[p], REASON.unresolved);
  assert(o.endAt[0]! >= 3.02e9 && o.endAt[0]! < 3.1e9, `given up at ${o.endAt[0]} ps`);
  assertEquals(counter(report, /unresolved_discards/), 0);
});

// Aim: a capture.

Deno.test("linuxNapi under tcpdump is slower, and shows each frame that came and left", () => {
  const few = steady(30, 20e6);
  const { o, report } = run(few, { tap: true });
  const n = (name: RegExp) => counter(report, name);
  assertEquals([n(/eth0 In/), n(/eth1 In/), n(/eth0 Out/), n(/eth1 Out/)], [30, 30, 30, 30]);
  assertEquals([n(/captured/), n(/received by/), n(/dropped by/)], [120, 120, 0]);
  assertEquals(o.outCount, 60);
  const many = steady(1200, 600e3);
  const busy = (options: LinuxNapiOptions) => {
    const { o, report } = run(many, options);
    return [o.emitted, report] as const;
  };
  const [free] = busy({});
  const [tapped, rows] = busy({ tap: true });
  // 2,070 cycles, and two clones and copies of 1,520
  assert(tapped < 0.6 * free, `${tapped} of ${free} frames`);
  assert(counter(rows, /dropped by kernel/) > 0, "the process does not keep up");
  assertEquals(
    counter(rows, /received by/),
    counter(rows, /captured/) + counter(rows, /dropped by/),
  );
});

Deno.test("linuxNapi refuses what cannot be set up, by name", () => {
  const options: [LinuxNapiOptions, string][] = [
    [{ mtu: 67 }, "mtu 67"],
    [{ addresses: [-1] }, "address -1"],
    [{ neighbours: [1] }, "neighbours without addresses"],
    [{ unresQlen: 0 }, "unresQlen 0"],
    [{ retransTimeMs: 0 }, "retransTimeMs 0"],
    [
      {
        commands: [
          { atUs: 5, sysctl: "net.ipv4.ip_forward", value: 0 },
          { atUs: 4, sysctl: "net.ipv4.ip_forward", value: 1 },
        ],
      },
      "atUs 4 is not an integer in 5",
    ],
  ];
  for (const [one, text] of options) assertThrows(() => linuxNapi(one), RangeError, text);
  const boots: [LinuxNapiOptions, string][] = [
    [{ addresses: [1] }, "1 addresses for 2 ports"],
    [{ addresses: [1, 2], neighbours: [1] }, "1 neighbours for 2 next hops"],
    [
      { commands: [{ atUs: 1, route: "replace", prefix: 0, depth: 0, nextHop: 2 }] },
      "next hop 2 of 2",
    ],
  ];
  for (const [one, text] of boots) {
    assertThrows(() => run([from(20e6)], one), RangeError, text);
  }
});

Deno.test("linuxNapi delivers what is addressed to a port, and answers a ping with its own data", () => {
  const ping = (at: number, change: (bytes: Uint8Array, at: number) => void = () => {}) => ({
    ...from(at),
    size: 98,
    change(bytes: Uint8Array, off: number) {
      writeIcmpEchoFrame(bytes, off, {
        ...{ dstMac: 0x02_00_00_00_aa_00, srcMac: 0x02_00_00_00_bb_00, src: HOST },
        ...{ dst: ADDRESSES[0]!, echoId: 7, sequence: at / 1e6, payload: 56 },
      });
      change(bytes, off);
    },
  });
  // the second has a wrong ICMP checksum; the third asks an address that is nobody's
  const plan = [ping(20e6), ping(40e6, (b, at) => void (b[at + 60]! ^= 1)), from(60e6, { to: 9 })];
  const testbed = new Testbed(linuxNapi({ addresses: ADDRESSES }), LINUX_TEST_PROFILE);
  const o = testbed.run(scenarioOf(plan, { rxRing: 64, txRing: 64 }));
  const report = testbed.report();
  const n = (name: RegExp) => counter(report, name);
  assertEquals([n(/IpInDelivers/), n(/IcmpInEchos/), n(/IcmpOutEchoReps/)], [2, 1, 1]);
  assertEquals([...o.reason.subarray(0, 2)], [REASON.consumed, REASON.consumed]);
  const [reply] = [...o.outPacket.subarray(0, o.outCount)].map((packet, i) => ({ packet, i }));
  assertEquals([reply!.packet, o.outPort[reply!.i]], [GENERATED, 0]);
  const at = o.outOffset[reply!.i]!;
  const bytes = o.outBytes;
  assertEquals([ipv4Src(bytes, at + 14), ipv4Dst(bytes, at + 14)], [ADDRESSES[0], HOST]);
  assertEquals([icmpType(bytes, at + 34), icmpId(bytes, at + 34)], [0, 7]);
  assert(verifyIcmpChecksum(bytes, at + 34, o.outLength[reply!.i]! - 34), "its checksum is right");
});
