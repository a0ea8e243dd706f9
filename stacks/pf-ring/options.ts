/** What can be set on vanilla PF_RING, with the defaults of module, library and examples, and what is refused. */
import { type BpfInsn, checkBpf } from "./bpf.ts";
import { CLUSTER_TYPES, type ClusterType } from "./cluster_hash.ts";
import type { HashRule, WildcardRule } from "./filters.ts";
import type { PcapSavefile } from "./pcap.ts";
import type { PacketDirection } from "./socket.ts";

/** An application; names in brackets are those of library and examples. */
export interface PfRingApplication {
  /**
   * `"router"`: receives, routes in the mapped ring and sends [pfbridge]. `"pfcount"`: counts. `"reflector"`: leaves it
   * to a rule in the kernel to send what port 2k receives out of port 2k + 1, and the other way round.
   */
  readonly application: "router" | "pfcount" | "reflector";
  /**
   * Sockets and processes: one for each port, on any channel; one for each port and receive queue [eth0@3], on that
   * queue's lcore; or `processes` of them on all ports, in one cluster. `"device"`.
   */
  readonly open?: "device" | "channel" | "cluster";
  /** Processes of a cluster, in turn on the lcores; 3. */
  readonly processes?: number;
  /** How a cluster shares packets out [pfring_set_cluster]; `"per_flow"`. */
  readonly clusterType?: ClusterType;
  /** Bytes captured of each packet [caplen, bucket_len]; 128, 1536 of a router. */
  readonly caplen?: number;
  /** Slots have the long header [PF_RING_LONG_HEADER]; false. */
  readonly longHeader?: boolean;
  /** Packets that wait before a sleeping reader is woken [pfring_set_poll_watermark]; 128, 1 of a router. */
  readonly watermark?: number;
  /** Milliseconds since the last wake-up after which any packet wakes it [..._timeout]; 0: none. */
  readonly watermarkTimeoutMs?: number;
  /** Milliseconds that poll(2) waits at most [pfring_set_poll_duration]; 500. */
  readonly pollDurationMs?: number;
  /** `"poll"` sleeps in poll(2) where there is nothing, `"active"` looks again [pfcount -a]; `"poll"`. */
  readonly wait?: "poll" | "active";
  /** Packets are copied out of the ring as well [pfring_recv with a buffer]; false. */
  readonly copies?: boolean;
  /** Packets that are seen [pfring_set_direction]; `"rx-and-tx"`, `"rx"` of what sends. */
  readonly direction?: PacketDirection;
  /** Every how many-th packet is taken [pfring_set_sampling_rate]; 1. */
  readonly samplingRate?: number;
  /** [pfring_set_bpf_filter], as `tcpdump -dd` prints it. */
  readonly bpf?: readonly BpfInsn[];
  /** [pfring_handle_hash_filtering_rule] */
  readonly hashRules?: readonly HashRule[];
  /** [pfring_add_filtering_rule] */
  readonly wildcardRules?: readonly WildcardRule[];
  /** What no rule matches is taken [pfring_toggle_filtering_policy]; true. */
  readonly acceptByDefault?: boolean;
  /** Only packets of this VLAN [pfring_set_vlan_id]; 0: any. */
  readonly vlanId?: number;
  /** Cycles that a process spends on each packet besides; 0. */
  readonly packetCycles?: number;
  /** Packets are read by libpcap and written to a file [tcpdump -w]; none. */
  readonly savefile?: PcapSavefile;
  /** What happens to its processes while packets flow, in order of time. */
  readonly events?: readonly PfRingEvent[];
}

/** A process stops to read, goes on, is killed, or leaves and joins its cluster. */
export interface PfRingEvent {
  readonly atUs: number;
  /** Number of the process, in the order in which they were started. */
  readonly process: number;
  readonly what: "stop" | "continue" | "kill" | "leave" | "join";
}

/** Knobs of module and kernel; names in brackets are their own. */
export interface PfRingOptions {
  /** The first one decides what becomes of packets, unless the kernel forwards; a router alone. */
  readonly applications?: readonly PfRingApplication[];
  /** Slots of full length that a ring has room for [min_num_slots]; 4096. */
  readonly minNumSlots?: number;
  /** Packets that are sent are seen too [enable_tx_capture]; true. */
  readonly enableTxCapture?: boolean;
  /** Fragments reach the socket of their first one [enable_frag_coherence]; true. */
  readonly enableFragCoherence?: boolean;
  /** One socket for each channel, no parsing, no filters [quick_mode]; false. */
  readonly quickMode?: boolean;
  /** Rings are locked whoever writes to them [force_ring_lock]; false. */
  readonly forceRingLock?: boolean;
  /** The kernel forwards what it receives, and applications only listen [net.ipv4.ip_forward]; false. */
  readonly ipForward?: boolean;
  /** IPv4 address of each port [ip address add]: what is sent to it is for the kernel, which answers pings. */
  readonly addresses?: readonly number[];
  /** Packets of each queueing discipline [txqueuelen]; 1000. */
  readonly txqueuelen?: number;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; absent, adaptive. */
  readonly itrUs?: number;
}

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
  const { vlanId = 0, packetCycles = 0, events = [] } = options;
  word("application", application, ["router", "pfcount", "reflector"]);
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
    ...{ hashRules, wildcardRules, acceptByDefault, vlanId, packetCycles, events },
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
