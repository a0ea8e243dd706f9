// Aim: what a stack says of its own parts is judged like a law: by name, in every run that became quiet, with the
// stack's own sentence, shrunk and replayable. Method: the example forwarder with an audit that counts its packets.
import { assertEquals, assertThrows } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import { scenarioOf, stream } from "../../core/machine/_scenario_for_tests.ts";
import { simple } from "../../core/machine/_stacks_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { Cpu, Dataplane, Env, Finding, Stack } from "../../core/stack.ts";
import { checkConformance } from "../run/check.ts";
import { run } from "./_observations_for_tests.ts";
import { judgeAll } from "./judge.ts";
import { lawsOf } from "./invariant.ts";
import { LAWS } from "./laws.ts";

const FEW = { id: "MINE-1", statement: "A poll moves two packets at most.", clause: "its design" };
const NEVER = { id: "MINE-2", statement: "The moon is up.", clause: "its design" };
const INVARIANTS = [FEW, NEVER];

/** Says what `audit` answers for the most packets that a poll has moved. */
function audited(audit: (most: number) => readonly Finding[]): Stack {
  return Object.assign((env: Env): Dataplane => {
    const inner = simple(env);
    let most = 0;
    const poll = (cpu: Cpu): number => {
      const moved = inner.poll!(cpu);
      most = Math.max(most, moved);
      return moved;
    };
    return { name: "audited", poll, audit: () => audit(most) };
  }, { policy: simple.policy!, invariants: INVARIANTS });
}

const honest = audited((most) => [
  { id: "MINE-1", broken: most <= 2 ? null : `a poll moved ${most} packets` },
]);

Deno.test("checkConformance judges a stack's own invariants after the laws, and shrinks what breaks one", () => {
  const device = new Testbed(honest, TEST_PROFILE);
  const result = checkConformance(device, { numRuns: 60 });
  const [mine, never] = result.laws.slice(-2);
  assertEquals(result.laws.length, LAWS.length + 3, "RUN-1, the laws, the invariants");
  assertEquals([mine!.law.id, never!.law.id, never!.judged], ["MINE-1", "MINE-2", 0]);
  assertEquals(never!.notJudged[0]!.why, "the run gave it nothing to say");
  const { sentence, scenario } = mine!.counterexample!;
  assertEquals(sentence, "a poll moved 3 packets");
  assertEquals(scenario.traffic.count, 3);
  // the same scenario says the same again
  const again = checkConformance(device, { replay: scenario, only: /^MINE-1$/ });
  assertEquals(again.laws[1]!.counterexample!.sentence, sentence);
});

Deno.test("Testbed asks for an audit only when the run became quiet, and once it knows what may be answered", () => {
  let asked = 0;
  const stack = audited(() => (asked++, [{ id: "MINE-1", broken: null }]));
  const device = new Testbed(stack, TEST_PROFILE);
  assertEquals(device.run(scenarioOf(stream(3, 1e6))).findings.length, 1);
  assertEquals(asked, 1);
  // a poll that always moves something is never quiet
  const poll = (cpu: Cpu): number => (cpu.charge(1e6), 1);
  const restless: Stack = Object.assign(
    (): Dataplane => ({ name: "restless", poll, audit: () => [{ id: "MINE-1", broken: null }] }),
    { invariants: INVARIANTS },
  );
  const o = new Testbed(restless, TEST_PROFILE).run(scenarioOf(stream(1, 1e6)));
  assertEquals([o.end, o.findings], ["horizon", []]);
  const unknown = audited(() => [{ id: "MINE-9", broken: null }]);
  assertThrows(
    () => new Testbed(unknown, TEST_PROFILE).run(scenarioOf([])),
    RangeError,
    "it declares no invariant MINE-9",
  );
});

Deno.test("lawsOf an invariant: kept, broken by any finding, not judged without one or without rest", () => {
  const [law] = lawsOf({ invariants: [FEW] }).slice(LAWS.length);
  const judged = (findings: Finding[], end: "quiet" | "horizon" = "quiet") =>
    judgeAll(run({ change: (o) => Object.assign(o, { findings, end }) }), [law!])[0]!.verdict;
  const kept: Finding = { id: "MINE-1", broken: null };
  assertEquals(judged([kept]), { kind: "kept" });
  assertEquals(judged([kept, { id: "MINE-1", broken: "no" }]), {
    kind: "broken",
    sentence: "no",
    packets: [],
  });
  assertEquals(judged([{ id: "MINE-2", broken: "no" }]).kind, "not-judged");
  assertEquals(judged([kept], "horizon"), {
    kind: "not-judged",
    why: "the run did not become quiet",
  });
});
