/** `index.html` of `planecheck routes`: one file that asks for no other and needs no script. */
import { figure, integer, percent } from "../report/format.ts";
import { escapeHtml as e } from "../report/page.ts";
import type { Plot } from "../report/plots.ts";
import { STYLE } from "../report/style.ts";
import {
  beyondText,
  count,
  curveSizes,
  fileText,
  memoryText,
  occupiedAt,
  readsText,
  refusedText,
  updatesText,
} from "./text.ts";
import type { RoutesPlots } from "./plots.ts";
import type { RoutesReport } from "./types.ts";

/** The whole page. */
export function routesPage(report: RoutesReport, plots: RoutesPlots): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>planecheck routes: ${e(report.file.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>planecheck routes</h1>
${wasCounted(report)}
<h2>Tables</h2>
${report.basis.map((line) => `<p class="note">${e(line)}</p>`).join("\n")}
<div class="wide">${tables(report)}</div>
<h2>Bytes by number of routes</h2>
<div class="plots">
${plots.curves.map(figureOf).join("\n")}
</div>
<div class="wide">${curves(report)}</div>
${
    report.updates === null
      ? ""
      : `<h2>After the updates</h2>\n<div class="wide">${updated(report)}</div>`
  }
<h2>Lengths</h2>
<div class="plots">
${figureOf(plots.lengths)}
</div>
<div class="wide">${lengths(report)}</div>
</main>
</body>
</html>
`;
}

function wasCounted(report: RoutesReport): string {
  const rows: [string, string][] = [
    ["Command", `<code>${e(report.command)}</code>`],
    ["Routes", e(fileText(report.file))],
    ["Updates", e(updatesText(report))],
    ["Memory", report.memory === null ? "limits of the tables" : `${integer(report.memory)} bytes`],
    ["Made by", e(`${report.tool.name} ${report.tool.version}`)],
  ];
  return `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${text}</dd>`).join("\n")}</dl>`;
}

function figureOf({ title, about, svg }: Plot): string {
  return `<figure><h3>${title}</h3>${svg}<figcaption>${about} Counted.</figcaption></figure>`;
}

/** A table whose first column heads its rows. */
function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map(([first, ...cells]) =>
    `<tr><th scope="row">${e(first!)}</th>${
      cells.map((cell) => `<td class="number">${e(cell)}</td>`).join("")
    }</tr>`
  );
  const names = head.map((name) => `<th scope="col">${e(name)}</th>`).join("");
  return `<table><thead><tr>${names}</tr></thead><tbody>${body.join("\n")}</tbody></table>`;
}

function tables(report: RoutesReport): string {
  const beyond = report.nicMemories.map((one) => `beyond ${memoryText(one)}, at routes`);
  const head = [
    "table",
    "bytes reserved",
    "bytes occupied",
    "a route",
    "reads, random: mean / max",
  ];
  head.push("reads, covered: mean / max", ...beyond, "refused");
  return grid(
    head,
    report.tables.map((one) => {
      const { filled, refused } = one;
      const why = refused?.reason ? ` (${refused.reason})` : "";
      return [
        one.kind,
        count(filled?.bytesReserved),
        count(filled?.bytesOccupied),
        figure(filled === null ? null : filled.bytesOccupied / filled.routes),
        readsText(filled?.reads.random),
        readsText(filled?.reads.covered),
        ...beyondText(one),
        refusedText(one) + why,
      ];
    }),
  );
}

function curves(report: RoutesReport): string {
  return grid(
    ["routes", ...report.tables.map(({ kind }) => kind)],
    curveSizes(report).map((routes) => [
      integer(routes),
      ...report.tables.map((table) => count(occupiedAt(table, routes))),
    ]),
  );
}

function updated(report: RoutesReport): string {
  const head = ["table", "routes", "refused", "bytes occupied before", "after"];
  head.push("reads, covered, before: mean / max", "after");
  return grid(
    head,
    report.tables.map(({ kind, filled, updated }) => [
      kind,
      count(updated?.routes),
      count(updated?.refused),
      count(filled?.bytesOccupied),
      count(updated?.bytesOccupied),
      readsText(filled?.reads.covered),
      readsText(updated?.reads.covered),
    ]),
  );
}

function lengths({ lengths, file }: RoutesReport): string {
  return grid(
    ["length", "routes", "share"],
    lengths.map((
      { depth, routes },
    ) => [`/${depth}`, integer(routes), percent(routes / file.count)]),
  );
}
