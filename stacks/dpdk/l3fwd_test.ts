// Aim: l3fwd does what its example program does (faithful) or what RFC 1812 says (strict), sends in bursts
// of 32, drains what is left within 100 us, and gives up what a full ring refuses with evidence. Method: one
// packet of each kind on the simulated machine with its bytes spelled out, and counts over bursts.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import {
  fates,
  frame,
  left,
  macOf,
  type Offer,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry } from "../../core/machine/device.ts";
import { SCENARIO_MAXIMA } from "../../core/machine/sizes.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON, REASONS } from "../../core/policy.ts";
import { type Cpu, type Env, type Port, type Stack, STRICT } from "../../core/stack.ts";
import { checkConformance } from "../../properties/run/check.ts";
import { LAWS } from "../../properties/laws/laws.ts";
import { FAITHFUL, l3fwd, type L3fwdOptions, STRICT_L3FWD } from "./mod.ts";
import { incrementChecksum } from "./rewrite.ts";
import { FLAG, Memory } from "../../core/memory/memory.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";

const faithful = new Testbed(l3fwd("faithful"), TEST_PROFILE);
const strict = new Testbed(l3fwd("strict"), TEST_PROFILE);
/** Nowhere: no route covers it. */
const UNKNOWN = 0x0b000001;

function run(testbed: Testbed, offers: readonly Offer[], g: Partial<Geometry> = {}): Observation {
  const o = testbed.run(scenarioOf(offers, g));
  assertEquals([o.end, o.faults, fates(o).none, fates(o).freed], ["quiet", [], 0, 0]);
  return o;
}

/** Runs one packet; answers where it left and its bytes, or why it did not. */
function one(
  testbed: Testbed,
  offer: Partial<Offer>,
): { port: number; bytes: Uint8Array } | string {
  const o = run(testbed, [{ port: 0, at: 1e6, ...offer }]);
  if (o.outCount === 0) return REASONS[o.reason[0]!]!;
  return { port: o.outPort[0]!, bytes: frame(o, 0).slice() };
}

/** One's complement sum of the header: 0xffff when its checksum is right (RFC 1071). */
function headerSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
  while (sum > 0xffff) sum = sum % 0x10000 + Math.floor(sum / 0x10000);
  return sum;
}

/** Makes the header checksum `want` by choosing the identification. */
function withChecksum(want: number): (bytes: Uint8Array) => void {
  return (bytes) => {
    bytes[24] = bytes[25] = 0;
    bytes[18] = bytes[19] = 0;
    const rest = headerSum(bytes);
    const id = (2 * 0xffff - want - rest) % 0xffff;
    bytes[18] = id >> 8;
    bytes[19] = id & 0xff;
    bytes[24] = want >> 8;
    bytes[25] = want & 0xff;
    assertEquals(headerSum(bytes), 0xffff, "the test's own arithmetic");
  };
}

Deno.test("l3fwd faithful forwards with one destination MAC for each port", () => {
  const out = one(faithful, {});
  assert(typeof out !== "string", `dropped: ${out}`);
  assertEquals(out.port, 1);
  assertEquals([...out.bytes.subarray(0, 6)], [2, 0, 0, 0, 0, 1]);
  assertEquals([...out.bytes.subarray(6, 12)], macOf(1, true));
  assertEquals([out.bytes[22], headerSum(out.bytes)], [63, 0xffff]);
});

Deno.test("l3fwd strict forwards to the MAC of the next hop", () => {
  const out = one(strict, {});
  assert(typeof out !== "string", `dropped: ${out}`);
  assertEquals(out.port, 1);
  assertEquals([...out.bytes.subarray(0, 6)], macOf(1));
  assertEquals([...out.bytes.subarray(6, 12)], macOf(1, true));
  assertEquals([out.bytes[22], headerSum(out.bytes)], [63, 0xffff]);
});

Deno.test("l3fwd changes nothing but MACs, TTL and checksum", () => {
  for (const testbed of [faithful, strict]) {
    const scenario = scenarioOf([{ port: 0, at: 1e6, size: 200 }]);
    const out = frame(testbed.run(scenario), 0);
    const changed = [...out.keys()].filter((i) => out[i] !== scenario.traffic.bytes[i]);
    assertEquals(changed.filter((i) => i >= 12), [22, 24], testbed.name);
    assertEquals(out.length, 200);
  }
});

