// Aim: queue pairs write data before done bits, do exactly the transfers that a forwarded packet needs, wait
// in order for descriptors, and steer flows. Method: counts of TLPs worked out by hand, milestones over
// random runs, and stacks that misbehave on purpose.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import {
  fates,
  left,
  type Offer,
  scenarioOf,
  stream,
  wirePs,
} from "../machine/_scenario_for_tests.ts";
import { POLICY, routeOne, simple } from "../machine/_stacks_for_tests.ts";
import type { Geometry } from "../machine/device.ts";
import { FATE, Observation } from "../machine/observation.ts";
import type { Context } from "../host/context.ts";
import { Ledger } from "../memory/ledger.ts";
import { Memory } from "../memory/memory.ts";
import { freeChain, mbufClone } from "../memory/mbuf_share.ts";
import { mbufChain, mbufSegments } from "../memory/mbuf.ts";
import { bareContext } from "./_hand_device_for_tests.ts";
import { postFull } from "./driver.ts";
import type { PollPort } from "./poll_port.ts";
import { DescriptorRing } from "./rings.ts";
import { IXGBE_QUEUES } from "./write_back.ts";
import { SCENARIO_MAXIMA } from "../machine/sizes.ts";
import { Testbed } from "../machine/testbed.ts";
import { parseIpv4 } from "../packet/ipv4_text.ts";
import { writeTcpFrame } from "../packet/frame.ts";
import { REASON } from "../policy.ts";
import { HOST } from "../pcie/fabric.ts";
import type { Cpu, Dataplane, Env, Stack } from "../stack.ts";

/** Receives until `gather` packets are there, then hands them over in one burst. */
function gathering(gather: number): Stack {
  return Object.assign((env: Env): Dataplane => {
    const held = new Int32Array(gather + 32);
    let count = 0;
    const poll = (cpu: Cpu): number => {
      const n = env.ports[0]!.rxBurst(cpu, 0, held.subarray(count), 32);
      for (let i = 0; i < n; i++) routeOne(env, cpu, held[count + i]!);
      count += n;
      if (count < gather) return n;
      const sent = env.ports[1]!.txBurst(cpu, 0, held, 0, gather);
      assertEquals(sent, gather, "the ring is large enough");
      held.copyWithin(0, gather, count);
      count -= gather;
      return n;
    };
    return { name: "gathering", poll, idlePollIsStateless: true };
  }, { policy: POLICY });
}

function link(o: Observation, name: string) {
  const account = o.links.find((l) => l.name === name)!;
  return { tlps: [...account.tlps], payload: account.payloadBytes, bytes: account.tlpBytes };
}

Deno.test("QueuePairs does exactly the transfers of bursts of 32 frames of 60 bytes", () => {
  for (const bursts of [1, 8]) {
    const offers = Array.from(
      { length: bursts },
      (_, k) => stream(32, 16_800, () => ({}), 1e6 + k * 30e6),
    ).flat();
    const testbed = new Testbed(gathering(32), TEST_PROFILE);
    const o = testbed.run(scenarioOf(offers, { fidelity: "tlp" }));
    const n = 32 * bursts;
    assertEquals(fates(o).emitted, n);
    // the two start-up doorbells, then RDT and TDT once for each burst, 4 bytes each
    assertEquals(o.doorbells, 2 + 2 * bursts);
    // receive descriptors are read ahead, 32 of 16 bytes at once: one read at start-up, one a burst
    const descriptorReads = 1 + bursts;
    assertEquals(link(o, "nic0>switch"), {
      // posted: frame and write-back of each packet; non-posted: descriptor reads
      tlps: [2 * n, descriptorReads, 0],
      payload: n * 60 + n * 16,
      bytes: n * (60 + 24) + n * (16 + 24) + descriptorReads * 24,
    });
    assertEquals(link(o, "switch>nic0"), {
      // posted: RDT; completions: 512 bytes in two of 256
      tlps: [1 + bursts, 0, 2 * descriptorReads],
      payload: (1 + bursts) * 4 + descriptorReads * 512,
      bytes: (1 + bursts) * 28 + descriptorReads * (512 + 40),
    });
    assertEquals(link(o, "nic1>switch"), {
      // posted: one report a burst; non-posted: one descriptor read a burst and at start-up, each frame
      tlps: [bursts, 1 + bursts + n, 0],
      payload: bursts * 16,
      bytes: bursts * 40 + (1 + bursts + n) * 24,
    });
    assertEquals(link(o, "switch>nic1"), {
      tlps: [1 + bursts, 0, 2 * (1 + bursts) + n],
      payload: (1 + bursts) * 4 + (1 + bursts) * 512 + n * 60,
      bytes: (1 + bursts) * 28 + (1 + bursts) * 552 + n * 80,
    });
    assertEquals(
      link(o, "host>switch").payload,
      (2 + 2 * bursts) * 4 + (2 + 2 * bursts) * 512 + n * 60,
    );
  }
});

/** Runs with an eye on the reads that a NIC's DMA engine is asked for. */
function withReads(testbed: Testbed, nic: number): number[] {
  const bytes: number[] = [];
  const { dma } = testbed.machine.nics[nic]!;
  const read = dma.read.bind(dma);
  dma.read = (dst, length, handler, arg) => {
    if (dst === HOST) bytes.push(length);
    read(dst, length, handler, arg);
  };
  return bytes;
}

