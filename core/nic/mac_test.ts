// Aim: the port's input keeps what fits and accounts for the rest, its output ends every frame at the
// picosecond nearest to the exact time. Method: a list as the model of the ingress buffer, rational
// arithmetic in BigInt as the model of the line, examples for the limits.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { GEOMETRY, scenarioOf, stream, wirePs } from "../machine/_scenario_for_tests.ts";
import { simple } from "../machine/_stacks_for_tests.ts";
import { Peers } from "../machine/peer.ts";
import type { MachineProfile } from "../machine/profile.ts";
import { Testbed } from "../machine/testbed.ts";
import { Machine } from "../machine/machine.ts";
import { emptyCounters } from "../machine/accounts.ts";
import { FATE, Observation } from "../machine/observation.ts";
import { Ledger } from "../memory/ledger.ts";
import { Memory } from "../memory/memory.ts";
import { REASON } from "../policy.ts";
import { Choices } from "../time/choices.ts";
import { Clock } from "../time/clock.ts";
import { MacIn } from "./mac.ts";
import { PauseControl, type PauseProfile, PausingMacOut } from "./pause.ts";
import { MacOut, STOP_PS } from "./mac_out.ts";

const FAR = { horizonPs: 1e15, events: 1e7 };

function port(buffers: number, packets: number, gbps = 40) {
  const clock = new Clock();
  const o = new Observation();
  o.reset(packets, "coarse");
  const memory = new Memory(buffers);
  const ledger = new Ledger(memory, o, () => clock.now);
  memory.ledger = ledger;
  const counters = emptyCounters(0);
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
  badFcs: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
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
      const model = { frames: 0, bytes: 0, missed: 0, errors: [0, 0, 0] };
      let received = -1;
      macIn.receiver = { received: (b) => received = b };
      const bytes = Uint8Array.from({ length: 9100 }, (_, i) => i % 251);
      arrivals.forEach(({ length, release, badFcs }, packet) => {
        received = -1;
        macIn.arrive(packet, bytes, packet, length, badFcs);
        const error: number = badFcs ? 0 : length < 60 ? 1 : length > 1518 ? 2 : -1;
        const wrong = error >= 0;
        const full = inside.length === capacity;
        assertEquals(received >= 0, !wrong && !full, `packet ${packet} of ${length} bytes`);
        if (wrong) {
          model.errors[error]!++;
          const reason = (["bad-fcs", "runt", "oversize"] as const)[error]!;
          assertEquals(o.reason[packet], REASON[reason]);
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
        [counters.rxFrames, counters.rxBytes, counters.rxMissed],
        [model.frames, model.bytes, model.missed],
      );
      const { rxCrcErrors, rxUndersize, rxOversize, rxErrors } = counters;
      assertEquals([rxCrcErrors, rxUndersize, rxOversize], model.errors);
      assertEquals(rxErrors, model.errors.reduce((a, b) => a + b));
      assertEquals(model.frames + model.missed + rxErrors, arrivals.length);
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

Deno.test("MacOut begins anew after idleness and after a stop, and keeps order under any spacing", () => {
  let stopped = 0;
  const send = fc.record({
    gap: fc.integer({ min: 0, max: 60_000 }),
    length: fc.integer({ min: 60, max: 300 }),
    // which of the stops there are, if any; the last of them has no end
    stop: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4, 5),
  });
  fc.assert(fc.property(
    fc.array(send, { minLength: 1, maxLength: 40 }),
    fc.boolean(),
    (drawn, stops) => {
      const sends = stops ? drawn : drawn.map((one) => ({ ...one, stop: 0 }));
      const { clock, o, memory, ledger, counters, macOut } = port(40, sends.length, 57.88);
      const choices = new Choices();
      choices.reset(
        sends.flatMap(({ stop }, occurrence) =>
          stop === 0 ? [] : [{ site: "egress port0", occurrence, value: stop }]
        ),
      );
      macOut.reset(o.addPlace("egress"), counters, choices);
      const gone: number[] = [];
      macOut.sender = { sent: (b) => gone.push(b) };
      const send = clock.register((b) => {
        ledger.enter(b, b, 0);
        memory.length[b] = sends[b]!.length;
        macOut.send(b);
      });
      let at = 0;
      let [since, bits, free] = [0, 0, 0];
      const expected = sends.map(({ gap, length, stop }, b) => {
        at += gap;
        clock.at(at, send, b);
        if (free <= at) [since, bits, free] = [at, 0, at];
        if (stop > 0) [since, bits, free] = [free + STOP_PS[stop]!, 0, free + STOP_PS[stop]!];
        const start = free;
        bits += (length + 24) * 8;
        free = since + exactPs(bits, 5788);
        return [start, free];
      });
      clock.run(FAR);
      const leaving = expected.filter(([, end]) => end! < Infinity);
      assertEquals(gone, leaving.map((_, b) => b));
      assertEquals(leaving.map((_, i) => [o.outStart[i], o.outEnd[i]]), leaving);
      assertEquals(macOut.pending, expected.length - leaving.length);
      if (leaving.some((_, b) => sends[b]!.stop > 0)) stopped++;
    },
  ));
  assert(stopped > 10, `a line that stopped and went on ${stopped} times only`);
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

Deno.test("PauseControl asks at the high watermark, again at half time, and takes it back at the low one", () => {
  const { clock, o, memory, counters } = port(4, 0);
  const out: [number, number][] = [];
  const mac = new PausingMacOut(0, clock, memory, o, 40, 4, (_, quanta) => {
    out.push([clock.now, quanta]);
  });
  mac.reset(o.addPlace("egress"), counters);
  const profile = { high: 0.5, low: 0.25, quanta: 10, obeyed: true, reactionPs: 0 };
  const control = new PauseControl(clock, profile, mac, 40);
  control.reset(8);
  const fill = clock.register((packets) => control.filled(packets));
  [[0, 3], [1000, 4], [2000, 5], [200_000, 3], [201_000, 2], [202_000, 4], [260_000, 0]].forEach(
    ([at, n]) => clock.at(at!, fill, n!),
  );
  clock.run(FAR);
  // a pause frame takes 84 bytes, 16.8 ns at 40 Gb/s; ten quanta 128 ns, so again after 64
  assertEquals(out, [
    [17_800, 10],
    [81_800, 10],
    [145_800, 10],
    [209_800, 10],
    // taken back while that one was going out, and asked anew while this one was
    [226_600, 10],
    [276_800, 0],
  ]);
  assertEquals([counters.txXoff, counters.txXon, counters.txFrames], [5, 1, 0]);
});

Deno.test("PausingMacOut sends a pause frame after the frame under way and before all others", () => {
  const { clock, o, memory, ledger, counters } = port(4, 3);
  const paused: number[] = [];
  const mac = new PausingMacOut(0, clock, memory, o, 40, 4, () => paused.push(clock.now));
  mac.reset(o.addPlace("egress"), counters);
  mac.sender = { sent: () => {} };
  for (const packet of [0, 1, 2]) {
    memory.length[packet] = 60;
    ledger.enter(packet, packet, 0);
    mac.send(packet);
    assertEquals(mac.pending, packet + 1, "on the line or waiting");
  }
  const pause = clock.register(() => {
    mac.pause(7);
    mac.pause(9); // instead
    assertEquals(mac.pending, 3, "a pause frame is no packet");
  });
  clock.at(5_000, pause, 0);
  clock.run(FAR);
  assertEquals([...o.outEnd.subarray(0, 3)], [16_800, 50_400, 67_200]);
  assertEquals([paused, counters.txXoff, mac.pending], [[33_600], 1, 0]);
  for (let b = 0; b < 4; b++) mac.send(b);
  mac.send(0); // the first is on the line
  assertThrows(() => mac.send(1), RangeError, "4 frames wait already");
});

Deno.test("Peers begin no frame while they are stopped, leave none out and keep their order", () => {
  const drawn = fc.record({
    gaps: fc.array(fc.nat(60), { minLength: 1, maxLength: 30, size: "max" }),
    pauses: fc.array(fc.tuple(fc.nat(900), fc.constantFrom(0, 0, 1, 3, 20)), { maxLength: 20 }),
  });
  const wire = (length: number) => (length + 24) * 8 * 25;
  fc.assert(fc.property(drawn, ({ gaps, pauses }) => {
    const length = Uint32Array.from(gaps, (gap) => 60 + gap);
    const at = new Float64Array(gaps.length);
    gaps.forEach((gap, i) => at[i] = (i === 0 ? 1e5 : at[i - 1]!) + wire(length[i]!) + gap * 1000);
    const port = new Uint8Array(gaps.length).fill(1);
    const offset = new Uint32Array(gaps.length);
    const clock = new Clock();
    const came: [number, number][] = [];
    const peers = new Peers(clock, 2, 40, 0, (packet) => came.push([packet, clock.now]));
    peers.offer({ count: gaps.length, port, at, length, offset, bytes: new Uint8Array(0) });
    // no two at one instant, nor at the end of another: 512 bits are 12.8 ns
    const requests = pauses.map(([us, quanta], i) => [us * 1000 + i + 1, quanta] as const)
      .sort((a, b) => a[0] - b[0]);
    const pause = clock.register((i) => peers.paused(1, requests[i]![1]));
    requests.forEach(([time], i) => clock.at(time, pause, i));
    assertEquals(clock.run(FAR), "quiet");

    let free = 0;
    const expected = Array.from(length, (bytes, packet): [number, number] => {
      let start = Math.max(at[packet]! - wire(bytes), free);
      for (;;) {
        const last = requests.findLast(([time]) => time <= start);
        if (last === undefined || start >= last[0] + last[1] * 12_800) break;
        const next = requests.find(([time]) => time > start);
        start = Math.min(last[0] + last[1] * 12_800, next?.[0] ?? Infinity);
      }
      free = start + wire(bytes);
      return [packet, free];
    });
    assertEquals(came, expected);
  }));
});

Deno.test("A port with pause frames loses nothing in overload, if its peer obeys", () => {
  const pause = { high: 0.5, low: 0.25, quanta: 200, obeyed: true, reactionPs: 100_000 };
  const offers = stream(800, wirePs(60));
  const sizes = { rxRing: 32, txRing: 256, ingress: 64 };
  const run = (profile: Partial<MachineProfile>) => {
    const bed = new Testbed(simple, { ...TEST_PROFILE, ...profile });
    const o = bed.run(scenarioOf(offers, sizes));
    assertEquals([o.end, o.faults], ["quiet", []]);
    return { ...o.ports[0]!, sent: o.outCount };
  };
  const without = run({});
  assert(without.rxMissed > 200 && without.txXoff === 0, `${without.rxMissed} lost without`);
  const deaf = run({ pause: { ...pause, obeyed: false } });
  assert(deaf.rxMissed > 200 && deaf.txXoff > 0, `${deaf.rxMissed} lost, ${deaf.txXoff} asked`);
  const obeying = run({ pause });
  assertEquals([obeying.sent, obeying.rxMissed], [800, 0]);
  assert(obeying.txXon > 1 && obeying.txXoff >= obeying.txXon, `${obeying.txXoff} stops`);
  // without room above the high watermark even a peer that obeys comes too late
  const late = run({ pause: { ...pause, high: 1, low: 0.9 } });
  assert(late.rxMissed > 0, "nothing lost with the watermark at the brim");
});

Deno.test("Pause frames refuse watermarks, quanta and reactions that there are none of", () => {
  const { clock, o, memory } = port(1, 0);
  const out = new PausingMacOut(0, clock, memory, o, 40, 1, () => {});
  const right = { high: 0.5, low: 0.25, quanta: 10, obeyed: true, reactionPs: 0 };
  const cases: [Partial<PauseProfile>, string][] = [
    [{ low: 0.5 }, "watermarks are 0.5 and 0.5, expected 0 <= low < high <= 1"],
    [{ high: 1.1 }, "watermarks are 0.25 and 1.1"],
    [{ high: NaN }, "watermarks are 0.25 and NaN"],
    [{ quanta: 0 }, "quanta is 0, not an integer in 1..65535"],
    [{ reactionPs: -1 }, "reactionPs is -1"],
  ];
  for (const [change, message] of cases) {
    const make = () => new PauseControl(clock, { ...right, ...change }, out, 40);
    assertThrows(make, RangeError, message);
  }
});