Deno.test("l3fwd faithful reflects a miss out of the ingress port, strict drops it", () => {
  for (const port of [0, 1]) {
    const out = one(faithful, { port, dst: UNKNOWN });
    assert(typeof out !== "string", `dropped: ${out}`);
    assertEquals(out.port, port);
    assertEquals([...out.bytes.subarray(0, 12)], [2, 0, 0, 0, 0, port, ...macOf(port, true)]);
    assertEquals(one(strict, { port, dst: UNKNOWN }), "no-route");
  }
});

Deno.test("l3fwd faithful decrements TTL without a look: 1 leaves as 0, 0 as 255", () => {
  for (const [ttl, after] of [[2, 1], [1, 0], [0, 255], [255, 254]] as const) {
    const out = one(faithful, { ttl });
    assert(typeof out !== "string", `dropped: ${out}`);
    assertEquals(out.bytes[22], after);
    const right = headerSum(out.bytes) === 0xffff;
    assertEquals(right, ttl !== 0, "only the step from 0 to 255 leaves the checksum wrong");
  }
  assertEquals([one(strict, { ttl: 1 }), one(strict, { ttl: 0 })], ["ttl", "ttl"]);
  const two = one(strict, { ttl: 2 });
  assert(typeof two !== "string" && two.bytes[22] === 1, "TTL 2 leaves as 1");
});

Deno.test("l3fwd faithful increments the checksum as a little-endian word", () => {
  const cases: [number, number][] = [
    [0x1234, 0x1334],
    [0xfe34, 0xff34],
    [0xff34, 0x0035], // the carry of the low byte in memory runs into the high one
    [0xfeff, 0xffff],
    [0xffff, 0x0000], // and out of the word: no end-around carry
    [0x0000, 0x0100],
  ];
  for (const [before, after] of cases) {
    const bytes = new Uint8Array(20);
    bytes[8] = 9;
    bytes[10] = before >> 8;
    bytes[11] = before & 0xff;
    incrementChecksum(bytes, 0);
    assertEquals(
      [bytes[8], bytes[10]! * 256 + bytes[11]!],
      [8, after],
      `from ${before.toString(16)}`,
    );
  }
  for (const want of [0xff34, 0xfeff, 0xfe01]) {
    const edit = withChecksum(want);
    for (const testbed of [faithful, strict]) {
      const out = one(testbed, { edit });
      assert(typeof out !== "string", `dropped: ${out}`);
      assertEquals(headerSum(out.bytes), 0xffff, `${testbed.name}: ${want.toString(16)}`);
    }
  }
});

Deno.test("l3fwd faithful trusts what strict verifies", () => {
  const cases: [Partial<Offer>, string, string][] = [
    [{ edit: (f) => f[25]! ^= 1 }, "forwarded", "bad-checksum"],
    [{ edit: (f) => f[14] = 0x44 }, "bad-header", "bad-header"],
    [{ edit: (f) => f[14] = 0x65 }, "bad-header", "bad-checksum"],
    [{ edit: (f) => (f[16] = 0, f[17] = 19) }, "bad-header", "bad-checksum"],
    [{ edit: (f) => (f[16] = 0, f[17] = 20) }, "forwarded", "bad-checksum"],
    [{ edit: (f) => (f[16] = 0x10, withChecksum(0x5555)(f)) }, "forwarded", "bad-header"],
    [{ edit: (f) => f[12] = 0x86 }, "not-ip", "not-ip"],
    [{ size: 59 }, "runt", "runt"],
    [{ size: 1519 }, "oversize", "oversize"],
  ];
  for (const [offer, ofFaithful, ofStrict] of cases) {
    const name = (testbed: Testbed) => {
      const out = one(testbed, offer);
      return typeof out === "string" ? out : "forwarded";
    };
    assertEquals([name(faithful), name(strict)], [ofFaithful, ofStrict], `${offer.edit}`);
  }
});