Deno.test("QueuePairs reads at most 32 receive and 40 transmit descriptors at once", () => {
  // frames of 61 bytes: a read of a multiple of 16 bytes is one of descriptors
  const testbed = new Testbed(gathering(100), TEST_PROFILE, { maxima: SCENARIO_MAXIMA });
  const [ingress, egress] = [withReads(testbed, 0), withReads(testbed, 1)];
  const o = testbed.run(scenarioOf(stream(200, 17_000, () => ({ size: 61 })), { txRing: 256 }));
  assertEquals(fates(o).emitted, 200);
  assertEquals(ingress.every((bytes) => bytes === 32 * 16), true, `${ingress}`);
  const descriptors = egress.filter((bytes) => bytes % 16 === 0).map((bytes) => bytes / 16);
  assertEquals(descriptors, [32, 40, 40, 20, 40, 40, 20]);
  assertEquals(egress.filter((bytes) => bytes === 61).length, 200);
});

Deno.test("QueuePairs reads on when fewer than 16 receive descriptors are left", () => {
  for (const [packets, reads] of [[16, 1], [17, 2], [48, 2], [49, 3]] as const) {
    const testbed = new Testbed(simple, TEST_PROFILE, { maxima: SCENARIO_MAXIMA });
    const ingress = withReads(testbed, 0);
    testbed.run(scenarioOf(stream(packets, 1_000_000, () => ({ size: 61 }))));
    assertEquals(ingress.length, reads, `${packets} packets`);
  }
});

/** What the head register of each transmit ring says of a machine at rest: all that the doorbells told of is sent. */
function checkHeads({ machine: { nics } }: Testbed): void {
  for (const [port, { queues }] of nics.entries()) {
    for (const [q, { sent, tail }] of queues.tx.entries()) {
      assertEquals(sent, tail, `head register of transmit queue ${q} of port ${port}`);
    }
  }
}

const traffic = fc.array(
  fc.record({
    port: fc.nat(1),
    gap: fc.oneof(fc.nat(30_000), fc.nat(2_000_000)),
    size: fc.constantFrom(60, 61, 128, 129, 400, 1514),
    srcPort: fc.nat(5),
  }),
  { minLength: 1, maxLength: 50, size: "max" },
);
const sizes = fc.record({
  lcores: fc.integer({ min: 1, max: 2 }),
  rxRing: fc.constantFrom(8, 16, 64),
  txRing: fc.constantFrom(8, 16, 64),
  ingress: fc.constantFrom(1, 4, 64),
  fidelity: fc.constantFrom<Geometry["fidelity"]>("coarse", "tlp"),
  headerCredits: fc.constantFrom(1, 16),
  dataCredits: fc.constantFrom(16, 200),
});

function offersOf(drawn: { port: number; gap: number; size: number; srcPort: number }[]): Offer[] {
  let at = 1e6;
  return drawn.map(({ gap, ...fields }) => ({ ...fields, at: at += gap }));
}

Deno.test("QueuePairs NIC-4, NIC-8: data before done bit before the look; counters tell the truth", () => {
  const testbed = new Testbed(simple, TEST_PROFILE);
  let judged = 0;
  fc.assert(
    fc.property(traffic, sizes, (drawn, geometry) => {
      const scenario = scenarioOf(offersOf(drawn), geometry);
      const o = testbed.run(scenario);
      let received = 0;
      for (let p = 0; p < o.count; p++) {
        if (o.dataAt[p]! < 0) continue;
        received++;
        assert(
          o.dataAt[p]! <= o.descAt[p]! && o.descAt[p]! <= o.seenAt[p]!,
          `packet ${p}: data ${o.dataAt[p]}, done ${o.descAt[p]}, seen ${o.seenAt[p]}`,
        );
      }
      assertEquals(received, o.ports[0]!.rxFrames + o.ports[1]!.rxFrames);
      assertEquals(o.faults, []);
      assertEquals(fates(o).none, 0);
      checkHeads(testbed);
      assertEquals(
        o.ports.map((p) => p.rxFrames + p.rxMissed),
        [0, 1].map((port) => drawn.filter((d) => d.port === port).length),
        "NIC-8",
      );
      judged += received;
    }),
    { numRuns: 60 },
  );
  assert(judged > 500, `only ${judged} packets`);
});

/** Like `simple`, but lcore 0 looks at nothing before `awakePs`. */
function lateLcore(awakePs: number): Stack {
  return Object.assign((env: Env): Dataplane => {
    const dataplane = simple(env);
    const awake = Math.ceil(awakePs * env.cost("mhz") / 1e6);
    const poll = (cpu: Cpu): number => {
      if (cpu.lcore > 0) return dataplane.poll!(cpu);
      if (cpu.tsc() < awake) {
        cpu.wakeAt(awake);
        cpu.charge(50);
        return 0;
      }
      return dataplane.poll!(cpu);
    };
    return { name: "late", poll, idlePollIsStateless: true };
  }, { policy: POLICY });
}

