/** `planecheck compare`: stacks of one's choice on routes and traffic of one's choice. */
import { type Command, Option } from "commander";
import { PATTERNS } from "../../fixtures/mod.ts";
import type { Io } from "../io.ts";
import { LINK_GBPS, parseCompareOptions, TRAFFIC_NAMES } from "../options.ts";
import { reportFiles } from "../report/build.ts";
import { reportJson } from "../report/schema.ts";
import { comparisonTable } from "../report/table.ts";
import { checkReportFolder, writeReport } from "../report/write.ts";
import { STACKS } from "../stacks.ts";
import { oneLine } from "../user_error.ts";
import { inputLines, makeReport, remarks, wrapped } from "./run.ts";

/** Adds the command. `args` are those of the whole command line, for the report. */
export function addCompare(program: Command, args: readonly string[], io: Io): void {
  const defaults = STACKS.filter((entry) => entry.byDefault).map((entry) => entry.name);
  program.command("compare")
    .description(
      "Run stacks on the same routes and packets on a simulated host, judge them by every law, " +
        "and compare what they cost.",
    )
    .addOption(
      option("--stacks <names>", `stacks, with commas between, or all (${defaults.join(",")})`),
    )
    .addOption(option(
      "--routes <file>",
      "prefix list, plain or gzip: PREFIX/DEPTH [NEXTHOP] a line (a generated BGP-like table)",
    ))
    .addOption(option("--pcap <file>", "pcap or pcapng file, plain or gzip, to replay"))
    .addOption(option(
      "--traffic <name>",
      `generated frames, without --pcap: ${TRAFFIC_NAMES.join(", ")} (imix)`,
    ))
    .addOption(option(
      "--pattern <name>",
      `which ports send to which, without --pcap: ${Object.keys(PATTERNS).join(", ")} (4in-4out)`,
    ))
    .addOption(option("--rate <gbps>", `rate of each input port, up to ${LINK_GBPS} (10)`))
    .addOption(option("--seed <n>", "seed of everything that is generated (1)"))
    .addOption(option("--count <packets>", "packets to offer (20000, or the whole capture)"))
    .addOption(option("--fidelity <name>", "model of PCIe: tlp, coarse, link (tlp)"))
    .addOption(option("--json", "print report.json to standard output, and nothing else"))
    .addOption(option("--report <dir>", "write index.html and report.json into this folder"))
    .addHelpText("after", `\n${stackHelp()}\n\n${EXIT_HELP}`)
    .action(async (raw: Record<string, unknown>) => await runCompare(raw, args, io));
}

function option(flags: string, description: string): Option {
  return new Option(flags, description);
}

function stackHelp(): string {
  const width = Math.max(...STACKS.map((entry) => entry.name.length));
  return ["Stacks:", ...STACKS.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`)]
    .join("\n");
}

/** How commands end. */
export const EXIT_HELP =
  "Exit codes: 0 done (broken laws are a finding), 2 wrong option or input, 1 internal error.";

async function runCompare(
  raw: Record<string, unknown>,
  args: readonly string[],
  io: Io,
): Promise<void> {
  const options = parseCompareOptions(raw);
  if (options.report !== null) checkReportFolder(options.report);
  const report = makeReport(args, options, io);
  if (options.report !== null) writeReport(options.report, await reportFiles(report));
  if (options.json) {
    io.stdout(reportJson(report));
    return;
  }
  io.stdout(inputLines(report));
  io.stdout(comparisonTable(report));
  for (const line of remarks(report)) io.stdout(wrapped(line));
  if (options.report !== null) io.stdout(`Report: ${oneLine(options.report)}/index.html\n`);
}
