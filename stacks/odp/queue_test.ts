// Aim: a queue says of each event whether it was put in, refused or taken out. Method: drawn puts and takes against sums.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cpu } from "../../core/stack.ts";
import { OdpQueue } from "./queue.ts";

Deno.test("OdpQueue counts what was put in, what was refused and what was taken out", () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: 1, max: 16 }),
      (steps, size) => {
        const param = { name: "q", size } as unknown as ConstructorParameters<typeof OdpQueue>[1];
        const queue = new OdpQueue(0, param, -1);
        const [buffers, out] = [Int32Array.from({ length: 9 }, (_, i) => i), new Int32Array(9)];
        let [held, put, refused, taken] = [0, 0, 0, 0];
        for (const [isPut, n] of steps) {
          const moved = isPut ? Math.min(n, size - held) : Math.min(n, held);
          if (isPut) {
            assertEquals(queue.put({ nowPs: 5 } as unknown as Cpu, buffers, 0, n), moved);
            [held, put, refused] = [held + moved, put + moved, refused + n - moved];
          } else {
            assertEquals(queue.take(out, 0, n, 5), moved);
            [held, taken] = [held - moved, taken + moved];
          }
          assertEquals([queue.enqueued, queue.discards, queue.dequeued], [put, refused, taken]);
        }
      },
    ),
  );
});
