// Aim: a process pays for system calls and context switches, sleeps until it is woken or its time has come, and no
// wake-up is lost or paid twice. Method: one process and interrupts on lcores of 1 GHz, where a cycle is 1 ns.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Clock } from "../time/clock.ts";
import { Lcore } from "./lcore.ts";
import { Process } from "./process.ts";

const FAR = { horizonPs: 1e9, events: 1e5 };
const NS = 1000;
const COSTS = { syscall: 100, switch: 1000, wakeup: 50 };

/** A process that reads what interrupts left, and what it saw. */
function rig(untilNs?: number) {
  const clock = new Clock();
  const lcores = [new Lcore(0, clock, 1000), new Lcore(1, clock, 1000)];
  let waiting = 0;
  const read: number[] = [];
  const times: number[] = [];
  const env = {
    spawn: (lcore: number, priority: "softirq" | "thread", body: (cpu: never) => number) =>
      lcores[lcore]!.spawn(priority, body as never, false),
  };
  for (const lcore of lcores) {
    lcore.reset({
      interrupt: (cpu) => {
        waiting++;
        reader.wake(cpu);
      },
    });
  }
  const reader: Process = new Process(env, 0, COSTS, (cpu) => {
    times.push(clock.now / NS);
    reader.call(cpu);
    const n = waiting;
    waiting = 0;
    if (n > 0) read.push(n);
    else reader.block(cpu, untilNs);
    return n;
  });
  const raise = clock.register((lcore) => lcores[lcore]!.raise(0));
  return { clock, reader, read, times, raise };
}

Deno.test("Process blocks when there is nothing, and runs again a switch after it is woken", () => {
  const { clock, reader, read, times, raise } = rig();
  clock.at(5000 * NS, raise, 0);
  clock.run(FAR);
  // at 0 nothing; the interrupt at 5000 takes 50 to wake it; the switch is part of the body that starts then
  assertEquals([read, times], [[1], [0, 5050, 6150]]);
  assertEquals([reader.calls, reader.switches, reader.wakeups, reader.blocked], [3, 1, 1, true]);
});

Deno.test("Process that is woken twice before it runs is switched to once, and who wakes it pays once for each", () => {
  const { clock, reader, read, raise } = rig();
  clock.at(5000 * NS, raise, 0);
  clock.at(5000 * NS, raise, 0);
  clock.run(FAR);
  assertEquals([read, reader.switches, reader.wakeups], [[2], 1, 2]);
});

Deno.test("Process is woken from another lcore at that one's own time", () => {
  const { clock, times, raise } = rig();
  clock.at(5000 * NS, raise, 1);
  clock.run(FAR);
  assertEquals(times, [0, 5050, 6150]);
});

Deno.test("Process that names a time runs then, though nobody wakes it", () => {
  const { clock, reader, times } = rig(700);
  // a run whose last event is a timer would be over before it
  clock.at(2500 * NS, clock.register(() => {}), 0);
  clock.run(FAR);
  assertEquals(times.slice(0, 2), [0, 700]);
  assertEquals([reader.wakeups, reader.switches > 0], [0, true]);
});

Deno.test("Process loses no wake-up, whenever interrupts come and on whichever lcore", () => {
  const interrupts = fc.array(fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.nat(1)), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(interrupts, (all) => {
      const { clock, reader, read, raise } = rig();
      for (const [ns, lcore] of all) clock.at(ns * NS, raise, lcore);
      clock.run(FAR);
      assertEquals(read.reduce((a, b) => a + b, 0), all.length);
      assertEquals(reader.blocked, true);
      assertEquals(reader.switches <= reader.wakeups, true);
    }),
    { numRuns: 200 },
  );
});
