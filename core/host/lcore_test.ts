// Aim: contexts run in their order, charges move time, wake-ups and interrupts are never lost, and skipping
// empty polls gives the very times that stepping gives. Method: examples, and one property that compares
// skipping with stepping over random work.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Clock } from "../time/clock.ts";
import { Context, type Home } from "./context.ts";
import { Lcore } from "./lcore.ts";

const FAR = { horizonPs: 1e12, events: 1e6 };
const NS = 1000;

function lcore(skips = true, clock = new Clock()) {
  const core = new Lcore(0, clock, 1000); // 1 GHz: a cycle is 1 ns
  const taken: string[] = [];
  core.reset({
    interrupt: (cpu, vector) => {
      taken.push(`irq${vector}@${clock.now / NS}`);
      cpu.charge(10);
    },
  });
  core.skipsIdlePolls = skips;
  return { core, clock, taken };
}

Deno.test("Lcore runs hard interrupts before softirqs before threads, between bodies", () => {
  const { core, clock, taken } = lcore();
  let polls = 0;
  const softirq = core.spawn("softirq", (cpu) => {
    taken.push(`softirq@${clock.now / NS}`);
    cpu.charge(20);
    cpu.sleep();
    return 1;
  }, false);
  core.spawn("thread", (cpu) => {
    taken.push(`thread@${clock.now / NS}`);
    cpu.charge(100);
    if (++polls === 3) cpu.sleep();
    return 1;
  }, false);
  const raise = clock.register(() => {
    core.wake(softirq, clock.now);
    core.raise(5);
  });
  clock.at(50 * NS, raise, 0);
  clock.run(FAR);
  assertEquals(taken, ["thread@0", "irq5@100", "softirq@110", "thread@130", "thread@230"]);
});

Deno.test("Lcore gives threads turns", () => {
  const { core, clock } = lcore();
  const order: number[] = [];
  for (const id of [1, 2, 3]) {
    core.spawn("thread", (cpu) => {
      order.push(id);
      cpu.charge(1);
      if (order.length >= 7) cpu.sleep();
      return 1;
    }, false);
  }
  clock.run({ horizonPs: 6.5 * NS, events: 100 });
  assertEquals(order, [1, 2, 3, 1, 2, 3, 1]);
});

Deno.test("Lcore refuses an empty poll that takes no time", () => {
  const { core, clock } = lcore();
  core.spawn("thread", () => 0, true);
  assertThrows(() => clock.run(FAR), RangeError, "Cannot poll for ever in no time");
});

Deno.test("Lcore wakes a sleeper of another lcore at the waker's own time", () => {
  const clock = new Clock();
  const { core } = lcore(true, clock);
  const other = new Lcore(1, clock, 1000);
  other.reset({ interrupt: () => {} });
  const times: number[] = [];
  const sleeper = other.spawn("softirq", (cpu) => {
    times.push(clock.now / NS);
    cpu.charge(5);
    cpu.sleep();
    return 1;
  }, false);
  core.spawn("thread", (cpu) => {
    cpu.charge(30);
    cpu.wake(sleeper);
    cpu.charge(30);
    cpu.sleep();
    return 1;
  }, false);
  clock.run(FAR);
  assertEquals(times, [30]);
});

Deno.test("Lcore runs a sleeper at the deadline that it named last, and at no other", () => {
  for (const [first, last] of [[500, 800], [800, 500], [500, 500]] as const) {
    const { core, clock } = lcore();
    const times: number[] = [];
    // deadlines alone keep no run going
    clock.at(1000 * NS, clock.register(() => {}), 0);
    core.spawn("thread", (cpu) => {
      times.push(clock.now / NS);
      if (times.length === 1) { for (const at of [first, last]) cpu.wakeAt(at); }
      cpu.charge(20);
      cpu.sleep();
      return 1;
    }, false);
    clock.run(FAR);
    assertEquals(times, [0, last], `${first}, then ${last}`);
  }
});

Deno.test("Lcore runs a sleeper at its deadline, also at one that has passed already", () => {
  for (const [deadline, at] of [[500, 500], [60, 60], [40, 40], [10, 10], [0, 10]] as const) {
    const { core, clock } = lcore();
    const times: number[] = [];
    const nothing = clock.register(() => {});
    clock.at(1000 * NS, nothing, 0);
    clock.at(
      10 * NS,
      clock.register(() => {
        core.spawn("thread", (cpu) => {
          times.push(clock.now / NS);
          if (times.length === 1) cpu.wakeAt(deadline);
          cpu.charge(20);
          cpu.sleep();
          return 1;
        }, false);
      }),
      0,
    );
    clock.run(FAR);
    // its first body lasts from 10 to 30
    assertEquals(times, [10, Math.max(at, 30)], `deadline ${deadline}`);
  }
});

Deno.test("Lcore counts busy time of parked polling as empty polls", () => {
  const { core, clock } = lcore();
  core.spawn("thread", (cpu) => {
    cpu.charge(7);
    return 0;
  }, true);
  const nothing = clock.register(() => {});
  clock.at(1000 * NS, nothing, 0);
  clock.run(FAR);
  core.settle(clock.now);
  assert(core.parked);
  assertEquals([core.emptyPs, core.usefulPs], [1000 * NS, 0]);
});

/**
 * Three pollers on queues that work comes to at given times, from a device or from a body of another lcore that
 * wakes them; one has a deadline. With `naps` the last one sleeps whenever it finds nothing.
 */
