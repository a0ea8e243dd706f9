// Aim: what an engineer looks at first in ZC: who has the interface, balancers whose queues add up, RSS, sleeping
// against spinning, what a driver without ZC costs, and buffers that are all there.
// Method: whole runs on the 82599's machine; counters held against the frames that were offered, and against each other.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlatOut } from "../../core/machine/flat_out.ts";
import type { Geometry } from "../../core/machine/device.ts";
import { GENERATED, type Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { icmpType, writeIcmpEchoFrame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { ReportRow } from "../../core/stack.ts";
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
import { pfRingView, pfRingZc, type PfRingZcOptions } from "./mod.ts";

interface Seen {
  readonly o: Observation;
  readonly report: readonly ReportRow[];
  n(name: RegExp): number;
}

function run(
  options: PfRingZcOptions,
  plan: readonly FramePlan[],
  geometry: Partial<Geometry> = {},
): Seen {
  const testbed = new Testbed(pfRingZc(options), XEON);
  const o = testbed.run(scenarioOf(plan, geometry));
  const report = testbed.report();
  assertEquals([o.faults, brokenIn(o)], [[], []]);
  return { o, report, n: (name) => counter(report, name) };
}

/** A ping of port 0's address from a host behind port 0. */
const ping = (at: number): FramePlan => ({
  ...{ at, port: 0, size: 98 },
  change(bytes, off) {
    writeIcmpEchoFrame(bytes, off, {
      ...{ dstMac: OWN_MAC, srcMac: 0x02_00_00_00_bb_00, src: 0x0a000063, dst: 0xc0000201 },
      ...{ echoId: 5, payload: 56 },
    });
  },
});
const ADDRESSES = [0xc0000201, 0xc0000202];

Deno.test("pf_ring 8.8, invariants 9 and 20: ZC takes the interface from the kernel, and closing gives it back", () => {
  const plan = [
    ...steady(100, 1e6),
    ping(150e6),
    ping(900e6),
    ...steady(100, 1e6, (i) => ({
      at: 1000e6 + i * 1e6,
    })),
  ];
  const open = run({ addresses: ADDRESSES }, plan);
  assertEquals(open.n(/network interfaces of the kernel/), 0);
  // nobody answers, and no route leads to that address
  assertEquals([fates(open.o, "emitted"), open.o.dropped[REASON["no-route"]]], [200, 2]);
  const closed = run({ addresses: ADDRESSES, closeAtUs: 300 }, plan);
  const { o, n } = closed;
  assertEquals([n(/network interfaces of the kernel/), n(/zc:eth0@0 recv/)], [2, 101]);
  const replies = [...o.outPacket.subarray(0, o.outCount)].flatMap((packet, i) =>
    packet === GENERATED ? [o.outStart[i]!] : []
  );
  assertEquals([replies.length, replies[0]! > 900e6, icmpType(o.outBytes, 34) >= 0], [
    1,
    true,
    true,
  ]);
  assertEquals([n(/IcmpOutEchoReps/), n(/IpForwDatagrams/)], [1, 100], "the kernel forwards now");
  assertEquals([fates(o, "emitted"), o.dropped[REASON.consumed]], [200, 1]);
  const inHand = o.pools[0]!.held.filter(({ place }) => !place.includes("receive ring"));
  assertEquals(inHand, [{ place: "lcore 0", count: 32 }], "the handles of the application alone");
  const asleep = run({ wait: "sleep", addresses: ADDRESSES, closeAtUs: 300 }, plan);
  assertEquals([asleep.n(/IcmpOutEchoReps/), asleep.n(/IpForwDatagrams/)], [1, 100]);
});

/** Frames of 16 sources in turn. */
const flows = (count: number, gapPs: number): FramePlan[] =>
  steady(count, gapPs, (i) => ({ src: 0xc0a80000 + (i & 15), srcPort: 1000, dstPort: 80 }));

Deno.test("pf_ring 8.9: what zbalance_ipc's queues have adds up to what its worker read", () => {
  const zbalance = { application: "zbalance", consumers: 3, queueLen: 512 } as const;
  const inTurn = run({ ...zbalance, distribution: "round-robin" }, flows(480, 2e5), { lcores: 2 });
  assertEquals(counters(inTurn.report, /^zc:cluster@\d recv/), [160, 160, 160]);
  const hashed = run(zbalance, flows(480, 2e5), { lcores: 2 });
  const queues = counters(hashed.report, /^zc:cluster@\d recv/);
  assert(queues.every((count) => count > 0 && count % 30 === 0), `${queues}: whole flows`);
  assertEquals([hashed.n(/worker recv/), hashed.n(/^zc:cluster@\d recv/)], [480, 480]);
  assertEquals(fates(hashed.o, "emitted"), 480);
  const fanOut = run({ ...zbalance, distribution: "fan-out" }, flows(480, 2e5), { lcores: 2 });
  assertEquals(counters(fanOut.report, /^zc:cluster@\d recv/), [480, 480, 480]);
  assertEquals([fanOut.n(/worker recv/), fanOut.o.dropped[REASON.consumed]], [480, 480]);
  assertEquals(counters(fanOut.report, /^application \d packets/), [480, 480, 480]);
  const text = pfRingView("zbalance_ipc", hashed.report);
  assert(
    text.includes("Absolute Stats: Recv 480 pkts (0 drops) - Forwarded 480 pkts (0 drops)"),
    text,
  );
  assert(text.includes(`Q 2 RX ${queues[2]} pkts (0 drops)`), text);
});

Deno.test("pf_ring invariant 16: one slow consumer loses its own packets and nobody else's", () => {
  const slow: PfRingZcOptions = {
    ...{ application: "zbalance", consumers: 3, queueLen: 16, count: true },
    ...{ slowCycles: 20_000, distribution: "round-robin" },
  };
  const geometry = { lcores: 4, rxRing: 64, txRing: 64 };
  const { n, report } = run(slow, flows(480, 1e6), geometry);
  const drops = counters(report, /^zc:cluster@\d drop/);
  assert(drops[0]! > 50, `${drops}`);
  assertEquals(drops.slice(1), [0, 0]);
  assertEquals(n(/worker dropped/), drops[0]);
  const relaxed = run({ ...slow, relaxed: true }, flows(480, 1e6), geometry);
  assertEquals(relaxed.n(/worker dropped/), 0, "others take what it has no room for");
});

Deno.test("pf_ring 8.11, invariant 19: each channel sees its own queue, and symmetric RSS both directions in one", () => {
  const pairs = Array.from({ length: 24 }, (_, i) => [0xc0a80001 + 3 * i, 0x0a010007 + 5 * i]);
  const plan = pairs.flatMap(([a, b], i): FramePlan[] => [
    { at: 20e6 + i * 2e6, port: 0, src: a!, dst: b!, srcPort: 1000, dstPort: 2000 },
    { at: 21e6 + i * 2e6, port: 0, src: b!, dst: a!, srcPort: 2000, dstPort: 1000 },
  ]);
  const seen = (symmetricRss: boolean) => {
    const { o, report } = run({ application: "zcount", symmetricRss }, plan, { lcores: 2 });
    const channels = counters(report, /^zc:eth0@\d recv/);
    const queue = (p: number) => o.seenHash[p]! & 127;
    const split = pairs.filter((_, i) => (queue(2 * i) & 1) !== (queue(2 * i + 1) & 1)).length;
    const expected = [0, 1].map((q) => plan.filter((_, p) => (queue(p) & 1) === q).length);
    assertEquals(channels, expected, "what RSS gives a queue, its channel receives");
    assert(channels.every((count) => count > 0), `${channels}`);
    return split;
  };
  assertEquals(seen(true), 0);
  assert(seen(false) > 4, "the default key parts the directions of a flow");
});

Deno.test("pf_ring 8.12, invariant 17: a thread that sleeps spends less and receives the same", () => {
  const plan = steady(50, 20e6);
  const spins = run({ wait: "active" }, plan);
  const sleeps = run({ wait: "sleep" }, plan);
  const fateOf = ({ o }: Seen): number[] => [...o.fate.subarray(0, o.count)];
  assertEquals(fateOf(spins), fateOf(sleeps));
  const share = ({ o }: Seen): number => o.lcores[0]!.busyPs / o.lcores[0]!.totalPs;
  assert(share(spins) > 0.99, `${share(spins)}`);
  assert(share(sleeps) < 0.2, `${share(sleeps)}`);
  assert(sleeps.o.interrupts >= 50 && spins.o.interrupts === 0);
  assertEquals(spins.n(/poll\(2\)/), 0);
  // what sleeping costs is latency
  const latency = ({ o }: Seen): number => o.endAt[25]! - o.dataAt[25]!;
  assert(latency(sleeps) > latency(spins) + 1e6, `${latency(sleeps)} and ${latency(spins)} ps`);
});

Deno.test("pf_ring 8.16: on a NIC without ZC's driver each packet is copied once on its way in", () => {
  const plan = steady(200, 2e6, () => ({ size: 500 }));
  const count = (driver: "zc" | "standard") => run({ application: "zcount", driver }, plan);
  const [zero, one] = [count("zc"), count("standard")];
  assertEquals([zero.o.copiedBytes, one.o.copiedBytes], [0, 200 * 500]);
  assertEquals([zero.n(/^application 0 packets/), one.n(/^application 0 packets/)], [200, 200]);
  assert(one.o.interrupts > 0 && zero.o.interrupts === 0, "NAPI is below");
  // and once more into a skb, by a system call, where it is sent
  assertEquals(run({ driver: "standard" }, plan).o.copiedBytes, 2 * 200 * 500);
  const withPing = run({ driver: "standard", addresses: ADDRESSES, application: "zcount" }, [
    ping(20e6),
  ]);
  assertEquals(withPing.n(/IcmpOutEchoReps/), 1, "the kernel keeps the interface");
});

Deno.test("pf_ring invariants 12 and 14: packets leave in the buffers that they came in, and none is missing", () => {
  const { o, n } = run({}, steady(2000, 2e5), { rxRing: 64, txRing: 64 });
  assertEquals([o.end, fates(o, "emitted"), o.copiedBytes], ["quiet", 2000, 0]);
  assertEquals(o.findings.map(({ id, broken }) => [id, broken]), [
    ["PFRING-12", null],
    ["PFRING-14", null],
  ]);
  assertEquals([n(/zc:eth0@0 recv/), n(/zc:eth1@0 sent/)], [2000, 2000]);
  assert(n(/cluster pool/) < n(/cluster tot buffers/));
});

Deno.test("pf_ring: what a full transmit ring refuses, its channel and the application count", () => {
  const both = steady(600, 410e3, (i) => ({ port: i & 1, to: 1, size: 1000 }));
  const { o, n } = run({}, both, { rxRing: 64, txRing: 64 });
  const [refused, lost] = [n(/^zc:eth1@0 send refused/), n(/application 0 send errors/)];
  assertEquals([refused, fates(o, "emitted")], [lost, 600 - lost]);
  assert(lost > 50, `${lost}`);
});

Deno.test("pf_ring flushes once a burst, or packet by packet", () => {
  const plan = steady(600, 68e3);
  const batched = run({}, plan);
  const each = run({ flushPacket: true }, plan);
  assertEquals(each.n(/zc:eth1@0 TDT writes/), each.n(/zc:eth1@0 sent/));
  assert(4 * batched.n(/zc:eth1@0 TDT writes/) < batched.n(/zc:eth1@0 sent/));
});

Deno.test("pfRingZc refuses what does not fit together, and a cluster that is too small", () => {
  const refused: [PfRingZcOptions, string][] = [
    [{ application: "zbalance", wait: "sleep" }, "waits actively"],
    [{ application: "zbalance", distribution: "fan-out", count: false }, "fan-out"],
    [{ application: "zbalance", distribution: "fan-out", consumers: 65 }, "consumers 65"],
    [{ closeAtUs: 5, driver: "standard" }, "closeAtUs"],
    [{ queueLen: 0 }, "queueLen 0"],
    [{ buffers: 0 }, "buffers 0"],
  ];
  for (const [options, why] of refused) assertThrows(() => pfRingZc(options), RangeError, why);
  assertThrows(() => pfRingZc({ driver: "dna" as "zc" }), TypeError, 'driver "dna"');
  assertThrows(() => run({ buffers: 100 }, steady(1, 1)), RangeError, "no buffer left of 100");
});

Deno.test("pfRingZc runs flat out: the same exchange of buffers, with no machine around it", () => {
  const { routes, neighbours, traffic } = scenarioOf(steady(8, 1));
  const frame = new Uint8Array(64);
  frame.set(traffic.bytes.subarray(0, 60));
  const frames = [frame, frame];
  const input = { ports: 2, ring: 64, routes, neighbours, frames };
  const flat = new FlatOut(pfRingZc(), input);
  // two ports, a burst of 32 of each in every turn
  assertEquals([flat.run(50), flat.dropped], [3200, 0]);
  const asleep = pfRingZc({ wait: "sleep" });
  assertThrows(() => new FlatOut(asleep, input), RangeError, "needs vectors");
});