/** The queue of a flow, as a stack sees it: which lcore got packets of which source port. */
function queuesOfFlows(): { stack: Stack; seen: Map<number, Set<number>> } {
  const seen = new Map<number, Set<number>>();
  const stack = Object.assign((env: Env): Dataplane => {
    const burst = new Int32Array(32);
    const poll = (cpu: Cpu): number => {
      const n = env.ports[0]!.rxBurst(cpu, cpu.lcore, burst, 32);
      for (let i = 0; i < n; i++) {
        const at = env.memory.offset[burst[i]!]!;
        const srcPort = env.memory.bytes[at + 34]! * 256 + env.memory.bytes[at + 35]!;
        const lcores = seen.get(srcPort) ?? new Set();
        seen.set(srcPort, lcores.add(cpu.lcore));
        env.drop(cpu, burst[i]!, REASON.other);
      }
      return n;
    };
    return { name: "flows", poll, idlePollIsStateless: true };
  }, { policy: POLICY });
  return { stack, seen };
}

Deno.test("QueuePairs RSS-4, RSS-5: a flow stays on one queue, and flows reach every queue", () => {
  for (const lcores of [1, 2, 3, 4]) {
    const { stack, seen } = queuesOfFlows();
    const offers = stream(400, 100_000, (i) => ({ srcPort: i % 100 }));
    new Testbed(stack, TEST_PROFILE).run(scenarioOf(offers, { lcores, rxRing: 64, txRing: 64 }));
    const load = new Array(lcores).fill(0);
    for (const [flow, queues] of seen) {
      assertEquals(queues.size, 1, `flow ${flow} of ${lcores} queues went to ${[...queues]}`);
      load[[...queues][0]!]++;
    }
    assertEquals(seen.size, 100);
    for (const flows of load) assert(flows > 100 / lcores / 3, `flows by queue: ${load}`);
  }
});

Deno.test("QueuePairs RSS-3: steer by the low bits of the published Toeplitz hashes", () => {
  // Microsoft, "Verifying the RSS hash calculation": TCP over IPv4; entry hash & 127 of a table 0, 1, 2, 0, ...
  const published = [
    ["66.9.149.187", 2794, "161.142.100.80", 1766, 0x51ccc178],
    ["199.92.111.2", 14230, "65.69.140.83", 4739, 0xc626b0ea],
    ["24.19.198.95", 12898, "12.22.207.184", 38024, 0x5c2b394a],
    ["38.27.205.30", 48228, "209.142.163.6", 2217, 0xafc7327f],
    ["153.39.163.191", 44251, "202.188.127.2", 1303, 0x10e828a2],
  ] as const;
  const { stack, seen } = queuesOfFlows();
  const s = scenarioOf(stream(5, 1e6, () => ({})), { lcores: 3, rxRing: 64, txRing: 64 });
  published.forEach(([src, srcPort, dst, dstPort], i) => {
    const ends = { src: parseIpv4(src), dst: parseIpv4(dst), srcPort, dstPort };
    writeTcpFrame(s.traffic.bytes, s.traffic.offset[i]!, { dstMac: 1, srcMac: 2, ...ends });
  });
  new Testbed(stack, TEST_PROFILE).run(s);
  for (const [, srcPort, , , hash] of published) {
    assertEquals([...seen.get(srcPort)!], [(hash & 127) % 3], `flow of port ${srcPort}`);
  }
});

Deno.test("QueuePairs with pools steers by destination address, whatever the hash, and others to queue 0", () => {
  const { stack, seen } = queuesOfFlows();
  const pooled = Object.assign((env: Env): Dataplane => {
    assertEquals(env.ports.length, 2);
    const { queues } = env.hardware.nics[0]!;
    queues.pool(0x02_00_00_00_00_01, 1);
    queues.pool(0x02_00_00_00_00_02, 2);
    return stack(env);
  }, { policy: POLICY });
  // 30 flows, whose hashes alone would spread them; address i % 4, of which 0 and 3 have no pool
  const offers = stream(30, 1e6, (i) => ({
    srcPort: i,
    edit: (frame) => frame.set([2, 0, 0, 0, 0, i % 4]),
  }));
  new Testbed(pooled, TEST_PROFILE).run(scenarioOf(offers, { lcores: 3, rxRing: 64, txRing: 64 }));
  for (const [flow, queues] of seen) {
    assertEquals([...queues], [[0, 1, 2, 0][flow % 4]!], `flow ${flow}`);
  }
  assertEquals(seen.size, 30);
});

