/** The result of the exam: by class, as text, as the table of the documentation, and as JSON. */
import Table from "cli-table3";
import config from "../../deno.json" with { type: "json" };
import { CLASSES, type FaultClass } from "./fault.ts";
import type { FaultResult } from "./run.ts";

/** Version of the form; it changes when old readers would misread it. */
export const EXAM_REPORT_VERSION = 1;

/** What the faults of a class came to. */
export interface ClassScore {
  /** The class, or `all`. */
  readonly class: FaultClass | "all";
  /** Faults planted. */
  readonly faults: number;
  /** Those that were caught. */
  readonly caught: number;
  /** Those that a law caught; the others were caught by tests of examples. */
  readonly byLaw: number;
  /** Median of the runs that a law needed, over those whose runs are drawn; null if there is none. */
  readonly medianRuns: number | null;
  /** Median of the packets or steps of the smallest counterexamples; null if there is none. */
  readonly medianSize: number | null;
}

/** The report of `planecheck exam --json`. */
export interface ExamReport {
  /** {@link EXAM_REPORT_VERSION}. */
  readonly version: 1;
  /** Who wrote it. */
  readonly tool: { readonly name: string; readonly version: string };
  /** Each fault, in the order of the list. */
  readonly faults: readonly {
    readonly id: string;
    readonly class: FaultClass;
    readonly file: string;
    readonly what: string;
    readonly caught: boolean;
    /** The law that needed the fewest runs; null for a test of examples, or when nothing caught it. */
    readonly law: string | null;
    /** All laws that caught it. */
    readonly laws: readonly string[];
    /** Name of the test; null when nothing caught it. */
    readonly test: string | null;
    readonly runs: number | null;
    /** Packets or steps of the counterexample. */
    readonly size: number | null;
    readonly seconds: number;
    /** Why nothing catches it, as far as that is known; null otherwise. */
    readonly gap: string | null;
  }[];
  /** The classes that have faults, then all together. */
  readonly classes: readonly ClassScore[];
}

/** The scores of the classes that have faults, then of all together. */
export function scoresOf(results: readonly FaultResult[]): ClassScore[] {
  const scores = CLASSES.map((name) =>
    scoreOf(name, results.filter(({ fault }) => fault.class === name))
  );
  return [...scores.filter(({ faults }) => faults > 0), scoreOf("all", results)];
}

function scoreOf(name: ClassScore["class"], results: readonly FaultResult[]): ClassScore {
  const caught = results.flatMap((result) => result.caught ?? []);
  return {
    class: name,
    faults: results.length,
    caught: caught.length,
    byLaw: caught.filter(({ law }) => law !== null).length,
    medianRuns: median(caught.flatMap(({ runs }) => runs ?? [])),
    medianSize: median(caught.flatMap(({ size }) => size ?? [])),
  };
}

/** The lower of the two in the middle where there are two. */
function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!;
}

/** One line about a fault. */
export function faultLine({ fault, caught, seconds }: FaultResult): string {
  const took = `${seconds.toFixed(1)} s`;
  if (caught === null) {
    const known = fault.gap === undefined ? "" : ` (known: ${fault.gap})`;
    return `NOT CAUGHT  ${fault.id}: ${fault.what}${known}, ${took}`;
  }
  const { law, test, runs, size } = caught;
  const found = [
    law ?? test.slice(0, 90),
    ...runs === null ? [] : [`run ${runs}`],
    ...size === null ? [] : [`size ${size}`],
    took,
  ];
  return `caught      ${fault.id}: ${found.join(", ")}`;
}

/** The classes as a table, with a line end. */
export function scoreTable(results: readonly FaultResult[]): string {
  const head = ["class", "faults", "caught", "by a law", "median runs", "median size"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const score of scoresOf(results)) table.push(cells(score));
  return `${table.toString()}\n`;
}

/** The same as Markdown. */
export function scoreMarkdown(results: readonly FaultResult[]): string {
  const rows = scoresOf(results).map((score) => `| ${cells(score).join(" | ")} |`);
  return [
    "| class | faults | caught | by a law | median runs | median size |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n") + "\n";
}

function cells({ class: name, faults, caught, byLaw, medianRuns, medianSize }: ClassScore) {
  return [
    name,
    `${faults}`,
    `${caught}`,
    `${byLaw}`,
    `${medianRuns ?? "-"}`,
    `${medianSize ?? "-"}`,
  ];
}

/** The report. */
export function examReport(results: readonly FaultResult[]): ExamReport {
  return {
    version: EXAM_REPORT_VERSION,
    tool: { name: config.name, version: config.version },
    faults: results.map(({ fault, caught, laws, seconds }) => ({
      id: fault.id,
      class: fault.class,
      file: fault.file,
      what: fault.what,
      caught: caught !== null,
      law: caught?.law ?? null,
      laws,
      test: caught?.test ?? null,
      runs: caught?.runs ?? null,
      size: caught?.size ?? null,
      seconds: Math.round(seconds * 10) / 10,
      gap: fault.gap ?? null,
    })),
    classes: scoresOf(results),
  };
}
