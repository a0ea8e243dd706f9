// Aim: a context's own time is its start and what it has charged, rounded to whole picoseconds once, and a
// deadline in cycles is the first picosecond at which that many cycles have passed.
// Method: clocks whose cycle is no whole number of picoseconds; both neighbours of each deadline.
import { assert, assertEquals } from "@std/assert";
import { Context, type Home } from "./context.ts";

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