Deno.test("QueuePairs: the head packet waits for its queue's descriptors, and all behind it wait", () => {
  const { stack, seen } = queuesOfFlows();
  const probe = stream(40, 100_000, (i) => ({ srcPort: i }));
  new Testbed(stack, TEST_PROFILE).run(scenarioOf(probe, { lcores: 2, rxRing: 64, txRing: 64 }));
  const flowOf = (queue: number) => [...seen].find(([_, queues]) => queues.has(queue))![0];
  const [slow, fast] = [flowOf(0), flowOf(1)];
  // 7 descriptors: packets 0..6 of the slow queue are taken, 7 blocks, the fast queue's wait behind it
  const offers = [
    ...stream(3, 100_000, () => ({ srcPort: fast }), 1e6),
    ...stream(8, 100_000, () => ({ srcPort: slow }), 2e6),
    ...stream(4, 100_000, () => ({ srcPort: fast }), 4e6),
  ];
  const geometry = { lcores: 2, rxRing: 8, txRing: 64, ingress: 4 };
  const awake = 50e6;
  const o = new Testbed(lateLcore(awake), TEST_PROFILE).run(scenarioOf(offers, geometry));
  const ofSlowQueue = (p: number) => p >= 3 && p < 11;
  for (let p = 0; p < 14; p++) {
    const late = ofSlowQueue(p) || p > 10;
    assertEquals(o.endAt[p]! > awake, late, `packet ${p} left at ${o.endAt[p]} ps`);
  }
  assertEquals([...o.reason.subarray(11, 15)], [0, 0, 0, REASON["rx-missed"]]);
  assertEquals(o.occupancy[14], 4, "the ingress buffer was full");
  assertEquals(left(o, 1).length, 14);
  assertEquals(o.faults, []);
});

Deno.test("QueuePairs: a queue with Drop_En loses its own packets, at its ring, and holds up no other", () => {
  const { stack, seen } = queuesOfFlows();
  const probe = stream(40, 100_000, (i) => ({ srcPort: i }));
  new Testbed(stack, TEST_PROFILE).run(scenarioOf(probe, { lcores: 2, rxRing: 64, txRing: 64 }));
  const flowOf = (queue: number) => [...seen].find(([_, queues]) => queues.has(queue))![0];
  const [slow, fast] = [flowOf(0), flowOf(1)];
  // 7 descriptors of the slow queue, which nobody looks at: its packets 7 and 8 are lost; not packet 0, which comes
  // before the first doorbell has told the device of any
  const offers = [
    ...stream(1, 0, () => ({ srcPort: slow }), 1000),
    ...stream(8, 100_000, () => ({ srcPort: slow }), 2e6),
    ...stream(4, 100_000, () => ({ srcPort: fast }), 4e6),
  ];
  const dropping = Object.assign((env: Env): Dataplane => {
    const dataplane = lateLcore(50e6)(env);
    assertEquals(env.ports.length, 2, "set up before their queues are told");
    for (const ring of env.hardware.nics[0]!.queues.rx) ring.dropEnable = true;
    return dataplane;
  }, { policy: POLICY });
  const scenario = scenarioOf(offers, { lcores: 2, rxRing: 8, txRing: 64, ingress: 4 });
  // whose write-backs are held while others are in flight: what is lost is not
  const held = new Testbed(dropping, withFirmware(1000, 1000, 64)).run(scenario);
  assertEquals([held.end, fates(held).emitted], ["quiet", 11]);
  const testbed = new Testbed(dropping, TEST_PROFILE);
  const o = testbed.run(scenario);
  assertEquals([...o.reason.subarray(0, 13)], [0, 0, 0, 0, 0, 0, 0, 10, 10, 0, 0, 0, 0]);
  assertEquals(REASON["rx-missed"], 10);
  for (const p of [7, 8]) {
    assertEquals(o.places[o.place[p]!], { name: "nic0 receive ring 0", capacity: 7 });
    assertEquals(o.occupancy[p], 7, "all of its descriptors were the host's");
  }
  for (let p = 9; p < 13; p++) assert(o.endAt[p]! < 50e6, `packet ${p} was held up`);
  const { rxFrames, rxMissed, rxBytes } = o.ports[0]!;
  assertEquals([rxFrames, rxMissed, rxBytes], [11, 2, 11 * 60]);
  const rings = testbed.machine.nics[0]!.queues.rx.map(({ dropped }) => dropped);
  assertEquals(rings.slice(0, 2), [2, 0]);
  assertEquals(o.faults, []);
});

Deno.test("QueuePairs: the transmit head register passes a descriptor once its frame is on the device", () => {
  const heads: number[] = [];
  const stack = Object.assign((env: Env): Dataplane => {
    const dataplane = simple(env);
    assertEquals(env.ports.length, 2);
    const ring = env.hardware.nics[1]!.queues.tx[0]!;
    const poll = (cpu: Cpu): number => {
      const head = ring.sent;
      if (head !== heads.at(-1)) heads.push(head);
      // what it passes has been read
      assert(((ring.head - head) >>> 0) < ring.size, `${ring.head} read from, head ${head}`);
      return dataplane.poll!(cpu);
    };
    return { name: "head", poll };
  }, { policy: POLICY });
  const testbed = new Testbed(stack, TEST_PROFILE);
  const o = testbed.run(scenarioOf(stream(5, 3e6)));
  heads.push(testbed.machine.nics[1]!.queues.tx[0]!.sent);
  assertEquals([o.emitted, heads], [5, [0, 1, 2, 3, 4, 5]]);
});

