/** `planecheck rfc2544`: throughput, latency, loss, back-to-back frames and recovery of a stack, in virtual time. */
import { type Command, Option } from "commander";
import type { Io } from "../io.ts";
import { checkReportFolder, writeReport } from "../report/write.ts";
import { makeRfc2544Report } from "../rfc2544/make.ts";
import { parseRfc2544Options } from "../rfc2544/options.ts";
import { rfc2544Page } from "../rfc2544/page.ts";
import { rfc2544Plots } from "../rfc2544/plots.ts";
import { rfc2544Text } from "../rfc2544/text.ts";
import { oneLine } from "../user_error.ts";

/** Adds the command. `args` are those of the whole command line, for the report. */
export function addRfc2544(program: Command, args: readonly string[], io: Io): void {
  program.command("rfc2544")
    .description(
      "Make the tests of RFC 2544, section 26, on a stack in virtual time: throughput without a loss and with few, " +
        "latency, frame loss, back-to-back frames, recovery.",
    )
    .addOption(new Option("--stack <name>", "the stack: dpdk, linux-napi, p2pnic and so on"))
    .addOption(
      new Option(
        "--sizes <bytes>",
        "frame sizes with FCS and with commas between (64,128,256,512,1024,1280,1518)",
      ),
    )
    .addOption(
      new Option(
        "--tests <names>",
        "throughput, latency, loss, back-to-back, recovery, with commas between (all)",
      ),
    )
    .addOption(
      new Option("--duration <ms>", "virtual time of a trial (as long as the answer takes)"),
    )
    .addOption(
      new Option("--pattern <name>", "which port sends to which, e.g. 4in-4out (1in-1out)"),
    )
    .addOption(new Option("--flows <n>", "flows of each input port to each output (256)"))
    .addOption(new Option("--lcores <n>", "lcores that forward (1)"))
    .addOption(new Option("--fidelity <name>", "model of PCIe: coarse, tlp, link (coarse)"))
    .addOption(new Option("--pdr <percent>", "loss that the partial drop rate allows (0.5)"))
    .addOption(new Option("--routes <file>", "prefix list, plain or gzip (20,000 like BGP's)"))
    .addOption(new Option("--seed <n>", "seed of generated routes and of flows (1)"))
    .addOption(new Option("--json", "print report.json to standard output, and nothing else"))
    .addOption(new Option("--report <dir>", "write index.html and report.json into this folder"))
    .addHelpText("after", "\nExit codes: 0 done, 2 wrong option or input, 1 internal error.")
    .action(async (raw: Record<string, unknown>) => await runRfc2544(raw, args, io));
}

async function runRfc2544(
  raw: Record<string, unknown>,
  args: readonly string[],
  io: Io,
): Promise<void> {
  const options = parseRfc2544Options(raw);
  if (options.report !== null) checkReportFolder(options.report);
  const report = makeRfc2544Report(args, options, io);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.report !== null) {
    const html = rfc2544Page(report, await rfc2544Plots(report));
    writeReport(options.report, { "index.html": html, "report.json": json });
  }
  if (options.json) {
    io.stdout(json);
    return;
  }
  io.stdout(rfc2544Text(report));
  if (options.report !== null) io.stdout(`Report: ${oneLine(options.report)}/index.html\n`);
}
