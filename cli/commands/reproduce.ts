/** `planecheck reproduce`: the claims of the P2PNIC paper, from the model. */
import { type Command, Option } from "commander";
import type { Io } from "../io.ts";
import { SILENT } from "../io.ts";
import { checkReportFolder, type ReportFiles, writeReport } from "../report/write.ts";
import { figures } from "../reproduce/figures.ts";
import { Lab } from "../reproduce/lab.ts";
import { makeReproduceReport } from "../reproduce/make.ts";
import { parseReproduceOptions, type ReproduceOptions } from "../reproduce/options.ts";
import { cpuRows, reproducePage } from "../reproduce/page.ts";
import { reproduceText } from "../reproduce/text.ts";
import type { ReproduceReport } from "../reproduce/types.ts";
import { whatIfPlots } from "../reproduce/what_if.ts";
import { oneLine } from "../user_error.ts";

/** Measurements of a whole run, for the progress bar. */
const MEASUREMENTS = 110;

/** Adds the command. `args` are those of the whole command line; `exit` takes the exit code. */
export function addReproduce(
  program: Command,
  args: readonly string[],
  io: Io,
  exit: { code: number },
): void {
  program.command("reproduce")
    .description(
      "Hold every claim of the P2PNIC paper against the model: the paper's value, the model's, and whether it is " +
        "within the claim's tolerance.",
    )
    .addOption(new Option("--only <ids>", "claims, with commas between, e.g. D02,E03 (all)"))
    .addOption(
      new Option("--background <name>", "spacing of background frames: poisson, cbr (poisson)"),
    )
    .addOption(new Option("--fidelity <name>", "model of PCIe: coarse, tlp (coarse)"))
    .addOption(new Option("--what-if", "answer questions that the paper leaves open, too"))
    .addOption(new Option("--json", "print reproduce.json to standard output, and nothing else"))
    .addOption(
      new Option("--report <dir>", "write reproduce.html, reproduce.json and the figures as SVG"),
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 every judged claim passes, 1 some do not or internal error, 2 wrong option.",
    )
    .action(async (raw: Record<string, unknown>) => {
      exit.code = await runReproduce(raw, args, io);
    });
}

async function runReproduce(
  raw: Record<string, unknown>,
  args: readonly string[],
  io: Io,
): Promise<number> {
  const options = parseReproduceOptions(raw);
  if (options.report !== null) checkReportFolder(options.report);
  const progress = io.progress ?? SILENT;
  progress.start(MEASUREMENTS);
  const { fidelity, background } = options;
  const lab = new Lab({ fidelity, background, onMeasure: (what) => progress.step(what) });
  let report: ReproduceReport;
  try {
    report = makeReproduceReport(args, options, lab);
    if (options.report !== null) writeReport(options.report, await filesOf(report, options, lab));
  } finally {
    progress.stop();
  }
  io.stdout(options.json ? jsonOf(report) : reproduceText(report));
  if (options.report !== null && !options.json) {
    io.stdout(`Report: ${oneLine(options.report)}/reproduce.html\n`);
  }
  return report.claims.some(({ verdict }) => verdict === "miss") ? 1 : 0;
}

function jsonOf(report: ReproduceReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

async function filesOf(
  report: ReproduceReport,
  options: ReproduceOptions,
  lab: Lab,
): Promise<ReportFiles> {
  const drawn = await figures(lab);
  const answers = options.whatIf ? await whatIfPlots(lab) : new Map();
  const files: Record<string, string> = {
    "reproduce.html": reproducePage(report, drawn, cpuRows(lab), answers),
    "reproduce.json": jsonOf(report),
  };
  for (const { file, svg } of drawn) files[`${file}.svg`] = svg;
  for (const [id, { svg }] of answers) files[`what-if-${id}.svg`] = svg;
  return files;
}