/** Sends a clone of each packet, and keeps the packet itself until \`enough\` are there. */
function cloning(enough: number): Stack {
  return Object.assign((env: Env): Dataplane => {
    const { pool, ports } = env;
    const burst = new Int32Array(32);
    const kept: number[] = [];
    const poll = (cpu: Cpu): number => {
      const n = ports[0]!.rxBurst(cpu, 0, burst, 32);
      for (let i = 0; i < n; i++) {
        const b = burst[i]!;
        routeOne(env, cpu, b);
        const clone = mbufClone(pool, cpu.lcore, b);
        assertEquals(ports[1]!.txBurst(cpu, 0, Int32Array.of(clone), 0, 1), 1);
        kept.push(b);
      }
      if (kept.length >= enough) { for (const b of kept.splice(0)) freeChain(pool, cpu.lcore, b); }
      return n;
    };
    return { name: "cloning", poll, idlePollIsStateless: true };
  }, { policy: POLICY });
}

Deno.test("PollPort gives back a clone with what it shows, and leaves what others hold", () => {
  const geometry = { rxRing: 64, txRing: 64, spareBuffers: 128 };
  const offers = stream(96, 1_000_000, () => ({}));
  const inHand = (enough: number): number => {
    const o = new Testbed(cloning(enough), TEST_PROFILE).run(scenarioOf(offers, geometry));
    assertEquals([o.end, o.faults], ["quiet", []]);
    assertEquals(left(o, 1).length, 96);
    return o.pools[0]!.inHand!.reduce((sum, { count }) => sum + count, 0);
  };
  assertEquals(inHand(32), 0, "owners and clones of three times 32 are back");
  assertEquals(inHand(97), 96, "the owners are the stack's");
});

/** Sends what comes in at port 0 out of port 1, `gather` at once; notes how many segments each packet came in. */
function scattering(segmentBytes: number, segments: number[], gather = 1): Stack {
  return (env: Env): Dataplane => {
    env.configure({ segmentBytes });
    const { ports, memory } = env;
    const held = new Int32Array(64);
    let count = 0;
    const poll = (cpu: Cpu): number => {
      const n = ports[0]!.rxBurst(cpu, 0, held.subarray(count), 32);
      for (let i = count; i < count + n; i++) segments.push(mbufSegments(memory, held[i]!));
      count += n;
      if (count < gather) return n;
      const sent = ports[1]!.txBurst(cpu, 0, held, 0, count);
      for (let i = sent; i < count; i++) env.drop(cpu, held[i]!, REASON["tx-full"]);
      count = 0;
      return n;
    };
    return { name: "scattering", poll, idlePollIsStateless: true };
  };
}

Deno.test("QueuePairs receives a long frame into several buffers, and sends a chain as one frame", () => {
  const sizes = [60, 128, 129, 1024, 1025, 1518, 512];
  for (const fidelity of ["coarse", "tlp"] as const) {
    for (const room of [1518, 1024, 512, 128]) {
      const segments: number[] = [];
      const scenario = scenarioOf(
        stream(sizes.length * 40, 500_000, (i) => ({ size: sizes[i % sizes.length]! })),
        { fidelity, rxRing: 64, txRing: 64 },
      );
      const testbed = new Testbed(scattering(room, segments), TEST_PROFILE);
      const o = testbed.run(scenario);
      assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], o.count]);
      checkHeads(testbed);
      assertEquals(segments, [...scenario.traffic.length].map((n) => Math.ceil(n / room)));
      const all = scenario.traffic.bytes;
      assertEquals(left(o, 1), segments.map((_, p) => p));
      const differs = all.findIndex((byte, i) => byte !== o.outBytes[i]);
      assertEquals(differs, -1, "first byte that is not as it came");
      // every part is a posted write and a write-back of 16 bytes
      const parts = segments.reduce((a, b) => a + b);
      const { payload } = link(o, "nic0>switch");
      assertEquals(payload, all.length + 16 * parts, `${room} ${fidelity}`);
    }
  }
});

Deno.test("QueuePairs wait for all descriptors of a long frame, on the way in and on the way out", () => {
  // twelve parts of each: reads of 32 and of 40 descriptors end within a frame, and frames wait for the next
  for (const fidelity of ["coarse", "tlp"] as const) {
    const segments: number[] = [];
    const offers = stream(120, wirePs(1518), () => ({ size: 1518 }));
    const g = { fidelity, rxRing: 32, txRing: 512 };
    const o = new Testbed(scattering(128, segments, 5), TEST_PROFILE).run(scenarioOf(offers, g));
    assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], 120]);
    assertEquals(new Set(segments), new Set([12]));
    assertEquals(left(o, 1), offers.map((_, p) => p));
  }
});

Deno.test("PollPort gives up a chain that the free descriptors do not hold, whole", () => {
  // a ring of 8 holds 7: three chains of two
  const offers = stream(4, 140_000, () => ({ size: 1518 }));
  const gather = (env: Env): Dataplane => {
    env.configure({ segmentBytes: 1024, txRsThresh: 1, txFreeThresh: 1 });
    const held = new Int32Array(36);
    let n = 0;
    return {
      name: "gather",
      idlePollIsStateless: true,
      poll(cpu) {
        const got = env.ports[0]!.rxBurst(cpu, 0, held.subarray(n), 32);
        n += got;
        if (n < 4) return got;
        assertEquals(env.ports[1]!.txBurst(cpu, 0, held, 0, 4), 3);
        env.drop(cpu, held[3]!, REASON["tx-full"]);
        n = 0;
        return got;
      },
    };
  };
  const o = new Testbed(gather, TEST_PROFILE).run(scenarioOf(offers, { rxRing: 16, txRing: 8 }));
  assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], 3]);
  assertEquals(o.places[o.place[3]!]!.name, "nic1 transmit ring 0");
  assertEquals(o.pools[0]!.inHand, []);
});

