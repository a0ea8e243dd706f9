// Aim: no interleaving of the participants breaks the ring, in any mode (RING-6), late stores
// included (RING-8), and the exploration would see it if one did. Method: all orders of the
// micro-steps of small programs; each complete one is a history that the monitor of queues judges.

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { queueViolation } from "../../properties/ring/history.ts";
import type { StoreOrder } from "./_late_stores.ts";
import { exploreInterleavings, type Interleavings } from "./interleave.ts";
import { mpmcRingBytes, type RingSync } from "./mpmc_memory.ts";
import { MpmcRing } from "./mpmc.ts";
import { MpmcSteps } from "./mpmc_steps.ts";
import type { MpmcFault, MpmcStepsOptions } from "./mpmc_steps_options.ts";

const SYNCS = ["st", "mt", "mt-rts", "mt-hts"] as const;

/** What is wrong with the state; a complete run must be a history of a queue. */
function wrongWith(ring: MpmcSteps, options: MpmcStepsOptions): string | undefined {
  if (ring.count < 0 || ring.count > options.size) {
    return `the ring of ${options.size} holds ${ring.count}`;
  }
  for (let actor = 0; actor < ring.actors; actor++) if (ring.runnable(actor)) return undefined;
  for (let p = 0; p < ring.participants; p++) {
    if (!ring.finished(p)) return `participant ${p} waits for ever`;
  }
  const calls = ring.calls();
  const ids = ring.remaining();
  const last = { startedAt: 1e6, endedAt: 1e6 + 1, bulk: false };
  calls.push({ ...last, participant: -1, kind: "dequeue", asked: options.size, ids });
  return queueViolation(calls, {
    size: options.size,
    lateItems: options.producers === "mt-rts",
    lateSlots: options.consumers === "mt-rts",
  });
}

function explore(options: MpmcStepsOptions): Interleavings {
  const logged = { ...options, logged: true };
  const ring = new MpmcSteps(logged);
  return exploreInterleavings(ring, () => wrongWith(ring, options), 300_000);
}

type Programs = Pick<MpmcStepsOptions, "size" | "produce" | "consume">;

/** Two participants on the side in question, one on the other. */
const PROGRAMS: readonly Programs[] = [
  { size: 1, produce: [[1], [1]], consume: [[1, 1]] },
  { size: 2, produce: [[2], [1]], consume: [[2]] },
  { size: 2, produce: [[2, 1]], consume: [[1], [2]] },
];

function single(sync: RingSync, programs: readonly unknown[]): RingSync {
  return programs.length === 1 ? "st" : sync;
}

/** Two participants on each side. */
const FOUR: Programs = { size: 1, produce: [[1], [1]], consume: [[1], [1]] };

for (const sync of SYNCS.slice(1)) {
  Deno.test(`MpmcSteps ${sync} is linearizable in every interleaving of small programs (RING-6)`, () => {
    let orders = 0;
    for (const startIndex of [0, 2 ** 31 - 1]) {
      for (const programs of startIndex === 0 ? [...PROGRAMS, FOUR] : PROGRAMS) {
        const producers = single(sync, programs.produce);
        const consumers = single(sync, programs.consume);
        const bulk = startIndex !== 0;
        for (const lateHead of programs === FOUR ? [false] : [false, true]) {
          const options = { ...programs, producers, consumers, startIndex, bulk, lateHead };
          const seen = explore(options);
          assertEquals(seen.failure, undefined, JSON.stringify(options));
          orders += seen.orders;
        }
      }
    }
    assertGreater(orders, 100_000, "HARN-1: too few interleavings to mean anything");
  });
}

Deno.test("MpmcSteps st needs no agreement between one producer and one consumer (RING-6)", () => {
  const sides = { producers: "st", consumers: "st" } as const;
  for (const startIndex of [0, 2 ** 32 - 2]) {
    const seen = explore({ ...sides, size: 3, startIndex, produce: [[3, 2]], consume: [[2, 3]] });
    assertEquals(seen.failure, undefined);
    assertGreater(seen.orders, 1000, "HARN-1: too few interleavings to mean anything");
  }
});

Deno.test("MpmcSteps with part of each claim given back is linearizable (RING-6, RING-9)", () => {
  for (const keepMax of [[0, 2, 1], [1, 1, 1], [1, 0, 2]]) {
    for (const producers of ["st", "mt-hts"] as const) {
      const produce = producers === "st" ? [[2, 2]] : [[2], [1]];
      const consume = producers === "st" ? [[2], [1]] : [[2]];
      const sides = { producers, consumers: single("mt-hts", consume) } as const;
      const seen = explore({ ...sides, size: 2, keepMax, produce, consume });
      assertEquals(seen.failure, undefined, `${producers}, ${keepMax} kept`);
    }
  }
});