Deno.test("l3fwd declares what it does", () => {
  assertEquals(l3fwd("faithful").policy, FAITHFUL);
  assertEquals(l3fwd().policy, STRICT_L3FWD);
  assertEquals([FAITHFUL.onMiss, FAITHFUL.ttl, FAITHFUL.checksumUpdate], [
    "reflect",
    "ignore",
    "increment",
  ]);
  assertEquals([FAITHFUL.defaultRoute, STRICT_L3FWD.defaultRoute], [false, false]);
  const departures = { defaultRoute: false, congestion: ["rx-missed", "tx-full"] } as const;
  assertEquals(STRICT_L3FWD, { ...STRICT, ...departures }, "nothing else is weakened");
  assertEquals(FAITHFUL.congestion, departures.congestion);
});

Deno.test("l3fwd sends a packet alone within 100 us and one loop", () => {
  // two empty bursts and one of one packet, its rewrite, the send: some 600 cycles; then PCIe and wire
  const loopPs = 2_000_000;
  let longest = 0;
  for (let at = 1e6; at < 250e6; at += 9_300_007) {
    const o = run(strict, [{ port: 0, at }]);
    const took = o.endAt[0]! - at;
    assert(took <= 100e6 + loopPs, `arrived at ${at}, took ${took} ps`);
    longest = Math.max(longest, took);
  }
  assert(longest > 80e6, `the drain was never waited for: ${longest} ps at most`);
});

Deno.test("l3fwd sends 32 at once, and the rest at the drain", () => {
  const o = run(strict, stream(70, wirePs(60)));
  // start-up 2, receive refills at 32 and 64, bursts of 32, 32 and 6
  assertEquals(o.doorbells, 2 + 2 + 3);
  assertEquals(left(o, 1), Array.from({ length: 70 }, (_, i) => i));
  const [last, drained] = [o.endAt[63]!, o.endAt[64]!];
  assert(last < 10e6, `64 packets left at ${last} ps`);
  assert(drained > 99e6 && o.endAt[69]! < 103e6, `the rest left at ${drained} ps`);
  const bursts = strict.report().filter(({ name }) => name.startsWith("RX-bursts"));
  assertEquals(bursts.length, 32);
  const packets = bursts.reduce((sum, { value }, n) => sum + (n + 1) * value, 0);
  assertEquals(packets, 70);
});

Deno.test("l3fwd gives up what a full transmit ring refuses, with evidence", () => {
  const offers = [0, 1, 2].flatMap((port) =>
    stream(1200, wirePs(1000), () => ({ port, size: 1000, dst: towards(3) }))
  );
  const o = strict.run(scenarioOf(offers, { ports: 4, lcores: 2, txRing: 64, rxRing: 128 }));
  assertEquals([o.end, o.faults, fates(o).none], ["quiet", [], 0]);
  const full = [...o.fate.keys()].filter((p) => p < o.count && o.reason[p] === REASON["tx-full"]);
  assert(full.length > 100, `only ${full.length} packets were refused`);
  for (const p of full) {
    const place = o.places[o.place[p]!]!;
    assert(/^nic3 transmit ring [01]$/.test(place.name), `packet ${p}: ${place.name}`);
    assertEquals([o.occupancy[p], place.capacity], [63, 63], `packet ${p}`);
  }
  assertEquals(fates(o).emitted + fates(o).dropped, 3600);
});

Deno.test("l3fwd on several lcores keeps the order of each flow", () => {
  for (const lcores of [1, 2, 4]) {
    const offers = stream(600, 20_000, (i) => ({
      port: i % 2,
      at: 1e6 + (i >> 1) * 40_000,
      srcPort: i % 12,
      dst: towards(i % 2 === 0 ? 1 : 0),
    }));
    const scenario = scenarioOf(offers, { lcores, rxRing: 64, txRing: 64, fidelity: "tlp" });
    const o = strict.run(scenario);
    assertEquals([o.end, o.faults, fates(o).none], ["quiet", [], 0]);
    for (let flow = 0; flow < 12; flow++) {
      const order = [0, 1].flatMap((port) => left(o, port)).filter((p) => p % 12 === flow);
      assertEquals(order, [...order].sort((a, b) => a - b), `flow ${flow}, ${lcores} lcores`);
    }
  }
});

// Aim: the arithmetic of l3fwd's loop that whole runs blur: when exactly the drain is due, what a turn answers
// and charges, when it wants to run again, and that an idle loop is not stepped.
// Method: the loop alone, on a cpu whose clock the test sets and ports that note what they are handed.

