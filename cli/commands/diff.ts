/** `planecheck diff`: the same packets through several forwarders, and the first on which they part. */
import { type Command, Option } from "commander";
import Table from "cli-table3";
import { z } from "zod";
import type { DeviceUnderTest, Policy, Scenario } from "../../core/mod.ts";
import {
  compareDevices,
  describeFrame,
  type DeviceOutcome,
  type DifferentialResult,
  frameDifference,
  type ReplayCommand,
  reportCounterexample,
  tokenOf,
} from "../../properties/mod.ts";
import { replayCommand } from "../conform/again.ts";
import {
  benchSetup,
  checkRoutes,
  deviceOf,
  type DeviceOptions,
  type NamedDevice,
  scenarioOfFiles,
  TIMEOUT_MS,
} from "../conform/device.ts";
import { checkForce, FORCE, LIVE_FORMS, liveDevice } from "../conform/live.ts";
import { valueText } from "../conform/profile.ts";
import type { Io } from "../io.ts";
import {
  checked,
  drawnSeed,
  oneOf,
  path,
  shellCommand,
  timeoutMs,
  whole,
} from "../option_schema.ts";
import { counted } from "../report/format.ts";
import { stackNames } from "../options.ts";
import { STACK_NAMES } from "../stacks.ts";
import { oneLine, UserError } from "../user_error.ts";
import { wrapped } from "./run.ts";

const RUNS_MAX = 100_000;
const COUNT_MAX = 100_000;

const schema = z.strictObject({
  stacks: stackNames,
  exec: z.array(shellCommand).optional(),
  device: z.array(liveDevice).optional(),
  force: z.boolean().optional(),
  protocol: oneOf(["stream", "pcap"]),
  timeout: timeoutMs,
  undeclared: z.boolean().optional(),
  routes: path,
  pcap: path,
  count: whole(COUNT_MAX),
  runs: whole(RUNS_MAX),
  seed: drawnSeed,
});

/** In a token, what it is about. */
const DIFFERENCE = { id: "a difference" };

/** Adds the command. It sets `exit.code` to 1 when the forwarders part. */
export function addDiff(program: Command, io: Io, exit: { code: number }): void {
  program.command("diff")
    .description(
      "Give two or more forwarders the same packets, one at a time, until they part; show the " +
        "smallest scenario on which they do, and who does what. Drops are compared, not their names.",
    )
    .addOption(
      new Option(
        "--stacks <names>",
        `stacks, with commas between, or all: ${STACK_NAMES.join(", ")}`,
      ),
    )
    .addOption(
      new Option("--exec <command>", "a program besides, as for conform; may be given again")
        .argParser((text: string, before: string[] | undefined) => [...before ?? [], text]),
    )
    .addOption(
      new Option(
        "--device <name>",
        `a device of the real world besides: ${LIVE_FORMS.join(", ")}; may be given again`,
      ).argParser((text: string, before: string[] | undefined) => [...before ?? [], text]),
    )
    .addOption(new Option("--force", FORCE))
    .addOption(
      new Option("--protocol <name>", "how programs are given frames: stream, pcap (stream)"),
    )
    .addOption(
      new Option("--timeout <ms>", "milliseconds that a run of a program may take (10000)"),
    )
    .addOption(new Option("--undeclared", "pass over what every forwarder declares to do"))
    .addOption(new Option("--routes <file>", "on this prefix list instead of drawn scenarios"))
    .addOption(new Option("--pcap <file>", "on the frames of this capture"))
    .addOption(new Option("--count <packets>", "packets to offer on these (2000)"))
    .addOption(new Option("--runs <n>", "scenarios to draw (200)"))
    .addOption(new Option("--seed <n>", "seed of what is drawn"))
    .addHelpText(
      "after",
      "\nExit codes: 0 no difference, 1 a difference (or an internal error), 2 wrong option or input.",
    )
    .action((raw: Record<string, unknown>) => {
      exit.code = diff(raw, io) ? 0 : 1;
    });
}

/** Whether all do the same. */
function diff(raw: Record<string, unknown>, io: Io): boolean {
  const o = checked(schema, raw);
  const none: DeviceOptions = {
    ...{ stack: null, exec: null, device: null, profile: null, force: o.force ?? false },
    ...{ protocol: o.protocol ?? "stream", timeoutMs: o.timeout ?? TIMEOUT_MS },
  };
  const subjects: DeviceOptions[] = [
    ...(o.stacks ?? []).map((stack) => ({ ...none, stack })),
    ...(o.exec ?? []).map((exec) => ({ ...none, exec })),
    ...(o.device ?? []).map((device) => ({ ...none, device })),
  ];
  if (subjects.length < 2) {
    throw new UserError(
      "--stacks: expected two forwarders or more, of --stacks, --exec and --device together",
    );
  }
  for (const name of ["protocol", "timeout"] as const) {
    if (o[name] !== undefined && o.exec === undefined) {
      throw new UserError(`--${name}: expected only with --exec`);
    }
  }
  const hasFiles = o.routes !== undefined || o.pcap !== undefined;
  if (o.count !== undefined && !hasFiles) {
    throw new UserError("--count: expected only with --routes or --pcap");
  }
  checkForce(o.force, o.device);
  const benches = subjects.flatMap((subject) => benchSetup(subject) ?? []);
  if (benches.length > 1) throw new UserError("--device: expected one bench file, got several");
  const given = hasFiles
    ? scenarioOfFiles({
      ...{ routes: o.routes ?? null, pcap: o.pcap ?? null },
      ...{ count: o.count ?? 2000, seed: o.seed ?? null },
    }, benches[0])
    : null;
  const told = given?.scenario ?? benches[0];
  const opened: NamedDevice[] = [];
  try {
    for (const subject of subjects) {
      opened.push(deviceOf(subject, given?.scenario ?? null));
    }
    const devices = opened.map(({ device }) => device);
    if (told !== undefined) {
      const source = benches.length > 0 ? "--device" : o.routes ?? o.pcap!;
      for (const device of devices) checkRoutes(device, told, source);
    }
    const undeclaredOnly = o.undeclared ?? false;
    const result = compareDevices(devices, {
      undeclaredOnly,
      ...o.runs === undefined ? {} : { numRuns: o.runs },
      ...o.seed === undefined ? {} : { seed: o.seed },
      ...given === null ? {} : { scenarios: [given.scenario] },
    });
    const again = (i: number) => (what: string) => replayCommand(what, subjects[i]!);
    io.stdout(
      result.failure === null
        ? differenceText(devices, result, given?.files ?? null, undeclaredOnly, again)
        : failureText(result.failure, again),
    );
    return result.divergence === null && result.failure === null;
  } finally {
    for (const { close } of opened) close();
  }
}

