import { STRICT } from "../../core/stack.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  INGRESS,
  LCORE,
} from "./_observations_for_tests.ts";
import { LOSS_1A, LOSS_2, LOSS_3 } from "./loss.ts";

const frames = [frame(), frame({ dst: "10.2.0.1" }), frame({ ttl: 1 })];

function missed(occupancy: number, place = INGRESS) {
  return { reason: "rx-missed", place, occupancy } as const;
}

Deno.test("LOSS-1a is kept by a drop at a declared place that is full", () => {
  assertKept(LOSS_1A, { frames, fates: { 1: missed(4) } });
  assertKept(LOSS_1A, { frames, fates: { 1: missed(5), 2: missed(4) } });
});

Deno.test("LOSS-1a names a place that was not full", () => {
  const what = "was dropped at 600 ns by ingress buffer of port 0 for rx-missed with";
  const full = "in it, expected 4: full";
  assertBroken(LOSS_1A, { frames, fates: { 1: missed(3) } }, `packet 1 ${what} 3 ${full}`, [1]);
  assertBroken(
    LOSS_1A,
    { frames, fates: { 1: missed(-1) } },
    `packet 1 ${what} an unknown number ${full}`,
    [1],
  );
});

Deno.test("LOSS-1a asks for evidence also where a packet had to be dropped anyway", () => {
  assertBroken(
    LOSS_1A,
    { frames, fates: { 2: missed(3) } },
    "packet 2 was dropped at 700 ns by ingress buffer of port 0 for rx-missed with 3 in it, " +
      "expected 4: full",
    [2],
  );
});

Deno.test("LOSS-1a names a reason that is not declared", () => {
  const fates = { 1: { reason: "tx-full", place: LCORE, occupancy: 8 } } as const;
  const what = "packet 1 was dropped at 600 ns by lcore 0 for tx-full, " +
    "expected it to be forwarded: the policy declares loss only for";
  assertBroken(LOSS_1A, { frames, fates }, `${what} rx-missed`, [1]);
  const policy = { ...STRICT, congestion: [] };
  assertBroken(LOSS_1A, { frames, fates, policy }, `${what} nothing`, [1]);
});

Deno.test("LOSS-1a names a good packet that was dropped as a bad one", () => {
  assertBroken(
    LOSS_1A,
    { frames, fates: { 0: { reason: "bad-checksum" } } },
    "packet 0 was dropped at 500 ns by lcore 0 for bad-checksum, " +
      "expected it to be forwarded: the policy declares loss only for rx-missed",
    [0],
  );
});

Deno.test("LOSS-1a names a place without a capacity", () => {
  assertBroken(
    LOSS_1A,
    { frames, fates: { 0: missed(99, LCORE) } },
    "packet 0 was dropped at 500 ns by lcore 0 for rx-missed, " +
      "expected a place with a declared capacity",
    [0],
  );
  assertBroken(
    LOSS_1A,
    { frames, fates: { 0: missed(99, 7) } },
    "packet 0 was dropped at 500 ns by an unnamed place for rx-missed, " +
      "expected a place with a declared capacity",
    [0],
  );
});

Deno.test("LOSS-1a is not judged where nothing was lost", () => {
  assertNotJudged(LOSS_1A, { frames }, "no packet was lost to congestion");
});

Deno.test("LOSS-2 is kept by one fate for each packet", () => {
  assertKept(LOSS_2, { frames, fates: { 1: missed(4) } });
});

Deno.test("LOSS-2 names who freed a packet in silence, and when", () => {
  assertBroken(
    LOSS_2,
    { frames, fates: { 1: "freed" } },
    "packet 1 was freed by lcore 0 at 600 ns though nothing had become of it, " +
      "expected it to be emitted or dropped with a reason",
    [1],
  );
});

Deno.test("LOSS-2 names a second fate", () => {
  assertBroken(
    LOSS_2,
    { frames, change: (o) => o.drop(0, 1, LCORE, 5000) },
    "at 5 ns packet 0 met a second fate in lcore 0, after MAC of port 1",
    [0],
  );
});

Deno.test("LOSS-2 names a frame without a packet", () => {
  assertBroken(
    LOSS_2,
    { frames, change: (o) => o.emit(-1, 2, 2, 5000, 6000, frame(), 0, 60) },
    "at 6 ns MAC of port 1 emitted a frame from a buffer without a packet",
    [],
  );
});

Deno.test("LOSS-2 names a drop without a reason", () => {
  assertBroken(
    LOSS_2,
    { frames, fates: { 0: { reason: "none" } } },
    "packet 0 was dropped by lcore 0 at 500 ns without a reason",
    [0],
  );
});

Deno.test("LOSS-2 compares fates with frames, both ways", () => {
  assertBroken(
    LOSS_2,
    { frames, change: (o) => void (o.fate[0] = 2) },
    "packet 0 left port 1 at 1 us, but its fate is dropped",
    [0],
  );
  assertBroken(
    LOSS_2,
    { frames, change: (o) => void (o.outCount = 1) },
    "packet 1 is booked as emitted by MAC of port 1 at 1.1672 us, but no frame carries it",
    [1],
  );
});

Deno.test("LOSS-2 does not call a run good whose findings were not all kept", () => {
  assertNotJudged(
    LOSS_2,
    { frames, change: (o) => void (o.faultCount = 65) },
    "only 0 of 65 findings of the ledgers were kept",
  );
  assertNotJudged(LOSS_2, { frames: [] }, "no packet was offered");
});

Deno.test("LOSS-3 is kept where every packet has a fate, however the run ended", () => {
  assertKept(LOSS_3, { frames });
  assertKept(LOSS_3, { frames, change: (o) => void (o.end = "horizon") });
});

Deno.test("LOSS-3 names what waits, and where", () => {
  const fates = { 0: "waits" } as const;
  const waits = "packet 0 in rx ring 0 of port 0 still waited when the machine";
  assertBroken(LOSS_3, { frames, fates }, `${waits} had gone quiet at 1.1672 us`, [0]);
  assertBroken(
    LOSS_3,
    { frames, fates, change: (o) => void (o.end = "horizon") },
    `${waits} had come to its time limit at 1.1672 us`,
    [0],
  );
  assertBroken(
    LOSS_3,
    { frames, fates, change: (o) => void (o.end = "limit") },
    `${waits} had come to its limit of events at 1.1672 us`,
    [0],
  );
});

Deno.test("LOSS-3 does not recite hundreds of packets", () => {
  const many = Array.from({ length: 6 }, () => frame());
  const in_ = "in rx ring 0 of port 0";
  assertBroken(
    LOSS_3,
    {
      frames: many,
      fates: { 0: "waits", 1: "waits", 2: "waits", 3: "waits", 4: "waits", 5: "waits" },
      change: (o) => o.waitingAt.delete(3),
    },
    `packet 0 ${in_}, packet 1 ${in_}, packet 2 ${in_}, packet 3 in an unnamed place, 2 more ` +
      `still waited when the machine had gone quiet at 67.2 ns`,
    [0, 1, 2, 3, 4, 5],
  );
});

Deno.test("LOSS-3 is not judged where nothing was offered", () => {
  assertNotJudged(LOSS_3, { frames: [] }, "no packet was offered");
});
