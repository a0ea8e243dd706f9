// Aim: `reproduce` judges each claim at its own tolerance, calls nothing green that it does not have, and tells the
// shell. Method: answers on both sides of every kind of limit; short runs whose figures follow from the wire.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Claim, CLAIMS, paperHost, type Tolerance } from "../../fixtures/mod.ts";
import { run } from "../_run_for_tests.ts";
import { reproduceReportSchema } from "../mod.ts";
import { ANSWERS, answerTo } from "../reproduce/answers.ts";
import { calibrate } from "../reproduce/calibrate.ts";
import { figureOf, withValues } from "../reproduce/host.ts";
import { judge } from "../reproduce/judge.ts";
import { Lab, STEADY } from "../reproduce/lab.ts";
import { claimCells, countText } from "../reproduce/text.ts";
import { wireMpps } from "../reproduce/traffic.ts";

function claimWith(tolerance: Tolerance, value = 200, unit = "Mpps"): Claim {
  const words = { source: "P2PNIC", place: "5", statement: "so many", note: "" } as const;
  return { id: "X01", ...words, value, unit, role: "predict", tolerance };
}

Deno.test("reproduce judges at the tolerance of the claim, on both sides of each limit", () => {
  const cases: [Tolerance, number, "pass" | "miss"][] = [
    [{ kind: "within", share: 0.05 }, 210, "pass"],
    [{ kind: "within", share: 0.05 }, 190, "pass"],
    [{ kind: "within", share: 0.05 }, 210.1, "miss"],
    [{ kind: "within", share: 0.05 }, 189.9, "miss"],
    [{ kind: "rounded", by: 0.5 }, 200.5, "pass"],
    [{ kind: "rounded", by: 0.5 }, 199.4, "miss"],
    [{ kind: "at-least", least: 150 }, 150, "pass"],
    [{ kind: "at-least", least: 150 }, 149.9, "miss"],
    [{ kind: "at-least", least: 150 }, 900, "pass"],
    [{ kind: "factor", factor: 2 }, 400, "pass"],
    [{ kind: "factor", factor: 2 }, 100, "pass"],
    [{ kind: "factor", factor: 2 }, 401, "miss"],
    [{ kind: "factor", factor: 2 }, 99, "miss"],
    [{ kind: "exact" }, 200, "pass"],
    [{ kind: "exact" }, 200.01, "miss"],
    [{ kind: "within", share: 0.05 }, NaN, "miss"],
    [{ kind: "factor", factor: 2 }, Infinity, "miss"],
  ];
  for (const [tolerance, model, verdict] of cases) {
    const record = judge(claimWith(tolerance), { value: model, detail: "" });
    assertEquals(record.verdict, verdict, `${JSON.stringify(tolerance)} ${model}`);
  }
  const within = claimWith({ kind: "within", share: 0.05 });
  assertEquals(judge(within, { value: 190, detail: "" }).error, 190 / 200 - 1);
  assertEquals(judge(within, { value: null, detail: "no" }).verdict, "not-modelled");
  assertEquals(judge(within, null).verdict, "not-judged");
  assertEquals(
    judge(claimWith({ kind: "none" }), { value: 200, detail: "" }).verdict,
    "not-judged",
  );
});

Deno.test("reproduce has an answer or a reason for each claim that it judges, and counts them apart", () => {
  const absent = { has: () => false } as unknown as Lab;
  const judged = CLAIMS.filter(({ tolerance }) => tolerance.kind !== "none");
  const ids = new Set(CLAIMS.map(({ id }) => id));
  assertEquals(Object.keys(ANSWERS).filter((id) => !ids.has(id)), [], "answers without a claim");
  const without = judged.filter(({ id }) => ANSWERS[id] === undefined);
  assertEquals(without.map(({ id }) => id), ["S07", "S12"]);
  for (const claim of without) {
    assert(answerTo(claim, absent)!.detail.startsWith("not modelled yet: "), claim.id);
  }
  // rows about variants say so when the variants are not there
  for (const id of ["D07", "D08", "E07", "F07", "F08", "G01"]) {
    const answer = answerTo(CLAIMS.find((claim) => claim.id === id)!, absent)!;
    assertEquals(
      [answer.value, /not modelled yet: .*(Rd|Bn)/.test(answer.detail)],
      [null, true],
      id,
    );
  }
  const records = without.map((claim) => judge(claim, answerTo(claim, absent)));
  assertEquals(
    countText(records),
    "0 of 0 judged claims pass (calibrated 0 of 0, predicted 0 of 0), 2 are of systems not modelled yet, 0 are " +
      "not judged",
  );
  assertEquals(claimCells(records[0]!).slice(3), ["-", "", "2 %", "predicted", "not modelled yet"]);
});

Deno.test("reproduce measures in the steady state, the same each time, and tells the shell", async () => {
  const args = ["reproduce", "--only", "d04,F09,S07,B05,E05", "--json"];
  const { code, out, err } = await run(...args);
  assertEquals([code, err], [0, ""]);
  const report = reproduceReportSchema.parse(JSON.parse(out));
  assertEquals(
    report.claims.map(({ id, verdict }) => `${id} ${verdict}`),
    ["B05 not-judged", "D04 pass", "E05 pass", "F09 pass", "S07 not-modelled"],
  );
  assertAlmostEquals(report.claims[1]!.model!, wireMpps(128), 0.02);
  assertEquals(report.calibrated.length, 7);
  for (const { name, value } of report.calibrated) {
    assertEquals(figureOf(paperHost, name).value, value);
  }
  assertEquals((await run(...args)).out, out);
});

Deno.test("reproduce ends with 1 when a judged claim is missed, and says what is suspected", async () => {
  const { code, out } = await run("reproduce", "--only", "F03");
  assertEquals(code, 1);
  assert(/│ F03 │.*│ MISS/.test(out) && out.includes("Missed, and what is suspected:\nF03 ("), out);
  assert(out.split("\n").every((line) => line.length <= 120), out);
});

Deno.test("Lab takes its window after the warm-up, and as many latencies as the paper, with the constant", () => {
  const lab = new Lab();
  const { mpps, spread, cpu } = lab.throughput("Wr", "1in-1out", 1518);
  assertAlmostEquals(mpps, wireMpps(1518), 0.002 * wireMpps(1518));
  assert(spread <= STEADY);
  assertEquals(cpu, [0, 0, 0, 0]);
  const sorted = lab.latencies("Wr", 64, 10);
  assertAlmostEquals(sorted.length, 30_000, 100);
  assert(sorted.every((ns, i) => i === 0 || ns >= sorted[i - 1]!));
  const { value } = figureOf(paperHost, "nic.constantNs");
  const later = new Lab({ host: withValues(paperHost, { "nic.constantNs": value + 500 }) });
  assertAlmostEquals(later.p90("Wr", 64, 10) - lab.p90("Wr", 64, 10), 500, 10);
});

Deno.test("calibrate sees calibrate rows only", () => {
  for (const id of ["D02", "E01", "E02", "E03", "E06", "F04", "F05"]) {
    const changed = CLAIMS.map((c) => c.id === id ? { ...c, role: "predict" as const } : c);
    assertThrows(() => calibrate(changed), RangeError, `Cannot calibrate on ${id}`);
  }
  assertThrows(() => withValues(paperHost, { "nic.speed": 1 }), RangeError, "nic.speed");
});
