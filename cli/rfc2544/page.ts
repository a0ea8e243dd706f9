/** `index.html` of `planecheck rfc2544`: one file that asks for no other and needs no script. */
import { escapeHtml as e } from "../report/page.ts";
import type { Plot } from "../report/plots.ts";
import { STYLE } from "../report/style.ts";
import { circumstances, type TestTable, testTables, warnings } from "./text.ts";
import type { Rfc2544Report } from "./types.ts";

/** The whole page. */
export function rfc2544Page(report: Rfc2544Report, plots: readonly Plot[]): string {
  const rows = [
    ["Command", report.command],
    ...circumstances(report),
    ["Made by", `${report.tool.name} ${report.tool.version}`],
  ] as const;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>planecheck rfc2544: ${e(report.stack.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>planecheck rfc2544</h1>
<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${e(text)}</dd>`).join("\n")}</dl>
${report.basis.map((line) => `<p class="note">${e(line)}</p>`).join("\n")}
${warnings(report).map((line) => `<p>${e(line)}</p>`).join("\n")}
<div class="plots">
${plots.map(figureOf).join("\n")}
</div>
${testTables(report).map(tableOf).join("\n")}
</main>
</body>
</html>
`;
}

function figureOf({ title, about, svg }: Plot): string {
  return `<figure><h3>${title}</h3>${svg}<figcaption>${about} Predicted.</figcaption></figure>`;
}

/** A table whose first column heads its rows. */
function tableOf({ title, head, rows }: TestTable): string {
  const names = head.map((name) => `<th scope="col">${e(name)}</th>`).join("");
  const body = rows.map(([first, ...cells]) =>
    `<tr><th scope="row">${e(first!)}</th>${
      cells.map((cell) => `<td class="number">${e(cell)}</td>`).join("")
    }</tr>`
  ).join("\n");
  return `<h2>${e(title)}</h2>
<div class="wide"><table><thead><tr>${names}</tr></thead><tbody>${body}</tbody></table></div>`;
}
