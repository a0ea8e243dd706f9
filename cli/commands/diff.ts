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
} from "../../properties/mod.ts";
import { deviceOf, type NamedDevice, scenarioOfFiles } from "../conform/device.ts";
import { isLiveDevice, LIVE_FORMS } from "../conform/live.ts";
import type { Io } from "../io.ts";
import { checked, number, oneOf, path, refuse } from "../option_schema.ts";
import { stackNames } from "../options.ts";
import { STACK_NAMES } from "../stacks.ts";
import { oneLine, UserError } from "../user_error.ts";

const RUNS_MAX = 100_000;
const COUNT_MAX = 100_000;

const whole = (most: number) =>
  number(/^\d{1,10}$/, `an integer in 1..${most}`, (n) => n >= 1 && n <= most);

const schema = z.strictObject({
  stacks: stackNames,
  exec: z.array(z.string()).optional(),
  device: z.array(
    z.string().transform((text, ctx) =>
      isLiveDevice(text) ? text : refuse(ctx, `one of ${LIVE_FORMS.join(", ")}`, text)
    ),
  ).optional(),
  protocol: oneOf(["stream", "pcap"]),
  timeout: whole(3_600_000),
  undeclared: z.boolean().optional(),
  routes: path,
  pcap: path,
  count: whole(COUNT_MAX),
  runs: whole(RUNS_MAX),
  seed: number(/^\d{1,10}$/, "an integer in 0..2147483647", (n) => n < 2 ** 31),
});

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
  const timeoutMs = o.timeout ?? 10_000;
  const protocol = o.protocol ?? "stream";
  const subjects = [
    ...(o.stacks ?? []).map((stack) => ({ stack, exec: null, device: null })),
    ...(o.exec ?? []).map((exec) => ({ stack: null, exec, device: null })),
    ...(o.device ?? []).map((device) => ({ stack: null, exec: null, device })),
  ];
  if (subjects.length < 2) {
    throw new UserError(
      "--stacks: expected two forwarders or more, of --stacks, --exec and --device together",
    );
  }
  const hasFiles = o.routes !== undefined || o.pcap !== undefined;
  const given = hasFiles
    ? scenarioOfFiles({
      ...{ routes: o.routes ?? null, pcap: o.pcap ?? null },
      ...{ count: o.count ?? 2000, seed: o.seed ?? null },
    })
    : null;
  const opened: NamedDevice[] = [];
  try {
    for (const subject of subjects) {
      const options = { ...subject, protocol, timeoutMs, profile: null, force: false };
      opened.push(deviceOf(options, given?.scenario ?? null));
    }
    const devices = opened.map(({ device }) => device);
    const undeclaredOnly = o.undeclared ?? false;
    const result = compareDevices(devices, {
      undeclaredOnly,
      ...o.runs === undefined ? {} : { numRuns: o.runs },
      ...o.seed === undefined ? {} : { seed: o.seed },
      ...given === null ? {} : { scenarios: [given.scenario] },
    });
    io.stdout(differenceText(devices, result, given?.files ?? null, undeclaredOnly));
    return result.divergence === null;
  } finally {
    for (const { close } of opened) close();
  }
}

function differenceText(
  devices: readonly DeviceUnderTest[],
  result: DifferentialResult,
  files: string | null,
  undeclared: boolean,
): string {
  const { runs, packets, scenario, divergence, minimal } = result;
  const on = files ?? `${counted(runs, "scenario")}, ${counted(packets, "packet")}`;
  const names = devices.map(({ name }) => oneLine(name)).join(", ");
  if (scenario === null || divergence === null) {
    return `${names}: no ${undeclared ? "undeclared " : ""}difference on ${on}\n`;
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
    `${names}: they part, on ${on}`,
    "",
    `  packet ${packet} of ${traffic.count}, into port ${traffic.port[packet]}: ${frame}`,
    ...traffic.count > 1 && minimal ? ["  removing any one packet makes them agree"] : [],
    ...routeLines(scenario),
    "",
    table.toString(),
    ...policyLines(devices),
  ];
  return `${lines.join("\n")}\n`;
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
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
  return routes.count > shown ? [...lines, `  and ${routes.count - shown} routes more`] : lines;
}

/** Where the devices declare different things. */
function policyLines(devices: readonly DeviceUnderTest[]): string[] {
  const keys = new Set(devices.flatMap(({ policy }) => Object.keys(policy) as (keyof Policy)[]));
  return [...keys].filter((key) => key !== "congestion").flatMap((key) => {
    const values = devices.map(({ policy }) => textOf(policy[key] ?? "default"));
    if (values.every((value) => value === values[0])) return [];
    const often = values.toSorted((a, b) => count(values, b) - count(values, a))[0]!;
    const others = count(values, often) > 3;
    const said = devices.map(({ name }, i) => `${oneLine(name)} ${values[i]}`)
      .filter((_, i) => !others || values[i] !== often);
    return [`declared ${key}: ${[...said, ...others ? [`others ${often}`] : []].join(", ")}`];
  });
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function count(values: readonly string[], value: string): number {
  return values.filter((one) => one === value).length;
}
