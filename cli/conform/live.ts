/** Devices of the real world by the name that the command line gives them. */
import {
  dpdkDevice,
  givenDevice,
  kernelDevice,
  type KernelSettings,
  type LiveDevice,
  ovsDevice,
  TESTPMD_MODES,
  testpmdDevice,
  type TestpmdMode,
  xdpDevice,
} from "../../stacks/mod.ts";
import { z } from "zod";
import type { Policy } from "../../core/mod.ts";
import { refuse } from "../option_schema.ts";
import { InputError } from "../../fixtures/input_error.ts";
import { reasonOf } from "../files.ts";
import { UserError } from "../user_error.ts";
import { readBench } from "./bench_file.ts";
import type { Deviation } from "./profile.ts";

/** A device that can be named: how it is written, and what it is. */
interface LiveEntry {
  /** As in the help: `xdp:FILE.o`. */
  readonly form: string;
  /** Scenarios unless told otherwise. */
  readonly runs: number;
  /** Opens it; `argument` is what follows the colon, `settings` what it is told to be set to, `force` takes interfaces of use. */
  open(argument: string, settings: Partial<Policy>, force: boolean): LiveDevice;
}

/** The program that is built for the devices of DPDK. */
export const DPDK_LPM: string = new URL("../../docs/examples/dpdk_lpm.c", import.meta.url).pathname;

const RUNS = 1000;
/** Where processes are started for each. */
const RUNS_OF_PROCESSES = 50;

const ENTRIES: Readonly<Record<string, LiveEntry>> = {
  kernel: {
    form: "kernel",
    runs: RUNS,
    open: (_, settings) => kernelDevice({ settings: kernelSettings(settings) }),
  },
  xdp: { form: "xdp:FILE.o", runs: RUNS, open: (file) => xdpDevice({ file }) },
  "xdp-live": {
    form: "xdp-live:FILE.o",
    runs: RUNS,
    open: (file) => xdpDevice({ file, live: true }),
  },
  "xdp-native": {
    form: "xdp-native:FILE.o",
    runs: RUNS,
    open: (file) => xdpDevice({ file, live: "native" }),
  },
  dpdk: { form: "dpdk", runs: RUNS_OF_PROCESSES, open: () => dpdkDevice({ source: DPDK_LPM }) },
  "dpdk-l3fwd": {
    form: "dpdk-l3fwd",
    runs: RUNS_OF_PROCESSES,
    open: () => dpdkDevice({ source: DPDK_LPM, profile: "l3fwd" }),
  },
  testpmd: {
    form: `testpmd:${TESTPMD_MODES.join("|")}`,
    runs: RUNS_OF_PROCESSES,
    open: (mode) => testpmdDevice(mode as TestpmdMode),
  },
  ports: {
    form: "ports:BENCH.json",
    runs: RUNS,
    open: (file, _, force) => givenDevice({ ...readBench(file), addressed: force }),
  },
  ovs: { form: "ovs", runs: RUNS_OF_PROCESSES, open: () => ovsDevice() },
};

/** Every device that routes, as it is written. */
export const LIVE_FORMS: readonly string[] = Object.values(ENTRIES).map(({ form }) => form);

/** What `--force` does. */
export const FORCE = "take interfaces that carry an address, with --device ports:BENCH.json";

/** @throws {UserError} when `--force` is given, and no device that it is about */
export function checkForce(force: boolean | undefined, devices: readonly string[] = []): void {
  if (force && !devices.some(isBench)) {
    throw new UserError(`--force: expected only with --device ${ENTRIES.ports!.form}`);
  }
}

/** Whether a device is one that somebody else set up. */
export function isBench(device: string): boolean {
  return split(device)[0] === "ports";
}

/** What bridges; it is judged by laws of its own. */
export const BRIDGE = "bridge";

/** An option that names a device that routes. */
export const liveDevice = z.string().transform((text, ctx) =>
  isLiveDevice(text) ? text : refuse(ctx, `one of ${LIVE_FORMS.join(", ")}`, text)
);

/** Whether a text names a device. */
export function isLiveDevice(text: string): boolean {
  const [kind, argument] = split(text);
  const entry = ENTRIES[kind];
  if (kind === "testpmd") return TESTPMD_MODES.some((mode) => mode === argument);
  return entry !== undefined && entry.form.includes(":") === (argument !== "");
}

/** Scenarios to draw unless told otherwise: fewer where a process is started for each. */
export function liveRuns(text: string): number {
  return ENTRIES[split(text)[0]]?.runs ?? RUNS;
}

/**
 * Opens a device.
 * @throws {UserError} when it cannot be, e.g. for want of a permission, which it names
 */
export function openLive(
  text: string,
  deviations: readonly Deviation[] = [],
  force = false,
): LiveDevice {
  const [kind, argument] = split(text);
  const settings = Object.fromEntries(deviations.map(({ field, value }) => [field, value]));
  try {
    return ENTRIES[kind]!.open(argument, settings, force);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    if (error instanceof UserError || error instanceof InputError) throw error;
    const isOfFile = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    throw new UserError(`--device ${text}: ${isOfFile ? reasonOf(error) : error.message}`);
  }
}

function split(text: string): [kind: string, argument: string] {
  const at = text.indexOf(":");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Those of a policy that the kernel can be set to. */
function kernelSettings({ mtu, reversePath }: Partial<Policy>): KernelSettings {
  return {
    ...mtu === undefined ? {} : { mtu },
    ...reversePath === undefined ? {} : { reversePath },
  };
}
