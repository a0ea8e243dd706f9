import { frame } from "../reference/_scenario_for_tests.ts";
import type { FaultKind, Observation } from "../../core/machine/observation.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  INGRESS,
  LCORE,
  type RunFields,
} from "./_observations_for_tests.ts";
import { NIC_1, NIC_3, NIC_4, NIC_9 } from "./nic.ts";

function fault(kind: FaultKind, packet = 0, other = INGRESS): RunFields {
  return { change: (o) => o.fault(kind, 1234, 12, packet, LCORE, other) };
}

Deno.test("NIC-1 is kept where the ledgers found nothing of the kind", () => {
  assertKept(NIC_1);
  assertKept(NIC_1, fault("freed-posted"));
});

Deno.test("NIC-1 names both owners", () => {
  const other = "ingress buffer of port 0";
  assertBroken(
    NIC_1,
    fault("posted-twice"),
    `at 1.234 ns lcore 0 handed on buffer 12 with packet 0, which ${other} still owned`,
    [0],
  );
  assertBroken(
    NIC_1,
    fault("completed-unposted", -1),
    `at 1.234 ns lcore 0 took buffer 12 back from a device, but ${other} owned it: ` +
      `it was not posted`,
    [],
  );
  assertBroken(
    NIC_1,
    fault("completed-twice", 0, -1),
    "at 1.234 ns lcore 0 reported buffer 12 with packet 0 done a second time",
    [0],
  );
});

Deno.test("NIC-3 is kept where the ledgers found nothing of the kind", () => {
  assertKept(NIC_3);
  assertKept(NIC_3, fault("double-free"));
});

Deno.test("NIC-3 names who did not wait", () => {
  const other = "ingress buffer of port 0";
  assertBroken(
    NIC_3,
    fault("freed-posted"),
    `at 1.234 ns lcore 0 touched buffer 12 with packet 0 while ${other} had it, ` +
      `before it was completed`,
    [0],
  );
  assertBroken(
    NIC_3,
    fault("overwritten"),
    `at 1.234 ns lcore 0 overwrote buffer 12 with packet 0, held by ${other}, ` +
      `before anything had become of it`,
    [0],
  );
});

Deno.test("NIC-1, NIC-3 do not call a run good whose findings were not all kept", () => {
  for (const law of [NIC_1, NIC_3, NIC_4]) {
    assertNotJudged(
      law,
      { change: (o) => void (o.faultCount = 70) },
      "only 0 of 70 findings of the ledgers were kept",
    );
  }
});

const frames = [frame(), frame()];

Deno.test("NIC-4 is kept by data that is there with its descriptor or before", () => {
  assertKept(NIC_4, { frames });
  assertKept(NIC_4, { frames, change: (o) => void (o.dataAt[1] = o.descAt[1]!) });
});

Deno.test("NIC-4 names a descriptor that came before its data", () => {
  assertBroken(
    NIC_4,
    { frames, change: (o) => void (o.dataAt[1] = o.descAt[1]! + 1) },
    "the descriptor of packet 1 was visible at 421.1 ns, its data only at 421.101 ns, " +
      "expected data first",
    [1],
  );
  assertBroken(
    NIC_4,
    { frames, change: (o) => void (o.dataAt[0] = -1) },
    "the descriptor of packet 0 was visible at 321.1 ns, its data never, expected data first",
    [0],
  );
  assertBroken(
    NIC_4,
    fault("done-without-data", -1),
    "at 1.234 ns lcore 0 took buffer 12 as received, but no packet had landed in it",
    [],
  );
});

Deno.test("NIC-4 and NIC-9 are not judged where no descriptor was written", () => {
  const change = (o: { descAt: Float64Array }) => void o.descAt.fill(-1);
  assertNotJudged(NIC_4, { frames, change }, "no descriptor was written");
  assertNotJudged(NIC_9, { frames, change }, "no descriptor was written");
});

Deno.test("NIC-9 is kept where every announced packet was taken", () => {
  assertKept(NIC_9, { frames });
  const unannounced: RunFields["change"] = (o) => void (o.descAt[0] = o.seenAt[0] = -1);
  assertKept(NIC_9, { frames, change: unannounced });
});

Deno.test("NIC-9 names a packet that nobody looked at", () => {
  const sentence = "packet 1 was there to be taken since 421.1 ns and nobody had looked when the " +
    "run ended at 1.0672 us: a wake-up was lost";
  const missed: RunFields = { frames, fates: { 1: "waits" } };
  assertBroken(NIC_9, { ...missed, change: (o) => void (o.seenAt[1] = -1) }, sentence, [1]);
  // A timer that goes on for ever keeps such a machine from going quiet.
  const ended = (end: "horizon" | "limit") => (o: Observation) => {
    o.seenAt[1] = -1;
    o.end = end;
  };
  assertBroken(NIC_9, { ...missed, change: ended("horizon") }, sentence, [1]);
  assertNotJudged(
    NIC_9,
    { ...missed, change: ended("limit") },
    "the run ended at its limit of events",
  );
});

Deno.test("NIC-1 is not judged where the ledger had nothing to look at", () => {
  const change = (o: { posts: number; moves: number; frees: number }) => {
    o.posts = o.moves = o.frees = 0;
  };
  assertNotJudged(NIC_1, { change }, "no buffer was posted");
});

Deno.test("NIC-3 is not judged where the ledger had nothing to look at", () => {
  const change = (o: { posts: number; moves: number; frees: number }) => {
    o.posts = o.moves = o.frees = 0;
  };
  assertNotJudged(NIC_3, { change }, "no buffer was posted and no packet moved");
});
