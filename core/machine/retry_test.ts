// Aim: a poll loop that keeps what a full transmit ring refused, and offers it again in polls that may be
// skipped, is woken by the write-backs that make room.
// Method: a burst into a ring far too small for it and a slow line; the same run stepped and skipped.
import { assert, assertEquals } from "@std/assert";
import type { Cpu, Dataplane, Env, Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import { fates, left, scenarioOf, stream, wirePs } from "./_scenario_for_tests.ts";
import { POLICY, routeOne } from "./_stacks_for_tests.ts";
import { Testbed } from "./testbed.ts";

const COUNT = 40;

/** Forwards to port 1 one by one, and keeps what is refused. */
function keeping(env: Env): Dataplane {
  const held = new Int32Array(2 * COUNT);
  let first = 0;
  let count = 0;
  const poll = (cpu: Cpu): number => {
    const n = env.ports[0]!.rxBurst(cpu, 0, held.subarray(first + count), 8);
    for (let i = 0; i < n; i++) routeOne(env, cpu, held[first + count + i]!);
    count += n;
    if (count === 0) return n;
    const sent = env.ports[1]!.txBurst(cpu, 0, held, first, count);
    first += sent;
    count -= sent;
    return n + sent;
  };
  return { name: "keeping", poll, idlePollIsStateless: true };
}

Deno.test("Testbed skips no poll that would find room in a transmit ring again", () => {
  const stack: Stack = Object.assign((env: Env) => keeping(env), { policy: POLICY });
  const runs = [false, true].map((skipIdlePolls) => {
    const slow = { ...TEST_PROFILE, linkGbps: 1, txFifo: 1 };
    const testbed = new Testbed(stack, slow, { skipIdlePolls });
    const o = testbed.run(scenarioOf(stream(COUNT, wirePs(60)), { txRing: 8 }));
    assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], COUNT]);
    assertEquals(left(o, 1), Array.from({ length: COUNT }, (_, i) => i));
    return { ends: [...o.outEnd.subarray(0, COUNT)], events: o.events };
  });
  const [stepped, skipped] = runs as [typeof runs[0], typeof runs[0]];
  assertEquals(skipped.ends, stepped.ends, "skipping changes no time");
  assert(skipped.events < stepped.events / 2, `${skipped.events} of ${stepped.events} events`);
});