/** 10 cycles a microsecond, so a drain is due after 1,000. */
const COSTS: { readonly [name: string]: number } = { mhz: 10, "l3fwd.packet": 7 };

class Rig {
  now = 0;
  charged = 0;
  /** Packets that wait at port 0. */
  waiting = 0;
  readonly wakes: number[] = [];
  /** Sizes of the bursts handed to port 1. */
  readonly sent: number[] = [];
  readonly #bodies: ((cpu: Cpu) => number)[] = [];
  readonly #cpu: Cpu;

  constructor() {
    const memory = new Memory(64);
    const port = (id: number): Port => ({
      id,
      rxBurst: (_cpu, _queue, out, max) => {
        const n = id === 0 ? Math.min(max, this.waiting) : 0;
        for (let i = 0; i < n; i++) this.#receive(memory, out[i] = i);
        this.waiting -= n;
        return n;
      },
      txBurst: (_cpu, _queue, _buffers, _at, n) => {
        this.sent.push(n);
        return n;
      },
    });
    const neighbours = { count: 1, port: Uint8Array.of(1), mac: new Uint8Array(6) };
    const env = {
      lcores: 1,
      configure: () => {},
      ports: [port(0), port(1)],
      memory,
      neighbours: { ...neighbours, portMac: new Uint8Array(12) },
      fib: { lookupBulk: (_: Uint32Array, hops: Int32Array, n: number) => hops.fill(0, 0, n) },
      cost: (name: string) => COSTS[name]!,
      spawn: (_lcore: number, _priority: string, body: (cpu: Cpu) => number) =>
        void this.#bodies.push(body),
    } as unknown as Env;
    l3fwd("strict")(env);
    this.#cpu = {
      lcore: 0,
      rxQueues: [{ port: 0, queue: 0 }, { port: 1, queue: 0 }],
      charge: (cycles: number) => void (this.charged += cycles),
      tsc: () => this.now,
      wakeAt: (tsc: number) => void this.wakes.push(tsc),
    } as unknown as Cpu;
  }

  #receive(memory: Memory, b: number): void {
    writeUdpFrame(memory.bytes, memory.offset[b]!, { dstMac: 1, srcMac: 2, src: 1, dst: 2 });
    memory.length[b] = 60;
    memory.flags[b] = FLAG.ipv4;
  }

  /** A turn of queue `k` at `now`; answers what it answers. */
  turn(k: number, now: number): number {
    this.now = now;
    return this.#bodies[k]!(this.#cpu);
  }
}

Deno.test("l3fwd drains when more than 100 us have passed, and not at 100 us", () => {
  const rig = new Rig();
  rig.waiting = 3;
  assertEquals([rig.turn(0, 10), rig.sent], [3, []]);
  assertEquals([rig.turn(0, 1000), rig.sent], [0, []], "100 us: not yet");
  assertEquals([rig.turn(0, 1001), rig.sent], [1, [3]], "a drain is no empty poll");
  assertEquals([rig.turn(0, 2001), rig.sent], [0, [3]], "100 us after the drain");
  assertEquals([rig.turn(0, 2002), rig.sent], [1, [3]], "due, with nothing to send");
  assertEquals(rig.wakes, [1001, 1001, 2002, 2002, 3003], "the first cycle at which it is due");
});

Deno.test("l3fwd charges its cycles for each packet of a burst, and none for an empty one", () => {
  const rig = new Rig();
  rig.waiting = 40;
  assertEquals([rig.turn(0, 1), rig.charged, rig.sent], [32, 32 * 7, [32]]);
  assertEquals([rig.turn(0, 2), rig.charged, rig.sent], [8, 40 * 7, [32]]);
  assertEquals([rig.turn(1, 3), rig.charged], [0, 40 * 7]);
});

Deno.test("l3fwd sleeps between drains: an idle loop is not stepped", () => {
  const testbed = new Testbed(l3fwd(), TEST_PROFILE);
  const o = testbed.run(scenarioOf([{ port: 0, at: 950e6 }]));
  assertEquals(o.outCount, 1);
  // ten drains; stepped, the loop would turn some 14,000 times
  assert(o.events < 500, `${o.events} events`);
});

