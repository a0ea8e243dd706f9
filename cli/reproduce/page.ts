/** `reproduce.html`. */
import { escapeHtml as e, htmlPage, plotsHtml, tableHtml } from "../report/html.ts";
import type { Plot } from "../report/plots.ts";
import { TABLE_1 } from "./answers.ts";
import type { Lab } from "./lab.ts";
import { COMPARED } from "./systems.ts";
import { claimCells, countText, HEAD, remark } from "./text.ts";
import type { ClaimRecord, ReproduceReport, WhatIfRecord } from "./types.ts";

/** CPU use of each system beside table 1 of the paper. */
export interface CpuRow {
  readonly system: string;
  readonly printed: number;
  /** Lowest and highest of its lcores; null when it is not modelled. */
  readonly model: readonly [number, number] | null;
}

/** Table 1 of the model. */
export function cpuRows(lab: Lab): CpuRow[] {
  return COMPARED.map((name) => {
    const cpu = lab.has(name) ? lab.throughput(name, "1in-1out", 1518).cpu : null;
    const model = cpu === null ? null : [Math.min(...cpu), Math.max(...cpu)] as const;
    return { system: name, printed: TABLE_1[name]!, model };
  });
}

/** The whole page; plots of the questions beyond the paper are named by their ids. */
export function reproducePage(
  report: ReproduceReport,
  figures: readonly Plot[],
  cpu: readonly CpuRow[],
  whatIfPlots: ReadonlyMap<string, Plot>,
): string {
  const body = `<dl>
<dt>Command</dt><dd><code>${e(report.command)}</code></dd>
<dt>Result</dt><dd>${e(countText(report.claims))}.</dd>
<dt>Made by</dt><dd>${e(`${report.tool.name} ${report.tool.version}`)}</dd>
</dl>
${report.basis.map((line) => `<p class="note">${e(line)}</p>`).join("\n")}
<h2>Claims</h2>
<div class="wide">${claims(report.claims)}</div>
${misses(report.claims)}
<h2>Figures</h2>
${plotsHtml(figures)}
<h2>Table 1: CPU use of each core, 1518 B at 40 Gb/s</h2>
${table1(cpu)}
<h2>Calibrated numbers</h2>
<div class="wide">${calibrated(report)}</div>
${(report.whatIf ?? []).map((one) => question(one, whatIfPlots.get(one.id))).join("\n")}`;
  return htmlPage("planecheck reproduce", "the P2PNIC paper", body);
}

function claims(records: readonly ClaimRecord[]): string {
  const numbers = new Set([2, 3, 4, 5]);
  const cell = (tag: string, text: string, i: number) =>
    `<${tag}${numbers.has(i) ? ' class="number"' : ""}>${text}</${tag}>`;
  const rows = records.map((claim) => {
    const cells = claimCells(claim).map(e);
    const about = [`${claim.source}, ${claim.place}`, claim.detail, claim.note]
      .filter((text) => text !== "").map(e).join("; ");
    cells[1] = `${cells[1]}<small>${about}</small>`;
    cells[7] = `<span class="${claim.verdict}">${cells[7]}</span>`;
    return `<tr>${cells.map((text, i) => cell("td", text, i)).join("")}</tr>`;
  });
  const head = HEAD.map((text, i) => cell("th", e(text), i)).join("");
  return `<table class="numbers claims"><thead><tr>${head}</tr></thead><tbody>${
    rows.join("\n")
  }</tbody></table>`;
}

function misses(records: readonly ClaimRecord[]): string {
  const missed = records.filter(({ verdict }) => verdict === "miss");
  if (missed.length === 0) return "";
  const items = missed.map((claim) => `<li>${e(remark(claim))}</li>`).join("\n");
  return `<h2>Missed, and what is suspected</h2>\n<ul>\n${items}\n</ul>`;
}

function table1(rows: readonly CpuRow[]): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return tableHtml(
    ["system", "paper", "model"],
    rows.map(({ system, printed, model }) => {
      const [low, high] = model ?? [0, 0];
      const same = percent(low) === percent(high);
      const text = same ? percent(low) : `${percent(low)} to ${percent(high)}`;
      return [system, percent(printed), model === null ? "not modelled yet" : text];
    }),
  );
}

function calibrated({ calibrated }: ReproduceReport): string {
  const rows = calibrated.map(({ name, value, unit, source }) =>
    `<tr><th scope="row">${e(name)}</th><td class="number">${value}${
      unit === "1" ? "" : ` ${e(unit)}`
    }</td>` +
    `<td>${e(source)}</td></tr>`
  );
  return `<table><tbody>${rows.join("\n")}</tbody></table>`;
}

function question(one: WhatIfRecord, plot: Plot | undefined): string {
  const drawn = plot === undefined ? "" : plotsHtml([plot]);
  return `<h2>${e(one.question)}</h2>\n<p>${e(one.answer)}</p>\n` +
    `${tableHtml(one.head, one.rows)}\n${drawn}`;
}
