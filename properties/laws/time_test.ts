import { assertEquals } from "@std/assert";
import { frame } from "../reference/_scenario_for_tests.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  run,
  type RunFields,
} from "./_observations_for_tests.ts";
import { TIME_1, TIME_3 } from "./time.ts";

const frames = [frame(), frame({ dst: "10.2.0.1" }), frame({ ttl: 1 })];

/** A run whose repetition goes as `second` says. */
function repeated(second: RunFields): RunFields {
  return { frames, again: () => run({ frames, ...second }).observation };
}

Deno.test("TIME-1 is kept by an equal run on a fresh device", () => {
  const asked: unknown[] = [];
  assertKept(TIME_1, {
    frames,
    again: (change, fresh) => {
      asked.push(change, fresh);
      return run({ frames }).observation;
    },
  });
  assertEquals(asked, [{}, true]);
});

Deno.test("TIME-1 names a packet with another fate", () => {
  assertBroken(
    TIME_1,
    repeated({ fates: { 2: { reason: "no-route" } } }),
    "packet 2 is dropped (no-route) by lcore 0 at 700 ns in a second run, " +
      "expected dropped (ttl) by lcore 0 at 700 ns",
    [2],
  );
  assertBroken(
    TIME_1,
    repeated({ fates: { 0: "waits" } }),
    "packet 0 is without a fate in a second run, expected emitted by MAC of port 1 at 1.0672 us",
    [0],
  );
  assertBroken(
    TIME_1,
    repeated({ change: (o) => void o.endAt[1]!++ }),
    "packet 1 is emitted by MAC of port 1 at 1.167201 us in a second run, " +
      "expected emitted by MAC of port 1 at 1.1672 us",
    [1],
  );
  assertBroken(
    TIME_1,
    repeated({ change: (o) => void (o.place[2] = 0) }),
    "packet 2 is dropped (ttl) by ingress buffer of port 0 at 700 ns in a second run, " +
      "expected dropped (ttl) by lcore 0 at 700 ns",
    [2],
  );
});

Deno.test("TIME-1 names a frame that differs", () => {
  const other = (change: RunFields["change"]) => repeated({ change: change! });
  assertBroken(
    TIME_1,
    other((o) => void (o.outPacket[0] = 1)),
    "frame 0 carries packet 1 in a second run, expected packet 0",
    [0],
  );
  assertBroken(
    TIME_1,
    other((o) => void (o.outStart[1] = 5000)),
    "packet 1 left port 2 at 5 ns in a second run, expected port 2 at 1.1 us",
    [1],
  );
  assertBroken(
    TIME_1,
    other((o) => void (o.outPort[1] = 3)),
    "packet 1 left port 3 at 1.1 us in a second run, expected port 2 at 1.1 us",
    [1],
  );
  assertBroken(
    TIME_1,
    other((o) => void o.outBytes[o.outOffset[1]! + 59]!++),
    "packet 1 left with other bytes in a second run",
    [1],
  );
  assertBroken(
    TIME_1,
    other((o) => o.emit(-1, 0, 2, 0, 0, frame(), 0, 60)),
    "3 frames were emitted in a second run, expected 2",
    [],
  );
});

Deno.test("TIME-1 names a trace that differs", () => {
  const other = (change: RunFields["change"]) => repeated({ change: change! });
  assertBroken(
    TIME_1,
    other((o) => void (o.events = 101)),
    "a second run took 101 events, expected 100",
    [],
  );
  assertBroken(
    TIME_1,
    other((o) => void (o.traceHash = -1)),
    "a second run has the trace ffffffff, expected 00001234",
    [],
  );
  assertBroken(
    TIME_1,
    other((o) => void (o.end = "horizon")),
    "a second run ended by horizon at 1.1672 us, expected quiet at 1.1672 us",
    [],
  );
  assertBroken(
    TIME_1,
    other((o) => void (o.endPs = 2e6)),
    "a second run ended by quiet at 2 us, expected quiet at 1.1672 us",
    [],
  );
});

Deno.test("TIME-1 does not compare a run with itself", () => {
  const one = run({ frames });
  assertEquals(TIME_1.judge({ ...one, again: () => one.observation }), {
    kind: "not-judged",
    why: "the device showed the same observation twice",
  });
  assertNotJudged(TIME_1, { frames: [] }, "no packet was offered");
});

Deno.test("TIME-3 names a run that goes on though all is done, and leaves waiting packets to LOSS-3", () => {
  assertKept(TIME_3, { frames });
  assertBroken(
    TIME_3,
    {
      frames,
      change: (o) => {
        o.end = "limit";
        o.endPs = 5e9;
        o.events = 2_000_000;
      },
    },
    "every packet had met its fate, but the device went on: the run ended by limit at 5000 us, after 2000000 events",
    [],
  );
  const cut = (endPs: number): RunFields => ({
    frames,
    change: (o) => {
      o.end = "horizon";
      o.endPs = endPs;
    },
  });
  assertNotJudged(TIME_3, cut(0.9e9), "the run was cut short");
  assertBroken(
    TIME_3,
    cut(2e9),
    "every packet had met its fate, but the device went on: the run ended by horizon at 2000 us, after 100 events",
    [],
  );
  assertNotJudged(TIME_3, { frames, fates: { 0: "waits" } }, "packets wait");
  assertNotJudged(TIME_3, { frames: [] }, "no packet was offered");
});
