/** `planecheck start`: a first comparison that needs nothing but the program. */
import type { Command } from "commander";
import type { FaultShares } from "../../fixtures/mod.ts";
import type { Io } from "../io.ts";
import { parseCompareOptions } from "../options.ts";
import { reportFiles } from "../report/build.ts";
import { comparisonTable } from "../report/table.ts";
import { checkReportFolder, writeReport } from "../report/write.ts";
import { oneLine } from "../user_error.ts";
import { EXIT_HELP } from "./compare.ts";
import { inputLines, makeReport, remarks, wrapped } from "./run.ts";

/** Enough to fill every ring and buffer of a stack that cannot keep up, and few enough for some seconds. */
const COUNT = "30000";
/** Some of every kind of packet that a router must drop. */
const FAULTS: FaultShares = { ttl1: 0.005, noRoute: 0.005, badChecksum: 0.005, runt: 0.005 };

/** Adds the command. `args` are those of the whole command line, for the report. */
export function addStart(program: Command, args: readonly string[], io: Io): void {
  program.command("start")
    .description(
      "Compare the bundled stacks on a generated BGP-like table of 20,000 routes and an Internet " +
        "mix of packets, some of which must be dropped; write a report.",
    )
    .option("--report <dir>", "folder of the report", "report")
    .option("--count <packets>", "packets to offer", COUNT)
    .addHelpText("after", `\n${EXIT_HELP}`)
    .action(async (raw: Record<string, unknown>) => await runStart(raw, args, io));
}

async function runStart(
  raw: Record<string, unknown>,
  args: readonly string[],
  io: Io,
): Promise<void> {
  const options = parseCompareOptions(raw);
  const folder = options.report!;
  checkReportFolder(folder);
  const report = makeReport(args, options, io, FAULTS);
  writeReport(folder, await reportFiles(report));
  io.stdout(inputLines(report));
  io.stdout(comparisonTable(report));
  for (const line of remarks(report)) io.stdout(wrapped(line));
  for (const line of advice(folder)) io.stdout(wrapped(line, " ".repeat(9)));
}

function advice(folder: string): string[] {
  return [
    "Look at: rx-missed is overload, while ttl, no-route, bad-checksum and runt are packets that a " +
    "router must drop; root counts the bytes through the root complex, which P2PNIC never uses, as " +
    "it uses no CPU.",
    `Report:  ${oneLine(folder)}/index.html has the latency curves and what each law said.`,
    "Next:    deno task planecheck compare --traffic 64B --rate 40",
    "         deno task planecheck compare --routes TABLE --pcap CAPTURE --report DIR",
  ];
}
