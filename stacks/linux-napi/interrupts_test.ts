// Aim: an interrupt starts polling and stays masked until polling ends; saturation needs none; none is lost
// between the last look of a poll and the unmasking.
// Method: interrupts and unmaskings of each vector are watched from outside; gaps around the end of a poll
// are drawn, and the same property is shown to fail when a vector forgets what came while it was masked.
import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { Context } from "../../core/host/context.ts";
import type { Vector } from "../../core/host/irq.ts";
import { FATE } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { Dataplane, Env, Stack } from "../../core/stack.ts";
import {
  counter,
  type FramePlan,
  LINUX_TEST_PROFILE,
  scenarioOf,
  steady,
} from "./_scenario_for_tests.ts";
import { linuxNapi, type LinuxNapiOptions } from "./mod.ts";

interface Watch {
  /** Taken interrupts and unmaskings of each vector, in order; times of the interrupts in ps. */
  readonly order: Map<number, string[]>;
  readonly times: Map<number, number[]>;
}

/** The stack with a look at its vectors; `change` may spoil one. */
function watched(options: LinuxNapiOptions, watch: Watch, change?: (v: Vector) => void): Stack {
  const stack = linuxNapi(options);
  const make = (env: Env): Dataplane => {
    for (const vector of env.hardware.nics.flatMap((nic) => nic.vectors.slice(0, env.lcores))) {
      // what a run before this one put over the methods of the class
      Reflect.deleteProperty(vector, "enable");
      Reflect.deleteProperty(vector, "cause");
      change?.(vector);
      const enable = vector.enable.bind(vector);
      watch.order.set(vector.id, []);
      watch.times.set(vector.id, []);
      vector.enable = () => {
        watch.order.get(vector.id)!.push("unmasked");
        enable();
      };
    }
    const dataplane = stack(env);
    return {
      name: dataplane.name,
      report: () => dataplane.report!(),
      interrupt: (cpu, vector) => {
        watch.order.get(vector)!.push("interrupt");
        watch.times.get(vector)!.push((cpu as Context).nowPs);
        dataplane.interrupt!(cpu, vector);
      },
    };
  };
  return Object.assign(make, { policy: stack.policy! });
}

function newWatch(): Watch {
  return { order: new Map(), times: new Map() };
}

Deno.test("linuxNapi takes interrupts at light load, none through saturation, and again after", () => {
  const watch = newWatch();
  const testbed = new Testbed(watched({}, watch), LINUX_TEST_PROFILE);
  const light = (fromPs: number): FramePlan[] =>
    Array.from({ length: 20 }, (_, i) => ({ at: fromPs + i * 100e6, port: i % 2, to: 1 - i % 2 }));
  const busyFrom = 3e9;
  const busy = steady(3000, 500e3).map((frame) => ({ ...frame, at: frame.at + busyFrom }));
  const busyTo = busy.at(-1)!.at;
  const after = busyTo + 2e9;
  testbed.run(scenarioOf([...light(20e6), ...busy, ...light(after)]));
  const times = [...watch.times.values()].flat();
  const between = (from: number, to: number) => times.filter((t) => t >= from && t < to).length;
  assert(between(0, busyFrom) >= 20, `${between(0, busyFrom)} interrupts for 20 frames before`);
  assertEquals(between(busyFrom + 200e6, busyTo), 0, "interrupts at saturation");
  assert(between(after, Infinity) >= 20, `${between(after, Infinity)} for 20 frames after`);
});

for (const fidelity of ["coarse", "tlp"] as const) {
  Deno.test(`linuxNapi masks a vector from its interrupt until the poll completes (${fidelity})`, () => {
    const watch = newWatch();
    const testbed = new Testbed(watched({ itrUs: 0 }, watch), LINUX_TEST_PROFILE);
    const o = testbed.run(scenarioOf(steady(400, 1.5e6), { fidelity }));
    let interrupts = 0;
    for (const [vector, order] of watch.order) {
      interrupts += order.filter((what) => what === "interrupt").length;
      const wrong = order.findIndex((what, i) => what !== (i % 2 === 0 ? "unmasked" : "interrupt"));
      if (order.length > 0) {
        assertEquals(wrong, -1, `vector ${vector}: two ${order[wrong]} in a row`);
      }
    }
    assert(interrupts > 50, `${interrupts} interrupts`);
    assertEquals(o.interrupts, interrupts);
    assertEquals(counter(testbed.report(), /^interrupts /), interrupts);
  });
}

