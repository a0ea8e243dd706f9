/**
 * A report as Snabb's own tools print it: `snabb top`, and the load, link and app reports of `engine.main`.
 * Source: program/top, core/app.lua (report_load, report_links), lib/histogram.
 */
import type { ReportRow } from "../../core/stack.ts";

/** Views that {@link snabbView} prints. */
export const SNABB_VIEWS = ["top", "tree", "load", "links", "latency", "vmprofile"] as const;

/** Name of a view. */
export type SnabbView = typeof SNABB_VIEWS[number];

/**
 * What a tool prints of a report of `snabb`: a part for each process. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { snabb, snabbView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = new Testbed(snabb(), machineProfile(paperHost));
 * device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * const [title, first] = snabbView("links", device.report()).split("\n");
 * assertEquals(title, "link report:");
 * assertEquals(first, "                   1 sent on nic0.output -> router.nic0 (loss rate: 0%)");
 * ```
 */
export function snabbView(view: SnabbView, report: readonly ReportRow[]): string {
  const print = PRINTERS[view];
  if (print === undefined) {
    throw new TypeError(
      `Cannot print "${String(view)}": it is not one of ${SNABB_VIEWS.join(", ")}`,
    );
  }
  const pids = new Map<string, Map<string, number>>();
  for (const { name, value } of report) {
    const [, pid, path] = /^(\d+)\/(.+)$/.exec(name) ?? [];
    if (pid === undefined) continue;
    if (!pids.has(pid)) pids.set(pid, new Map());
    pids.get(pid)!.set(path!, value);
  }
  return [...pids].map(([pid, counters]) => print(counters, pid)).join("\n\n");
}

type Counters = ReadonlyMap<string, number>;

const PRINTERS: { readonly [view in SnabbView]: (counters: Counters, pid: string) => string } = {
  top,
  tree: treeView,
  load,
  links,
  latency,
  vmprofile,
};

/** Counters of each name below a path, e.g. of each link. */
function below(counters: Counters, path: string): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const [name, value] of counters) {
    if (!name.startsWith(`${path}/`)) continue;
    const at = name.lastIndexOf("/");
    const of = at === path.length ? "" : name.slice(path.length + 1, at);
    if (!all.has(of)) all.set(of, new Map());
    all.get(of)!.set(name.slice(at + 1), value);
  }
  return all;
}

function row(widths: readonly number[], cells: readonly string[]): string {
  return ` ${cells.map((cell, i) => cell.slice(0, widths[i]!).padEnd(widths[i]!)).join(" ")}`
    .trimEnd();
}

function top(counters: Counters): string {
  const seconds = counters.get("engine/time")! || 1;
  const rate = (value: number, unit: number): string => (value / seconds / unit).toFixed(2);
  const engine = (name: string): number => counters.get(`engine/${name}`)!;
  const global = [15, 15, 15];
  const wide = [31, 7, 7, 7, 7, 7];
  const lines = [
    row(global, ["Kfrees/s", "freeGbytes/s", "breaths/s"]),
    row(global, [
      rate(engine("frees"), 1000),
      rate(engine("freebytes"), 1e9),
      Math.round(engine("breaths") / seconds).toString(),
    ]),
    "",
    row(wide, ["Links (rx/tx/txdrop in Mpps)", "rx", "tx", "rxGb", "txGb", "txdrop"]),
  ];
  for (const [name, link] of below(counters, "links")) {
    const n = (counter: string): number => link.get(counter)!;
    const cells = [
      rate(n("rxpackets"), 1e6),
      rate(n("txpackets"), 1e6),
      rate(n("rxbytes"), 1e9),
      rate(n("txbytes"), 1e9),
      rate(n("txdrop"), 1e6),
    ];
    lines.push(row(wide, [name, ...cells]));
  }
  return lines.join("\n");
}

/** The tree of counters, as folders. */
function treeView(counters: Counters, pid: string): string {
  const lines = [`PID ${pid}`];
  for (const path of ["engine", "packet", "links", "apps", "vmprofile"]) {
    lines.push(`  ${path}`);
    for (const [name, value] of counters) {
      if (name.startsWith(`${path}/`)) lines.push(`    ${name.slice(path.length + 1)}  ${value}`);
    }
  }
  return lines.join("\n");
}

function load(counters: Counters): string {
  const n = (name: string): number => counters.get(`engine/${name}`)!;
  const seconds = n("time") || 1;
  const frees = n("frees");
  const bpp = frees === 0 ? "-" : Math.floor(n("freebytes") / frees).toString();
  return `load: time: ${n("time").toFixed(2)}s  fps: ${
    comma(Math.floor(frees / seconds)).padEnd(9)
  } ` +
    `fpGbps: ${(n("freebits") / seconds / 1e9).toFixed(3)} ` +
    `fpb: ${comma(Math.floor(frees / Math.max(n("breaths"), 1))).padEnd(3)} bpp: ${
      bpp.padEnd(4)
    } ` +
    `sleep: ${String(n("sleep")).padEnd(4)}us`;
}

function links(counters: Counters): string {
  const lines = [...below(counters, "links")].sort(([a], [b]) => a < b ? -1 : 1).map(
    ([name, link]) => {
      const [sent, drop] = [link.get("txpackets")!, link.get("txdrop")!];
      const loss = sent === 0 ? 0 : Math.floor(drop * 100 / (drop + sent));
      return `${comma(sent).padStart(20)} sent on ${name} (loss rate: ${loss}%)`;
    },
  );
  return ["link report:", ...lines].join("\n");
}

function latency(counters: Counters): string {
  const n = (share: string): string =>
    counters.get(`engine/latency.histogram p${share}`)!.toFixed(2);
  return `latency: p50 ${n("50")} us  p99 ${n("99")} us  max ${n("100")} us  (${
    comma(counters.get("engine/breaths")!)
  } breaths)`;
}

/** Cycles by zone, largest first. */
function vmprofile(counters: Counters): string {
  const zones = [...below(counters, "vmprofile").get("") ?? []]
    .filter(([name]) => !name.includes(" "))
    .sort(([, a], [, b]) => b - a);
  const all = zones.reduce((sum, [, cycles]) => sum + cycles, 0) || 1;
  return zones.map(([name, cycles]) =>
    `${(100 * cycles / all).toFixed(1).padStart(5)}%  ${comma(cycles).padStart(15)}  ${name}`
  ).join("\n");
}

function comma(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
