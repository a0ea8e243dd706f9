// Aim: what an engineer looks at first in vanilla PF_RING: figures that agree, the kernel that goes on, clusters, filters,
// reflection, the lock, the watermark, libpcap.
// Method: whole runs on the 82599's machine; counters held against the frames that were offered, and against each other.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FATE, GENERATED, type Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { TestbedOptions } from "../../core/machine/testbed_options.ts";
import { icmpType, ipv4Ttl, writeIcmpEchoFrame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Geometry } from "../../core/machine/device.ts";
import type { ReportRow } from "../../core/stack.ts";
import { readCapture } from "../../fixtures/mod.ts";
import {
  brokenIn,
  counter,
  counters,
  fates,
  type FramePlan,
  OWN_MAC,
  scenarioOf,
  steady,
  XEON,
} from "./_scenario_for_tests.ts";
import {
  PcapSavefile,
  pfRing,
  type PfRingApplication,
  type PfRingOptions,
  pfRingView,
} from "./mod.ts";

interface Seen {
  readonly o: Observation;
  readonly report: readonly ReportRow[];
  n(name: RegExp): number;
}

function run(
  options: PfRingOptions,
  plan: readonly FramePlan[],
  geometry: Partial<Geometry> = {},
  more: TestbedOptions = {},
): Seen {
  const testbed = new Testbed(pfRing(options), XEON, more);
  const o = testbed.run(scenarioOf(plan, geometry));
  const report = testbed.report();
  assertEquals([o.faults, brokenIn(o)], [[], []]);
  return { o, report, n: (name) => counter(report, name) };
}

const PFCOUNT = { application: "pfcount", direction: "rx", watermark: 1 } as const;
const counting = (more: Partial<PfRingApplication> = {}): PfRingOptions => ({
  applications: [{ ...PFCOUNT, ...more }],
});
const MS = 1e9;

Deno.test("pf_ring 8.2: the figures of procfs agree with pfring_stats, and with what came", () => {
  // a slow reader and a small ring: some are lost
  const options = { minNumSlots: 8, ...counting({ packetCycles: 20_000 }) };
  const { o, report, n } = run(options, steady(400, 400_000));
  const [packets, lost, inserted, read] = [
    n(/eth0.0 Tot Packets/),
    n(/eth0.0 Tot Pkt Lost/),
    n(/eth0.0 Tot Insert/),
    n(/eth0.0 Tot Read/),
  ];
  assert(lost > 100 && read > 20, `${lost} lost, ${read} read`);
  assertEquals([packets, inserted + lost, read], [400, 400, inserted]);
  assertEquals([n(/eth0.0 pfring_stats recv/), n(/eth0.0 pfring_stats drop/)], [read, lost]);
  assertEquals(o.dropped[REASON["ring-full"]], lost);
  assertEquals(n(/eth0.0 Insert Offset/), n(/eth0.0 Remove Offset/));
  const file = pfRingView("net/pf_ring/<pid>-<dev>.<n>", report).split("\n\n")[0]!;
  const lines = file.split("\n");
  assertEquals(lines[0], `${"Bound Device(s)".padEnd(25)}: eth0`);
  assert(lines.includes(`${"Tot Packets".padEnd(25)}: 400`), file);
  assert(lines.includes(`${"Tot Pkt Lost".padEnd(25)}: ${lost}`), file);
  assert(lines.includes(`${"BPF Filtering".padEnd(25)}: No`), file);
  const info = pfRingView("net/pf_ring/info", report);
  assert(info.includes("Total rings              : 2\n"), info);
  assert(pfRingView("net/pf_ring/dev", report).includes("# Bound Sockets          : 1"));
  const [absolute, total] = pfRingView("pfcount", report).split("\n");
  assertEquals(
    absolute,
    `Absolute Stats: [${read} pkts rcvd][${read} pkts filtered][${lost} pkts dropped]`,
  );
  assertEquals(total, `Total Pkts=400/Dropped=${(lost / 4).toFixed(1)} %`);
  assertThrows(() => pfRingView("top" as "pfcount", report), TypeError, "top");
});

/** A ping of port 0's address from a host behind port 0. */
export const PING: FramePlan = {
  at: 20e6,
  port: 0,
  size: 98,
  change(bytes, at) {
    writeIcmpEchoFrame(bytes, at, {
      ...{ dstMac: OWN_MAC, srcMac: 0x02_00_00_00_bb_00, src: 0x0a000063, dst: 0xc0000201 },
      ...{ echoId: 5, payload: 56 },
    });
  },
};
const ADDRESSES = [0xc0000201, 0xc0000202];

