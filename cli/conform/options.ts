/** The options of `planecheck conform`: every one checked, every refusal one line. */
import { z } from "zod";
import {
  checked,
  drawnSeed,
  oneOf,
  path,
  refuse,
  shellCommand,
  timeoutMs,
  whole,
} from "../option_schema.ts";
import { STACK_NAMES } from "../stacks.ts";
import { UserError } from "../user_error.ts";
import { type DeviceOptions, type FileOptions, TIMEOUT_MS } from "./device.ts";
import { BRIDGE, checkForce, isLiveDevice, LIVE_FORMS, liveRuns } from "./live.ts";

/** Most scenarios of a run. */
const RUNS_MAX = 1_000_000;
/** Scenarios unless told otherwise: a program is started for each. */
const RUNS_OF_PROGRAM = 100;
const RUNS_OF_STACK = 1000;

/** What `conform` and `shrink` were asked to do. */
export interface ConformOptions extends DeviceOptions, FileOptions {
  /** Scenarios to draw. */
  readonly runs: number;
  /** Which laws judge. */
  readonly only: RegExp | null;
  /** Folder for counterexamples. */
  readonly out: string;
  /** Path for a JUnit file, or null. */
  readonly junit: string | null;
  /** Whether the result goes to standard output as JSON. */
  readonly json: boolean;
}

const pattern = z.string().transform((text, ctx) => {
  try {
    return new RegExp(text);
  } catch {
    return refuse(ctx, "a regular expression", text);
  }
}).optional();

const schema = z.strictObject({
  exec: shellCommand.optional(),
  protocol: oneOf(["stream", "pcap"]),
  timeout: timeoutMs,
  stack: oneOf(STACK_NAMES),
  device: z.string().transform((text, ctx) =>
    text === BRIDGE || isLiveDevice(text)
      ? text
      : refuse(ctx, `one of ${LIVE_FORMS.join(", ")}, ${BRIDGE}`, text)
  ).optional(),
  profile: path,
  force: z.boolean().optional(),
  routes: path,
  pcap: path,
  count: whole(1_000_000),
  runs: whole(RUNS_MAX),
  seed: drawnSeed,
  only: pattern,
  out: path,
  junit: path,
  json: z.boolean().optional(),
});

/**
 * Checks options as the command line has them, all of them strings or flags.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parseConformOptions(raw: Record<string, unknown>): ConformOptions {
  const o = checked(schema, raw);
  const named = [o.exec, o.stack, o.device].filter((one) => one !== undefined);
  if (named.length !== 1) {
    throw new UserError("--exec: expected a program, --stack or --device, one of the three");
  }
  if (o.profile !== undefined && o.stack !== undefined) {
    throw new UserError("--profile: expected only with --exec or --device");
  }
  for (const name of ["protocol", "timeout"] as const) {
    if (o[name] !== undefined && o.exec === undefined) {
      throw new UserError(`--${name}: expected only with --exec`);
    }
  }
  if (o.count !== undefined && o.routes === undefined && o.pcap === undefined) {
    throw new UserError("--count: expected only with --routes or --pcap");
  }
  checkForce(o.force, o.device === undefined ? [] : [o.device]);
  return {
    exec: o.exec ?? null,
    protocol: o.protocol ?? "stream",
    timeoutMs: o.timeout ?? TIMEOUT_MS,
    stack: o.stack ?? null,
    device: o.device ?? null,
    profile: o.profile ?? null,
    force: o.force ?? false,
    routes: o.routes ?? null,
    pcap: o.pcap ?? null,
    count: o.count ?? null,
    runs: o.runs ??
      (o.exec !== undefined
        ? RUNS_OF_PROGRAM
        : o.device !== undefined
        ? liveRuns(o.device)
        : RUNS_OF_STACK),
    seed: o.seed ?? null,
    only: o.only ?? null,
    out: o.out ?? "counterexamples",
    junit: o.junit ?? null,
    json: o.json ?? false,
  };
}
