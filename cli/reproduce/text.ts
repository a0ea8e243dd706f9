/** The report as text for a terminal of 120 columns, and the parts of it that the page shows too. */
import Table from "cli-table3";
import { wrapped } from "../commands/run.ts";
import { toleranceText } from "./judge.ts";
import type { ClaimRecord, ClaimVerdict, ReproduceReport, WhatIfRecord } from "./types.ts";

/** Head of the table of claims. */
export const HEAD: readonly string[] = [
  "row",
  "claim",
  "paper",
  "model",
  "error",
  "limit",
  "role",
  "verdict",
];

const ROLES = {
  calibrate: "calibrated",
  predict: "predicted",
  arithmetic: "arithmetic",
  input: "input",
  context: "context",
} as const;

const VERDICTS: Readonly<Record<ClaimVerdict, string>> = {
  pass: "pass",
  miss: "MISS",
  "not-modelled": "not modelled yet",
  "not-judged": "not judged",
};

/** A number with so many digits as a reader compares. */
export function shortNumber(value: number): string {
  if (value >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
  return String(+value.toPrecision(4));
}

function valueText(value: number, unit: string): string {
  if (unit === "yes") return value === 1 ? "yes" : "no";
  const bare = unit === "ratio" || unit === "fraction" || unit === "count";
  return bare ? shortNumber(value) : `${shortNumber(value)} ${unit}`;
}

/** The cells of a claim, under {@link HEAD}. */
export function claimCells(claim: ClaimRecord): string[] {
  const { id, statement, value, unit, model, error, role, verdict } = claim;
  const percent = error === null ? "" : `${error < 0 ? "" : "+"}${(error * 100).toFixed(1)} %`;
  return [
    id,
    statement,
    role === "context" && value === 0 ? "-" : valueText(value, unit),
    model === null ? "-" : valueText(model, unit),
    percent.replace(/^[+-]0\.0/, "0.0"),
    toleranceText(claim),
    ROLES[role],
    VERDICTS[verdict],
  ];
}

/** How many claims came to what, in one sentence without its end. */
export function countText(claims: readonly ClaimRecord[]): string {
  const count = (verdict: ClaimVerdict, role?: ClaimRecord["role"]) =>
    claims.filter((c) => c.verdict === verdict && (role === undefined || c.role === role)).length;
  const judged = count("pass") + count("miss");
  const of = (role: ClaimRecord["role"]) =>
    `${count("pass", role)} of ${count("pass", role) + count("miss", role)}`;
  return `${count("pass")} of ${judged} judged claims pass (calibrated ${of("calibrate")}, ` +
    `predicted ${of("predict")}), ${count("not-modelled")} are of systems not modelled yet, ` +
    `${count("not-judged")} are not judged`;
}

/** Why a claim is missed or not modelled, in one sentence. */
export function remark(claim: ClaimRecord): string {
  const made = claim.detail === "" ? "" : ` (${claim.detail})`;
  return `${claim.id}${made}: ${claim.suspect ?? "no mechanism is suspected yet."}`;
}

/** The whole report. */
export function reproduceText(report: ReproduceReport): string {
  const table = new Table({
    head: [...HEAD],
    colAligns: ["left", "left", "right", "right", "right", "right", "left", "left"],
    colWidths: [5, 36, 12, 12, 9, 9, 12, 14],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const claim of report.claims) table.push(claimCells(claim));
  const misses = report.claims.filter(({ verdict }) => verdict === "miss");
  const parts = [`${table.toString()}\n`, wrapped(`${countText(report.claims)}.`)];
  if (misses.length > 0) {
    parts.push("\nMissed, and what is suspected:\n");
    for (const claim of misses) parts.push(wrapped(remark(claim), "     "));
  }
  parts.push("\nCalibrated numbers:\n");
  for (const { name, value, unit, source } of report.calibrated) {
    const rows = /\brows? (.*)/.exec(source)?.[1] ?? source;
    parts.push(wrapped(`  ${name} ${value}${unit === "1" ? "" : ` ${unit}`}: ${rows}`, "      "));
  }
  for (const one of report.whatIf ?? []) parts.push(whatIfText(one));
  parts.push("\n", ...report.basis.map((line) => wrapped(line)));
  return parts.join("");
}

function whatIfText({ question, answer, head, rows }: WhatIfRecord): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => i === 0 ? "left" : "right"),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return `\n${wrapped(question)}${table.toString()}\n${wrapped(answer)}`;
}
