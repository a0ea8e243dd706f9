/** Figure 14 of the P2PNIC paper drawn again, and the lengths of the prefixes. */
import { draw, type Plot } from "../report/plots.ts";
import { memoryText } from "./text.ts";
import type { CurvePoint, RoutesReport } from "./types.ts";

/** Far enough apart on light and on dark ground; kinds differ in the shape of their points too. */
const COLOURS = [
  "#d1495b",
  "#e08214",
  "#a0764a",
  "#3f8fd2",
  "#8c6bb1",
  "#2aa876",
  "#c25b8f",
  "#7f8c8d",
  "#c9a227",
  "#4aa3a2",
];
const WIDTH = 460;
const HEIGHT = 360;
/** 0, 20k, 40k; on a logarithmic scale an expression would keep labels from giving way to each other. */
const THOUSANDS = "datum.value === 0 ? '0' : format(datum.value, '~s')";
/** Most routes of the plot that is as the paper's. */
const PAPER_ROUTES = 100_000;

/** The plots of a report. */
export interface RoutesPlots {
  /** Bytes by number of routes; none for a file of few. */
  readonly curves: readonly Plot[];
  /** Routes by length. */
  readonly lengths: Plot;
}

async function plot(title: string, about: string, spec: object): Promise<Plot> {
  return { title, about, svg: await draw(spec, title) };
}

/** Draws every plot of a report. */
export async function routesPlots(report: RoutesReport): Promise<RoutesPlots> {
  const drawn: Plot[] = [];
  if (pointsUpTo(report, PAPER_ROUTES) > 1) {
    const theirs = report.file.family === 4 ? "librte_lpm, here dir24-8" : "librte_lpm and IPv4";
    const about =
      "Bytes that each table occupies as routes of a random sample are added, as figure 14 of the " +
      `P2PNIC paper has them (for ${theirs}), beside the memories of the paper's NIC. What rises beyond this ` +
      "plot goes on in the next one.";
    drawn.push(await plot("Up to 100,000 routes", about, curves(report, true)));
  }
  if (pointsUpTo(report, Infinity) > 1) {
    const about = "The same up to the whole table, both scales logarithmic.";
    drawn.push(await plot("All routes", about, curves(report, false)));
  }
  const about = "Routes by the length of their prefixes, on a logarithmic scale.";
  return { curves: drawn, lengths: await plot("Lengths of the prefixes", about, lengths(report)) };
}

function pointsUpTo({ tables }: RoutesReport, most: number): number {
  return Math.max(0, ...tables.map(({ curve }) => curve.filter((p) => p.routes <= most).length));
}

interface Point {
  readonly routes: number;
  readonly megabytes: number;
  /** Whether a table was asked here; the other points only lead a line to the edge of the plot. */
  readonly counted: boolean;
}

/** The points of a curve within the plot, and where its line leaves it: vega's own clipping needs ids in the page. */
function within(curve: readonly CurvePoint[], routesMax: number, megabytesMax: number): Point[] {
  const points: Point[] = [];
  for (const { routes, bytesOccupied } of curve) {
    const megabytes = bytesOccupied / 1e6;
    if (routes > routesMax) break;
    if (megabytes <= megabytesMax) {
      points.push({ routes, megabytes, counted: true });
      continue;
    }
    const before = points.at(-1);
    if (before !== undefined) {
      const share = (megabytesMax - before.megabytes) / (megabytes - before.megabytes);
      const edge = before.routes + share * (routes - before.routes);
      points.push({ routes: edge, megabytes: megabytesMax, counted: false });
    }
    break;
  }
  return points;
}

function curves(report: RoutesReport, asPaper: boolean): object {
  // The first memory has its name below the line, the next one above: on the logarithmic scale they are close.
  const memories = report.nicMemories.map((one, i) => ({
    megabytes: one.bytes / 1e6,
    label: memoryText(one),
    below: i === 0 ? 9 : -7,
  }));
  const top = 2 * Math.max(...memories.map(({ megabytes }) => megabytes));
  const [routesMax, megabytesMax] = asPaper ? [PAPER_ROUTES, top] : [Infinity, Infinity];
  const values = report.tables.flatMap(({ kind, curve }) =>
    within(curve, routesMax, megabytesMax).map((point) => ({ kind, ...point }))
  ).filter(({ megabytes }) => asPaper || megabytes > 0);
  const domain = report.tables.map(({ kind }) => kind);
  const scale = (linear: object) => asPaper ? linear : { type: "log", nice: false };
  const x = {
    field: "routes",
    type: "quantitative",
    title: "routes",
    scale: scale({ domain: [0, PAPER_ROUTES] }),
    axis: { tickCount: 5, ...(asPaper ? { labelExpr: THOUSANDS } : { format: "~s" }) },
  };
  const y = {
    field: "megabytes",
    type: "quantitative",
    title: "MB occupied",
    scale: scale({ domain: [0, top] }),
    axis: { tickCount: 6, format: "~g" },
  };
  const colour = { field: "kind", type: "nominal", scale: { domain, range: COLOURS } };
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2 },
        encoding: { x, y, color: colour },
      },
      {
        data: { values: values.filter(({ counted }) => counted) },
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: {
          x,
          y,
          color: colour,
          shape: { field: "kind", type: "nominal", scale: { domain } },
        },
      },
      {
        data: { values: memories },
        mark: { type: "rule", color: "currentColor", strokeDash: [6, 4] },
        encoding: { y },
      },
      {
        data: { values: memories },
        mark: {
          type: "text",
          color: "currentColor",
          align: "left",
          dx: 4,
          dy: { expr: "datum.below" },
          fontSize: 12,
        },
        encoding: { x: { value: 0 }, y, text: { field: "label" } },
      },
    ],
  };
}

function lengths({ lengths, file }: RoutesReport): object {
  const values = lengths.map(({ depth, routes }) => ({ depth, routes, floor: 0.5 }));
  return {
    width: WIDTH,
    height: 240,
    data: { values },
    mark: { type: "bar", color: COLOURS[3], width: file.family === 4 ? 9 : 3 },
    encoding: {
      x: {
        field: "depth",
        type: "quantitative",
        title: "length of the prefix",
        scale: { domain: [0, file.family === 4 ? 32 : 128] },
        axis: { tickCount: 8 },
      },
      y: {
        field: "routes",
        type: "quantitative",
        title: "routes",
        scale: { type: "log", domainMin: 0.5, nice: false },
        axis: { tickCount: 6, format: "~s" },
      },
      y2: { field: "floor" },
    },
  };
}
