// Aim: the port's input keeps what fits and accounts for the rest, its output ends every frame at the
// picosecond nearest to the exact time. Method: a list as the model of the ingress buffer, rational
// arithmetic in BigInt as the model of the line, examples for the limits.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { GEOMETRY } from "../machine/_scenario_for_tests.ts";
import { Machine } from "../machine/machine.ts";
import { FATE, Observation, type PortCounters } from "../machine/observation.ts";
import { Ledger } from "../memory/ledger.ts";
import { Memory } from "../memory/memory.ts";
import { REASON } from "../policy.ts";
import { Clock } from "../time/clock.ts";
import { MacIn, MacOut } from "./mac.ts";

const FAR = { horizonPs: 1e15, events: 1e7 };

function port(buffers: number, packets: number, gbps = 40) {
  const clock = new Clock();
  const o = new Observation();
  o.reset(packets, "coarse");
  const memory = new Memory(buffers);
  const ledger = new Ledger(memory, o, () => clock.now);
  memory.ledger = ledger;
  const counters: PortCounters = {
    port: 0,
    rxFrames: 0,
    rxBytes: 0,
    rxMissed: 0,
    rxErrors: 0,
    txFrames: 0,
    txBytes: 0,
  };
  const region = memory.region("buffers", 1, buffers);
  const place = o.addPlace("ingress buffer", buffers);
  const wire = o.addPlace("wire");
  const macIn = new MacIn(0, clock, memory, o, buffers);
  macIn.reset(region, place, wire, counters);
  const macOut = new MacOut(0, clock, memory, o, gbps, buffers);
  macOut.reset(o.addPlace("egress"), counters);
  return { clock, o, memory, ledger, counters, macIn, macOut, place, wire };
}

const arrival = fc.record({
  length: fc.oneof(
    fc.integer({ min: 60, max: 90 }),
    fc.constantFrom(1, 59, 60, 1517, 1518, 1519, 9000),
  ),
  release: fc.nat(1),
});

Deno.test("MacIn NIC-8: keeps what fits in order, accounts for the rest with evidence", () => {
  let missed = 0;
  let kept = 0;
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 4 }),
    fc.array(arrival, { size: "max", maxLength: 60 }),
    (capacity, arrivals) => {
      const { macIn, o, memory, counters, place, wire } = port(capacity, arrivals.length);
      const inside: { b: number; packet: number; length: number }[] = [];
      const model = { frames: 0, bytes: 0, missed: 0, errors: 0 };
      let received = -1;
      macIn.receiver = { received: (b) => received = b };
      const bytes = Uint8Array.from({ length: 9100 }, (_, i) => i % 251);
      arrivals.forEach(({ length, release }, packet) => {
        received = -1;
        macIn.arrive(packet, bytes, packet, length);
        const wrong = length < 60 || length > 1518;
        const full = inside.length === capacity;
        assertEquals(received >= 0, !wrong && !full, `packet ${packet} of ${length} bytes`);
        if (wrong) {
          model.errors++;
          assertEquals(o.reason[packet], length < 60 ? REASON.runt : REASON.oversize);
          assertEquals(o.place[packet], wire);
        } else if (full) {
          model.missed++;
          assertEquals([o.reason[packet], o.place[packet]], [REASON["rx-missed"], place]);
          assertEquals(o.occupancy[packet], capacity, "a loss without evidence");
        } else {
          model.frames++;
          model.bytes += length;
          inside.push({ b: received, packet, length });
        }
        for (const { b, packet, length } of inside) {
          const at = memory.offset[b]!;
          assertEquals(memory.length[b], length);
          assertEquals(memory.bytes.slice(at, at + length), bytes.slice(packet, packet + length));
        }
        for (const { b } of inside.splice(0, release)) macIn.release(b);
        assertEquals(macIn.occupancy, inside.length);
      });
      assertEquals(
        [counters.rxFrames, counters.rxBytes, counters.rxMissed, counters.rxErrors],
        [model.frames, model.bytes, model.missed, model.errors],
      );
      assertEquals(model.frames + model.missed + model.errors, arrivals.length);
      missed += model.missed;
      kept += model.frames;
    },
  ));
  assert(missed > 300 && kept > 500, `a run without losses shows nothing: ${missed}, ${kept}`);
});

Deno.test("MacIn release finds who releases twice", () => {
  const { macIn, o } = port(2, 1);
  let held = -1;
  macIn.receiver = { received: (b) => held = b };
  macIn.arrive(0, new Uint8Array(60), 0, 60);
  macIn.release(held);
  assertEquals(o.fate[0], FATE.freed);
  macIn.release(held);
  assertEquals(o.faults.map((fault) => fault.kind), ["double-free"]);
  assertEquals(macIn.occupancy, 0, "the buffer is free once");
});

