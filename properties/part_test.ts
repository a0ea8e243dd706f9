// Aim: a law of a part that proved nothing does not hold: one that did nothing, or was not tried as often as
// asked. Method: laws made up for it.
import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { coverageOf, PartKit, type PartLaw, trialOf } from "./part.ts";

function verdict(check: PartLaw<PartKit, number>["check"], numRuns = 5) {
  const law = { id: "X-1", statement: "all is well", clause: "none", check };
  const subject = { kind: "ring", name: "a part" } as const;
  return trialOf(subject, law, new PartKit(1), numRuns, fc.nat(9)).judge();
}

const works = (kit: PartKit) => void kit.operations++;

Deno.test("trialOf takes no law for kept that did nothing", () => {
  assertEquals(verdict(works).outcome, "holds");
  const { outcome, message } = verdict(() => {});
  assertEquals(outcome, "broken");
  assertStringIncludes(message, "no operation was done, so nothing is proved (HARN-1)");
});

Deno.test("trialOf takes no law for kept that was interrupted", () => {
  const before = fc.readConfigureGlobal();
  fc.configureGlobal({ ...before, interruptAfterTimeLimit: 20 });
  try {
    const slow = (kit: PartKit) => {
      const until = performance.now() + 30;
      while (performance.now() < until) works(kit);
    };
    const { outcome, message } = verdict(slow, 1000);
    assertEquals(outcome, "broken");
    assertStringIncludes(message, "X-1 broken by a part: all is well (none)\n  interrupted after ");
  } finally {
    fc.configureGlobal(before);
  }
});

Deno.test("HARN-3: coverageOf names each label that was seen less often than its share, but for chance", () => {
  // of 100 runs, a half and three standard deviations of 5 less; a thousandth, and one at least
  const floors = [["wraps", 0.5], ["fills", 0.001]] as const;
  const judged = (wraps: number, fills: number) => {
    const kit = new PartKit(1);
    kit.labels.set("wraps", wraps);
    if (fills > 0) kit.labels.set("fills", fills);
    return coverageOf("a part", "runs are not all alike", kit, 100, floors).judge();
  };
  assertEquals(judged(35, 1).outcome, "holds");
  const { id, outcome, message } = judged(34, 0);
  assertEquals([id, outcome], ["HARN-3", "broken"]);
  assertEquals(message.split("\n").slice(1), [
    "  wraps: expected in at least 35 of 100 runs, got 34",
    "  fills: expected in at least 1 of 100 runs, got 0",
  ]);
});
