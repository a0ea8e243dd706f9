/** `index.html` of `planecheck routes`. */
import { figure, integer, percent } from "../report/format.ts";
import { escapeHtml as e, factsHtml, htmlPage, plotsHtml, tableHtml } from "../report/html.ts";
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
  const body = `${wasCounted(report)}
<h2>Tables</h2>
${report.basis.map((line) => `<p class="note">${e(line)}</p>`).join("\n")}
${tables(report)}
<h2>Bytes by number of routes</h2>
${plotsHtml(plots.curves, "Counted.")}
${curves(report)}
${report.updates === null ? "" : `<h2>After the updates</h2>\n${updated(report)}`}
<h2>Lengths</h2>
${plotsHtml([plots.lengths], "Counted.")}
${lengths(report)}`;
  return htmlPage("planecheck routes", report.file.name, body);
}

function wasCounted(report: RoutesReport): string {
  const rows: [string, string][] = [
    ["Command", `<code>${e(report.command)}</code>`],
    ["Routes", e(fileText(report.file))],
    ["Updates", e(updatesText(report))],
    ["Memory", report.memory === null ? "limits of the tables" : `${integer(report.memory)} bytes`],
    ["Made by", e(`${report.tool.name} ${report.tool.version}`)],
  ];
  return factsHtml(rows);
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
  return tableHtml(
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
  return tableHtml(
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
  return tableHtml(
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
  return tableHtml(
    ["length", "routes", "share"],
    lengths.map((
      { depth, routes },
    ) => [`/${depth}`, integer(routes), percent(routes / file.count)]),
  );
}