Deno.test("pf_ring 8.3: the kernel answers a ping that is captured, and the answer is captured too", () => {
  const capture = counting({ direction: "rx-and-tx" });
  const { o, n } = run({ ...capture, addresses: ADDRESSES }, [PING]);
  assertEquals([o.outCount, o.outPacket[0], icmpType(o.outBytes, 34)], [1, GENERATED, 0]);
  assertEquals([n(/eth0.0 Tot Read/), n(/IcmpOutEchoReps/)], [2, 1]);
  const off = run({ ...capture, enableTxCapture: false, addresses: ADDRESSES }, [PING]);
  assertEquals([off.o.outCount, off.n(/eth0.0 Tot Read/)], [1, 1]);
});

/** Frames of 16 flows in turn. */
const flows = (count: number, gapPs: number): FramePlan[] =>
  steady(count, gapPs, (i) => ({ src: 0xc0a80000 + (i & 15), srcPort: 1000, dstPort: 80 }));

Deno.test("pf_ring 8.4: three processes of a cluster share all packets, each flow with one of them", () => {
  const cluster = counting({ open: "cluster", processes: 3 });
  const { n, report } = run(cluster, flows(480, 1e6));
  const read = counters(report, /Tot Read/);
  assertEquals([read.length, n(/Tot Read/), n(/Tot Pkt Lost/)], [3, 480, 0]);
  // 16 flows of 30 packets each
  assert(read.every((count) => count > 0 && count % 30 === 0), `${read}`);
  const inTurn = run(counting({ open: "cluster", clusterType: "round_robin" }), flows(480, 1e6));
  assertEquals(counters(inTurn.report, /Tot Read/), [160, 160, 160]);
  const twice = run(
    counting({ open: "cluster", clusterType: "per_flow_ip_with_dup_tuple" }),
    flows(480, 1e6),
  );
  assert(twice.n(/Tot Read/) > 480, "the socket of the source, and that of the destination");
});

Deno.test("pf_ring 8.4: who leaves a cluster and joins again changes where later packets go, and no others", () => {
  const events = [
    { atUs: 180, process: 0, what: "leave" },
    { atUs: 340, process: 0, what: "join" },
  ] as const;
  const at = (k: number): number[] => {
    const app = counting({
      open: "cluster",
      clusterType: "round_robin",
      events: events.slice(0, k),
    });
    const { report, n } = run(app, flows(480, 1e6));
    assertEquals([n(/Tot Read/), n(/Tot Pkt Lost/)], [480, 0], "no gap and no duplicate");
    return counters(report, /Tot Read/);
  };
  assertEquals(at(0), [160, 160, 160]);
  const [left, ...others] = at(1);
  assert(left! >= 52 && left! <= 54, `${left}: a third of the first 160`);
  assert(others.every((count) => count > 210), `${others}: the rest is for the other two`);
  const [back] = at(2);
  assert(back! >= 104 && back! <= 108, `${back}: a third of those before and after`);
});

Deno.test("pf_ring invariant 4: a stopped reader loses what comes once the bytes are used up", () => {
  const stopped = counting({ events: [{ atUs: 0, process: 0, what: "stop" }], caplen: 1536 });
  const lossOf = (size: number): { inserted: number; room: number; slot: number } => {
    const { n } = run({ minNumSlots: 32, ...stopped }, steady(700, 2e6, () => ({ size })));
    assertEquals(n(/eth0.0 Tot Insert/) + n(/eth0.0 Tot Pkt Lost/), 700);
    const slotLen = n(/eth0.0 Slot Len/);
    return {
      inserted: n(/eth0.0 Tot Insert/),
      room: n(/eth0.0 Tot Memory/) - 8192 - 2 * slotLen,
      slot: Math.ceil((n(/eth0.0 Slot Header Len/) + size + 2) / 8) * 8,
    };
  };
  const small = lossOf(60);
  const large = lossOf(1514);
  assertEquals(small.inserted, Math.floor(small.room / small.slot) + 1);
  assertEquals(large.inserted, Math.floor(large.room / large.slot) + 1);
  assert(small.inserted > 10 * large.inserted);
});

Deno.test("pf_ring invariant 5: a killed reader frees its socket and stops nobody", () => {
  const options: PfRingOptions = {
    applications: [PFCOUNT, {
      ...PFCOUNT,
      events: [{ atUs: 220, process: 0, what: "kill" }],
    }],
  };
  const { n } = run(options, flows(400, 1e6));
  assertEquals(n(/eth0.0 Tot Read/), 400);
  const read = n(/eth0.1 Tot Read/);
  // what was under way in the softirq then is not seen any more
  assert(read >= 180 && read <= 200, `${read} of the first 200`);
  // two applications on two ports had four
  assertEquals([n(/Total rings/), n(/eth0.1 Active/)], [3, 0]);
});