function failureText(
  { device, counterexample }: NonNullable<DifferentialResult["failure"]>,
  again: (device: number) => ReplayCommand,
): string {
  return `${oneLine(counterexample.device)} failed, so there is nothing to compare\n\n` +
    `${reportCounterexample(counterexample, [], again(device))}\n`;
}

function differenceText(
  devices: readonly DeviceUnderTest[],
  result: DifferentialResult,
  files: string | null,
  undeclared: boolean,
  again: (device: number) => ReplayCommand,
): string {
  const { runs, packets, scenario, divergence, minimal } = result;
  const on = files !== null
    ? oneLine(files)
    : `${counted(runs, "scenario")}, ${counted(packets, "packet")}`;
  const names = devices.map(({ name }) => oneLine(name)).join(", ");
  if (scenario === null || divergence === null) {
    return wrapped(`${names}: no ${undeclared ? "undeclared " : ""}difference on ${on}`, "  ");
  }
  const { packet, outcomes } = divergence;
  const { traffic } = scenario;
  const frame = describeFrame(traffic.bytes, traffic.offset[packet]!, traffic.length[packet]!);
  const table = new Table({
    head: ["forwarder", "what it did", "declared", ""],
    style: { head: [], border: [], compact: true },
  });
  for (const outcome of outcomes) {
    const what = didText(outcome);
    const declared = outcome.asDeclared ? "yes" : "NO";
    table.push([oneLine(outcome.device), what, declared, besides(outcome, outcomes)]);
  }
  const lines = [
    wrapped(`${names}: they part, on ${on}`, "  ").trimEnd(),
    "",
    `  packet ${packet} of ${traffic.count}, into port ${traffic.port[packet]}: ${frame}`,
    ...traffic.count > 1 && minimal ? ["  removing any one packet makes them agree"] : [],
    ...routeLines(scenario),
    "",
    table.toString(),
    ...policyLines(devices),
    ...outcomes.every(({ asDeclared }) => asDeclared)
      ? ["each does what it declares; --undeclared passes over such differences"]
      : [],
    ...outcomes.flatMap(({ asDeclared, device }, i) => {
      const token = asDeclared ? null : tokenOf({ device, law: DIFFERENCE, scenario });
      return token === null ? [] : [`replay ${again(i)(token)}`];
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function didText({ frames, why }: DeviceOutcome): string {
  if (frames.length === 0) return why;
  return frames.map(({ port, bytes }) => `port ${port}, ${bytes.length} bytes`).join("; ");
}

/** In what its frame differs from that of the first that sent one. */
function besides({ frames }: DeviceOutcome, outcomes: readonly DeviceOutcome[]): string {
  const first = outcomes.find((one) => one.frames.length > 0)?.frames[0]?.bytes;
  const own = frames[0]?.bytes;
  if (first === undefined || own === undefined || first === own) return "";
  return frameDifference(own, 0, own.length, first, 0, first.length).replaceAll("; ", ";\n");
}

function routeLines({ routes, neighbours }: Scenario): string[] {
  const shown = Math.min(routes.count, 6);
  const lines = Array.from({ length: shown }, (_, i) => {
    const prefix = routes.prefix[i]!;
    const address = [24, 16, 8, 0].map((shift) => prefix >>> shift & 255).join(".");
    const hop = routes.nextHop[i]!;
    return `  route ${address}/${routes.depth[i]} to next hop ${hop} on port ${
      neighbours.port[hop]
    }`;
  });
  return routes.count > shown
    ? [...lines, `  and ${counted(routes.count - shown, "route")} more`]
    : lines;
}

/** Where the devices declare different things. */
function policyLines(devices: readonly DeviceUnderTest[]): string[] {
  const keys = new Set(devices.flatMap(({ policy }) => Object.keys(policy) as (keyof Policy)[]));
  return [...keys].filter((key) => key !== "congestion").flatMap((key) => {
    const values = devices.map(({ policy }) =>
      policy[key] === undefined ? "default" : valueText(key, policy[key])
    );
    if (values.every((value) => value === values[0])) return [];
    const often = values.toSorted((a, b) => count(values, b) - count(values, a))[0]!;
    const others = count(values, often) > 3;
    const said = devices.map(({ name }, i) => `${oneLine(name)} ${values[i]}`)
      .filter((_, i) => !others || values[i] !== often);
    const all = [...said, ...others ? [`others ${often}`] : []].join(", ");
    return [wrapped(`declared ${key}: ${all}`, "  ").trimEnd()];
  });
}

function count(values: readonly string[], value: string): number {
  return values.filter((one) => one === value).length;
}
