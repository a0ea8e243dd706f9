// Aim: a stalled participant blocks only whom its mode says (RING-7). Method: participant 0 of a
// side stalls after each number of steps of its operation; everybody else then runs as far as they
// come; at last it goes on, and all must come to their end.

import { assertEquals } from "@std/assert";
import { mpmcRingBytes, type RingSync } from "./mpmc_memory.ts";
import { MpmcRing } from "./mpmc.ts";
import { MpmcSteps } from "./mpmc_steps.ts";
import type { MpmcStepsOptions } from "./mpmc_steps_options.ts";

/** Runs all but one until none can go on; how many steps each has made. */
function runOthers(ring: MpmcSteps, stalled: number): number[] {
  const steps = Array.from({ length: ring.participants }, () => 0);
  for (let moved = true; moved;) {
    moved = false;
    for (let p = 0; p < ring.participants; p++) {
      for (; p !== stalled && ring.runnable(p); steps[p]!++) {
        ring.step(p);
        moved = true;
      }
    }
  }
  return steps;
}

/** Steps of an operation of one item up to and with its claim, and in all. */
const STEPS: Record<Exclude<RingSync, "st">, readonly [claim: number, all: number]> = {
  "mt": [3, 5], // head, opposite tail, CAS; copy, tail
  "mt-rts": [4, 9], // head, turn, opposite tail, CAS; copy, done, head, tail, CAS
  "mt-hts": [4, 6], // head, turn, opposite tail, CAS; copy, tail
};

function stall(options: MpmcStepsOptions, stalled: number, after: number) {
  const ring = new MpmcSteps(options);
  // Consumers need something to claim: the producer before them goes first.
  if (stalled > 0) { while (ring.runnable(0)) ring.step(0); }
  for (let i = 0; i < after; i++) ring.step(stalled);
  const steps = runOthers(ring, stalled);
  const finished = Array.from({ length: ring.participants }, (_, p) => ring.finished(p));
  runOthers(ring, -1);
  for (let p = 0; p < ring.participants; p++) {
    assertEquals(ring.finished(p), true, `participant ${p} after ${stalled} went on again`);
  }
  return { finished, steps };
}

for (
  const [sync, [claim, all]] of Object.entries(STEPS) as [keyof typeof STEPS, [number, number]][]
) {
  Deno.test(`MpmcSteps ${sync}: a stalled producer blocks producers only, and only once it has claimed (RING-7)`, () => {
    const programs = { size: 4, produce: [[1], [1], [1]], consume: [[1], [1]] };
    for (let after = 0; after <= all; after++) {
      const free = after < claim || after === all || sync === "mt-rts";
      const options = { ...programs, producers: sync, consumers: "mt" as const };
      const { finished, steps } = stall(options, 0, after);
      const expected = [after === all, free, free, true, true];
      assertEquals(finished, expected, `stalled after ${after} of ${all} steps`);
      // Blocked after the copy, or before the claim.
      const until = sync === "mt" ? 4 : 1;
      if (!free) assertEquals(steps.slice(1, 3), [until, until], "steps of the blocked ones");
    }
  });

  Deno.test(`MpmcSteps ${sync}: a stalled consumer blocks consumers only, and only once it has claimed (RING-7)`, () => {
    const programs = { size: 4, produce: [[3], [2]], consume: [[1], [1], [1]] };
    for (let after = 0; after <= all; after++) {
      const free = after < claim || after === all || sync === "mt-rts";
      const options = { ...programs, producers: "mt" as const, consumers: sync };
      const { finished } = stall(options, 2, after);
      const expected = [true, true, after === all, free, free];
      assertEquals(finished, expected, `stalled after ${after} of ${all} steps`);
    }
  });
}

Deno.test("MpmcSteps mt-rts: claims wait when htdMax items are ahead of the tail (RING-7)", () => {
  const programs = { size: 8, produce: [[1], [1], [1], [1]], consume: [] };
  for (const [htdMax, finish] of [[0, 0], [1, 1], [2, 2], [3, 3]] as const) {
    const { finished } = stall({ ...programs, producers: "mt-rts", htdMax }, 0, STEPS["mt-rts"][0]);
    assertEquals(finished.filter((done) => done).length, finish, `htdMax ${htdMax}`);
  }
});

Deno.test("MpmcRing mt-hts: an open reservation or peek stops its own side only (RING-7, RING-9)", () => {
  const shared = new SharedArrayBuffer(mpmcRingBytes(4));
  const one = new MpmcRing(4, { producers: "mt-hts", consumers: "mt-hts", shared });
  const other = MpmcRing.attach(shared);
  const out = new Int32Array(4);
  one.enqueueBurst(Int32Array.of(1, 2), 0, 2);
  assertEquals(one.reserve(4), 2);
  assertEquals([other.dequeue(), other.count, other.free], [1, 1, 3]);
  one.put(0, 3);
  one.commit(1);
  assertEquals(other.enqueue(4), true);
  assertEquals([other.peekBurst(out, 4), ...out.subarray(0, 3)], [3, 2, 3, 4]);
  assertEquals([one.enqueue(5), one.enqueue(6)], [true, false]);
  other.release(2);
  assertEquals([one.dequeueBurst(out, 4), ...out.subarray(0, 2)], [2, 4, 5]);
});
