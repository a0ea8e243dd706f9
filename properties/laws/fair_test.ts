// Aim: a stack that serves one port before another breaks FAIR-1, in either direction, and one that takes turns keeps
// it. Method: a poll loop that begins anew at its favourite port after each burst, on a machine.
import { assert, assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import { POLICY, routeOne, simple } from "../../core/machine/_stacks_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Stack } from "../../core/stack.ts";
import { checkConformance, type LawResult } from "../run/check.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import { assertNotJudged } from "./_observations_for_tests.ts";
import { FAIR_1 } from "./fair.ts";

/** Serves the lowest or the highest port as long as it has packets, then the next. */
function favours(highest: boolean): Stack {
  return Object.assign((env: Env): Dataplane => {
    const burst = new Int32Array(32);
    const poll = (cpu: Cpu): number => {
      const queues = highest ? cpu.rxQueues.toReversed() : cpu.rxQueues;
      for (const { port, queue } of queues) {
        const n = env.ports[port]!.rxBurst(cpu, queue, burst, 32);
        cpu.charge(n * 400);
        for (let i = 0; i < n; i++) {
          const egress = routeOne(env, cpu, burst[i]!);
          if (egress < 0 || env.ports[egress]!.txBurst(cpu, cpu.lcore, burst, i, 1) === 1) continue;
          env.drop(cpu, burst[i]!, REASON["tx-full"]);
        }
        if (n > 0) return n;
      }
      return 0;
    };
    return { name: "favours", poll, idlePollIsStateless: true };
  }, { policy: POLICY });
}

function judged(stack: Stack): LawResult {
  const fresh = () => new Testbed(stack, TEST_PROFILE);
  return checkConformance(fresh(), {
    numRuns: 250,
    only: /^FAIR-1$/,
    fresh,
    geometry: { lcores: 1 },
  })
    .laws[1]!;
}

for (const highest of [false, true]) {
  Deno.test(`FAIR-1 is broken by a stack that favours its ${highest ? "highest" : "lowest"} port`, () => {
    const { counterexample } = judged(favours(highest));
    assert(counterexample !== null);
    const { sentence, scenario } = counterexample;
    const said =
      /^a packet that takes [\d.]+ [nu]s alone, while port \d was flooded until [\d.]+ us, came at [\d.]+ us and left at [\d.]+ us, when the flood was over: \d+ that came later went before it$/;
    assert(said.test(sentence), sentence);
    assertEquals(scenario.traffic.count, 2);
  });
}

Deno.test("FAIR-1 is kept by a stack that takes one burst of each port in turn", () => {
  const { judged: runs, kept } = judged(simple);
  assert(runs >= 3, `${runs} runs`);
  assertEquals(kept, runs);
});

Deno.test("FAIR-1 judges by the turns that a stack declares, and no stack with priorities", () => {
  const declaring = (turns: number | "priority"): LawResult =>
    judged(Object.assign(favours(false), { policy: { ...POLICY, turns } }));
  assert(declaring(300).counterexample !== null);
  // no flood is so long that as many packets went by
  for (const turns of [100_000, "priority"] as const) {
    assertEquals(declaring(turns).counterexample, null, `${turns}`);
  }
});

Deno.test("FAIR-1 says nothing where there is nobody to starve", () => {
  const frames = [frame(), frame({ dst: "10.2.0.1" })];
  assertNotJudged(FAIR_1, { frames }, "packets to be forwarded came by one port");
  assertNotJudged(
    FAIR_1,
    { frames: [frame(), frame()], ports: [0, 2] },
    "they leave by the same port",
  );
});
