// Aim: P2PNIC, variant Wr, keeps what its paper states: no CPU and no host memory, one crossing of the
// payload, batches of 1 when alone and 8 at saturation, no packet that waits for another, loss at the ingress
// MAC alone, and the paper's rates. Method: runs on the simulated machine; figures worked out by hand from
// the constants of the profile; sweeps over slots, sizes and schedules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import {
  fates,
  left,
  type Offer,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON, REASONS } from "../../core/policy.ts";
import { p2pnic } from "./stack.ts";

const testbed = new Testbed(p2pnic(), TEST_PROFILE);
const FIDELITIES = ["coarse", "tlp"] as const;

/** 64 bytes alone in the machine, when the look at the ring comes latest. */
const ALONE_PS = 1_513_423;

/** Millions of packets a second that left port `port` after the first `skip`. */
function mpps(o: Observation, port: number, skip: number): number {
  const times = [...o.outEnd.subarray(0, o.outCount)].filter((_, i) => o.outPort[i] === port);
  return (times.length - 1 - skip) / (times[times.length - 1]! - times[skip]!) * 1e6;
}

/** What every run must show. */
function assertSound(o: Observation): void {
  assertEquals([o.end, o.faults, fates(o).none, fates(o).freed], ["quiet", [], 0, 0]);
  for (let p = 0; p < o.count; p++) {
    if (o.fate[p] === FATE.dropped && o.reason[p] === REASON["rx-missed"]) {
      const place = o.places[o.place[p]!]!;
      assert(/^nic\d ingress buffer$/.test(place.name), `packet ${p} was lost at ${place.name}`);
      assertEquals(o.occupancy[p], place.capacity, `packet ${p} was lost without need`);
    }
  }
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    const walk = [o.dataAt[p]!, o.descAt[p]!, o.seenAt[p]!, o.outStart[i]!, o.doneAt[p]!];
    assertEquals([...walk].sort((a, b) => a - b), walk, `packet ${p}: data, descriptor, look, ...`);
  }
}

Deno.test("p2pnic touches neither host memory nor CPU, and crosses the switch once", () => {
  for (const fidelity of FIDELITIES) {
    const sizes = [60, 124, 252, 1000, 1514];
    const o = testbed.run(scenarioOf(
      stream(
        300,
        400_000,
        (i) => ({ port: i % 4, size: sizes[i % 5]!, dst: towards((i + 1) % 4) }),
      ),
      { ports: 4, fidelity },
    ));
    assertSound(o);
    assertEquals(fates(o).emitted, 300);
    for (const { name, tlps, payloadBytes } of o.links.filter((l) => l.name.includes("host"))) {
      assertEquals([name, [...tlps], payloadBytes], [name, [0, 0, 0], 0]);
    }
    assertEquals([o.doorbells, o.interrupts, o.copiedBytes], [0, 0, 0]);
    for (const { usefulPs, busyPs } of o.lcores) assertEquals([usefulPs, busyPs], [0, 0]);
    const crossed = o.links.filter((l) => l.name.endsWith(">switch"))
      .reduce((sum, l) => sum + l.payloadBytes, 0);
    const frames = [...o.outLength.subarray(0, o.outCount)].reduce((sum, n) => sum + n, 0);
    // a descriptor and a completion of 8 bytes for each packet
    assertEquals(crossed, frames + 300 * 16);
  }
});

Deno.test("p2pnic alone in the machine takes exactly the sum of its stages", () => {
  const { dma, fabric, nicMhz, costs } = TEST_PROFILE;
  const link = (bytes: number) => Math.round(bytes * 8000 / fabric.deviceLinkGbps);
  for (const fidelity of FIDELITIES) {
    for (
      const [size, writePs, tlps] of [
        [60, dma.write64Ps, 1],
        [124, dma.write128Ps, 1],
        [1514, 12 * dma.writePer128Ps, 6],
      ] as const
    ) {
      const o = testbed.run(scenarioOf(stream(3, 20.03e6, () => ({ size })), { fidelity }));
      assertSound(o);
      const frame = size + tlps * 24;
      // the descriptor leaves when its own DMA is done, or when the frame has left the link
      const descriptor = Math.max(dma.write64Ps + link(32), link(frame + 32));
      const visible = costs["p2pnic.ingress"]! * 1e6 / nicMhz + writePs + descriptor +
        fabric.switchPs + fabric.deviceWritePs;
      // the threads look at the one ring every 200 ns, from time 0 on
      const look = 2 * costs["p2pnic.poll"]! * 1e6 / nicMhz;
      for (let i = 0; i < 3; i++) {
        const arrived = 1e6 + i * 20.03e6;
        const seen = Math.ceil((arrived + visible) / look) * look;
        assertEquals(o.outEnd[i]!, seen + wirePs(size), `${size} bytes, ${fidelity}`);
      }
      assertEquals([...testbed.machine.peers.batches(0, 1)], [0, 3, 0, 0, 0, 0, 0, 0, 0]);
    }
  }
});

