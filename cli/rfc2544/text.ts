/** The report of the tests of RFC 2544 as text for a terminal of 120 columns, and the tables that the page shares. */
import { wrapped } from "../commands/run.ts";
import { figure, integer, NO_FIGURE, percent } from "../report/format.ts";
import { oneLine } from "../user_error.ts";
import type { RateRecord, Rfc2544Report, SizeRecord, ThroughputRecord } from "./types.ts";

/** A table of the report: a row for each frame size. */
export interface TestTable {
  /** The test and its clause. */
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Everything that is known about what was run on, as names and texts. */
export function circumstances(report: Rfc2544Report): (readonly [name: string, text: string])[] {
  const { stack, machine, traffic, durationMs } = report;
  const ports = traffic.inputs === 1 ? "port" : "ports";
  const lcores = machine.lcores === 1 ? "lcore" : "lcores";
  return [
    ["Stack", `${stack.name}: ${stack.title}, rings of ${machine.rings}`],
    [
      "Machine",
      `${machine.profile}, ${machine.lcores} ${lcores}, ${machine.linkGbps} Gb/s a port, ${machine.fidelity} fabric`,
    ],
    ["Routes", report.routes],
    [
      "Traffic",
      `${traffic.pattern}: into ${traffic.inputs} ${ports}, ${traffic.flows} flows to each output, seed ${traffic.seed}; ` +
      (durationMs === null ? "trials as long as it takes" : `trials of ${durationMs} virtual ms`),
    ],
  ];
}

/** One table for each test that was asked for. */
export function testTables(report: Rfc2544Report): TestTable[] {
  const { tests, sizes } = report;
  const tables: TestTable[] = [];
  if (tests.includes("throughput")) tables.push(throughput(report));
  if (tests.includes("latency")) tables.push(latency(sizes));
  if (tests.includes("loss")) tables.push(loss(sizes));
  if (tests.includes("back-to-back")) tables.push(backToBack(sizes));
  if (tests.includes("recovery")) tables.push(recovery(sizes));
  return tables;
}

/** What a reader must know of single answers: holes, and searches without one. */
export function warnings({ sizes, pdrRatio }: Rfc2544Report): string[] {
  return sizes.flatMap(({ size, ndr, pdr }) =>
    ([["without a loss", ndr], [`with at most ${pdrRatio * 100}% lost`, pdr]] as const)
      .flatMap(([what, found]) => warning(`${size} B, ${what}`, found))
  );
}

function warning(where: string, { rate, faster, holesPs }: ThroughputRecord): string[] {
  const said: string[] = [];
  if (rate === null) said.push(`${where}: none of the rates tried passes.`);
  if (holesPs.length > 0) {
    said.push(`${where}: a hole, trials failed at gaps of ${holesPs.map(integer).join(", ")} ps.`);
  }
  if (faster !== null) {
    said.push(
      `${where}: ${integer(faster.fps)} frames/s passes too, though a slower rate fails; by the ` +
        "letter of 26.1 that is the throughput.",
    );
  }
  return said;
}

function fps(rate: RateRecord | null): string {
  return rate === null ? NO_FIGURE : integer(rate.fps);
}

function throughput({ sizes, pdrRatio }: Rfc2544Report): TestTable {
  return {
    title: "Throughput (26.1), frames/s",
    head: [
      "size",
      "wire",
      "NDR",
      "of wire",
      "gap, ps",
      `PDR ${pdrRatio * 100}%`,
      "of wire",
      "as trials grow",
      "frames",
      "off by",
      "trials",
    ],
    rows: sizes.map(({ size, line, ndr, pdr }) => [
      `${size}`,
      integer(line.fps),
      fps(ndr.rate),
      ndr.rate === null ? NO_FIGURE : percent(ndr.rate.share),
      ndr.rate === null ? NO_FIGURE : integer(ndr.rate.gapPs),
      fps(pdr.rate),
      pdr.rate === null ? NO_FIGURE : percent(pdr.rate.share),
      fps(ndr.limit),
      integer(ndr.frames),
      ndr.spread === null ? NO_FIGURE : percent(ndr.spread),
      `${ndr.trials + pdr.trials}`,
    ]),
  };
}

function latency(sizes: readonly SizeRecord[]): TestTable {
  const us = (ns: number) => (ns / 1000).toFixed(2);
  return {
    title: "Latency (26.2), us",
    head: ["size", "of NDR", "frames/s", "min", "mean", "p50", "p99", "max", "samples"],
    rows: sizes.flatMap(({ size, latency }) =>
      (latency ?? []).map((one) => [
        `${size}`,
        percent(one.ofThroughput),
        integer(one.rate.fps),
        ...[one.min, one.mean, one.p50, one.p99, one.max].map(us),
        integer(one.frames),
      ])
    ),
  };
}

/** Shares of frames lost, in percent of those offered, at shares of the wire's rate. */
function loss(sizes: readonly SizeRecord[]): TestTable {
  const all = sizes.flatMap(({ loss }) => (loss ?? []).map(({ rate }) => columnOf(rate)));
  const columns = [...new Set(all)].sort((a, b) => b - a);
  return {
    title: "Frame loss rate (26.3), % of the frames offered at % of the wire's rate",
    head: ["size", ...columns.map((column) => `${column}%`)],
    rows: sizes.map(({ size, loss }) => [
      `${size}`,
      ...columns.map((column) => {
        const found = (loss ?? []).find(({ rate }) => columnOf(rate) === column);
        if (found === undefined) return "";
        return found.lost === 0 ? "0" : figure((100 * found.lost) / found.offered);
      }),
    ]),
  };
}

/** Rates are rounded to the picosecond of gap: 0.8999838 of the wire is the column of 90. */
function columnOf({ share }: RateRecord): number {
  return Math.round(share * 1000) / 10;
}

function backToBack(sizes: readonly SizeRecord[]): TestTable {
  return {
    title: "Back-to-back frames (26.4), longest burst into each port without a loss",
    head: ["size", "frames", "us"],
    rows: sizes.flatMap(({ size, line, backToBack }) => {
      if (backToBack === null) return [];
      const { frames, unbounded } = backToBack;
      const us = (frames * line.gapPs) / 1e6;
      return [[`${size}`, `${unbounded ? ">= " : ""}${integer(frames)}`, figure(us)]];
    }),
  };
}

function recovery(sizes: readonly SizeRecord[]): TestTable {
  return {
    title: "System recovery (26.5)",
    head: ["size", "overload, frames/s", "frames a port", "lost", "recovery, us"],
    rows: sizes.flatMap(({ size, recovery }) => {
      if (recovery === null) return [];
      const { overload, frames, lost, recoveryNs, stillLosing } = recovery;
      const us = recoveryNs === null ? "no overload" : figure(recoveryNs / 1000);
      const text = stillLosing ? `> ${us}` : us;
      return [[`${size}`, integer(overload.fps), integer(frames), integer(lost), text]];
    }),
  };
}

/** The whole report. */
export function rfc2544Text(report: Rfc2544Report): string {
  const head = circumstances(report).map(([name, text]) =>
    wrapped(oneLine(`${`${name}:`.padEnd(8)} ${text}`), " ".repeat(9))
  );
  const tables = testTables(report).map(tableText);
  const said = warnings(report).map((line) => wrapped(line, "  "));
  const basis = report.basis.map((line) => wrapped(line, "  "));
  return [...head, ...tables, "\n", ...said, ...basis].join("");
}

function tableText({ title, head, rows }: TestTable): string {
  if (rows.length === 0) return `\n${title}\n  none\n`;
  const all = [head, ...rows];
  const widths = head.map((_, c) => Math.max(...all.map((row) => row[c]!.length)));
  const lines = all.map((row) => row.map((cell, c) => cell.padStart(widths[c]!)).join("  "));
  return `\n${title}\n${lines.map((line) => `${line.trimEnd()}\n`).join("")}`;
}