// Aim: the pipeline forwards what the loop forwards, keeps order as it declares, loses between its stages with
// evidence, costs more cycles a packet and isolates its stages. Method: the loop is the plain twin.

const PIPELINE = { mode: "pipeline" } as const;
/** Rings that leave room for four lcores. */
const RINGS = { rxRing: 128, txRing: 128 };

/** What left: port and bytes of each packet, by its identity. */
function frames(o: Observation): Map<number, string> {
  return new Map([...o.outPacket.subarray(0, o.outCount)].map((p, i) => [
    p,
    `${o.outPort[i]} ${frame(o, i).join(" ")}`,
  ]));
}

/** Packets of one flow that left a port behind a later one. */
function overtaken(o: Observation, flows: number): number {
  let count = 0;
  for (let flow = 0; flow < flows; flow++) {
    const order = [0, 1].flatMap((port) => left(o, port)).filter((p) => p % flows === flow);
    count += order.filter((p, i) => i > 0 && p < order[i - 1]!).length;
  }
  return count;
}

/** Rows of a report by name. */
function rowsOf(testbed: Testbed): Map<string, number> {
  return new Map(testbed.report().map(({ name, value }) => [name, value]));
}

Deno.test("l3fwd as a pipeline forwards what the loop forwards, on any number of lcores", () => {
  const offers = stream(240, 60_000, (i) => ({
    port: i % 2,
    srcPort: i % 12,
    ttl: i % 7,
    size: 60 + (i % 5) * 300,
    dst: i % 9 === 0 ? UNKNOWN : towards((i + 1) % 2),
  }));
  for (const profile of ["strict", "faithful"] as const) {
    const loop = frames(run(new Testbed(l3fwd(profile), TEST_PROFILE), offers));
    assert(loop.size > 100);
    for (const lcores of [1, 2, 3, 4]) {
      for (const steering of ["flow", "round-robin"] as const) {
        const stack = l3fwd(profile, { ...PIPELINE, steering });
        const o = run(new Testbed(stack, TEST_PROFILE), offers, {
          ...RINGS,
          lcores,
          fidelity: "tlp",
        });
        assertEquals(frames(o), loop, `${profile}, ${lcores} lcores, ${steering}`);
      }
    }
  }
});

Deno.test("l3fwd as a pipeline keeps the order of flows by hash, and loses it in turn, as declared", () => {
  const offers = stream(1200, 45_000, (i) => ({ srcPort: i % 11 }));
  const seen = (steering: "flow" | "round-robin") => {
    const stack = l3fwd("strict", { ...PIPELINE, steering });
    const o = new Testbed(stack, TEST_PROFILE).run(scenarioOf(offers, { ...RINGS, lcores: 4 }));
    assertEquals([o.end, fates(o).emitted], ["quiet", 1200]);
    return { order: stack.policy!.order, overtaken: overtaken(o, 11) };
  };
  assertEquals(seen("flow"), { order: "flow", overtaken: 0 });
  const inTurn = seen("round-robin");
  assertEquals(inTurn.order, "none");
  assert(inTurn.overtaken > 10, `${inTurn.overtaken} packets were overtaken`);
  // who declares an order that is not kept is found out
  const liar = Object.assign(l3fwd("strict", { ...PIPELINE, steering: "round-robin" }), {
    policy: l3fwd("strict", PIPELINE).policy!,
  });
  const scenario = scenarioOf(offers, { ...RINGS, lcores: 4 });
  const law = LAWS.filter(({ id }) => id === "ORD-1");
  const verdict = (stack: Stack) => {
    const device = new Testbed(stack, TEST_PROFILE);
    return checkConformance(device, { replay: scenario, laws: law }).laws[1]!;
  };
  assertEquals([verdict(liar).judged, verdict(liar).kept], [1, 0]);
  const honest = l3fwd("strict", { ...PIPELINE, steering: "round-robin" });
  assertEquals(verdict(honest).notJudged[0]!.why, "the policy declares no order");
});