Deno.test("p2pnic forwards 35.85 Mpps of 64 bytes, in batches of 8, and loses at the MAC alone", () => {
  const o = testbed.run(scenarioOf(stream(8000, wirePs(60)), { fidelity: "tlp" }));
  assertSound(o);
  const rate = mpps(o, 1, 2000);
  // P2PNIC, 5.1: 35.85 Mpps; the model: 36 threads of 1 us
  assert(Math.abs(rate / 35.85 - 1) < 0.01, `${rate} Mpps`);
  assert(Math.abs(rate / 36 - 1) < 0.001, `${rate} Mpps, 36 threads of 1 us give 36`);
  const { emitted, dropped } = fates(o);
  assertEquals([emitted + dropped, o.ports[0]!.rxMissed], [8000, dropped]);
  assert(dropped > 1000, "offered 59.5 Mpps");
  const batches = testbed.machine.peers.batches(0, 1);
  assertEquals(batches.reduce((sum, n, size) => sum + n * size, 0), emitted);
  assert(batches[8]! * 8 > 0.98 * emitted, `batches: ${batches}`);
});

Deno.test("p2pnic forwards 128 bytes at line rate and loses nothing", () => {
  const o = testbed.run(scenarioOf(stream(4000, wirePs(124), () => ({ size: 124 }))));
  assertSound(o);
  assertEquals([fates(o).emitted, o.ports[0]!.rxMissed], [4000, 0]);
  const rate = mpps(o, 1, 100);
  assert(Math.abs(rate / 33.78 - 1) < 0.001, `${rate} Mpps of 33.78`);
});

Deno.test("p2pnic reaches line rate between all four NICs above 64 bytes", () => {
  const offers = [0, 1, 2, 3].flatMap((port) =>
    stream(400, wirePs(508), (i) => ({ port, size: 508, dst: towards((port + 1 + i % 3) % 4) }))
  );
  const o = testbed.run(scenarioOf(offers, { ports: 4, fidelity: "tlp" }));
  assertSound(o);
  assertEquals(fates(o).emitted, 1600);
});

Deno.test("p2pnic never lets a last packet wait for another", () => {
  for (let burst = 1; burst <= 20; burst++) {
    const o = testbed.run(scenarioOf(stream(burst, wirePs(60)), { fidelity: "tlp" }));
    assertSound(o);
    assertEquals(fates(o).emitted, burst);
    const last = o.outEnd[o.outCount - 1]!;
    const arrived = 1e6 + (burst - 1) * wirePs(60);
    // the engine falls behind the wire, up to three descriptor writes stand between, seven frames of the
    // same batch leave first
    const bound = burst * (21_100 - wirePs(60)) + 3 * 21_100 + 7 * wirePs(60);
    assert(last - arrived <= ALONE_PS + bound, `burst of ${burst}: ${last - arrived} ps`);
  }
});

