// Aim: packets leave in the order in which they arrived, whatever the order in which threads finish.
// Method: a list as the model, long enough for the queue to throw its past away.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Sequence } from "./sequence.ts";

Deno.test("Sequence lets the first in order leave once it is ready, and none before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(5)), { minLength: 2500, maxLength: 3000, size: "max" }),
      (steps) => {
        const sequence = new Sequence();
        const inside: { b: number; ready: boolean }[] = [];
        let next = 0;
        for (const [kind, pick] of steps) {
          if (kind === 0 || inside.length === 0) {
            // buffers come again once they have left
            const b = next++ % 40;
            if (inside.some((entry) => entry.b === b)) continue;
            sequence.enter(b);
            inside.push({ b, ready: false });
          } else if (kind === 1) {
            const entry = inside[pick % inside.length]!;
            entry.ready = true;
            sequence.ready(entry.b);
          } else if (inside[0]!.ready) {
            sequence.leave();
            inside.shift();
          }
          const first = inside[0];
          assertEquals(sequence.head, first?.ready ? first.b : -1);
        }
      },
    ),
    { numRuns: 10 },
  );
});