Deno.test("l3fwd as a pipeline in turn gives every worker the same, however packets come", () => {
  for (const gapPs of [30_000, 200_000, 3_000_000]) {
    for (const lcores of [4, 5, 7]) {
      const bed = new Testbed(
        l3fwd("strict", { ...PIPELINE, steering: "round-robin" }),
        TEST_PROFILE,
        { maxima: { ...SCENARIO_MAXIMA, lcores: 8 } },
      );
      run(bed, stream(60, gapPs, (i) => ({ port: i % 2, srcPort: i % 3 })), { ...RINGS, lcores });
      const rows = rowsOf(bed);
      const shares = Array.from(
        { length: lcores - 2 },
        (_, w) => rows.get(`ring worker ring ${w} enqueued`)!,
      );
      const text = `${gapPs} ps apart, ${lcores} lcores: ${shares}`;
      assertEquals(shares.reduce((sum, n) => sum + n, 0), 60, text);
      assert(Math.max(...shares) - Math.min(...shares) <= 1, text);
    }
  }
});

Deno.test("l3fwd as a pipeline loses before a worker what the loop loses at the NIC, with evidence", () => {
  // 32 ns a packet on two ports: more than a worker's 42 ns of work, less than the receive lcore's 22
  const offers = stream(3000, 32_000, (i) => ({ port: i % 2, srcPort: i }));
  const g = { ...RINGS, ingress: 64 };
  const alone = new Testbed(l3fwd(), TEST_PROFILE);
  const at = (o: Observation, reason: string) =>
    [...o.reason.subarray(0, o.count)].filter((r) => r === REASON[reason as "tx-full"]).length;
  const first = alone.run(scenarioOf(offers, g));
  assert(at(first, "rx-missed") > 500, `${at(first, "rx-missed")} missed`);
  const staged = new Testbed(l3fwd("strict", { ...PIPELINE, ringSize: 64 }), TEST_PROFILE);
  const o = staged.run(scenarioOf(offers, { ...g, lcores: 3, spareBuffers: 1024 }));
  assertEquals([o.end, o.faults, at(o, "rx-missed")], ["quiet", [], 0]);
  const lost = [...o.reason.keys()].filter((p) =>
    p < o.count && o.reason[p] === REASON["ring-full"]
  );
  assert(lost.length > 100, `${lost.length} lost between stages`);
  for (const p of lost) {
    assertEquals([o.places[o.place[p]!]!.name, o.occupancy[p]], ["worker ring 0", 64]);
  }
  const rows = rowsOf(staged);
  assertEquals(rows.get("ring worker ring 0 dropped"), lost.length);
  assertEquals(rows.get("ring worker ring 0 enqueued"), 3000 - lost.length);
  assertEquals(rows.get("ring tx ring 0 enqueued"), fates(o).emitted);
});

Deno.test("l3fwd as a pipeline takes more cycles a packet than the loop, and less time on its slowest lcore", () => {
  const count = 2048;
  const offers = stream(count, 24_000, (i) => ({ port: i % 2 }));
  const maxima = { ...SCENARIO_MAXIMA, buffers: 16384 };
  const took = (stack: Stack, lcores: number) => {
    const testbed = new Testbed(stack, TEST_PROFILE, { maxima });
    const o = testbed.run(scenarioOf(offers, { lcores, rxRing: 1024, txRing: 256 }));
    assertEquals([o.end, fates(o).emitted], ["quiet", count]);
    const cycles = o.lcores.map(({ usefulPs }) => usefulPs * 3.4e-3 / count);
    const sum = cycles.reduce((a, b) => a + b);
    // the last ones wait for the drain
    const span = o.outEnd[1792]! - o.outEnd[512]!;
    return { sum, most: Math.max(...cycles), perLcore: 1 / (span * lcores) };
  };
  const loop = took(l3fwd(), 1);
  const staged = took(l3fwd("strict", PIPELINE), 3);
  // driver and forwarding 240 and 120 a burst; a ring hop is 10 twice, and 40 twice a burst
  assert(loop.sum > 243 && loop.sum < 252, `${loop.sum} cycles a packet`);
  assert(staged.sum > loop.sum + 2 * 20 && staged.sum < loop.sum + 2 * 20 + 40, `${staged.sum}`);
  assert(staged.most < 0.7 * loop.sum, `${staged.most} cycles a packet on the busiest lcore`);
  assert(staged.perLcore < 0.8 * loop.perLcore, "slower per lcore");
});

