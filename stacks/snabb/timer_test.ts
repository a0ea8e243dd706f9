// Aim: a timer runs once or over and over at its times, however late the process looks, and by these times in turn.
// Method: drawn timers and times at which the process looks, against times that are only added up.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Timers } from "./timer.ts";

const timer = fc.record({
  us: fc.integer({ min: 1, max: 50 }),
  mode: fc.constantFrom("once" as const, "repeating" as const),
  from: fc.nat(100),
});

Deno.test("Timers: a look runs each timer that is due, once, and a repeating one keeps to its own times", () => {
  fc.assert(fc.property(
    fc.array(timer, { maxLength: 6 }),
    fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 40, size: "max" }),
    (drawn, steps) => {
      let now = 0;
      const ran: number[] = [];
      const timers = new Timers(() => now);
      const dueAt = drawn.map(() => Infinity);
      for (const step of steps) {
        const before = now;
        now += step;
        drawn.forEach(({ us, mode, from }, i) => {
          if (from < before || from >= now) return;
          timers.activate(timers.new(`${i}`, () => ran.push(i), us, mode));
          dueAt[i] = now + us;
        });
        ran.length = 0;
        timers.run();
        const due = dueAt.map((at, i) => ({ at, i })).filter(({ at }) => at <= now);
        assertEquals([...ran].sort(), due.map(({ i }) => i));
        // the one whose time came first runs first
        for (let k = 1; k < ran.length; k++) {
          assertEquals(dueAt[ran[k - 1]!]! <= dueAt[ran[k]!]!, true);
        }
        for (const { i } of due) {
          dueAt[i] = drawn[i]!.mode === "once" ? Infinity : dueAt[i]! + drawn[i]!.us;
        }
      }
    },
  ));
});