Deno.test("pf_ring invariant 6: two sockets on one device get all packets each", () => {
  const { n, o } = run({ applications: [PFCOUNT, { ...PFCOUNT, copies: true }] }, flows(200, 1e6));
  assertEquals([n(/eth0.0 Tot Read/), n(/eth0.1 Tot Read/)], [200, 200]);
  assertEquals(o.dropped[REASON.consumed], 200, "each packet has one fate");
});

Deno.test("pf_ring 8.5: bytes and lengths of a capture through the ring", () => {
  const { n } = run(counting({ caplen: 64 }), steady(20, 1e6, () => ({ size: 1000 })));
  assertEquals([n(/eth0.0 Bucket Len/), n(/pfcount .*eth0.0 bytes/)], [64, 20_000]);
  // header, 64 bytes and magic: 114, rounded up to 120, and two more bytes of nothing
  assertEquals(n(/eth0.0 Insert Offset/), 20 * 120);
});

Deno.test("pf_ring 8.6: what BPF or a rule rejects is not copied, and is no loss", () => {
  // ldh [36]; jeq #53: the destination port of UDP behind an IPv4 header of 20 bytes
  const bpf = [[0x28, 0, 0, 36], [0x15, 0, 1, 53], [0x06, 0, 0, 65535], [0x06, 0, 0, 0]]
    .map(([code, jt, jf, k]) => ({ code: code!, jt: jt!, jf: jf!, k: k! }));
  const plan = steady(300, 2e6, (i) => ({ dstPort: i % 10 === 0 ? 53 : 80, size: 1500 }));
  const busy = ({ o }: Seen): number => o.lcores[0]!.usefulPs;
  const all = run(counting({ caplen: 1536 }), plan);
  const some = run(counting({ caplen: 1536, bpf }), plan);
  assertEquals([some.n(/eth0.0 Tot Packets/), some.n(/eth0.0 BPF Filtered/)], [30, 270]);
  assertEquals(some.n(/eth0.0 Tot Pkt Lost/), 0);
  // 270 copies of 1500 bytes, 465 cycles each, and what the reader would have spent
  assert(busy(all) - busy(some) > 270 * 465 * 400, `${busy(all) - busy(some)} ps saved`);
  const rules = [
    { ruleId: 1, dstPort: [80, 80], protocol: 17, action: "dont-forward" },
  ] as const;
  const byRule = run(counting({ wildcardRules: rules }), plan);
  assertEquals([byRule.n(/eth0.0 Tot Insert/), byRule.n(/eth0.0 Sw Filt WC Filtered/)], [30, 270]);
});

Deno.test("pf_ring 8.6: sampling takes every n-th packet, and a VLAN id those of one VLAN", () => {
  const sampled = run(counting({ samplingRate: 10 }), flows(300, 1e6));
  assertEquals([sampled.n(/eth0.0 Tot Packets/), sampled.n(/eth0.0 Sampled Out/)], [30, 270]);
  const tag = (vid: number) => (bytes: Uint8Array, at: number): void => {
    bytes.copyWithin(at + 16, at + 12, at + 56);
    bytes.set([0x81, 0, 0, vid], at + 12);
  };
  const plan = steady(40, 1e6, (i) => ({ change: tag(i % 4) }));
  assertEquals(run(counting({ vlanId: 3 }), plan).n(/eth0.0 Tot Packets/), 10);
});

Deno.test("pf_ring 8.7: a reflector forwards in the kernel, bit by bit, without a process", () => {
  const plan = [...steady(100, 1e6), ...steady(50, 1e6, () => ({ port: 1 }))];
  const { o, n } = run({ applications: [{ application: "reflector" }] }, plan);
  assertEquals([fates(o, "emitted"), n(/eth0.0 Reflect: Fwd Ok/), n(/eth1.0 Reflect: Fwd Ok/)], [
    150,
    100,
    50,
  ]);
  assertEquals([n(/Reflect: Fwd Errors/), n(/Tot Insert/)], [0, 0]);
  const { traffic } = scenarioOf(plan);
  for (let i = 0; i < o.outCount; i++) {
    const [p, at] = [o.outPacket[i]!, o.outOffset[i]!];
    assertEquals(o.outPort[i], traffic.port[p]! ^ 1);
    assertEquals(
      o.outBytes.slice(at, at + 60),
      traffic.bytes.slice(traffic.offset[p]!, traffic.offset[p]! + 60),
    );
  }
});