/** bits / rate in picoseconds, to the nearest; the rate in hundredths of a Gb/s. */
function exactPs(bits: number, centiGbps: number): number {
  const [n, d] = [BigInt(bits) * 100_000n, BigInt(centiGbps)];
  return Number((2n * n + d) / (2n * d));
}

Deno.test("MacOut ends each frame at the nearest picosecond: no drift over 10,000 frames", () => {
  for (const centiGbps of [4000, 5788, 1000, 9999]) {
    const frames = 10_000;
    const { clock, o, memory, ledger, macOut, counters } = port(64, frames, centiGbps / 100);
    const lengths = Array.from({ length: frames }, (_, i) => 60 + (i * 7919) % 1459);
    let next = 0;
    const offer = (b: number) => {
      if (next === frames) return;
      ledger.enter(next, b, 0);
      memory.length[b] = lengths[next++]!;
      macOut.send(b);
    };
    macOut.sender = { sent: offer };
    const start = clock.register(() => {
      for (let b = 0; b < 64; b++) offer(b);
    });
    clock.at(12_345, start, 0);
    clock.run(FAR);
    let bits = 0;
    const errors: string[] = [];
    for (let i = 0; i < frames; i++) {
      const begin = 12_345 + exactPs(bits, centiGbps);
      bits += (lengths[i]! + 24) * 8;
      const end = 12_345 + exactPs(bits, centiGbps);
      if (o.outPacket[i] !== i || o.outStart[i] !== begin || o.outEnd[i] !== end) {
        errors.push(`frame ${i}: ${o.outPacket[i]} in ${o.outStart[i]}..${o.outEnd[i]}`);
      }
    }
    assertEquals(errors.slice(0, 3), [], `at ${centiGbps / 100} Gb/s`);
    assertEquals(
      [counters.txFrames, counters.txBytes],
      [frames, lengths.reduce((sum, length) => sum + length, 0)],
    );
  }
});

Deno.test("MacOut begins anew after idleness, and keeps order under any spacing", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 60, max: 300 })), {
      minLength: 1,
      maxLength: 40,
    }),
    (sends) => {
      const { clock, o, memory, ledger, macOut } = port(40, sends.length, 57.88);
      const gone: number[] = [];
      macOut.sender = { sent: (b) => gone.push(b) };
      const send = clock.register((b) => {
        ledger.enter(b, b, 0);
        memory.length[b] = sends[b]![1];
        macOut.send(b);
      });
      let at = 0;
      let [since, bits, free] = [0, 0, 0];
      const expected = sends.map(([gap, length], b) => {
        at += gap;
        clock.at(at, send, b);
        if (free <= at) [since, bits, free] = [at, 0, at];
        const start = free;
        bits += (length + 24) * 8;
        free = since + exactPs(bits, 5788);
        return [start, free];
      });
      clock.run(FAR);
      assertEquals(gone, sends.map((_, b) => b));
      assertEquals(sends.map((_, i) => [o.outStart[i], o.outEnd[i]]), expected);
      assertEquals(macOut.pending, 0);
    },
  ));
});

Deno.test("MacOut refuses more frames than it was built for", () => {
  const { macOut, ledger } = port(2, 3);
  for (const b of [0, 1]) {
    ledger.enter(b, b, 0);
    macOut.send(b);
  }
  assertThrows(
    () => macOut.send(0),
    RangeError,
    "Cannot send on port 0: 2 frames wait already",
  );
});

Deno.test("MacIn has its whole ingress buffer again when all was released", () => {
  const machine = new Machine(TEST_PROFILE);
  machine.reset({ ...GEOMETRY, ingress: 24 }, 100, [], () => {});
  const nic = machine.nics[0]!;
  const held: number[] = [];
  nic.macIn.receiver = { received: (b) => void held.push(b) };
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 24; i++) nic.macIn.arrive(24 * round + i, new Uint8Array(60), 0, 60);
    assertEquals([held.length, new Set(held).size, nic.macIn.occupancy], [24, 24, 24]);
    for (const b of held.splice(0)) {
      machine.memory.flags[b] = 7;
      machine.memory.hash[b] = 9;
      nic.drop(b, REASON.ttl);
    }
    assertEquals(nic.macIn.occupancy, 0);
  }
  nic.macIn.arrive(96, new Uint8Array(60), 0, 60);
  const { flags, hash, port, length } = machine.memory;
  const b = held[0]!;
  assertEquals([flags[b], hash[b], port[b], length[b]], [0, 0, 0, 60], "as new (NIC-7)");
  assertEquals(nic.counters.rxMissed, 0);
});
