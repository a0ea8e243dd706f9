// Aim: an interrupt is raised once for each unmasking, no cause is ever forgotten, and the throttle spaces
// them. Method: examples over a fabric with the coarse fidelity.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { Observation } from "../machine/observation.ts";
import { DmaEngine } from "../nic/dma.ts";
import { createFabric } from "../pcie/create.ts";
import { Clock } from "../time/clock.ts";
import { Vector } from "./irq.ts";
import { Lcore } from "./lcore.ts";

function vector() {
  const clock = new Clock();
  const observation = new Observation();
  observation.reset(0, "coarse");
  const fabric = createFabric("coarse", clock, TEST_PROFILE.fabric, 2);
  fabric.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
  const dma = new DmaEngine(1, clock, TEST_PROFILE.dma, 1518);
  dma.reset(fabric);
  const lcore = new Lcore(0, clock, 1000);
  const taken: number[] = [];
  lcore.reset({ interrupt: () => void taken.push(clock.now) });
  const v = new Vector(3, clock, observation);
  const again = () => {
    fabric.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
    dma.reset(fabric);
    lcore.reset({ interrupt: () => void taken.push(clock.now) });
    v.reset(dma, lcore, 1_000_000);
  };
  again();
  const cause = clock.register(() => v.cause());
  const enable = clock.register(() => v.enable());
  const run = () => clock.run({ horizonPs: 1e12, events: 1e5 });
  return { clock, v, taken, cause, enable, observation, run, again };
}

Deno.test("Vector masks itself when it fires; what comes while masked fires at the unmasking", () => {
  const { clock, taken, cause, enable, observation, run } = vector();
  clock.at(0, enable, 0);
  clock.at(1, cause, 0);
  clock.at(2, cause, 0);
  clock.at(3, cause, 0);
  run();
  assertEquals(taken.length, 1);
  clock.at(clock.now + 10, enable, 0);
  run();
  assertEquals([taken.length, observation.interrupts], [2, 2]);
  clock.at(clock.now + 10, enable, 0);
  run();
  assertEquals(taken.length, 2);
});

Deno.test("Vector that was never enabled latches", () => {
  const { clock, taken, cause, enable, run } = vector();
  clock.at(1, cause, 0);
  run();
  assertEquals(taken, []);
  clock.at(clock.now, enable, 0);
  run();
  assertEquals(taken.length, 1);
});

Deno.test("Vector spaces interrupts by its throttle and loses none", () => {
  const { clock, v, taken, cause, enable, run } = vector();
  v.throttle(20_000_000);
  for (let i = 0; i < 6; i++) {
    clock.at(i * 4_000_000, enable, 0);
    clock.at(i * 4_000_000 + 1, cause, 0);
  }
  run();
  assertEquals(taken.length, 2);
  assertEquals(taken[1]! - taken[0]!, 20_000_000);
});

Deno.test("Vector holds an interrupt back to the picosecond, and none that comes when the interval is over", () => {
  for (const [gap, delay] of [[1, 19_999_999], [19_999_999, 1], [20_000_000, 0], [20_000_001, 0]]) {
    const { clock, v, taken, cause, enable, run } = vector();
    v.throttle(20_000_000);
    clock.at(0, enable, 0);
    clock.at(0, cause, 0);
    clock.at(gap!, enable, 0);
    clock.at(gap!, cause, 0);
    run();
    assertEquals(taken.map((at) => at - taken[0]!), [0, gap! + delay!], `${gap} ps apart`);
  }
});

Deno.test("Vector reset forgets throttle, latch, mask and what was held back", () => {
  const { clock, v, taken, cause, enable, run, again } = vector();
  v.throttle(50_000_000);
  for (let i = 0; i < 3; i++) {
    clock.at(i * 1000, enable, 0);
    clock.at(i * 1000, cause, 0);
  }
  clock.run({ horizonPs: 10_000, events: 100 });
  clock.reset();
  again();
  taken.length = 0;
  clock.at(100, enable, 0);
  run();
  assertEquals(taken, [], "nothing was latched or held back");
  clock.at(10_000_000, cause, 0);
  clock.at(11_000_000, enable, 0);
  clock.at(11_000_000, cause, 0);
  run();
  assertEquals(taken.length, 2);
  assertEquals(taken[1]! - taken[0]!, 1_000_000, "no throttle");
});

Deno.test("Vector reset forgets a cause that came while it was masked", () => {
  const { clock, taken, cause, enable, run, again } = vector();
  clock.at(100, cause, 0);
  run();
  clock.reset();
  again();
  clock.at(100, enable, 0);
  run();
  assertEquals(taken, []);
});

Deno.test("Vector fires once for all causes since it was unmasked, as late as its throttle says", () => {
  const step = fc.record({
    us: fc.integer({ min: 2, max: 30 }),
    what: fc.constantFrom("cause" as const, "enable" as const),
  });
  const { clock, v, taken, cause, enable, run, again } = vector();
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30, size: "max" }),
      fc.nat({ max: 60 }),
      (steps, us) => {
        clock.reset();
        again();
        taken.length = 0;
        // half a microsecond off all the steps
        const throttlePs = us === 0 ? 0 : us * 1e6 + 500_000;
        v.throttle(throttlePs);
        let ps = 0;
        let [isMasked, isDue, last] = [true, false, -Infinity];
        const expected: number[] = [];
        const until = (now: number): void => {
          const at = Math.max(ps, last + throttlePs);
          if (isMasked || !isDue || at > now) return;
          [isMasked, isDue, last] = [true, false, at];
          expected.push(at);
        };
        for (const { us, what } of steps) {
          until(ps + us * 1e6 - 1);
          ps += us * 1e6;
          clock.at(ps, what === "cause" ? cause : enable, 0);
          if (what === "cause") isDue = true;
          else isMasked = false;
          until(ps);
        }
        until(Infinity);
        run();
        assertEquals(taken.map((at) => at - taken[0]!), expected.map((at) => at - expected[0]!));
      },
    ),
    { numRuns: 300 },
  );
});