Deno.test("linuxNapi with a fixed rx-usecs takes no two interrupts of a vector closer than that", () => {
  const interrupts = [20, 100].map((itrUs) => {
    const watch = newWatch();
    new Testbed(watched({ itrUs }, watch), LINUX_TEST_PROFILE)
      .run(scenarioOf(steady(500, 3e6)));
    for (const times of watch.times.values()) {
      for (let i = 1; i < times.length; i++) {
        const gap = times[i]! - times[i - 1]!;
        // the message of one may be held up on its way by more than the next one's, but not by much
        assert(gap > itrUs * 0.95e6, `interrupts ${gap} ps apart at rx-usecs ${itrUs}`);
      }
    }
    return [...watch.times.values()].flat().length;
  });
  assert(interrupts[0]! > 3 * interrupts[1]!, `${interrupts} interrupts at 20 and at 100 us`);
});

Deno.test("linuxNapi moderates by what comes: from 20,000 interrupts a second to 100,000 when few", () => {
  const watch = newWatch();
  const testbed = new Testbed(watched({}, watch), LINUX_TEST_PROFILE);
  testbed.run(scenarioOf(steady(200, 2e6, 1)));
  const times = watch.times.get(0)!;
  assert(times[1]! - times[0]! >= 49e6, "the second interrupt comes after the 50 us it began with");
  for (let i = 3; i < times.length; i++) {
    const gap = times[i]! - times[i - 1]!;
    assert(gap > 9.5e6 && gap < 14e6, `interrupt ${i} came after ${gap} ps`);
  }
  assert(times.length > 25, `${times.length} interrupts`);
});

/** Frames on two ports with gaps of about what interrupts, polls and packets take. */
const PLAN = fc.array(
  fc.tuple(
    fc.nat({ max: 1 }),
    fc.oneof(fc.nat({ max: 80_000 }), fc.nat({ max: 1_500_000 }), fc.nat({ max: 12_000_000 })),
  ),
  { size: "max", minLength: 1, maxLength: 40 },
).map((drawn) => {
  let at = 5_000_000;
  return drawn.map(([port, gap]): FramePlan => ({ at: at += gap + 14_000, port, to: 1 - port }));
});

/** Whether every frame leaves, on a testbed that is used again and again. */
function everyFrameLeaves(stack: Stack, fidelity: "coarse" | "tlp"): fc.IProperty<[FramePlan[]]> {
  const testbed = new Testbed(stack, LINUX_TEST_PROFILE);
  return fc.property(PLAN, (plan) => {
    const o = testbed.run(scenarioOf(plan, { rxRing: 64, txRing: 64, fidelity }));
    for (let p = 0; p < o.count; p++) {
      assertEquals(o.fate[p], FATE.emitted, `packet ${p} of ${o.count}: ${o.waitingAt.get(p)}`);
    }
  });
}

for (const fidelity of ["coarse", "tlp"] as const) {
  for (const itrUs of [0, 10]) {
    Deno.test(`linuxNapi forgets no frame around the end of a poll (${fidelity}, ${itrUs} us)`, () => {
      fc.assert(everyFrameLeaves(linuxNapi({ itrUs }), fidelity), { numRuns: 150, seed: 82599 });
    });
  }
}

/** A vector that drops a cause that comes while it is masked. */
function forgetful(vector: Vector): void {
  let masked = true;
  const enable = vector.enable.bind(vector);
  const cause = vector.cause.bind(vector);
  vector.enable = () => {
    masked = false;
    enable();
  };
  vector.cause = () => {
    if (masked) return;
    masked = true;
    cause();
  };
}

Deno.test("linuxNapi on vectors without a latch loses the wake-up, and the property says so", () => {
  const stack = watched({ itrUs: 0 }, newWatch(), forgetful);
  const result = fc.check(everyFrameLeaves(stack, "coarse"), { numRuns: 150, seed: 82599 });
  assert(result.failed, "no frame was left behind");
  const message = String((result.errorInstance as Error).message);
  assert(/packet \d+ of \d+: .*receive ring/.test(message), message);
});
