/** The options of vanilla PF_RING with every knob set, and what is refused. */
import { type BpfInsn, checkBpf } from "./bpf.ts";
import { CLUSTER_TYPES } from "./cluster_hash.ts";
import type { PfRingApplication, PfRingOptions } from "./options.ts";
import type { PcapSavefile } from "./pcap.ts";

/** An application with every knob set. */
export type ApplicationSettings = Required<Omit<PfRingApplication, "bpf" | "savefile">> & {
  readonly bpf: readonly BpfInsn[] | null;
  readonly savefile: PcapSavefile | null;
};

/** Every knob set. */
export type PfRingSettings = Required<Omit<PfRingOptions, "applications">> & {
  readonly applications: readonly ApplicationSettings[];
};

/** The longest frame, which a router has to capture whole. */
const FRAME_MAX = 1518;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is no integer or out of range, or two exclude each other
 * @throws {TypeError} when one is none of its words
 */
export function settingsOf(options: PfRingOptions): PfRingSettings {
  const { applications = [{ application: "router" }], minNumSlots = 4096 } = options;
  const { enableTxCapture = true, enableFragCoherence = true, quickMode = false } = options;
  const { forceRingLock = false, ipForward = false, addresses = [] } = options;
  const { txqueuelen = 1000, itrUs = -1 } = options;
  check("minNumSlots", minNumSlots, 1, 2 ** 20);
  check("txqueuelen", txqueuelen, 1, 100_000);
  check("itrUs", itrUs, -1, 1000);
  for (const address of addresses) check("address", address, 0, 2 ** 32 - 1);
  if (applications.length === 0) refuse("there is no application");
  const settings = applications.map(applicationOf);
  if (ipForward && settings.some(({ application }) => application !== "pfcount")) {
    refuse("packets would be forwarded by the kernel and by an application");
  }
  if (settings.slice(1).some(({ application }) => application !== "pfcount")) {
    refuse("only the first application may forward packets");
  }
  if (quickMode && settings.some((one) => one.open === "cluster" || hasFilters(one))) {
    refuse("quick_mode has neither clusters nor filters");
  }
  return {
    ...{ minNumSlots, enableTxCapture, enableFragCoherence, quickMode, forceRingLock },
    ...{ ipForward, addresses, txqueuelen, itrUs, applications: settings },
  };
}

function hasFilters(
  { bpf, hashRules, wildcardRules, samplingRate, vlanId }: ApplicationSettings,
): boolean {
  return bpf !== null || hashRules.length + wildcardRules.length > 0 || samplingRate > 1 ||
    vlanId > 0;
}

function applicationOf(options: PfRingApplication): ApplicationSettings {
  const { application } = options;
  const routes = application === "router";
  const sends = application !== "pfcount";
  const { open = "device", processes = 3, clusterType = "per_flow" } = options;
  const { caplen = routes ? 1536 : 128, longHeader = false } = options;
  const { watermark = routes ? 1 : 128, watermarkTimeoutMs = 0, pollDurationMs = 500 } = options;
  const { wait = "poll", copies = false, direction = sends ? "rx" : "rx-and-tx" } = options;
  const { samplingRate = 1, hashRules = [], wildcardRules = [], acceptByDefault = true } = options;
  const { frames = 1000, frameBytes = application === "pfsend" ? 60 : 0 } = options;
  if (application === "pfsend") check("frameBytes", frameBytes, 60, 1514);
  check("frames", frames, 0, 2 ** 30);
  const { vlanId = 0, packetCycles = 0, events = [] } = options;
  word("application", application, ["router", "pfcount", "reflector", "pfsend"]);
  word("open", open, ["device", "channel", "cluster"]);
  word("clusterType", clusterType, CLUSTER_TYPES);
  word("wait", wait, ["poll", "active"]);
  word("direction", direction, ["rx", "tx", "rx-and-tx"]);
  check("processes", processes, 1, 64);
  check("caplen", caplen, 1, 65_535);
  check("watermark", watermark, 1, 2 ** 20);
  check("watermarkTimeoutMs", watermarkTimeoutMs, 0, 100_000);
  check("pollDurationMs", pollDurationMs, 1, 100_000);
  check("samplingRate", samplingRate, 1, 2 ** 20);
  check("vlanId", vlanId, 0, 4095);
  check("packetCycles", packetCycles, 0, 2 ** 30);
  if (routes && caplen < FRAME_MAX) refuse(`a router captures ${caplen} bytes of ${FRAME_MAX}`);
  if (options.savefile !== undefined && application !== "pfcount") {
    refuse(`a ${application} writes no savefile`);
  }
  if (sends && direction !== "rx") refuse(`a ${application} would receive what it sends`);
  return {
    ...{ application, open, processes, clusterType, caplen, longHeader, watermark },
    ...{ watermarkTimeoutMs, pollDurationMs, wait, copies, direction, samplingRate },
    ...{
      hashRules,
      wildcardRules,
      acceptByDefault,
      vlanId,
      packetCycles,
      events,
      frames,
      frameBytes,
    },
    bpf: options.bpf === undefined ? null : checkBpf(options.bpf),
    savefile: options.savefile ?? null,
  };
}

function refuse(why: string): never {
  throw new RangeError(`Cannot configure pf_ring: ${why}`);
}

function word(knob: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  const allowed = words.map((one) => `"${one}"`).join(", ");
  throw new TypeError(`Cannot configure pf_ring: ${knob} "${value}" is not one of ${allowed}`);
}

function check(knob: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  refuse(`${knob} ${value} is not an integer in ${least}..${most}`);
}
