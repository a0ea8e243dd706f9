/** What `start` and `compare` have in common: from checked options to a report. */
import { type FaultShares, paperHost } from "../../fixtures/mod.ts";
import { LAWS } from "../../properties/mod.ts";
import { compareStacks, STEPS_PER_STACK } from "../compare.ts";
import { readInputs } from "../inputs.ts";
import { type Io, SILENT } from "../io.ts";
import type { CompareOptions } from "../options.ts";
import { cutText, routesText, tally, trafficText } from "../report/format.ts";
import { buildReport } from "../report/build.ts";
import type { Report } from "../report/types.ts";
import { stackNamed } from "../stacks.ts";
import { oneLine } from "../user_error.ts";

/**
 * Reads the inputs, runs and judges the stacks, and answers the report; writes nothing.
 * @throws {UserError} or {InputError} when an option or a file is not as expected
 */
export function makeReport(
  args: readonly string[],
  options: CompareOptions,
  io: Io,
  faults: FaultShares = {},
): Report {
  const progress = io.progress ?? SILENT;
  const { fidelity } = options;
  const stacks = options.stacks.map(stackNamed);
  progress.start(1 + stacks.length * STEPS_PER_STACK);
  try {
    progress.step("routes and traffic");
    const inputs = readInputs(options, faults);
    const results = compareStacks({ stacks, host: paperHost, fidelity }, inputs, progress);
    return buildReport({ args, host: paperHost, fidelity, laws: LAWS }, inputs, results);
  } finally {
    progress.stop();
  }
}

/** Columns of running text. */
const COLUMNS = 110;

/** Text of one or more lines as whole lines of at most {@link COLUMNS}; what follows the first is indented. */
export function wrapped(text: string, indent = ""): string {
  const lines: string[] = [];
  const [first, ...words] = text.split(" ");
  let line = first!;
  for (const word of words) {
    if (line.trim() !== "" && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = indent + word;
    } else line = `${line} ${word}`;
  }
  return [...lines, line].map((one) => `${one}\n`).join("");
}

/** What was run on, above the table. */
export function inputLines(report: Report): string {
  const indent = " ".repeat(9);
  return wrapped(`Routes:  ${oneLine(routesText(report.routes))}`, indent) +
    wrapped(`Traffic: ${oneLine(trafficText(report.traffic))}`, indent);
}

/** Remarks below the table: what kind of figures these are, a cut capture, laws that were broken. */
export function remarks(report: Report): string[] {
  const lines = [`Predicted, not measured: ${report.basis}`];
  const { capture, name } = report.traffic;
  if (capture?.cut) lines.push(`The capture ${oneLine(name)} is ${cutText(capture.cut)}.`);
  for (const stack of report.stacks) {
    const first = [...stack.laws, ...stack.invariants].find((law) => law.verdict === "broken");
    if (first === undefined) continue;
    const { broken } = tally(stack);
    const more = broken > 1 ? ` (the first of ${broken} laws)` : "";
    lines.push(`${stack.name} breaks ${first.id}${more}: ${first.text}.`);
  }
  return lines;
}
