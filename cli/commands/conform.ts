/** `planecheck conform` and `planecheck shrink`: a program, or a bundled stack, judged by the laws. */
import { type Command, Option } from "commander";
import {
  type ConformanceResult,
  type LawResult,
  saveCounterexample,
} from "../../properties/mod.ts";
import { replayCommand } from "../conform/again.ts";
import { benchSetup, checkRoutes, scenarioOfFiles } from "../conform/device.ts";
import { conformReport } from "../conform/json.ts";
import { judge, judgeOn, using } from "../conform/judge.ts";
import { junit } from "../conform/junit.ts";
import { bridgeText, judgeBridgeDevice } from "../conform/bridge.ts";
import { BRIDGE, FORCE, LIVE_FORMS } from "../conform/live.ts";
import { type ConformOptions, parseConformOptions } from "../conform/options.ts";
import { type Deviation, profileLines } from "../conform/profile.ts";
import { checkText } from "../conform/text.ts";
import { reasonOf } from "../files.ts";
import type { Io } from "../io.ts";
import { STACK_NAMES } from "../stacks.ts";
import { UserError } from "../user_error.ts";

const EXITS =
  "\nExit codes: 0 all laws kept, 1 a law broken (or an internal error), 2 wrong option or input.";

/** Adds `conform`. It sets `exit.code` to 1 when a law is broken. */
export function addConform(program: Command, io: Io, exit: { code: number }): void {
  const command = program.command("conform").description(
    "Judge a forwarder by every law: a program that reads frames and writes frames (how, " +
      "docs/external.md tells), a bundled stack, or a device of the real world.",
  );
  for (const option of subjectOptions()) command.addOption(option);
  command
    .addOption(new Option("--routes <file>", "judge on this prefix list besides, plain or gzip"))
    .addOption(new Option("--pcap <file>", "judge on the frames of this capture besides"))
    .addOption(new Option("--count <packets>", "packets to offer on these (2000)"))
    .addOption(
      new Option(
        "--runs <n>",
        "scenarios to draw (1000; 100 for a program; 50 for a device of processes)",
      ),
    )
    .addOption(new Option("--seed <n>", "seed of what is drawn"))
    .addOption(new Option("--only <regexp>", "laws whose id matches"))
    .addOption(new Option("--out <dir>", "folder for counterexamples (counterexamples)"))
    .addOption(new Option("--junit <file>", "write the result as JUnit XML"))
    .addOption(new Option("--json", "print the result as JSON, and nothing else"))
    .addHelpText("after", EXITS)
    .action((raw: Record<string, unknown>) => {
      exit.code = conform(parseConformOptions(raw), io) ? 0 : 1;
    });
}

/** Adds `shrink`, which judges on a capture alone. It sets `exit.code` to 1 when a law is broken. */
export function addShrink(program: Command, io: Io, exit: { code: number }): void {
  const command = program.command("shrink").description(
    "Find the few packets of a capture on which a program, or a bundled stack, breaks a law, and " +
      "make them as simple as they may be.",
  );
  for (const option of subjectOptions()) command.addOption(option);
  command
    .addOption(new Option("--pcap <file>", "pcap or pcapng file, plain or gzip"))
    .addOption(
      new Option(
        "--routes <file>",
        "prefix list, plain or gzip (a quarter of all addresses to each port)",
      ),
    )
    .addOption(new Option("--count <packets>", "packets of the capture to offer (all)"))
    .addOption(new Option("--only <regexp>", "laws whose id matches"))
    .addOption(new Option("--out <dir>", "folder for counterexamples (counterexamples)"))
    .addHelpText("after", EXITS)
    .action((raw: Record<string, unknown>) => {
      exit.code = shrink(parseConformOptions(raw), io) ? 0 : 1;
    });
}

function subjectOptions(): Option[] {
  return [
    new Option("--exec <command>", "the program with its arguments, as a shell takes them"),
    new Option("--protocol <name>", "how the program is given frames: stream, pcap (stream)"),
    new Option("--timeout <ms>", "milliseconds that a run of the program may take (10000)"),
    new Option("--stack <name>", `a bundled stack instead: ${STACK_NAMES.join(", ")}`),
    new Option(
      "--device <name>",
      `a device of the real world instead (docs/real-devices.md): ${
        LIVE_FORMS.join(", ")
      }, ${BRIDGE}`,
    ),
    new Option("--force", FORCE),
    new Option("--profile <file>", "where the program or device departs from RFC 1812, and why"),
  ];
}

/** Whether every law was kept. */
function conform(options: ConformOptions, io: Io): boolean {
  if (options.device === BRIDGE) {
    const result = judgeBridgeDevice(options);
    io.stdout(options.json ? `${JSON.stringify(result, null, 2)}\n` : bridgeText(result));
    return result.ok;
  }
  const { checks, deviations } = judge(options);
  const again = (what: string) => replayCommand(what, options);
  if (options.junit !== null) {
    write(options.junit, junit(checks.map(({ result }) => result), again));
  }
  const declared = declaredLines(options, checks[0]!.result, deviations);
  if (options.json) io.stdout(`${JSON.stringify(conformReport(checks, declared), null, 2)}\n`);
  else {
    const texts = checks.map(({ on, result }, i) => {
      const name = `${result.device}${i > 0 ? "-files" : ""}${i > 1 ? i : ""}`;
      return checkText(result, on, (law) => saved(options.out, name, law), declared, again);
    });
    io.stdout(texts.join("\n"));
  }
  return checks.every(({ result }) => result.ok);
}

/** Whether every law was kept. */
function shrink(options: ConformOptions, io: Io): boolean {
  if (options.pcap === null) throw new UserError("--pcap: expected the capture to shrink");
  if (options.device === BRIDGE) throw new UserError("--device: expected one that routes");
  const { scenario, files } = scenarioOfFiles(options, benchSetup(options));
  const { result, deviations } = using(options, scenario, (named) => {
    checkRoutes(named.device, scenario, options.routes ?? options.pcap!);
    return judgeOn(named, scenario, options.only ?? /./);
  });
  const name = `${result.device}-shrunk`;
  const declared = declaredLines(options, result, deviations);
  const again = (what: string) => replayCommand(what, options);
  io.stdout(checkText(result, files, (law) => saved(options.out, name, law), declared, again));
  return result.ok;
}

/** What somebody declares of a device that is not part of the package: who reads the result has to know it. */
function declaredLines(
  { stack }: ConformOptions,
  { policy }: ConformanceResult,
  deviations: readonly Deviation[],
): string[] {
  return stack === null ? profileLines(policy, deviations) : [];
}

function saved(folder: string, name: string, { counterexample }: LawResult): string[] {
  try {
    return saveCounterexample(folder, name, counterexample!);
  } catch (error) {
    throw new UserError(`${folder}: expected a folder for counterexamples, got ${reasonOf(error)}`);
  }
}

function write(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text);
  } catch (error) {
    throw new UserError(`${path}: expected a place for the JUnit file, got ${reasonOf(error)}`);
  }
}
