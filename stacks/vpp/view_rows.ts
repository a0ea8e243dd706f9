/** Rows of a report put into groups, and tables as VPP's format strings lay them out. */
import type { ReportRow } from "../../core/stack.ts";

/** Values by counter. */
export type Counts = ReadonlyMap<string, number>;

/** Counters by what they are of and by name, out of the rows whose name has both. */
export function grouped(
  report: readonly ReportRow[],
  name: RegExp,
): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const row of report) {
    const [, of, counter] = name.exec(row.name) ?? [];
    if (of === undefined || counter === undefined) continue;
    if (!all.has(of)) all.set(of, new Map());
    all.get(of)!.set(counter, row.value);
  }
  return all;
}

/** A table: for each column `<` left, `>` right or `=` centred, and its width (%-, %, %= of clib's format). */
export function tableOf(rows: readonly (readonly string[])[], columns: readonly string[]): string {
  return rows.map((row) => row.map((text, i) => cell(text, columns[i]!)).join("").trimEnd())
    .join("\n");
}

function cell(text: string, column: string): string {
  const width = Number(column.slice(1));
  if (column[0] === "<") return text.padEnd(width);
  if (column[0] === ">") return text.padStart(width);
  return text.padStart(Math.floor((width + text.length) / 2)).padEnd(width);
}

/** A number as %.Ne of clib's format prints it: 4.64e1. */
export function scientific(value: number, digits: number): string {
  return value.toExponential(digits).replace("e+", "e");
}