Deno.test("p2pnic does not let a rare flow wait behind a busy one", () => {
  const busy = stream(6000, 29_000, () => ({ dst: towards(1) }));
  const rare = stream(8, 20e6, () => ({ dst: towards(2) }), 5e6 + 7);
  const scenario = scenarioOf([...busy, ...rare], { ports: 3, fidelity: "tlp" });
  const o = testbed.run(scenario);
  assertSound(o);
  assertEquals(fates(o).emitted, 6008);
  const { at } = scenario.traffic;
  const rareOnes = left(o, 2);
  assertEquals(rareOnes.length, 8);
  for (const p of rareOnes) {
    // eight service times of a ring are 8 x 27.8 ns: what the packet waits for threads and DMA
    const extra = o.endAt[p]! - at[p]! - ALONE_PS;
    assert(extra <= 8 * 27_800, `rare packet ${p} took ${extra} ps more than alone`);
  }
  assertEquals([...testbed.machine.peers.batches(0, 2)], [0, 8, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("p2pnic with few slots flushes what would free one: no deadlock", () => {
  let flushed = 0;
  for (let peerSlots = 1; peerSlots <= 9; peerSlots++) {
    for (const fidelity of FIDELITIES) {
      const o = testbed.run(
        scenarioOf(stream(200, wirePs(60), (i) => ({ port: i & 1, at: 1e6 + (i >> 1) * 16_800 })), {
          peerSlots,
          ingress: 48,
          fidelity,
          headerCredits: 1,
          dataCredits: 16,
        }),
      );
      assertSound(o);
      assertEquals(left(o, 1), [...left(o, 1)].sort((a, b) => a - b), "order");
      const rows = testbed.report().filter(({ name }) => name.includes("no slot"));
      assertEquals(rows.length, 2);
      if (peerSlots < 8) flushed += rows.reduce((sum, row) => sum + row.value, 0);
    }
  }
  assert(flushed > 100, `only ${flushed} flushes for want of a slot`);
});

Deno.test("p2pnic drops what it may not forward, each with its reason", () => {
  const cases: [keyof typeof REASON, Partial<Offer>][] = [
    ["hairpin", { dst: towards(0) }],
    ["no-route", { dst: 0x0b000001 }],
    ["ttl", { ttl: 1 }],
    ["ttl", { ttl: 0 }],
    ["bad-checksum", { edit: (frame) => frame[24]! ^= 1 }],
    ["bad-header", { edit: (frame) => frame[14] = 0x44 }],
    ["not-ip", { edit: (frame) => frame[13] = 6 }],
    ["runt", { size: 59 }],
    ["oversize", { size: 1519 }],
    ["none", { ttl: 2 }],
  ];
  const o = testbed.run(scenarioOf(stream(cases.length, 1e6, (i) => cases[i]![1])));
  assertSound(o);
  assertEquals(
    [...o.reason.subarray(0, o.count)].map((reason) => REASONS[reason]),
    cases.map(([reason]) => reason),
  );
  assertEquals(fates(o).emitted, 1);
});

const offers = fc.array(
  fc.record({
    port: fc.nat(3),
    to: fc.nat(3),
    gap: fc.oneof(fc.constant(0), fc.nat(40_000), fc.nat(3_000_000)),
    size: fc.constantFrom(60, 60, 129, 1514),
  }),
  { minLength: 1, maxLength: 80, size: "max" },
);
const sizes = fc.record({
  peerSlots: fc.integer({ min: 1, max: 10 }),
  ingress: fc.integer({ min: 1, max: 64 }),
  fidelity: fc.constantFrom<Geometry["fidelity"]>("coarse", "tlp"),
  headerCredits: fc.constantFrom(1, 3, 64),
  dataCredits: fc.constantFrom(16, 40, 500),
});
const deviations = fc.array(
  fc.record({ site: fc.constant("tie"), occurrence: fc.nat(300), value: fc.nat(5) }),
  { maxLength: 20 },
);

Deno.test("p2pnic keeps the order of each pair of ports under any load, size and schedule", () => {
  let dropped = 0;
  fc.assert(
    fc.property(offers, sizes, deviations, (drawn, geometry, schedule) => {
      const free = [0, 0, 0, 0];
      let at = 0;
      const packets = drawn.map(({ port, to, gap, size }) => {
        at = Math.max(at + gap, free[port]! + wirePs(size));
        free[port] = at;
        return { port, at, size, dst: towards(to) };
      });
      const scenario = scenarioOf(packets, { ports: 4, ...geometry }, schedule);
      const o = testbed.run(scenario);
      assertSound(o);
      for (let port = 0; port < 4; port++) {
        for (let from = 0; from < 4; from++) {
          const flow = left(o, port).filter((p) => scenario.traffic.port[p] === from);
          assertEquals(flow, [...flow].sort((a, b) => a - b), `from ${from} to ${port}`);
          if (from === port) assertEquals(flow, []);
        }
      }
      dropped += o.ports.reduce((sum, port) => sum + port.rxMissed, 0);
    }),
    { numRuns: 250 },
  );
  assert(dropped > 50, `only ${dropped} packets were lost: slots were never short`);
});

Deno.test("p2pnic refuses to boot when the NICs' memory does not hold the slots", () => {
  const small = new Testbed(p2pnic(), { ...TEST_PROFILE, nicBuffers: 190 });
  assertThrows(
    () => small.run(scenarioOf([], { ports: 4, peerSlots: 64 })),
    RangeError,
    "Cannot boot 4 NICs: rings and buffers of 64 slots for each of 3 peers need 396288 bytes of each " +
      "NIC's memory, which has 389120",
  );
  assertEquals(
    fates(small.run(scenarioOf(stream(4, 1e6), { ports: 4, peerSlots: 62 }))).emitted,
    4,
  );
});

Deno.test("p2pnic reports its rings: twelve for four NICs, with batches and reasons to flush", () => {
  testbed.run(scenarioOf(stream(17, wirePs(60), () => ({ dst: towards(3) })), { ports: 4 }));
  const rows = testbed.report().filter(({ name }) => name.startsWith("rings "));
  assertEquals(rows.filter(({ name }) => name.endsWith("flush idle")).length, 12);
  const used = rows.filter(({ value }) => value > 0).map(({ name, value }) => `${name}: ${value}`);
  assertEquals(used, [
    "rings desc_ring[0][3] flush idle: 1",
    "rings desc_ring[0][3] flush full: 2",
    "rings desc_ring[0][3] batch 1: 1",
    "rings desc_ring[0][3] batch 8: 2",
  ]);
});