Deno.test("PollPort refuses a chain longer than a frame, and buffers that a frame does not fit in", () => {
  const stack = (env: Env): Dataplane => ({
    name: "chain",
    poll(cpu) {
      const [head, tail] = [env.pool.get(0), env.pool.get(0)];
      env.memory.length[head] = env.memory.length[tail] = 760;
      assertEquals(mbufChain(env.memory, head, tail), true);
      return env.ports[0]!.txBurst(cpu, 0, Int32Array.of(head), 0, 1);
    },
  });
  const run = (of: Stack, rxRing = 64) =>
    new Testbed(of, TEST_PROFILE).run(scenarioOf(stream(1, 1e6), { rxRing }));
  assertThrows(() => run(stack), RangeError, "its 2 segments have 1520 bytes, expected 1518");
  const message = "4 of them must take a frame of 1518";
  assertThrows(() => run(scattering(256, []), 8), RangeError, message);
  assertThrows(
    () => run(scattering(64, [])),
    RangeError,
    "buffers of 64 bytes must be 128 or more",
  );
});

Deno.test("postFull refuses a chain of which only the first segment is sent", () => {
  const memory = new Memory(4);
  const ring = new DescriptorRing(8);
  ring.reset(8, -1);
  const observation = new Observation();
  memory.ledger = new Ledger(memory, observation, () => 0);
  memory.region("mempool", 0, 4);
  mbufChain(memory, 0, 1);
  const send = () => postFull(memory, ring, 0, 0, true, bareContext());
  assertThrows(send, RangeError, "it is the first of a chain, and a descriptor takes one segment");
});

Deno.test("postFull says of each descriptor anew whether its packet goes on and a report is asked for", () => {
  const memory = new Memory(4);
  const ring = new DescriptorRing(8);
  ring.reset(8, -1);
  memory.region("mempool", 0, 4);
  for (const more of [true, false, true, false]) {
    for (const report of [true, false]) {
      postFull(memory, ring, 3, 1, report, bareContext(), more);
      assertEquals([ring.more[3], ring.reportStatus[3], ring.done[3]], [
        Number(more),
        Number(report),
        0,
      ]);
    }
  }
});

Deno.test("postFull refuses a length that no frame has", () => {
  const memory = new Memory(4);
  const ring = new DescriptorRing(8);
  ring.reset(8, -1);
  const ledger = memory.ledger = new Ledger(memory, new Observation(), () => 0);
  memory.region("mempool", 0, 4);
  for (let b = 0; b < 4; b++) ledger.alloc(b, -1);
  const send = (b: number, length: number) => () => {
    memory.length[b] = length;
    postFull(memory, ring, b, b, true, bareContext());
  };
  assertThrows(send(0, 1519), RangeError, "its length is 1519, not in 0..1518");
  assertThrows(send(1, -1), RangeError, "its length is -1, not in 0..1518");
  for (const [b, length] of [[2, 1518], [3, 0]] as const) send(b, length)();
});

/**
 * Forwards from port 0 to port 1, five packets at a time; stops all queues at `stopPs`, gives their buffers back
 * 100 us later and starts them again.
 */
function stopping(stopPs: number, segmentBytes: number, log: string[]): Stack {
  return (env: Env): Dataplane => {
    env.configure({ segmentBytes });
    const ports = env.ports as readonly PollPort[];
    const burst = new Int32Array(5);
    let stopped = false;
    const forward = env.spawn(0, "thread", (cpu) => {
      if (stopped) {
        cpu.sleep();
        return 0;
      }
      const n = ports[0]!.rxBurst(cpu, 0, burst, 5);
      if (n === 0) return 0;
      const sent = ports[1]!.txBurst(cpu, 0, burst, 0, n);
      for (let i = sent; i < n; i++) env.drop(cpu, burst[i]!, REASON["tx-full"]);
      // the device has not heard of it yet, and is not done with it
      assertEquals(ports[1]!.txQuiet(0), false);
      // slower than packets come, so that some are staged
      cpu.charge(4000);
      return n;
    }, true);
    const quiet = () => ports.every((port) => port.rxQuiet(0) && port.txQuiet(0));
    const [stopAt, releaseAt] = [stopPs, stopPs + 100e6].map((ps) => Math.ceil(ps * 3.4e-3));
    env.spawn(0, "thread", (cpu) => {
      const now = cpu.tsc();
      cpu.sleep();
      if (now < stopAt!) cpu.wakeAt(stopAt!);
      else if (log.length === 0) {
        stopped = true;
        for (const port of ports) port.rxStop(cpu as Context, 0);
        log.push(`quiet: ${quiet()}`);
        cpu.wakeAt(releaseAt!);
      } else if (stopped && now >= releaseAt!) {
        log.push(`quiet: ${quiet()}`);
        for (const port of ports) {
          port.rxRelease(cpu as Context, 0);
          port.txRelease(cpu as Context, 0);
        }
        env.pool.flush(0);
        log.push(`out: ${env.pool.size - env.pool.free}`);
        for (const port of ports) port.rxStart(cpu as Context, 0);
        stopped = false;
        cpu.wake(forward);
        return 1;
      }
      return 0;
    }, true);
    return { name: "stopping" };
  };
}

