/** `reproduce.html`: one file that asks for no other and needs no script. */
import { escapeHtml as e } from "../report/page.ts";
import type { Plot } from "../report/plots.ts";
import { STYLE } from "../report/style.ts";
import { TABLE_1 } from "./answers.ts";
import type { Lab } from "./lab.ts";
import { COMPARED } from "./systems.ts";
import { claimCells, countText, HEAD, remark } from "./text.ts";
import type { ClaimRecord, ReproduceReport, WhatIfRecord } from "./types.ts";

/** What the page adds to the shared style. */
const OWN_STYLE = `
.pass { color: var(--kept); }
.miss { color: var(--broken); font-weight: 700; }
.not-modelled, .not-judged { color: var(--faint); }
td.number, th.number { text-align: right; white-space: nowrap; }
`;

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
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>planecheck reproduce: the P2PNIC paper</title>
<style>${STYLE}${OWN_STYLE}</style>
</head>
<body>
<main>
<h1>planecheck reproduce</h1>
<dl>
<dt>Command</dt><dd><code>${e(report.command)}</code></dd>
<dt>Result</dt><dd>${e(countText(report.claims))}.</dd>
<dt>Made by</dt><dd>${e(`${report.tool.name} ${report.tool.version}`)}</dd>
</dl>
${report.basis.map((line) => `<p class="note">${e(line)}</p>`).join("\n")}
<h2>Claims</h2>
<div class="wide">${claims(report.claims)}</div>
${misses(report.claims)}
<h2>Figures</h2>
<div class="plots">
${figures.map(figureOf).join("\n")}
</div>
<h2>Table 1: CPU use of each core, 1518 B at 40 Gb/s</h2>
${table1(cpu)}
<h2>Calibrated numbers</h2>
<div class="wide">${calibrated(report)}</div>
${(report.whatIf ?? []).map((one) => question(one, whatIfPlots.get(one.id))).join("\n")}
</main>
</body>
</html>
`;
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
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function misses(records: readonly ClaimRecord[]): string {
  const missed = records.filter(({ verdict }) => verdict === "miss");
  if (missed.length === 0) return "";
  const items = missed.map((claim) => `<li>${e(remark(claim))}</li>`).join("\n");
  return `<h2>Missed, and what is suspected</h2>\n<ul>\n${items}\n</ul>`;
}

function figureOf({ title, about, svg }: Plot): string {
  return `<figure><h3>${e(title)}</h3>${svg}<figcaption>${e(about)}</figcaption></figure>`;
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const heads = head.map((text, i) =>
    `<th scope="col"${i > 0 ? ' class="number"' : ""}>${e(text)}</th>`
  );
  const body = rows.map(([first, ...rest]) =>
    `<tr><th scope="row">${e(first!)}</th>${
      rest.map((text) => `<td class="number">${e(text)}</td>`).join("")
    }</tr>`
  );
  return `<table><thead><tr>${heads.join("")}</tr></thead><tbody>${
    body.join("\n")
  }</tbody></table>`;
}

function table1(rows: readonly CpuRow[]): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return grid(
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
  const drawn = plot === undefined ? "" : `<div class="plots">${figureOf(plot)}</div>`;
  return `<h2>${e(one.question)}</h2>\n<p>${e(one.answer)}</p>\n` +
    `<div class="wide">${grid(one.head, one.rows)}</div>\n${drawn}`;
}