function play(
  skips: boolean,
  arrivals: readonly (readonly [number, number])[],
  costs: number[],
  naps: boolean,
) {
  const { core, clock } = lcore(skips);
  const queues = [0, 0, 0];
  const seen: string[] = [];
  const waiters: Context[] = [];
  let deadline = 400;
  costs.forEach((cost, q) => {
    waiters.push(core.spawn("thread", (cpu) => {
      if (q === 0) {
        const late = cpu.tsc() >= deadline;
        if (late) {
          seen.push(`drain@${clock.now}`);
          deadline = cpu.tsc() + 400;
        }
        cpu.wakeAt(deadline);
        cpu.charge(cost);
        if (late) return 1;
      } else cpu.charge(cost);
      const n = queues[q]!;
      if (n === 0) {
        if (naps && q === 2) cpu.sleep();
        return 0;
      }
      queues[q] = 0;
      cpu.charge(n * 3);
      seen.push(`q${q}x${n}@${clock.now}`);
      return n;
    }, true));
  });
  const other = new Lcore(1, clock, 1000);
  other.reset({ interrupt: () => {} });
  const mail: number[] = [];
  const sender = other.spawn("softirq", (cpu) => {
    for (const q of mail.splice(0)) {
      queues[q]!++;
      cpu.wake(waiters[q]!);
    }
    cpu.sleep();
    return 1;
  }, false);
  const arrive = clock.register((q) => {
    if (clock.now % 2 === 1) {
      mail.push(q);
      other.wake(sender, clock.now);
      return;
    }
    queues[q]!++;
    if (naps && q === 2) core.wake(waiters[q]!, clock.now);
    else waiters[q]!.notify();
  });
  const interrupt = clock.register(() => core.raise(1));
  for (const [time, q] of arrivals) clock.at(time, q === 3 ? interrupt : arrive, q);
  const end = clock.register(() => {});
  // after the lcores of that instant: the run is over when it is the last work that waits
  clock.atEnd(5000 * NS, end, 1000);
  clock.run({ horizonPs: 5000 * NS, events: 1e6 });
  core.settle(clock.now);
  return { seen, events: clock.events, busy: core.emptyPs + core.usefulPs };
}

Deno.test("Lcore skipping empty polls equals stepping them", () => {
  let saved = 0;
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 4_000_000 }), fc.integer({ min: 0, max: 3 })), {
      size: "max",
      maxLength: 40,
    }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 3, maxLength: 3 }),
    fc.boolean(),
    (arrivals, costs, naps) => {
      const skipped = play(true, arrivals, costs, naps);
      const stepped = play(false, arrivals, costs, naps);
      assertEquals(skipped.seen, stepped.seen);
      // the poll that is under way at the end counts whole when it is stepped
      const apart = Math.abs(skipped.busy - stepped.busy);
      assert(apart <= Math.max(...costs) * NS, `${apart} ps of busy time apart`);
      saved += stepped.events - skipped.events;
    },
  ));
  assert(saved > 1000, "nothing was skipped: the property compared stepping with stepping");
});

// Aim: a context's own time is its start and what it has charged, rounded to whole picoseconds once, and a
// deadline in cycles is the first picosecond at which that many cycles have passed.
// Method: clocks whose cycle is no whole number of picoseconds; both neighbours of each deadline.

function contextAt(mhz: number) {
  const deadlines: number[] = [];
  const home: Home = {
    id: 2,
    psPerCycle: 1e6 / mhz,
    deadline: (_context, ps) => void deadlines.push(ps),
    notify() {},
    wakeFrom() {},
  };
  return { context: new Context(home, 1, true, () => 0), deadlines };
}

Deno.test("Context names as deadline the first picosecond at which its time has come", () => {
  for (const mhz of [800, 1000, 3400, 3600]) {
    const { context, deadlines } = contextAt(mhz);
    for (const cycles of [0, 1, 2, 3, 5, 7, 17, 1001, 340_001, 7_200_001]) {
      context.wakeAt(cycles);
      const ps = deadlines.pop()!;
      assertEquals(ps, Math.floor(ps), `${cycles} cycles at ${mhz} MHz`);
      const passed = (at: number) => {
        context.begin(at);
        return context.tsc();
      };
      assert(passed(ps) >= cycles, `at ${ps} ps ${passed(ps)} of ${cycles} cycles have passed`);
      if (cycles > 0) assert(passed(ps - 1) < cycles, `${ps - 1} ps would have been enough`);
    }
  }
});

Deno.test("Context time does not drift with the number of charges", () => {
  const { context } = contextAt(3400);
  context.begin(1_000);
  for (let i = 0; i < 3400; i++) {
    context.charge(1);
    assertEquals(context.nowPs, 1_000 + Math.round((i + 1) * 1e6 / 3400));
  }
  assertEquals(context.nowPs, 1_001_000);
  context.begin(5);
  assertEquals(context.nowPs, 5, "a new body has charged nothing");
});

Deno.test("Context may be parked only if its empty body leaves no trace and does not depend on time", () => {
  const { context } = contextAt(1000);
  context.begin(0);
  assertEquals(context.mayPark, true);
  context.tsc();
  assertEquals(context.mayPark, false, "it has looked at the clock");
  context.wakeAt(9);
  assertEquals(context.mayPark, true, "and has said when it will look again");
  context.begin(10);
  assertEquals(context.mayPark, true, "this body has not looked");
  const home = context.home;
  assertEquals(new Context(home, 2, false, () => 0).mayPark, false);
});
