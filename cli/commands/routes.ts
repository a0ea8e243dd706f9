/** `planecheck routes`: what a table of routes costs in every kind of forwarding table. */
import { type Command, Option } from "commander";
import type { Io } from "../io.ts";
import { checkReportFolder, writeReport } from "../report/write.ts";
import { makeRoutesReport } from "../routes/make.ts";
import { parseRoutesOptions } from "../routes/options.ts";
import { routesPage } from "../routes/page.ts";
import { routesPlots } from "../routes/plots.ts";
import { routesText } from "../routes/text.ts";
import { oneLine } from "../user_error.ts";

/** Adds the command. `args` are those of the whole command line, for the report. */
export function addRoutes(program: Command, args: readonly string[], io: Io): void {
  program.command("routes")
    .description(
      "Fill every kind of forwarding table with the routes of a file, and count the bytes that it takes and " +
        "the dependent reads of its look-ups.",
    )
    .argument("<file>", "prefix list (PREFIX/DEPTH [NEXTHOP] a line) or MRT file, plain or gzip")
    .addOption(new Option("--family <n>", "address family: 4, 6 (that of the first route)"))
    .addOption(
      new Option("--updates <file>", "then replay these: A PREFIX/DEPTH or W PREFIX/DEPTH a line"),
    )
    .addOption(new Option("--memory <bytes>", "give each table so many bytes (its own limits)"))
    .addOption(new Option("--next-hops <n>", "next hops of a list that has none (4)"))
    .addOption(new Option("--seed <n>", "seed of the sample of routes and of the addresses (1)"))
    .addOption(new Option("--json", "print report.json to standard output, and nothing else"))
    .addOption(new Option("--report <dir>", "write index.html and report.json into this folder"))
    .addHelpText("after", "\nExit codes: 0 done, 2 wrong option or input, 1 internal error.")
    .action(async (file: string, raw: Record<string, unknown>) => {
      await runRoutes(file, raw, args, io);
    });
}

async function runRoutes(
  file: string,
  raw: Record<string, unknown>,
  args: readonly string[],
  io: Io,
): Promise<void> {
  const options = parseRoutesOptions(file, raw);
  if (options.report !== null) checkReportFolder(options.report);
  const report = makeRoutesReport(args, options, io);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.report !== null) {
    const html = routesPage(report, await routesPlots(report));
    writeReport(options.report, { "index.html": html, "report.json": json });
  }
  if (options.json) {
    io.stdout(json);
    return;
  }
  io.stdout(routesText(report));
  if (options.report !== null) io.stdout(`Report: ${oneLine(options.report)}/index.html\n`);
}
