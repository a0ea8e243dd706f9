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
import { StateSet } from "./_state_set.ts";
import { exploreInterleavings, type SteppedSystem } from "./interleave.ts";
import { SpscRing } from "./spsc.ts";
import { spscRingBytes } from "./spsc_memory.ts";
import { SPSC_CONSUMER, SPSC_PRODUCER, SpscSteps } from "./spsc_steps.ts";
import type { SpscStepsOptions } from "./spsc_steps_options.ts";

/** The ids 1, 2, 3, ... went in; each must come out once, in order, or still be in. */
function monitor(ring: SpscSteps, size: number): () => string | undefined {
  return () => {
    const out = ring.received();
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== i + 1) return `received ${out} (id ${i + 1} should be item ${i})`;
    }
    if (ring.count < 0 || ring.count > size) return `the ring of ${size} holds ${ring.count}`;
    for (let actor = 0; actor < ring.actors; actor++) if (ring.runnable(actor)) return undefined;
    for (const end of [SPSC_PRODUCER, SPSC_CONSUMER]) {
      if (!ring.finished(end)) return `${end === 0 ? "producer" : "consumer"} waits for ever`;
    }
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

const PROGRAMS = [
  [1, [1, 1, 1, 1], [1, 1, 1, 1]],
  [2, [2, 1, 2, 1], [1, 3, 2, 1]],
  [3, [3, 2, 3, 3], [2, 2, 3, 3]],
  [4, [1, 4, 3, 2, 1], [3, 1, 4, 3]],
] as const;

Deno.test("SpscSteps keeps FIFO in every interleaving of bursts through a small ring (RING-6)", () => {
  let orders = 0;
  for (const startIndex of [0, 2 ** 31 - 2, 2 ** 32 - 2]) {
    for (const [size, produce, consume] of PROGRAMS) {
      for (const bulk of [false, true]) {
        for (const batch of new Set([1, 2, size])) {
          const seen = explore({ size, startIndex, produce, consume, bulk, batch });
          const what = `size ${size} from ${startIndex}, bulk ${bulk}, batch ${batch}`;
          assertEquals(seen.failure, undefined, what);
          orders += seen.orders;
        }
      }
    }
  }
  assertGreater(orders, 1_000_000, "HARN-1: too few interleavings to mean anything");
});

Deno.test("SpscSteps keeps FIFO where stores are late, in order or not (RING-8)", () => {
  for (const stores of ["fifo", "any"] as const) {
    for (const [size, produce, consume] of PROGRAMS.slice(0, 3)) {
      for (const batch of [1, size]) {
        const seen = explore({ size, startIndex: -1, produce, consume, batch, stores });
        assertEquals(seen.failure, undefined, `size ${size}, batch ${batch}, ${stores}`);
      }
    }
  }
});

Deno.test("SpscSteps with batches never makes both ends wait for each other (RING-7)", () => {
  const [produce, consume] = [[2, 1, 2, 1], [1, 2, 1, 2]];
  for (const batch of [1, 2, 3, 4]) {
    const options = { size: 4, batch, produce, consume, bulk: true, insist: true };
    const seen = explore(options);
    assertEquals(seen.failure, undefined, `batch ${batch}`);
    assertGreater(seen.orders, 0, "HARN-1");
    if (batch === 1 || batch === 3) continue; // 3 never keeps what these programs wait for
    const { failure } = explore({ ...options, fault: "batch-withheld" });
    assertStringIncludes(failure?.message ?? "survived", "waits for ever", `batch ${batch}`);
  }
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
  // Producer: publish. Consumer: load tail, copy the slot that nobody wrote, publish.
  assertEquals(seen.failure.schedule, [0, 1, 1, 1]);
});

Deno.test("SpscSteps publishing by a plain store is caught where stores land in any order, there only", () => {
  const options = { size: 2, produce: [2, 1], consume: [1, 2], fault: "plain-publish" } as const;
  assertEquals(explore(options).failure, undefined);
  assertEquals(explore({ ...options, stores: "fifo" }).failure, undefined, "x86 keeps the order");
  const { failure } = explore({ ...options, stores: "any" });
  assertStringIncludes(failure?.message ?? "survived", "received 0 (id 1 should be item 0)");
});

Deno.test("SpscSteps reading slots before the tail is caught", () => {
  const { failure } = explore({ size: 2, produce: [1], consume: [1], fault: "early-copy" });
  assertStringIncludes(failure?.message ?? "survived", "received 0 (id 1 should be item 0)");
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
      fc.integer({ min: 1, max: 5 }),
      (size, startIndex, produce, consume, order, bulk, most) => {
        const batch = Math.min(most, size);
        const shared = new SharedArrayBuffer(spscRingBytes(size, true));
        const ring = new SpscRing(size, { exactSize: true, startIndex, shared, batch });
        const steps = new SpscSteps({ size, startIndex, produce, consume, bulk, batch });
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
          if (programs[actor]!.length === 0) {
            actor === SPSC_PRODUCER ? ring.flushEnqueued() : ring.flushDequeued();
          }
          assertEquals([steps.count, steps.enqueued], [ring.count, id - 1]);
          assertEquals(steps.received(), received);
        }
        moved += received.length;
      },
    ),
    { seed: 1, numRuns: 200 },
  );
  assertGreater(moved, 100, "HARN-1: hardly an item went through");
});

/**
 * Steps one end until the operation it is in is over: its state then says so by its own registers.
 */
function runOperation(steps: SpscSteps, actor: number): void {
  const other = actor === SPSC_PRODUCER ? SPSC_CONSUMER : SPSC_PRODUCER;
  const before = steps.operations(actor);
  const still = steps.operations(other);
  while (steps.operations(actor) === before) steps.step(actor);
  assertEquals(steps.operations(other), still);
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

Deno.test("StateSet numbers states in the order they come, each once until the next seal", () => {
  const set = new StateSet(2, 10_000);
  const state = new Int32Array(2);
  const add = (i: number) => set.add(Int32Array.of(i * 65_536, -i));
  for (const round of [0, 1]) {
    for (let turn = 0; turn < 2; turn++) {
      for (let i = 0; i < 3000; i++) assertEquals(add(i), 3000 * round + i);
    }
    assertEquals([set.seal(), set.size], [3000 * (round + 1), 3000 * (round + 1)]);
  }
  set.get(4500, state);
  assertEquals([...state], [1500 * 65_536, -1500]);
});
