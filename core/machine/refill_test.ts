// Aim: a poll loop that is skipped because the pool had refused it looks again at the instant at which buffers
// are back, as it would if it were stepped.
// Method: one lcore holds all buffers until a given time; another one, whose empty polls may be skipped, wants one.
import { assert, assertEquals } from "@std/assert";
import type { Env, Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import { scenarioOf, stream } from "./_scenario_for_tests.ts";
import { POLICY, simple } from "./_stacks_for_tests.ts";
import { Testbed } from "./testbed.ts";

/** Cycles and picoseconds at which the buffers come back. */
const BACK_TSC = 170_000;
const BACK_PS = 50_000_000;
const POLL_CYCLES = 34;

/** Answers when the loop that had been refused got its buffer, in cycles. */
function got(skipIdlePolls: boolean): { at: number; polls: number } {
  let at = -1;
  let polls = 0;
  const stack: Stack = Object.assign((env: Env) => {
    const dataplane = simple(env);
    // the receive rings take their buffers before anybody else can
    assertEquals(env.ports.length, 2);
    const held: number[] = [];
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(POLL_CYCLES);
      if (held.length === 0 && at < 0) {
        for (let b = env.pool.get(0); b >= 0; b = env.pool.get(0)) held.push(b);
        cpu.wakeAt(BACK_TSC);
        return 1;
      }
      if (cpu.tsc() < BACK_TSC) {
        cpu.wakeAt(BACK_TSC);
        return 0;
      }
      for (const b of held.splice(0)) env.pool.put(0, b);
      cpu.sleep();
      return 1;
    }, true);
    env.spawn(1, "thread", (cpu) => {
      polls++;
      cpu.charge(POLL_CYCLES);
      const b = env.pool.get(1);
      if (b < 0) return 0;
      at = cpu.tsc();
      env.pool.put(1, b);
      cpu.sleep();
      return 1;
    }, true);
    return dataplane;
  }, { policy: POLICY });
  const testbed = new Testbed(stack, TEST_PROFILE, { skipIdlePolls });
  const o = testbed.run(scenarioOf(stream(1, 0, () => ({}), 2 * BACK_PS), { lcores: 2 }));
  assertEquals([o.end, o.faults, o.outCount], ["quiet", [], 1]);
  return { at, polls };
}

Deno.test("Environment wakes the loops that the pool refused, when buffers come back", () => {
  const [stepped, skipped] = [got(false), got(true)];
  assert(stepped.at >= BACK_TSC && stepped.at < BACK_TSC + 5000, `at ${stepped.at} cycles`);
  assertEquals(skipped.at, stepped.at, "skipping changes no time");
  assert(skipped.polls * 20 < stepped.polls, `${skipped.polls} of ${stepped.polls} polls were run`);
});
