// Aim: a queue in virtual time gives each item once, at or after its time, in order of times and of putting in, also
// while it grows. Method: drawn operations against a sorted list.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TimedQueue } from "./timed_queue.ts";

const step = fc.record({
  what: fc.constantFrom("push", "push", "pop"),
  n: fc.integer({ min: 1, max: 12 }),
  ps: fc.nat(60),
});

Deno.test("TimedQueue is a sorted list of limited size, also where it grows with its head anywhere", () => {
  let grown = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.array(step, { maxLength: 60, size: "max" }),
      (size, steps) => {
        const queue = new TimedQueue(size);
        const model: { item: number; ps: number }[] = [];
        let next = 0;
        for (const { what, n, ps } of steps) {
          for (let i = 0; i < n; i++) {
            if (what === "push") {
              const item = next++;
              assertEquals(queue.push(item, ps + i), model.length < size);
              if (model.length < size) {
                const at = model.findIndex((one) => one.ps > ps + i);
                model.splice(at < 0 ? model.length : at, 0, { item, ps: ps + i });
              }
            } else {
              const first = model[0];
              const isSeen = first !== undefined && first.ps <= ps;
              assertEquals(queue.pop(ps), isSeen ? first.item : -1);
              if (isSeen) model.shift();
            }
            assertEquals([queue.count, queue.nextPs], [model.length, model[0]?.ps ?? Infinity]);
          }
          assertEquals(model.map((_, i) => queue.at(i)), model.map(({ item }) => item));
          if (queue.count > 16) grown++;
        }
      },
    ),
  );
  assertEquals(grown > 50, true, `HARN-3: grown ${grown} times`);
});
