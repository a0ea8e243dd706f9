// Aim: TimedRing is a queue in which nothing is seen before it happened, at any size and start
// index. Method: the model is a list of (item, time) and a list of release times, searched from the
// start each time.

import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TimedRing } from "./timed_ring.ts";

interface Move {
  readonly producing: boolean;
  readonly n: number;
  /** How much the end's own time has passed since its last move, in picoseconds. */
  readonly passedPs: number;
}

const moves = fc.array(
  fc.record({
    producing: fc.boolean(),
    n: fc.integer({ min: 0, max: 6 }),
    passedPs: fc.constantFrom(0, 1, 2, 10),
  }),
  { maxLength: 60, size: "max" },
);

const starts = fc.constantFrom(0, 1, 2 ** 31 - 7, 2 ** 31, 2 ** 32 - 7, -3);

Deno.test("TimedRing shows no item before its publication and no slot before its release (RING-1 to 5)", () => {
  const seen = { early: 0, lateSlot: 0, moved: 0, full: 0 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), starts, moves, (size, startIndex, list) => {
      const ring = new TimedRing(size, startIndex);
      const published: { item: number; ps: number }[] = [];
      const releasedPs: number[] = [];
      let taken = 0;
      let [producerPs, consumerPs] = [0, 0];
      const out = new Int32Array(6);
      for (const { producing, n, passedPs } of list) {
        if (producing) {
          producerPs += passedPs;
          let room = 0;
          // Item k needs item k - size to be gone by now; the first `size` items need nothing.
          while (room < n) {
            const needs = published.length + room - size;
            if (needs >= 0 && !((releasedPs[needs] ?? Infinity) <= producerPs)) break;
            room++;
          }
          const items = Int32Array.from({ length: n }, (_, i) => published.length + i + 1);
          assertEquals(ring.freeAt(producerPs) >= room, true);
          assertEquals(ring.enqueueBurst(items, 0, n, producerPs), room, "enqueueBurst");
          for (const item of items.subarray(0, room)) published.push({ item, ps: producerPs });
          if (room < n) seen[published.length - taken < size ? "lateSlot" : "full"]++;
        } else {
          consumerPs += passedPs;
          const there = published.slice(taken).filter(({ ps }) => ps <= consumerPs);
          assertEquals(ring.countAt(consumerPs), there.length, "countAt");
          const expected = there.slice(0, n).map(({ item }) => item);
          const got = ring.dequeueBurst(out, n, consumerPs);
          assertEquals([...out.subarray(0, got)], expected, `dequeueBurst at ${consumerPs} ps`);
          taken += got;
          for (let i = 0; i < got; i++) releasedPs.push(consumerPs);
          if (got < n && taken < published.length) seen.early++;
          seen.moved += got;
        }
        assertEquals([ring.count, ring.free], [published.length - taken, size - ring.count]);
        assertEquals(ring.nextPs(), published[taken]?.ps ?? Infinity, "nextPs");
        const slot = published.length - size;
        const nextFree = slot < 0 ? -Infinity : releasedPs[slot] ?? Infinity;
        assertEquals(ring.nextFreePs(), nextFree, "nextFreePs");
      }
    }),
    { seed: 1, numRuns: 300 },
  );
  for (const [name, count] of Object.entries(seen)) {
    assertGreater(count, 100, `HARN-3: "${name}" was met too seldom`);
  }
});

Deno.test("TimedRing shows an item at the very picosecond of its publication", () => {
  const ring = new TimedRing(4);
  const out = new Int32Array(4);
  ring.enqueueBurst(Int32Array.of(1, 2), 0, 2, 100);
  ring.enqueueBurst(Int32Array.of(3), 0, 1, 101);
  assertEquals(ring.dequeueBurst(out, 4, 99.5), 0);
  assertEquals(ring.dequeueBurst(out, 4, 100), 2);
  assertEquals(ring.nextPs(), 101);
});

Deno.test("TimedRing refuses a time that runs backwards, and changes nothing", () => {
  const ring = new TimedRing(2);
  const out = new Int32Array(2);
  ring.enqueueBurst(Int32Array.of(1), 0, 1, 100);
  assertThrows(
    () => ring.enqueueBurst(Int32Array.of(2), 0, 1, 99),
    RangeError,
    "Cannot enqueue at 99 ps: the last was published at 100 ps",
  );
  assertThrows(() => ring.enqueueBurst(Int32Array.of(2), 0, 1, NaN), RangeError, "at NaN ps");
  assertEquals(ring.dequeueBurst(out, 2, 200), 1);
  assertThrows(
    () => ring.dequeueBurst(out, 2, 199),
    RangeError,
    "Cannot dequeue at 199 ps: the last was taken at 200 ps",
  );
  assertThrows(() => ring.dequeueBurst(out, 3, 200), RangeError, "the array holds 2");
  assertThrows(() => ring.enqueueBurst(out, 1, 2, 200), RangeError, "Cannot enqueue 2 items at 1");
  assertEquals(ring.count, 0);
});

Deno.test("TimedRing after reset equals a new one", () => {
  const ring = new TimedRing(3);
  const out = new Int32Array(3);
  ring.enqueueBurst(Int32Array.of(1, 2, 3), 0, 3, 500);
  ring.dequeueBurst(out, 2, 900);
  ring.reset(2 ** 32 - 1);
  assertEquals([ring.count, ring.free, ring.nextPs(), ring.nextFreePs()], [
    0,
    3,
    Infinity,
    -Infinity,
  ]);
  assertEquals(ring.enqueueBurst(Int32Array.of(7, 8, 9), 0, 3, 0), 3);
  assertEquals(ring.dequeueBurst(out, 3, 0), 3);
  assertEquals([...out], [7, 8, 9]);
  for (const size of [0, -1, 2.5, NaN]) {
    assertThrows(() => new TimedRing(size), RangeError, `size is ${size}`);
  }
  assertThrows(() => new TimedRing(4, 0.5), RangeError, "startIndex 0.5");
});
