/**
 * The `planecheck` command as a function, and the form of its reports.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import config from "../deno.json" with { type: "json" };
import { RunFailure } from "../core/mod.ts";
import { InputError } from "../fixtures/mod.ts";
import { addCompare } from "./commands/compare.ts";
import { addConform, addShrink } from "./commands/conform.ts";
import { addDiff } from "./commands/diff.ts";
import { addExam } from "./commands/exam.ts";
import { addForward } from "./commands/forward.ts";
import { addPcie } from "./commands/pcie.ts";
import { addReplay } from "./commands/replay.ts";
import { addReproduce } from "./commands/reproduce.ts";
import { addRfc2544 } from "./commands/rfc2544.ts";
import { addRoutes } from "./commands/routes.ts";
import { addStart } from "./commands/start.ts";
import type { Io } from "./io.ts";
import { oneLine, UserError } from "./user_error.ts";

export type { Io, Progress } from "./io.ts";
export * from "./conform/json.ts";
export * from "./pcie/types.ts";
export * from "./report/result.ts";
export { type ReportSchema, reportSchema, type SchemaResult } from "./report/schema.ts";
export * from "./report/types.ts";
export { reproduceReportSchema } from "./reproduce/schema.ts";
export * from "./reproduce/types.ts";
export { rfc2544ReportSchema } from "./rfc2544/schema.ts";
export * from "./rfc2544/types.ts";
export { routesReportSchema } from "./routes/schema.ts";
export * from "./routes/types.ts";

const NO_COMMAND =
  "expected a command, one of start, compare, conform, diff, forward, routes, rfc2544, pcie, replay, shrink, " +
  "reproduce, exam; see planecheck --help";

/**
 * Runs one command line and answers its exit code: 0 when done, 1 when `conform`, `diff`, `replay` or `shrink` found
 * something or `reproduce` a claim that the model misses, 2 when an option or an input is wrong (one line on
 * `io.stderr` says which and what was expected), 1 when the program itself is at fault.
 *
 * @example
 * ```ts
 * import { main } from "@planecheck/planecheck/cli";
 * import { assertEquals } from "@std/assert";
 *
 * let said = "";
 * const io = { stdout: () => {}, stderr: (text: string) => void (said += text) };
 * assertEquals(await main(["compare", "--rate", "0"], io), 2);
 * assertEquals(
 *   said,
 *   'planecheck: --rate: expected a number of Gb/s above 0 and up to 40, got "0"\n',
 * );
 * ```
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    const exit = { code: 0 };
    await commands(args, io, exit).parseAsync([...args], { from: "user" });
    return exit.code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const none = error.code === "commander.help";
      complain(io, none ? NO_COMMAND : error.message.replace(/^error: /, "").replaceAll("\n", " "));
      return 2;
    }
    if (error instanceof UserError || error instanceof InputError) {
      complain(io, error.message);
      return 2;
    }
    if (error instanceof RunFailure && error.kind === "missing") {
      complain(io, `--exec: ${error.message}`);
      return 2;
    }
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    io.stderr(`planecheck: internal error: ${text}\n`);
    return 1;
  }
}

function complain(io: Io, message: string): void {
  io.stderr(`planecheck: ${oneLine(message.trim())}\n`);
}

function commands(args: readonly string[], io: Io, exit: { code: number }): Command {
  const program = new Command("planecheck")
    .description(
      "Finds out whether a packet-forwarding data plane keeps its promises, and how fast it is.",
    )
    .version(config.version)
    .configureOutput({
      writeOut: (text) => io.stdout(text),
      // What commander would say on an error is said once, by `complain`.
      writeErr: () => {},
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
    })
    .exitOverride();
  addStart(program, args, io);
  addCompare(program, args, io);
  addConform(program, io, exit);
  addDiff(program, io, exit);
  addForward(program, io);
  addRoutes(program, args, io);
  addRfc2544(program, args, io);
  addPcie(program, io);
  addReplay(program, io, exit);
  addShrink(program, io, exit);
  addReproduce(program, args, io, exit);
  addExam(program, io, exit);
  program.addHelpText(
    "after",
    "\nPaths are meant from the folder in which the command is called, also under deno task.",
  );
  for (const command of program.commands) {
    command.copyInheritedSettings(program).exitOverride();
  }
  return program;
}
