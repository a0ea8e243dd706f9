// Aim: the monitor of queue histories accepts exactly the linearizable ones. Method: each pattern
// by hand; then random small histories against a search through all orders of the calls.

import { assertEquals, assertGreater, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { RingCall } from "../../core/ring/mpmc_call.ts";
import { queueViolation } from "./history.ts";

function enqueue(startedAt: number, endedAt: number, ids: number[], asked = ids.length): RingCall {
  return { participant: 0, kind: "enqueue", startedAt, endedAt, asked, bulk: false, ids };
}

function dequeue(startedAt: number, endedAt: number, ids: number[], asked = 1): RingCall {
  return { participant: 9, kind: "dequeue", startedAt, endedAt, asked, bulk: false, ids };
}

const SIZE = { size: 4 };

Deno.test("queueViolation names items that are lost, twice, from nowhere or too early", () => {
  for (
    const [calls, message] of [
      [[enqueue(0, 1, [1, 2]), dequeue(2, 3, [1])], "2 was lost: enqueue 0..1 by 0"],
      [[enqueue(0, 1, [1]), dequeue(2, 3, [1]), dequeue(4, 5, [1])], "1 was got twice"],
      [[enqueue(0, 1, [1]), enqueue(2, 3, [1])], "1 was enqueued twice"],
      [[dequeue(0, 1, [5])], "dequeue 0..1 by 9 got 5, which nobody enqueued"],
      [[dequeue(0, 1, [1]), enqueue(2, 3, [1])], "got 1 before enqueue 2..3"],
      [[enqueue(0, 1, [1, 2], 1), dequeue(2, 3, [1, 2], 2)], "moved 2 of 1"],
      [[{ ...enqueue(0, 1, [1], 2), bulk: true }, dequeue(2, 3, [1])], "moved 1 of 2"],
    ] as [RingCall[], string][]
  ) assertStringIncludes(queueViolation(calls, SIZE) ?? "accepted", message);
});

Deno.test("queueViolation names an item that overtakes, not one of overlapping calls", () => {
  const late = [dequeue(4, 5, [2]), dequeue(6, 7, [1])];
  const overlapping = [enqueue(0, 2, [1]), { ...enqueue(1, 3, [2]), participant: 1 }, ...late];
  assertEquals(queueViolation(overlapping, SIZE), undefined);
  const apart = [enqueue(0, 1, [1]), { ...enqueue(2, 3, [2]), participant: 1 }, ...late];
  assertStringIncludes(queueViolation(apart, SIZE) ?? "accepted", "2 overtook 1");
  const inBurst = [enqueue(0, 1, [1, 2]), dequeue(2, 3, [2, 1], 2)];
  assertStringIncludes(queueViolation(inBurst, SIZE) ?? "accepted", "got 1 after 2");
});

Deno.test("queueViolation names an empty answer while items followed each other in the queue", () => {
  const chain = [enqueue(0, 1, [1]), enqueue(3, 4, [2]), dequeue(5, 8, [1]), dequeue(9, 10, [2])];
  const empty = dequeue(2, 6, []);
  assertStringIncludes(queueViolation([...chain, empty], SIZE) ?? "accepted", "never empty: 1, 2");
  assertStringIncludes(
    queueViolation([enqueue(0, 1, [1, 2]), dequeue(2, 3, [1], 2), dequeue(4, 5, [2])], SIZE) ??
      "accepted",
    "found 1 of 2",
  );
  // While an enqueue is still going on, a relaxed ring may hide what a finished one put in.
  const hidden = [
    enqueue(0, 3, [1]),
    { ...enqueue(1, 2, [2]), participant: 1 },
    dequeue(2.5, 2.8, []),
    dequeue(4, 5, [2]),
  ];
  const all = [...hidden, dequeue(6, 7, [1])];
  assertStringIncludes(queueViolation(all, SIZE) ?? "accepted", "never empty: 2");
  assertEquals(queueViolation(all, { ...SIZE, lateItems: true }), undefined);
  const after = [...all.slice(0, 2), dequeue(3.2, 3.3, []), ...all.slice(3)];
  assertStringIncludes(queueViolation(after, { size: 4, lateItems: true }) ?? "accepted", "2");
});

Deno.test("queueViolation names a full answer that nothing accounts for", () => {
  const calls = (at: number): RingCall[] => [
    enqueue(0, 1, [1, 2, 3, 4]),
    dequeue(2, 5, [1]),
    enqueue(at, at + 0.5, [], 1),
    dequeue(8, 9, [2, 3, 4], 3),
  ];
  assertEquals(queueViolation(calls(4), SIZE), undefined);
  assertStringIncludes(
    queueViolation(calls(6), SIZE) ?? "accepted",
    "enqueue 6..6.5 by 0 placed 0 of 1, but at most 3 of 4 slots",
  );
  const bulk = [{ ...enqueue(6, 7, [], 2), bulk: true }, ...calls(4)];
  assertEquals(queueViolation(bulk, SIZE), undefined);
  assertThrows(() => queueViolation([enqueue(2, 2, [1])], SIZE), RangeError, "ends when it begins");
});

/** Whether some order of the single calls makes an array queue answer the same: by trying all. */
function linearizable(calls: readonly RingCall[], queue: readonly number[]): boolean {
  const firstEnd = Math.min(...calls.map((call) => call.endedAt));
  return calls.length === 0 ||
    calls.some((call, i) => {
      if (call.startedAt > firstEnd) return false;
      const rest = calls.filter((_, j) => j !== i);
      if (call.kind === "enqueue") return linearizable(rest, [...queue, ...call.ids]);
      if (call.ids[0] !== queue[0]) return false;
      return linearizable(rest, queue.slice(1));
    });
}

Deno.test("queueViolation agrees with a search through all orders of single calls (RING-6)", () => {
  const seen = { good: 0, bad: 0 };
  // For each call a moment and how long it goes on; who dequeues which of the items; empty answers.
  const spans = fc.array(fc.tuple(fc.nat(40), fc.nat(14)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(spans, fc.nat(100), fc.nat(2), (drawn, shuffle, empties) => {
      const n = Math.max(1, (drawn.length - empties) >> 1);
      const calls = drawn.map(([begin, span], i): RingCall => {
        const [startedAt, endedAt] = [begin + i / 100, begin + span + i / 100 + 0.005];
        // a bulk of one is as a burst of one
        const who = { startedAt, endedAt, participant: i, asked: 1, bulk: i % 2 === 1 };
        if (i < n) return { ...who, kind: "enqueue", ids: [i] };
        const ids = i < 2 * n ? [(i - n + shuffle) % n] : [];
        return { ...who, kind: "dequeue", ids };
      });
      const got = calls.slice(n).flatMap((call) => call.ids);
      for (let id = 0; id < n; id++) {
        if (!got.includes(id)) calls.push(dequeue(100 + id, 100.5 + id, [id]));
      }
      const expected = linearizable(calls, []);
      seen[expected ? "good" : "bad"]++;
      const violation = queueViolation(calls, { size: 8 });
      assertEquals(violation === undefined, expected, violation ?? "accepted");
    }),
    { numRuns: 1500, seed: 5 },
  );
  assertGreater(Math.min(seen.good, seen.bad), 200, `HARN-3: ${JSON.stringify(seen)}`);
});

Deno.test("queueViolation agrees with a count at every moment whether a queue can be full", () => {
  const seen = { good: 0, bad: 0 };
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(6)), {
    minLength: 1,
    maxLength: 12,
    size: "max",
  });
  fc.assert(
    fc.property(
      gaps,
      fc.nat(60),
      fc.nat(20),
      fc.integer({ min: 1, max: 4 }),
      (drawn, at, len, size) => {
        let begin = 0;
        const calls = drawn.flatMap(([gap, span], i) => {
          begin = Math.max(begin, 4 * i + 1) + gap;
          const taken = dequeue(begin + 0.5, begin + span + 0.75, [i]);
          return [enqueue(4 * i, 4 * i + 1, [i]), { ...taken, participant: i }];
        });
        const refused = { ...enqueue(at + 0.25, at + len + 0.3, [], 1), participant: 99 };
        const used = (time: number): number =>
          calls.filter(({ kind, startedAt }) => kind === "enqueue" && startedAt <= time).length -
          calls.filter(({ kind, endedAt }) => kind === "dequeue" && endedAt <= time).length;
        const moments = [refused, ...calls].flatMap((
          { startedAt, endedAt },
        ) => [startedAt, endedAt])
          .filter((time) => refused.startedAt <= time && time <= refused.endedAt);
        const expected = Math.max(...moments.map(used)) >= size;
        seen[expected ? "good" : "bad"]++;
        const violation = queueViolation([...calls, refused], { size });
        assertEquals(violation === undefined, expected, violation ?? "accepted");
      },
    ),
    { seed: 1, numRuns: 400 },
  );
  assertGreater(Math.min(seen.good, seen.bad), 50, `HARN-3: ${JSON.stringify(seen)}`);
});

Deno.test("queueViolation takes a history of 10,000 items in log-linear time", () => {
  const calls: RingCall[] = [];
  for (let i = 0; i < 10_000; i++) {
    calls.push({ ...enqueue(4 * i, 4 * i + 9.5, [i]), participant: i % 3 });
    calls.push({ ...dequeue(4 * i + 5, 4 * i + 18.25, [i]), participant: i % 2 });
  }
  assertEquals(queueViolation(calls, SIZE), undefined);
  const [a, b] = [calls[15_001]!, calls[15_041]!];
  calls[15_001] = { ...a, ids: b.ids };
  calls[15_041] = { ...b, ids: a.ids };
  assertStringIncludes(queueViolation(calls, SIZE) ?? "accepted", "got 7520 before enqueue");
});
