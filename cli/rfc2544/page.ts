/** `index.html` of `planecheck rfc2544`. */
import { escapeHtml as e, factsHtml, htmlPage, plotsHtml, tableHtml } from "../report/html.ts";
import type { Plot } from "../report/plots.ts";
import { circumstances, testTables, warnings } from "./text.ts";
import type { Rfc2544Report } from "./types.ts";

/** The whole page. */
export function rfc2544Page(report: Rfc2544Report, plots: readonly Plot[]): string {
  const facts: (readonly [string, string])[] = [
    ["Command", report.command],
    ...circumstances(report),
    ["Made by", `${report.tool.name} ${report.tool.version}`],
  ];
  const rows = facts.map(([name, text]) => [name, e(text)] as const);
  const tables = testTables(report).map(({ title, head, rows }) =>
    `<h2>${e(title)}</h2>\n${tableHtml(head, rows)}`
  );
  const body = `${factsHtml(rows)}
${report.basis.map((line) => `<p class="note">${e(line)}</p>`).join("\n")}
${warnings(report).map((line) => `<p>${e(line)}</p>`).join("\n")}
${plotsHtml(plots, "Predicted.")}
${tables.join("\n")}`;
  return htmlPage("planecheck rfc2544", report.stack.name, body);
}
