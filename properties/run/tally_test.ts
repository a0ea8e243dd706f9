// Aim: a tally keeps counts, reasons and the smallest draw that broke its law.
// Method: verdicts put in by hand.
import { assertEquals } from "@std/assert";
import type { PacketDraw, ScenarioDraw } from "../arbitraries/draw.ts";
import { RUN_1 } from "./judge_scenario.ts";
import { Tally } from "./tally.ts";

function drawOf(packets: number, fidelity: "coarse" | "tlp" = "tlp"): ScenarioDraw {
  const geometry = { fidelity };
  return { packets: new Array<PacketDraw>(packets), geometry } as unknown as ScenarioDraw;
}

const BROKEN = { kind: "broken", sentence: "", packets: [] } as const;

Deno.test("Tally add keeps the smallest draw that broke the law, the first of its size", () => {
  const tally = new Tally(RUN_1);
  tally.add({ kind: "kept" }, drawOf(1));
  const draws = [5, 3, 4, 3].map((packets) => drawOf(packets));
  for (const draw of draws) tally.add(BROKEN, draw);
  assertEquals([tally.kept, tally.broken, tally.judged], [1, 4, 5]);
  assertEquals(tally.smallest === draws[1], true);
});

Deno.test("Tally counts judged runs by fidelity, and no other", () => {
  const tally = new Tally(RUN_1);
  tally.add({ kind: "kept" }, drawOf(1, "coarse"));
  tally.add(BROKEN, drawOf(1, "tlp"));
  tally.add({ kind: "kept" }, drawOf(1, "tlp"));
  tally.add({ kind: "not-judged", why: "no packet" }, drawOf(1, "coarse"));
  assertEquals(tally.judgedIn, { coarse: 1, tlp: 2 });
});

Deno.test("Tally notJudged sorts the reasons and bounds their number", () => {
  const tally = new Tally(RUN_1);
  for (let i = 0; i < 100; i++) tally.add({ kind: "not-judged", why: `reason ${i}` }, drawOf(1));
  tally.add({ kind: "not-judged", why: "reason 3" }, drawOf(1));
  const reasons = tally.notJudged();
  assertEquals(reasons.length, 17);
  assertEquals(reasons.slice(0, 2), [
    { why: "other reasons", runs: 84 },
    { why: "reason 3", runs: 2 },
  ]);
});

Deno.test("Tally skip counts what was never put in, and tells it last", () => {
  const tally = new Tally(RUN_1);
  tally.add({ kind: "not-judged", why: "no packet" }, drawOf(1));
  tally.add({ kind: "kept" }, drawOf(1));
  tally.skip("sampled", 10);
  assertEquals(tally.notJudged(), [{ why: "no packet", runs: 1 }, { why: "sampled", runs: 8 }]);
});
