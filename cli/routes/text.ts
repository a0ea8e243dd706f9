/** The report on routes as text for a terminal of 120 columns, and the words that the page shares with it. */
import Table from "cli-table3";
import { wrapped } from "../commands/run.ts";
import { counted, cutText, figure, integer, NO_FIGURE, percent } from "../report/format.ts";
import { oneLine } from "../user_error.ts";
import type { ReadsRecord, RoutesFileRecord, RoutesReport, TableRecord } from "./types.ts";

const BAR = 50;

/** The file in one sentence without its end. */
export function fileText(file: RoutesFileRecord): string {
  const notes = [
    [file.otherFamily, `IPv${file.family === 4 ? 6 : 4} route`, "left out"],
    [file.masked, "prefix", "masked"],
    [file.duplicates, "prefix", "repeated, the last one counts"],
    [file.damaged, "damaged record", "left out"],
  ] as const;
  const said = notes.filter(([n]) => n !== 0).map(([n, one, what]) =>
    `; ${counted(n, one, one === "prefix" ? "prefixes" : `${one}s`)} ${what}`
  );
  const cut = file.cut === null ? "" : `; ${cutText(file.cut)}`;
  return `${file.name} (${file.format}): ${counted(file.count, `IPv${file.family} route`)}, ` +
    `${counted(file.nextHops, "next hop")}${said.join("")}${cut}`;
}

/** The updates in one sentence without its end. */
export function updatesText({ updates }: RoutesReport): string {
  if (updates === null) return "none";
  const masked = updates.masked > 0
    ? `; ${counted(updates.masked, "prefix", "prefixes")} masked`
    : "";
  const { name, count, announced } = updates;
  return `${name}: ${counted(count, "update")}, of which ${integer(announced)} announce${masked}`;
}

/** The memory of the NIC as headings name it. */
export function memoryText({ name, bytes }: RoutesReport["nicMemories"][number]): string {
  return `${name}, ${integer(bytes)} B`;
}

/** Mean and largest number of reads. */
export function readsText(reads: ReadsRecord | undefined): string {
  return reads === undefined ? NO_FIGURE : `${figure(reads.mean)} / ${reads.max}`;
}

/** Whether a table refused routes, and in how many bytes it takes them all. */
export function refusedText({ refused }: TableRecord): string {
  if (refused === null) return "no";
  const { after, bytesNeeded } = refused;
  const when = after === 0 ? "at once" : `after ${integer(after)}`;
  return bytesNeeded === null ? when : `${when}; all in ${integer(bytesNeeded)} B`;
}

/** With how many routes a table outgrows each memory of the NIC. */
export function beyondText({ beyondAt, filled }: TableRecord): string[] {
  return beyondAt.map((n) => n !== null ? integer(n) : filled === null ? NO_FIGURE : "never");
}

/** A count, or the sign for none. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NO_FIGURE : integer(value);
}

/** Sizes of the sample that any curve has a point at. */
export function curveSizes(report: RoutesReport): number[] {
  const sizes = report.tables.flatMap(({ curve }) => curve.map(({ routes }) => routes));
  return [...new Set(sizes)].sort((a, b) => a - b);
}

/** What a table occupied with so many routes; undefined when it did not get there. */
export function occupiedAt({ curve }: TableRecord, routes: number): number | undefined {
  return curve.find((point) => point.routes === routes)?.bytesOccupied;
}

/** The whole report. */
export function routesText(report: RoutesReport): string {
  const parts = [head(report), lengths(report), tables(report), curves(report)];
  if (report.updates !== null) parts.push(updated(report));
  return `${parts.join("\n")}\n${report.basis.map((line) => wrapped(line)).join("")}`;
}

function head(report: RoutesReport): string {
  const indent = " ".repeat(9);
  const memory = report.memory === null
    ? ""
    : wrapped(`Memory:  ${integer(report.memory)} bytes for each table`, indent);
  const updates = report.updates === null
    ? ""
    : wrapped(`Updates: ${oneLine(updatesText(report))}`, indent);
  return wrapped(`Routes:  ${oneLine(fileText(report.file))}`, indent) + updates + memory;
}

function lengths({ lengths, file }: RoutesReport): string {
  const most = Math.max(...lengths.map(({ routes }) => routes));
  const rows = lengths.map(({ depth, routes }) => [
    `/${depth}`,
    integer(routes),
    percent(routes / file.count),
    "#".repeat(Math.round((BAR * routes) / most)),
  ]);
  return columns([["length", "routes", "share", ""], ...rows]);
}

function tables(report: RoutesReport): string {
  const beyond = report.nicMemories.map(({ name }) => `beyond\n${name} at`);
  const head = ["table", "bytes\nreserved", "bytes\noccupied", "a\nroute"];
  head.push("reads,\nrandom", "reads,\ncovered", ...beyond, "refused");
  const right = ["left", ...head.slice(1, -1).map(() => "right"), "left"] as ("left" | "right")[];
  const style = { head: [], border: [], compact: true };
  const table = new Table({ head, colAligns: right, style });
  for (const one of report.tables) {
    const { filled } = one;
    table.push([
      one.kind,
      count(filled?.bytesReserved),
      count(filled?.bytesOccupied),
      figure(filled === null ? null : filled.bytesOccupied / filled.routes),
      readsText(filled?.reads.random),
      readsText(filled?.reads.covered),
      ...beyondText(one),
      refusedText(one).replace("; ", "\n"),
    ]);
  }
  return `${table.toString()}\n`;
}

function curves(report: RoutesReport): string {
  const names = report.tables.map(({ kind }) => kind);
  const rows = curveSizes(report).map((routes) => [
    integer(routes),
    ...report.tables.map((table) => count(occupiedAt(table, routes))),
  ]);
  return `Bytes occupied by the first routes of a random sample (P2PNIC, figure 14):\n${
    columns([["routes", ...names], ...rows])
  }`;
}

function updated(report: RoutesReport): string {
  const head = ["table", "routes", "refused", "occupied before", "after"];
  const rows = report.tables.map(({ kind, filled, updated }) => [
    kind,
    count(updated?.routes),
    count(updated?.refused),
    count(filled?.bytesOccupied),
    count(updated?.bytesOccupied),
    readsText(filled?.reads.covered),
    readsText(updated?.reads.covered),
  ]);
  const all = [[...head, "reads before", "after"], ...rows];
  return `After the updates (reads of covered addresses, mean / max):\n${columns(all)}`;
}

/**
 * Rows as lines with two blanks between columns, one where the terminal has no room for two: the first
 * and texts to the left, numbers to the right.
 */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  const width = widths.reduce((sum, one) => sum + one + 2, -2);
  const gap = width > 120 ? " " : "  ";
  return rows.map((row) => {
    const cells = row.map((cell, c) => {
      const isText = c === 0 || /^#*$/.test(cell);
      return isText ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!);
    });
    return `${cells.join(gap).trimEnd()}\n`;
  }).join("");
}
