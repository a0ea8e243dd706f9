/** `planecheck replay`: one counterexample again, from its token or its file. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { type Scenario, ScenarioError } from "../../core/mod.ts";
import { checkCaptureStart, InputError } from "../../fixtures/mod.ts";
import {
  checkConformance,
  type ConformanceResult,
  decodeToken,
  isToken,
  readCounterexample,
  reportCounterexample,
  scenarioOf,
} from "../../properties/mod.ts";
import { replayCommand } from "../conform/again.ts";
import { checkRoutes, deviceOf, type DeviceOptions, TIMEOUT_MS } from "../conform/device.ts";
import { checkForce, FORCE, LIVE_FORMS, liveDevice } from "../conform/live.ts";
import { readInput } from "../files.ts";
import type { Io } from "../io.ts";
import { checked, oneOf, path, shellCommand, timeoutMs } from "../option_schema.ts";
import { STACK_NAMES, type StackEntry, STACKS } from "../stacks.ts";
import { oneLine, UserError } from "../user_error.ts";

const FILE_BYTES_MAX = 2 ** 28;
const schema = z.strictObject({
  stack: z.string().optional(),
  exec: shellCommand.optional(),
  device: liveDevice.optional(),
  protocol: oneOf(["stream", "pcap"]),
  timeout: timeoutMs,
  profile: path,
  force: z.boolean().optional(),
});

/** Adds the command. It sets `exit.code` to 1 when a law is broken. */
export function addReplay(program: Command, io: Io, exit: { code: number }): void {
  program.command("replay")
    .description(
      "Run the scenario of a counterexample again and judge it by every law. Tokens of rings, pools " +
        "and tables: PLANECHECK_REPLAY=TOKEN deno test FILE.",
    )
    .argument("<token>", "a token (pc1-...), or the path of a counterexample's JSON")
    .addOption(
      new Option("--stack <name>", `stack to run it on: ${STACK_NAMES.join(", ")} (the token's)`),
    )
    .addOption(
      new Option(
        "--device <name>",
        `a device of the real world to run it on instead: ${LIVE_FORMS.join(", ")}`,
      ),
    )
    .addOption(new Option("--exec <command>", "a program to run it on instead, as for conform"))
    .addOption(
      new Option("--protocol <name>", "how the program is given frames: stream, pcap (stream)"),
    )
    .addOption(
      new Option("--timeout <ms>", `milliseconds that the program may take (${TIMEOUT_MS})`),
    )
    .addOption(new Option("--profile <file>", "where the device or program departs from RFC 1812"))
    .addOption(new Option("--force", FORCE))
    .addHelpText(
      "after",
      "\nExit codes: 0 all laws kept, 1 a law broken (or an internal error), 2 wrong option or input.",
    )
    .action((token: string, raw: Record<string, unknown>) => {
      exit.code = replay(token, raw, io) ? 0 : 1;
    });
}

/** Whether every law was kept. */
function replay(text: string, raw: Record<string, unknown>, io: Io): boolean {
  const { stack, exec, device, protocol, timeout, profile, force } = checked(schema, raw);
  const { scenario, name, law, sets } = read(text);
  if ([stack, exec, device].filter((one) => one !== undefined).length > 1) {
    throw new UserError("--stack: expected one of --stack, --device and --exec");
  }
  for (const [option, value] of Object.entries({ protocol, timeout })) {
    if (value !== undefined && exec === undefined) {
      throw new UserError(`--${option}: expected only with --exec`);
    }
  }
  const isElsewhere = exec !== undefined || device !== undefined;
  if (profile !== undefined && !isElsewhere) {
    throw new UserError("--profile: expected only with --exec or --device");
  }
  checkForce(force, device === undefined ? [] : [device]);
  const on: DeviceOptions = {
    ...{ exec: exec ?? null, protocol: protocol ?? "stream", timeoutMs: timeout ?? TIMEOUT_MS },
    ...{ stack: isElsewhere ? null : chosen(stack, name).name, device: device ?? null },
    profile: profile ?? null,
    force: force ?? false,
  };
  const named = deviceOf(on, null);
  const result = judged(() => {
    try {
      checkRoutes(named.device, scenario, isToken(text) ? "token" : text);
      return checkConformance(named.device, { ...named.fresh, replay: scenario });
    } finally {
      named.close();
    }
  });
  if (sets !== result.lawSetVersion) {
    io.stdout(`Found by version ${sets} of the laws, judged by version ${result.lawSetVersion}.\n`);
  }
  for (const { counterexample } of result.laws) {
    if (counterexample !== null) {
      io.stdout(
        `${reportCounterexample(counterexample, [], (what) => replayCommand(what, on))}\n\n`,
      );
    }
  }
  const seen = result.laws.filter((one) => one.judged > 0);
  const broken = seen.filter((one) => one.kept === 0).map((one) => one.law.id);
  const of = `${oneLine(named.device.name)}: ${seen.length} laws judged`;
  io.stdout(
    broken.length > 0
      ? `${of}, broken: ${broken.join(", ")}\n`
      : `${of}, all kept; the counterexample was about ${oneLine(law)}\n`,
  );
  for (const { id, sentence } of result.harness) io.stdout(`${id}: ${sentence}\n`);
  return result.ok;
}

/** A scenario that no machine can be made for is the token's fault. */
function judged(act: () => ConformanceResult): ConformanceResult {
  try {
    return act();
  } catch (error) {
    if (error instanceof ScenarioError) throw new UserError(`token: scenario: ${error.message}`);
    throw error;
  }
}

interface Stored {
  readonly scenario: Scenario;
  /** The device, the law and the version of the law set when it was found. */
  readonly name: string;
  readonly law: string;
  readonly sets: string;
}

function read(text: string): Stored {
  if (!isToken(text)) {
    const bytes = readInput(text, "a counterexample's JSON", FILE_BYTES_MAX);
    if (isCapture(text, bytes)) {
      throw new UserError(
        `${text}: expected a counterexample's JSON, got a capture, which shrink --pcap takes`,
      );
    }
    const stored = readCounterexample(new TextDecoder().decode(bytes), text);
    const { scenario, device: name, law, lawSetVersion: sets } = stored;
    return { scenario, name, law, sets };
  }
  const { kind, name, law, laws, scenario } = decodeToken(text);
  if (kind !== "forwarder") {
    throw new UserError(
      `token: kind: expected forwarder, got ${kind}: run PLANECHECK_REPLAY=TOKEN deno test FILE`,
    );
  }
  return { scenario: scenarioOf(scenario), name, law, sets: String(laws) };
}

function isCapture(path: string, bytes: Uint8Array): boolean {
  try {
    checkCaptureStart(path, bytes);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

function chosen(stack: string | undefined, name: string): StackEntry {
  const wanted = stack ?? name;
  const found = STACKS.find((entry) => entry.name === wanted);
  if (found !== undefined) return found;
  const got = stack === undefined
    ? `none, and the counterexample is of "${oneLine(name)}"`
    : `"${oneLine(stack)}"`;
  throw new UserError(`--stack: expected one of ${STACK_NAMES.join(", ")}, got ${got}`);
}