Deno.test("pf_ring 8.13: queues that share a socket fight for its lock, and sockets of a channel do not", () => {
  const geometry = { lcores: 2, rxRing: 512 };
  const plan = Array.from({ length: 3000 }, (_, i): FramePlan => ({
    at: 20e6 + i * 500_000,
    port: 0,
    src: 0xc0a80000 + (i * 7) % 251,
    srcPort: i & 0xfff,
  }));
  // nobody reads: what the lcores do is receive and copy
  const app = (open: "device" | "channel") =>
    counting({
      ...{ open, watermark: 2 ** 20, pollDurationMs: 100_000 },
      events: [0, 1, 2, 3].slice(0, open === "device" ? 2 : 4)
        .flatMap((process) => [{ atUs: 0, process, what: "stop" as const }]),
    });
  const shared = run(app("device"), plan, geometry);
  const own = run(app("channel"), plan, geometry);
  const queues = counters(own.report, /eth0@\d.0 Tot Insert/);
  assert(queues.length === 2 && queues.every((count) => count > 1000), `${queues}`);
  const [moved, contended] = [
    shared.n(/eth0.0 slots_lock moved/),
    shared.n(/eth0.0 slots_lock contended/),
  ];
  assert(moved > 100 && contended > 0, `${moved} moved, ${contended} contended`);
  assertEquals(own.n(/slots_lock taken/), 0);
  const forced = run({ ...app("channel"), forceRingLock: true }, plan, geometry);
  assertEquals([forced.n(/slots_lock taken/), forced.n(/slots_lock moved/)], [3000, 0]);
  const softirq = ({ o }: Seen): number =>
    o.lcores.reduce((sum, { usefulPs }) => sum + usefulPs, 0);
  const [lockedPs, freePs] = [softirq(shared), softirq(own)];
  assert(lockedPs > freePs, `${lockedPs} ps with a lock that moves, ${freePs} without`);
});

Deno.test("pf_ring 8.14: fewer packets than the watermark wait for the end of poll(2), 500 ms", () => {
  const slow = steady(100, 1e8);
  const patience = { patiencePs: 600 * MS };
  const waits = ({ o }: Seen, p = 99): number => (o.endAt[p]! - o.dataAt[p]!) / MS;
  const trap = run(counting({ watermark: 128 }), slow, {}, patience);
  assert(waits(trap, 0) > 499 && waits(trap, 0) < 500.1, `${waits(trap, 0)} ms`);
  assertEquals(trap.n(/eth0.0 Num Poll Calls/), 2);
  const out = run(counting(), slow, {}, patience);
  assert(waits(out) < 0.1, `${waits(out)} ms`);
  const switches = ({ n }: Seen): number => n(/eth0.0 context switches/);
  assert(switches(out) > 20 * switches(trap), `${switches(out)} and ${switches(trap)} switches`);
  const busy = ({ o }: Seen): number => o.lcores[0]!.usefulPs;
  assert(busy(out) > busy(trap), "the way out costs CPU time");
  // 128 of them, and the reader is woken at once
  assert(waits(run(counting({ watermark: 128 }), steady(128, 1e8), {}, patience), 127) < 0.1);
  const timeout = counting({ watermark: 128, watermarkTimeoutMs: 2 });
  const late = run(timeout, [...slow, { at: 12.5 * MS, port: 0 }], {}, patience);
  assert(waits(late) < 3.1, "the watermark's own time-out, at the next packet");
  // once in each time-out, however many packets come in it
  for (const ms of [1, 2, 4]) {
    const often = counting({ watermark: 128, watermarkTimeoutMs: ms });
    const calls = run(often, steady(200, 1e8), {}, patience).n(/eth0.0 Num Poll Calls/);
    assert(calls > 20 / ms - 4 && calls < 20 / ms + 4, `${calls} calls in 20 ms for ${ms} ms`);
  }
});

Deno.test("pf_ring 8.15: libpcap on the ring writes what tcpdump would have", () => {
  const savefile = new PcapSavefile();
  const plan = steady(50, 1e6, (i) => ({ size: 60 + 20 * i }));
  run(counting({ savefile, caplen: 256 }), plan);
  const capture = readCapture("tcpdump.pcap", savefile.bytes());
  const { traffic } = scenarioOf(plan);
  assertEquals([capture.count, capture.cut ?? null], [50, null]);
  for (let i = 0; i < 50; i++) {
    const wanted = traffic.bytes.subarray(traffic.offset[i]!).slice(0, Math.min(256, 60 + 20 * i));
    const at = capture.offset[i]!;
    assertEquals(capture.bytes.slice(at, at + capture.length[i]!), wanted);
    assertEquals(capture.originalLength[i], 60 + 20 * i);
  }
});