Deno.test("MpmcSteps with late stores is linearizable in every mode (RING-8)", () => {
  for (const sync of SYNCS) {
    for (const stores of ["fifo", "any"] as const) {
      const produce = sync === "st" ? [[1, 2]] : [[2], [1]];
      const consume = sync === "st" ? [[2, 1]] : [[2]];
      const sides = { producers: sync, consumers: single(sync, consume) };
      const seen = explore({ ...sides, size: 2, produce, consume, stores, lateHead: true });
      assertEquals(seen.failure, undefined, `${sync}, ${stores}`);
    }
  }
});

Deno.test("MpmcSteps answering by a head that nothing orders is caught where it is read late", () => {
  // Empty is said of a queue that 1 leaves only after 2 came.
  const programs = { size: 2, produce: [[1, 1]], consume: [[1], [1]] };
  const options = { ...programs, producers: "st", fault: "unordered-answer" } as const;
  for (const consumers of ["mt", "mt-hts"] as const) {
    assertEquals(explore({ ...options, consumers }).failure, undefined, consumers);
    const { failure } = explore({ ...options, consumers, lateHead: true });
    assertStringIncludes(failure?.message ?? "survived", "the queue was never empty", consumers);
  }
});

Deno.test("MpmcSteps keeping its head where part of a claim is given back is caught", () => {
  const programs = { size: 2, produce: [[2], [1]], consume: [[2]], keepMax: [1, 1, 2] };
  const sides = { producers: "mt-hts", consumers: "st", fault: "head-not-given-back" } as const;
  assertStringIncludes(
    explore({ ...programs, ...sides }).failure?.message ?? "survived",
    "waits for",
  );
});

Deno.test("MpmcSteps mt-rts hides what a finished enqueue put in, and is so no strict queue", () => {
  const options: MpmcStepsOptions = {
    size: 2,
    producers: "mt-rts",
    consumers: "st",
    produce: [[1], [1]],
    consume: [[1]],
  };
  const ring = new MpmcSteps({ ...options, logged: true });
  const asMt: MpmcStepsOptions = { ...options, producers: "mt" };
  assertEquals(explore(asMt).failure, undefined);
  const seen = exploreInterleavings(ring, () => wrongWith(ring, asMt), 1e5);
  assertStringIncludes(seen.failure?.message ?? "survived", "the queue was never empty");
});

const TAIL_LOST = /\d0[123] was (lost|got twice)|nobody enqueued/;

/** For each fault: in which programs it shows, and what is said. */
const FAULTS: readonly (readonly [MpmcFault, program: number, RegExp])[] = [
  ["lost-cas", 1, /waits for ever|101 was (lost|got twice)/],
  ["lost-cas", 2, /waits for ever|101 was (lost|got twice)/],
  ["publish-before-copy", 0, /nobody enqueued/],
  ["release-before-copy", 2, /103 was got twice/],
  ["tail-out-of-order", 1, TAIL_LOST],
  ["tail-out-of-order", 2, TAIL_LOST],
  ["one-too-many", 1, /the ring of 2 holds 3/],
  ["early-copy", 0, /nobody enqueued/],
  ["early-copy", 2, /nobody enqueued/],
];

Deno.test("MpmcSteps with a planted mistake is caught in every mode that can have it", () => {
  for (const sync of SYNCS.slice(1)) {
    for (const [fault, program, message] of FAULTS) {
      const programs = PROGRAMS[program]!;
      const producers = single(sync, programs.produce);
      const consumers = single(sync, programs.consume);
      const { failure } = explore({ ...programs, producers, consumers, fault });
      const found = failure?.message ?? "survived";
      assert(message.test(found), `${sync} with ${fault}: ${found}`);
    }
  }
});

