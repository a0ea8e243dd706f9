// Aim: the record of a run says of each packet what became of it first, names whatever contradicts that, and
// begins empty: a finding of one run never speaks for the next.
// Method: every call, right and wrong, on a record alone.
import { assertEquals } from "@std/assert";
import { REASON } from "../policy.ts";
import { FATE, Observation } from "./observation.ts";

/** Two places, and three packets without a fate. */
function record(): Observation {
  const o = new Observation();
  o.reset(3, "coarse");
  assertEquals([o.addPlace("a", 4), o.addPlace("b")], [0, 1]);
  return o;
}

const FRAME = Uint8Array.from({ length: 100 }, (_, i) => i + 1);

Deno.test("Observation keeps the first fate of a packet and names the second", () => {
  const fates: [name: string, settle: (o: Observation, at: number) => void, fate: number][] = [
    ["drop", (o, at) => o.drop(1, REASON["rx-missed"], 0, at, 4), FATE.dropped],
    ["free", (o, at) => o.freed(1, 0, at), FATE.freed],
    ["emit", (o, at) => o.emit(1, 2, 0, at - 5, at, FRAME, 10, 60), FATE.emitted],
  ];
  for (const [name, first, fate] of fates) {
    for (const [second, again] of fates) {
      const o = record();
      first(o, 10);
      assertEquals([o.unresolved, o.fate[1], o.endAt[1], o.place[1]], [2, fate, 10, 0], name);
      assertEquals(o.faultCount, 0);
      again(o, 20);
      const what = `${name}, then ${second}`;
      assertEquals([o.unresolved, o.fate[1], o.endAt[1]], [2, fate, 10], what);
      assertEquals(o.faultCount, 1, what);
      const { kind, at, packet, place, other } = o.faults[0]!;
      assertEquals([kind, at, packet, place, other], ["second-fate", 20, 1, 0, 0], what);
    }
  }
});

Deno.test("Observation of a drop holds reason, place, time and evidence; that of no other packet changes", () => {
  const o = record();
  o.drop(2, REASON.ttl, 1, 7);
  o.drop(0, REASON["rx-missed"], 0, 9, 4);
  assertEquals([...o.reason.subarray(0, 3)], [REASON["rx-missed"], REASON.none, REASON.ttl]);
  assertEquals([...o.occupancy.subarray(0, 3)], [4, -1, -1]);
  assertEquals([...o.place.subarray(0, 3)], [0, -1, 1]);
  assertEquals([...o.endAt.subarray(0, 3)], [9, -1, 7]);
  assertEquals([o.unresolved, o.fate[1]], [1, FATE.none]);
});

Deno.test("Observation of a frame holds its bytes, port and times, and names a frame of no packet", () => {
  const o = record();
  o.emit(2, 3, 1, 100, 200, FRAME, 20, 64);
  o.emit(-1, 1, 0, 200, 250, FRAME, 0, 60);
  assertEquals([o.outCount, o.unresolved], [2, 2]);
  for (
    const [i, packet, port, start, end, from, length] of [
      [0, 2, 3, 100, 200, 20, 64],
      [1, -1, 1, 200, 250, 0, 60],
    ] as const
  ) {
    assertEquals([o.outPacket[i], o.outPort[i]], [packet, port]);
    assertEquals([o.outStart[i], o.outEnd[i], o.outLength[i]], [start, end, length]);
    const at = o.outOffset[i]!;
    assertEquals(o.outBytes.slice(at, at + length), FRAME.slice(from, from + length));
  }
  assertEquals(o.faults.map(({ kind, at }) => [kind, at]), [["emitted-nothing", 250]]);
});

Deno.test("Observation keeps 64 findings and counts all", () => {
  const o = record();
  for (let i = 0; i < 100; i++) o.fault("double-free", i, i, -1, 0, 1);
  assertEquals([o.faultCount, o.faults.length, o.faults[63]!.at], [100, 64, 63]);
});

Deno.test("Observation reset equals a new one, however full it was", () => {
  const o = record();
  for (let p = 0; p < 3; p++) {
    o.drop(p, REASON.ttl, 1, 5, 6);
    o.drop(p, REASON.ttl, 1, 6);
    for (const times of [o.dataAt, o.descAt, o.seenAt, o.txAt, o.doneAt]) times[p] = 4;
    o.carrier[p] = 9;
  }
  o.emit(-1, 1, 0, 1, 2, FRAME, 0, 60);
  o.waitingAt.set(1, "a");
  o.copiedBytes = o.doorbells = o.interrupts = 8;
  o.reset(3, "tlp");
  const fresh = new Observation();
  fresh.reset(3, "tlp");
  const scalars = (of: Observation) => [
    [of.count, of.unresolved, of.outCount, of.faultCount, of.faults.length, of.places.length],
    [of.copiedBytes, of.doorbells, of.interrupts, of.waitingAt.size, of.fidelity],
  ];
  assertEquals(scalars(o), scalars(fresh));
  const arrays = (of: Observation) =>
    [
      ...[of.fate, of.reason, of.place, of.occupancy, of.carrier],
      ...[of.endAt, of.dataAt, of.descAt, of.seenAt, of.txAt, of.doneAt],
    ].map((array) => [...array.subarray(0, 3)]);
  assertEquals(arrays(o), arrays(fresh));
});