Deno.test("pf_ring routes as the reference does, with the kernel's own forwarding off", () => {
  const { o, n } = run({}, [...steady(100, 2e6), { at: 300e6, port: 0, to: 9 }]);
  assertEquals([fates(o, "emitted"), o.reason[100]], [100, REASON["no-route"]]);
  assertEquals([n(/eth0.0 TX: Send Ok/), n(/IpForwDatagrams/), n(/IpInAddrErrors/)], [100, 0, 101]);
  assertEquals(o.copiedBytes, 0, "copies into and out of a ring are not between buffers");
  assertEquals(o.fate[100], FATE.dropped);
});

Deno.test("pf_ring sends a packet again for which the kernel had no skb", () => {
  const plan = steady(200, 2e6);
  const deviations = Array.from({ length: 120 }, (_, i) => ({
    ...{ site: "allocation", occurrence: 60 + 3 * i, value: 1 },
  }));
  const testbed = new Testbed(pfRing(), XEON);
  const scenario = scenarioOf(plan, { rxRing: 64, txRing: 64 });
  const o = testbed.run({ ...scenario, deviations });
  assertEquals([o.faults, brokenIn(o), fates(o, "emitted")], [[], [], 200]);
  const report = testbed.report();
  const [sent, calls] = [/TX: Send Ok/, /pfcount .* system calls/].map((name) =>
    counter(report, name)
  );
  assertEquals([sent, counter(report, /send errors/)], [200, 0]);
  assert(calls! > 220, `${calls} system calls, some of them in vain`);
  for (let i = 0; i < o.outCount; i++) {
    assertEquals(ipv4Ttl(o.outBytes, o.outOffset[i]! + 14), 63, "it is rewritten once");
  }
});

Deno.test("pf_ring counts each packet once in a streamed run, though its skb ends beside its copy", () => {
  const plan = [...steady(30, 2e6), { at: 100e6, port: 0, to: 9 }];
  const period = { times: 20, periodPs: 200e6 };
  for (
    const applications of [[{ application: "router" }], [PFCOUNT], [{
      application: "reflector",
    }]] as const
  ) {
    const testbed = new Testbed(pfRing({ applications }), XEON);
    const o = testbed.stream(scenarioOf(plan), period);
    const dropped = o.dropped.reduce((sum, count) => sum + count, 0);
    assertEquals([o.end, o.offered, o.emitted + dropped], ["quiet", 620, 620]);
    const routed = applications[0].application === "router";
    assertEquals(o.dropped[REASON["no-route"]], routed ? 20 : 0);
  }
});

Deno.test("pfRing refuses what does not fit together", () => {
  const refused: [PfRingOptions, string][] = [
    [{ applications: [] }, "there is no application"],
    [{ applications: [PFCOUNT, { application: "router" }] }, "only the first"],
    [{ ipForward: true }, "by the kernel and by an application"],
    [{ quickMode: true, ...counting({ open: "cluster" }) }, "quick_mode"],
    [{ applications: [{ application: "router", caplen: 128 }] }, "captures 128 bytes"],
    [
      { applications: [{ application: "reflector", direction: "tx" }] },
      "would receive what it sends",
    ],
    [counting({ watermark: 0 }), "watermark 0"],
    [counting({ bpf: [] }), "0 instructions"],
  ];
  for (const [options, why] of refused) assertThrows(() => pfRing(options), RangeError, why);
  assertThrows(() => pfRing(counting({ open: "all" as "device" })), TypeError, 'open "all"');
});

Deno.test("pf_ring in quick mode copies unparsed, for less", () => {
  const plan = flows(300, 2e6);
  const quick = run({ ...counting(), quickMode: true }, plan);
  const full = run(counting(), plan);
  assertEquals([quick.n(/eth0.0 Tot Read/), full.n(/eth0.0 Tot Read/)], [300, 300]);
  // each socket gets what comes by its own port, as without
  const ports = plan.map((frame, i) => ({ ...frame, port: i % 3 === 0 ? 1 : 0 }));
  for (const quickMode of [true, false]) {
    const seen = run({ ...counting(), quickMode }, ports);
    assertEquals([seen.n(/eth0.0 Tot Read/), seen.n(/eth1.0 Tot Read/)], [200, 100]);
  }
  assert(quick.o.lcores[0]!.usefulPs < full.o.lcores[0]!.usefulPs);
});