Deno.test("PollPort NIC-10: stops its queues under traffic, gives every buffer back, and starts them again", () => {
  let inTheRing = 0;
  for (const fidelity of ["coarse", "tlp"] as const) {
    for (const segmentBytes of [1518, 128]) {
      for (let stopPs = 20e6; stopPs < 21e6; stopPs += 0.21e6) {
        const log: string[] = [];
        const before = stream(100, 250_000, () => ({ size: 600 }));
        const after = stream(60, 250_000, () => ({ size: 600 }), 300e6);
        const rings = { rxRing: 64, txRing: 512 };
        const scenario = scenarioOf([...before, ...after], { fidelity, ...rings });
        const o = new Testbed(stopping(stopPs, segmentBytes, log), TEST_PROFILE).run(scenario);
        assertEquals(log, ["quiet: false", "quiet: true", "out: 0"], `stopped at ${stopPs}`);
        const { emitted, dropped, none, freed } = fates(o);
        assertEquals([o.end, o.faults, none, dropped], ["quiet", [], 0, 0]);
        assert(freed <= 32, `${freed} ended in the ring, as the driver frees them`);
        assertEquals(emitted + freed, 160);
        // what comes to a stopped queue waits at the NIC
        for (let p = 0; p < 100; p++) {
          if (scenario.traffic.at[p]! > stopPs + 3e6) assertEquals(o.fate[p], FATE.emitted, `${p}`);
        }
        assertEquals([...o.fate.subarray(100, 160)], Array(60).fill(FATE.emitted));
        inTheRing += freed;
      }
    }
  }
  assert(inTheRing > 10, `only ${inTheRing} packets were caught in a ring`);
});

Deno.test("drop gives a whole chain back, and what a stack set aside before is not missed", () => {
  const stack = Object.assign((env: Env): Dataplane => {
    const own = [0, 1, 2].map(() => env.pool.get(0));
    const burst = new Int32Array(32);
    const poll = (cpu: Cpu): number => {
      const n = env.ports[0]!.rxBurst(cpu, 0, burst, 32);
      for (let i = 0; i < n; i++) {
        assertEquals(mbufChain(env.memory, burst[i]!, env.pool.get(cpu.lcore)), true);
        env.drop(cpu, burst[i]!, REASON.other);
      }
      return n;
    };
    return { name: `keeps ${own.length}`, poll, idlePollIsStateless: true };
  }, { policy: POLICY });
  const o = new Testbed(stack, TEST_PROFILE).run(scenarioOf(stream(8, 1e6)));
  assertEquals([o.end, o.faults], ["quiet", []]);
  assertEquals([o.pools[0]!.inHand, o.pools[0]!.inHandAtBoot], [
    [{ place: "lcore 0", count: 3 }],
    3,
  ]);
});

Deno.test("end gives a packet its fate and leaves its buffer with the stack", () => {
  const stack = Object.assign((env: Env): Dataplane => {
    const burst = new Int32Array(32);
    const free: number[] = [];
    const poll = (cpu: Cpu): number => {
      const n = env.ports[0]!.rxBurst(cpu, 0, burst, 32);
      for (let i = 0; i < n; i++) {
        env.end(cpu, burst[i]!, REASON.consumed);
        free.push(burst[i]!);
      }
      return n;
    };
    return { name: `keeps ${free.length}`, poll, idlePollIsStateless: true };
  }, { policy: POLICY });
  const o = new Testbed(stack, TEST_PROFILE).run(scenarioOf(stream(3, 1e6)));
  assertEquals([...o.reason.subarray(0, 3)], [1, 1, 1].map(() => REASON.consumed));
  assertEquals([o.end, o.faults, o.pools[0]!.inHand], ["quiet", [], [{
    place: "lcore 0",
    count: 3,
  }]]);
});

// Aim: firmware between port and queue pairs delays, shares its server and holds write-backs as it says. Method:
// milestones and rates worked out by hand from its three numbers.

/** The test profile on cards whose firmware moves packets to the host; residence and rate as given. */
function withFirmware(residencePs: number, gbps: number, writeBacksHeld: number) {
  return { ...TEST_PROFILE, hostPath: { residencePs, gbps, writeBacksHeld } };
}

Deno.test("HostPath adds its residence and its server's time to a packet alone, and nothing else", () => {
  const size = 1000;
  const one = scenarioOf([{ port: 0, at: 1e6, size }]);
  const plain = new Testbed(simple, TEST_PROFILE).run(one);
  const [data, sent] = [plain.dataAt[0]!, plain.outStart[0]!];
  const o = new Testbed(simple, withFirmware(700_000, 40, 8)).run(one);
  // 1,000 bytes at 40 Gb/s are 200 ns, on the way in and on the way out
  assertEquals([o.dataAt[0], o.outCount], [data + 700_000 + 200_000, 1]);
  const polls = o.outStart[0]! - sent - (700_000 + 2 * 200_000);
  const poll = 60 * 2 * (1e6 / 3400);
  assert(Math.abs(polls) <= poll, `off by ${polls} ps; a turn of the poll loop takes ${poll}`);
});

