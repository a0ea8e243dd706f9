// Aim: no interleaving of the two ends breaks the ring (RING-6), and the exploration would see it
// if one did. Method: all orders of the micro-steps of small programs, judged by a monitor that
// knows ids alone.

import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { exploreInterleavings, type SteppedSystem } from "./interleave.ts";
import { SpscRing } from "./spsc.ts";
import { SPSC_CONSUMER, SPSC_PRODUCER, SpscSteps, type SpscStepsOptions } from "./spsc_steps.ts";

/** The ids 1, 2, 3, ... went in; each must come out once, in order, or still be in. */
function monitor(ring: SpscSteps, size: number): () => string | undefined {
  return () => {
    const out = ring.received();
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== i + 1) return `received ${out} (id ${i + 1} should be item ${i})`;
    }
    if (ring.count < 0 || ring.count > size) return `the ring of ${size} holds ${ring.count}`;
    if (ring.runnable(SPSC_PRODUCER) || ring.runnable(SPSC_CONSUMER)) return undefined;
    const all = [...out, ...ring.remaining()];
    for (let i = 0; i < Math.max(all.length, ring.enqueued); i++) {
      if (all[i] !== i + 1) return `at the end ${all}, but ${ring.enqueued} ids went in`;
    }
    return undefined;
  };
}

function explore(options: SpscStepsOptions) {
  const ring = new SpscSteps(options);
  return exploreInterleavings(ring, monitor(ring, options.size), 200_000);
}

Deno.test("SpscSteps keeps FIFO in every interleaving of bursts through a small ring (RING-6)", () => {
  let orders = 0;
  for (const startIndex of [0, 2 ** 31 - 2, 2 ** 32 - 2]) {
    for (
      const [size, produce, consume] of [
        [1, [1, 1, 1], [1, 1, 1]],
        [2, [2, 1, 2], [1, 3, 2]],
        [3, [3, 2, 3], [2, 2, 3]],
        [4, [1, 4, 3], [3, 1, 4]],
      ] as const
    ) {
      for (const bulk of [false, true]) {
        const seen = explore({ size, startIndex, produce, consume, bulk });
        assertEquals(seen.failure, undefined, `size ${size} from ${startIndex}, bulk ${bulk}`);
        orders += seen.orders;
      }
    }
  }
  assertGreater(orders, 1_000_000, "HARN-1: too few interleavings to mean anything");
});

Deno.test("SpscSteps publishing before it copies is caught, with a shortest schedule", () => {
  const seen = explore({
    size: 2,
    produce: [1],
    consume: [1],
    fault: "publish-before-copy",
  });
  assert(seen.failure !== undefined, "the fault survived every interleaving");
  assertStringIncludes(seen.failure.message, "received 0 (id 1 should be item 0)");
  // Producer: load tail, publish. Consumer: load head, load tail, copy the slot that nobody wrote,
  // publish.
  assertEquals(seen.failure.schedule.filter((actor) => actor === SPSC_PRODUCER).length, 2);
  assertEquals(seen.failure.schedule.length, 6);
});

Deno.test("SpscSteps releasing before it copies is caught", () => {
  const options = { size: 1, produce: [1, 1], consume: [1, 1] } as const;
  assertEquals(explore(options).failure, undefined);
  const seen = explore({ ...options, fault: "release-before-copy" });
  assertStringIncludes(seen.failure?.message ?? "survived", "received 2");
});

Deno.test("SpscSteps believing in one slot too many is caught", () => {
  for (const size of [2, 3]) {
    const seen = explore({ size, produce: [2, 2], consume: [2, 2], fault: "one-too-many" });
    assertStringIncludes(seen.failure?.message ?? "survived", `ring of ${size} holds ${size + 1}`);
  }
});

Deno.test("SpscSteps equals SpscRing when operations are not interleaved", () => {
  const bursts = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12, size: "max" });
  const turns = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 30, size: "max" });
  const start = fc.constantFrom(0, 2 ** 31 - 3, 2 ** 32 - 3);
  let moved = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      start,
      bursts,
      bursts,
      turns,
      fc.boolean(),
      (size, startIndex, produce, consume, order, bulk) => {
        const ring = new SpscRing(size, { exactSize: true, startIndex });
        const steps = new SpscSteps({ size, startIndex, produce, consume, bulk });
        const programs = [[...produce], [...consume]];
        const received: number[] = [];
        let id = 1;
        for (const actor of order) {
          const n = programs[actor]!.shift();
          if (n === undefined) continue;
          if (actor === SPSC_PRODUCER) {
            const ids = Int32Array.from({ length: n }, (_, i) => id + i);
            id += bulk ? ring.enqueueBulk(ids, 0, n) : ring.enqueueBurst(ids, 0, n);
          } else {
            const out = new Int32Array(n);
            const got = bulk ? ring.dequeueBulk(out, n) : ring.dequeueBurst(out, n);
            received.push(...out.subarray(0, got));
          }
          runOperation(steps, actor);
          assertEquals([steps.count, steps.enqueued], [ring.count, id - 1]);
          assertEquals(steps.received(), received);
        }
        moved += received.length;
      },
    ),
    { numRuns: 200 },
  );
  assertGreater(moved, 100, "HARN-1: hardly an item went through");
});

/**
 * Steps one end until the operation it is in is over: its state then says so by its own registers.
 */
function runOperation(steps: SpscSteps, actor: number): void {
  const other = actor === SPSC_PRODUCER ? SPSC_CONSUMER : SPSC_PRODUCER;
  const before = operationOf(steps, actor);
  const still = operationOf(steps, other);
  while (operationOf(steps, actor) === before) steps.step(actor);
  assertEquals(operationOf(steps, other), still);
}

/**
 * Where an end is in its program: word 3 of the producer's registers, word 10 of the consumer's.
 */
function operationOf(steps: SpscSteps, actor: number): number {
  return steps.state[actor === SPSC_PRODUCER ? 3 : 10]!;
}

/** Two actors that each count to a number, with no state in common. */
class Counters implements SteppedSystem {
  readonly actors = 2;
  readonly state = new Int32Array(2);
  constructor(readonly limits: readonly [number, number]) {}
  runnable(actor: number): boolean {
    return this.state[actor]! < this.limits[actor]!;
  }
  step(actor: number): void {
    this.state[actor]!++;
  }
}

Deno.test("exploreInterleavings sees every order: the binomial coefficient of them", () => {
  const seen = exploreInterleavings(new Counters([6, 4]), () => undefined, 1000);
  assertEquals([seen.orders, seen.states], [210, 35]); // 10 over 4; 7 x 5 pairs of counts
  const long = exploreInterleavings(new Counters([12, 12]), () => undefined, 1000);
  assertEquals([long.orders, long.states], [2_704_156, 169]);
});

Deno.test("exploreInterleavings gives the schedule that leads to the failure", () => {
  const system = new Counters([3, 3]);
  const wrong = () => system.state[0] === 2 && system.state[1] === 1 ? "2 and 1" : undefined;
  const seen = exploreInterleavings(system, wrong, 1000);
  assertEquals(seen.failure?.message, "2 and 1");
  assertEquals([...seen.failure!.schedule].sort(), [0, 0, 1]);
});

Deno.test("exploreInterleavings refuses to go beyond its limit", () => {
  assertThrows(
    () => exploreInterleavings(new Counters([100, 100]), () => undefined, 50),
    RangeError,
    "more than 50 states",
  );
});