Deno.test("l3fwd as a pipeline moves every mbuf through the common ring, the loop none", () => {
  const ops = (stack: Stack, lcores: number, count: number) => {
    const testbed = new Testbed(stack, TEST_PROFILE);
    const g = { ...RINGS, lcores, poolCache: 64, spareBuffers: 512 };
    run(testbed, stream(count, 100_000), g);
    return rowsOf(testbed).get("mempool common_pool_bulk")!;
  };
  // refills of 32 empty the cache of the receive lcore, reclaims of 32 fill that of the transmit lcore
  const [few, many] = [
    ops(l3fwd("strict", PIPELINE), 3, 640),
    ops(l3fwd("strict", PIPELINE), 3, 1280),
  ];
  assertEquals(many - few, 2 * 640 / 32);
  assertEquals(ops(l3fwd(), 1, 1280) - ops(l3fwd(), 1, 640), 0);
});

Deno.test("l3fwd as a pipeline sends a packet alone within 100 us and one loop", () => {
  const testbed = new Testbed(l3fwd("strict", PIPELINE), TEST_PROFILE);
  for (let at = 1e6; at < 150e6; at += 19_300_007) {
    const o = run(testbed, [{ port: 0, at }], { ...RINGS, lcores: 4 });
    assert(o.endAt[0]! - at <= 102e6, `arrived at ${at}, took ${o.endAt[0]! - at} ps`);
    assert(o.events < 500, `${o.events} events: idle stages are not stepped`);
  }
});

Deno.test("l3fwd spreads flows over four lcores by RSS, which share the work", () => {
  const offers = stream(2000, 24_000, (i) => ({ port: i % 2, srcPort: i % 200 }));
  const maxima = { ...SCENARIO_MAXIMA, buffers: 16384 };
  const took = (lcores: number) => {
    const testbed = new Testbed(l3fwd(), TEST_PROFILE, { maxima });
    const o = run(testbed, offers, { lcores, rxRing: 1024, txRing: 128 });
    const useful = o.lcores.map(({ usefulPs }) => usefulPs);
    const sum = useful.reduce((a, b) => a + b);
    for (const one of useful) {
      assert(one > 0.7 * sum / lcores && one < 1.4 * sum / lcores, `${useful}`);
    }
    // the last ones wait for the drain
    return o.outEnd[1800]!;
  };
  const [one, four] = [took(1), took(4)];
  assert(one > 2.5 * four, `${one} ps on one lcore, ${four} on four`);
});

Deno.test("l3fwd gathers txBurst packets, and refuses knobs that it cannot take", () => {
  const testbed = new Testbed(l3fwd("strict", { txBurst: 4 }), TEST_PROFILE);
  const o = run(testbed, stream(64, 200_000));
  // start-up 2, refills 2, every fourth packet
  assertEquals(o.doorbells, 2 + 2 + 16);
  const cases: [L3fwdOptions, string][] = [
    [{ rxBurst: 33 }, "Cannot configure l3fwd: rxBurst 33 is not an integer in 1..32"],
    [{ txBurst: 0 }, "txBurst 0"],
    [{ ringSize: 0.5 }, "ringSize 0.5"],
    [{ mode: "eventdev" as "poll" }, 'mode "eventdev" is not one of "poll", "pipeline"'],
    [{ steering: "" as "flow" }, 'steering "" is not one of'],
    [{ txFreeThresh: -1 }, "txFreeThresh -1"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => l3fwd("strict", options), Error, message);
  }
});

Deno.test("l3fwd with no drain sends what a burst gathered at its end", () => {
  const oneAt = (options: L3fwdOptions) => {
    const testbed = new Testbed(l3fwd("strict", options), TEST_PROFILE);
    const o = testbed.run(scenarioOf([{ port: 0, at: 110e6 }]));
    assertEquals(fates(o).emitted, 1, "nothing stays behind");
    return o.endAt[0]! / 1e6;
  };
  // alone it waits for the drain, or does not
  assert(oneAt({}) > 190, `${oneAt({})} us`);
  assert(oneAt({ drainUs: 0 }) < 114, `${oneAt({ drainUs: 0 })} us`);
  assert(oneAt({ mode: "pipeline", drainUs: 0 }) < 116);
  for (const drainUs of [-1, NaN]) {
    assertThrows(() => l3fwd("strict", { drainUs }), RangeError, "drainUs");
  }
});