Deno.test("HostPath holds write-backs while packets are in flight, eight at most, and none for long", () => {
  const testbed = new Testbed(simple, withFirmware(1_000_000, 1000, 8));
  const seen = (count: number, gapPs: number) => {
    const o = testbed.run(scenarioOf(stream(count, gapPs)));
    assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], count]);
    return [...o.descAt.subarray(0, count)].map((at, i) => at - o.dataAt[i]!);
  };
  const alone = seen(1, 0)[0]!;
  assert(alone < 50_000, "the write-back follows its frame");
  // gaps longer than the residence: each is alone
  assertEquals(seen(5, 1_200_000), [alone, alone, alone, alone, alone]);
  // three that meet: the first two wait for the third
  const [a, b, c] = seen(3, 400_000);
  assert(a! > 800_000 && b! > 400_000 && b! < 500_000 && c! < 2 * 50_000, `${[a, b, c]}`);
  // ten: the eighth releases the first, and the last two do not wait for others to come
  const ten = seen(10, 100_000);
  const waited = ten.map((ps) => Math.round(ps / 100_000));
  assertEquals([waited[0], waited[6], waited.slice(8)], [7, 2, [0, 0]], `${ten}`);
});

Deno.test("HostPath serves both directions in turn: each has half of the rate while both wait", () => {
  const testbed = new Testbed(simple, withFirmware(300_000, 20, 8), { maxima: SCENARIO_MAXIMA });
  const size = 1514;
  const both = [0, 1].flatMap((port) => stream(600, 307_600, () => ({ port, size })));
  const o = testbed.run(scenarioOf(both, { lcores: 2 }));
  assertEquals([o.end, o.faults], ["quiet", []]);
  const [from, to] = [50e6, 180e6];
  for (const port of [0, 1]) {
    let bytes = 0;
    for (let i = 0; i < o.outCount; i++) {
      if (o.outPort[i] === port && o.outEnd[i]! > from && o.outEnd[i]! <= to) bytes += size;
    }
    const gbps = (bytes * 8000) / (to - from);
    assert(Math.abs(gbps - 10) < 0.2, `port ${port} sends ${gbps} Gb/s`);
  }
});

Deno.test("HostPath gives held write-backs away when the next packet waits for a descriptor", () => {
  // 16 descriptors, of which the driver refills 8 at once: seven held would leave it waiting for an eighth
  const testbed = new Testbed(simple, withFirmware(2_000_000, 1000, 64));
  const offers = stream(200, 16_800);
  const o = testbed.run(scenarioOf(offers, { rxRing: 16, ingress: 256 }));
  assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], 200]);
});

// Aim: a machine that was stopped in the middle of its work equals a new one: nothing of what its NICs held, gathered
// or counted shows in the next run. Method: a run that is cut off under load, then one that is compared with a new
// machine's, with every way of writing back.

Deno.test("QueuePairs that are reset in the middle of their work do the same as new ones", () => {
  const profiles = [
    ...[TEST_PROFILE, withFirmware(1_000_000, 1000, 8)],
    ...(["head", 7, 64] as const).map((txWriteBack) => ({
      ...TEST_PROFILE,
      queues: { ...IXGBE_QUEUES, txWriteBack },
    })),
  ];
  const dropping = Object.assign((env: Env): Dataplane => {
    const dataplane = simple(env);
    for (const { queues } of env.hardware.nics) {
      for (const ring of queues.rx) ring.dropEnable = true;
    }
    return dataplane;
  }, { policy: POLICY });
  const geometry = { rxRing: 64, txRing: 64, ingress: 64 };
  const cut = scenarioOf(stream(301, 26_800), geometry);
  const next = scenarioOf(stream(40, 90_000, (i) => ({ port: i & 1 })), geometry);
  for (const stack of [simple, dropping]) {
    profiles.forEach((profile, i) => {
      const run = (before: boolean) => {
        const testbed = new Testbed(stack, profile, { patiencePs: 300_000 });
        if (before) assert(testbed.run(cut).end !== "quiet", "it was cut off");
        const o = testbed.run(next);
        const rings = testbed.machine.nics.map(({ queues }) =>
          [...queues.rx, ...queues.tx].map(({ dropped, busy, sent, size, done }) => [
            ...[dropped, busy, sent, size],
            ...done.subarray(0, size),
          ])
        );
        const { fate, dataAt, descAt, outStart, outPacket, count, outCount } = o;
        return [
          ...[fate, dataAt, descAt].map((all) => [...all.subarray(0, count)]),
          ...[outStart, outPacket].map((all) => [...all.subarray(0, outCount)]),
          ...[rings, o.ports, o.faults],
        ];
      };
      assertEquals(run(true), run(false), `profile ${i}`);
    });
  }
});
