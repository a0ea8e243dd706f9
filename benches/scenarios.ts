/** What a property run costs: scenarios drawn, built, run and judged. */
import { type Stack, testbed } from "../core/mod.ts";
import { machineProfile, paperHost } from "../fixtures/mod.ts";
import { build, judgeScenario, LAWS, scenario, Subject } from "../properties/mod.ts";
import { l3fwd, linuxNapi, p2pnic } from "../stacks/mod.ts";
import fc from "fast-check";
import type { Benchmark } from "./benchmark.ts";

const SCENARIOS = 64;

/** Scenarios of 40 to 64 packets: run on a reset machine, and judged by every law that does not run them again. */
export function scenarios(): Benchmark[] {
  const laws = LAWS.filter((law) => law.reruns !== true);
  const stacks: [string, Stack][] = [
    ["dpdk", l3fwd("strict")],
    ["linux-napi", linuxNapi()],
    ["p2pnic", p2pnic()],
  ];
  const group = "scenario of 40 to 64 packets: built, run, judged";
  const alone = stacks.flatMap(([name, stack]) =>
    (["coarse", "tlp"] as const).map((fidelity) => {
      const policy = stack.policy!;
      const drawn = fc.sample(scenario(policy, { geometry: { fidelity } }), {
        numRuns: 600,
        seed: 1,
      });
      const draws = drawn.filter((draw) => draw.packets.length >= 40).slice(0, SCENARIOS);
      const subject = new Subject(testbed(stack, machineProfile(paperHost)));
      return {
        group,
        name: `${name}, ${fidelity}`,
        items: draws.length,
        run() {
          let kept = 0;
          for (const draw of draws) {
            for (const verdict of judgeScenario(subject, build(draw), laws).verdicts) {
              if (verdict.kind === "kept") kept++;
            }
          }
          return kept;
        },
      };
    })
  );
  // as a suite goes over them: as many of each stack
  const inTurn = ["coarse", "tlp"].map((fidelity) => {
    const all = alone.filter(({ name }) => name.endsWith(fidelity));
    return {
      group,
      name: `all three, ${fidelity}`,
      items: all.reduce((sum, { items }) => sum + items, 0),
      run: () => all.reduce((sum, one) => sum + one.run(), 0),
    };
  });
  return [...alone, ...inTurn];
}