Deno.test("MpmcSteps publishing by a plain store is caught where stores are late, there only", () => {
  for (const producers of ["st", "mt", "mt-hts"] as const) {
    const programs = { size: 2, produce: [[1]], consume: [[1]] };
    const options = { ...programs, producers, consumers: "st", fault: "plain-publish" } as const;
    assertEquals(explore(options).failure, undefined);
    const unwritten = (stores: StoreOrder) => {
      const ring = new MpmcSteps({ ...options, stores });
      const check = () => ring.received(1)[0] === 0 ? "an unwritten slot was read" : undefined;
      return exploreInterleavings(ring, check, 1000).failure?.message;
    };
    assertEquals(unwritten("any"), "an unwritten slot was read", producers);
    // x86 keeps the order of the two, but who has enqueued is done before others can see it.
    assertEquals(unwritten("fifo"), undefined, producers);
    const { failure } = explore({ ...options, stores: "fifo" });
    assertStringIncludes(failure?.message ?? "survived", "the queue was never empty", producers);
  }
});

Deno.test("MpmcSteps is linearizable in drawn interleavings of 3 producers and 3 consumers", () => {
  const program = fc.array(fc.constantFrom(1, 1, 1, 2, 3, 0), {
    minLength: 2,
    maxLength: 4,
    size: "max",
  });
  const programs = fc.tuple(program, program, program);
  const drawn = fc.record({
    size: fc.integer({ min: 1, max: 4 }),
    startIndex: fc.constantFrom(0, 2 ** 31 - 2, 2 ** 32 - 2),
    htdMax: fc.constantFrom(0, 1),
    producers: fc.constantFrom(...SYNCS.slice(1)),
    consumers: fc.constantFrom(...SYNCS.slice(1)),
    bulk: fc.boolean(),
    produce: programs,
    consume: programs,
  });
  const turns = fc.array(fc.nat(5), { minLength: 60, maxLength: 240, size: "max" });
  let moved = 0;
  fc.assert(
    fc.property(drawn, turns, (options, order) => {
      const ring = new MpmcSteps({ ...options, logged: true });
      for (const actor of order) if (ring.runnable(actor)) ring.step(actor);
      const all = [0, 1, 2, 3, 4, 5];
      for (let actor; (actor = all.find((a) => ring.runnable(a))) !== undefined;) ring.step(actor);
      assertEquals(wrongWith(ring, options), undefined);
      moved += [3, 4, 5].reduce((sum, consumer) => sum + ring.received(consumer).length, 0);
    }),
    { seed: 1, numRuns: 300 },
  );
  assertGreater(moved, 400, "HARN-1: hardly an item went through");
});

Deno.test("MpmcSteps equals MpmcRing when operations are not interleaved", () => {
  const program = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8, size: "max" });
  const drawn = fc.record({
    size: fc.integer({ min: 1, max: 5 }),
    startIndex: fc.constantFrom(0, 2 ** 31 - 3, 2 ** 32 - 3),
    producers: fc.constantFrom(...SYNCS),
    consumers: fc.constantFrom(...SYNCS),
    bulk: fc.boolean(),
    produce: fc.tuple(program, program),
    consume: fc.tuple(program, program),
  });
  let moved = 0;
  fc.assert(
    fc.property(drawn, fc.array(fc.nat(3), { maxLength: 24, size: "max" }), (options, order) => {
      const { size, startIndex, producers, consumers, bulk } = options;
      const shared = new SharedArrayBuffer(mpmcRingBytes(size, true));
      const ring = new MpmcRing(size, {
        exactSize: true,
        startIndex,
        producers,
        consumers,
        shared,
      });
      const steps = new MpmcSteps(options);
      const received: number[][] = [[], []];
      const placed = [0, 0];
      for (const actor of order) {
        const n = [...options.produce, ...options.consume][actor]![steps.operations(actor)];
        if (n === undefined) continue;
        if (actor < 2) {
          const ids = Int32Array.from(
            { length: n },
            (_, i) => 100 * actor + 101 + placed[actor]! + i,
          );
          placed[actor]! += bulk ? ring.enqueueBulk(ids, 0, n) : ring.enqueueBurst(ids, 0, n);
        } else {
          const out = new Int32Array(n);
          const got = bulk ? ring.dequeueBulk(out, n) : ring.dequeueBurst(out, n);
          received[actor - 2]!.push(...out.subarray(0, got));
          moved += got;
        }
        for (const end = steps.operations(actor) + 1; steps.operations(actor) < end;) {
          assert(steps.runnable(actor), `participant ${actor} waits for nobody`);
          steps.step(actor);
        }
        assertEquals([steps.received(2), steps.received(3)], received);
        assertEquals([steps.enqueued(0), steps.enqueued(1), steps.count], [...placed, ring.count]);
      }
    }),
    { seed: 1, numRuns: 100 },
  );
  assertGreater(moved, 100, "HARN-1: hardly an item went through");
});
