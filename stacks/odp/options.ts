/** What can be set, with the defaults of config/odp-linux-generic.conf and of odp_l2fwd, and what is refused. */
import type { OdpClassifierOptions } from "./classifier_options.ts";
import { checkClassifier } from "./classifier_options.ts";
import { checkTm, type TmOptions } from "./tm_options.ts";

/** How packets come in: odp_l2fwd's modes 0 to 4. */
export type OdpMode = "direct" | "parallel" | "atomic" | "ordered" | "queue";

/** An interface of the program. */
export type OdpInterfaceOptions =
  /** A poll-mode driver on a port of the machine, or a packet socket on it. */
  | { readonly type: "dpdk" | "socket"; readonly port: number }
  /** What is sent is received; `frames` wait in it at the start. */
  | { readonly type: "loop"; readonly frames?: readonly Uint8Array[] }
  /** A capture that is read, and one that is written: what is sent is appended to `out`. */
  | { readonly type: "pcap"; readonly in?: readonly Uint8Array[]; readonly out?: Uint8Array[] };

/** Knobs; names in brackets are the system's own. */
export interface OdpOptions {
  /** What the program does with a packet: route it, or send it out of the paired port; `"l3fwd"`. */
  readonly app?: "l3fwd" | "l2fwd";
  /** How packets come in [odp_l2fwd -m]; `"atomic"`. */
  readonly mode?: OdpMode;
  /** How they leave [-o]: directly, by pktout event queues, or by the Traffic Manager; `"direct"`. */
  readonly output?: "direct" | "queue" | "tm";
  /** Interfaces, in the order of the ports that routes lead to [-i]; a dpdk one on each port. */
  readonly interfaces?: readonly OdpInterfaceOptions[];
  /** Packets of a burst [MAX_PKT_BURST, -b]; 32. */
  readonly burst?: number;
  /** Priority of input queues, 7 is the most urgent [odp_schedule_default_prio]; 3. */
  readonly prio?: number;
  /** Events of a queue [queue_basic.default_queue_size]; 4096, at most 8192. */
  readonly queueSize?: number;
  /** Rings of a priority [sched_basic.prio_spread]; 4, at most 8. */
  readonly prioSpread?: number;
  /** Looks at the preferred one for each at another [prio_spread_weight]; 63. */
  readonly prioSpreadWeight?: number;
  /** Events of a call by priority, the most urgent first [burst_size_default]. */
  readonly burstDefault?: readonly number[];
  /** The same where the caller has room for more [burst_size_max]. */
  readonly burstMax?: readonly number[];
  /** Classes of service and rules; none: every packet stays in its input queue. */
  readonly classifier?: OdpClassifierOptions;
  /** The tree of the Traffic Manager on each interface. */
  readonly tm?: TmOptions;
}

/** Every knob set. */
export type OdpSettings =
  & Required<Omit<OdpOptions, "interfaces" | "classifier" | "tm">>
  & Pick<OdpOptions, "interfaces" | "classifier" | "tm">;

/** Most packets of a burst: what a driver's receive function answers at most. */
export const BURST_MAX = 32;

/** @throws {RangeError} when a value is no integer in its range */
export function checkKnob(knob: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure odp: ${knob} ${value} is not an integer in ${least}..${most}`,
  );
}

/** @throws {TypeError} when a word is none of those that the knob knows */
export function checkWord(knob: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  const allowed = words.map((word) => `"${word}"`).join(", ");
  throw new TypeError(`Cannot configure odp: ${knob} "${value}" is not one of ${allowed}`);
}

/**
 * Options with defaults filled in.
 * @throws {RangeError} when a number is out of range, or what is asked for does not fit together
 * @throws {TypeError} when a word is none of those that its knob knows
 */
export function settingsOf(options: OdpOptions): OdpSettings {
  const settings: OdpSettings = {
    app: "l3fwd",
    mode: "atomic",
    output: "direct",
    burst: BURST_MAX,
    prio: 3,
    queueSize: 4096,
    prioSpread: 4,
    prioSpreadWeight: 63,
    burstDefault: [32, 32, 32, 32, 32, 16, 8, 4],
    burstMax: [255, 255, 255, 255, 255, 16, 16, 8],
    ...options,
  };
  const { app, mode, output } = settings;
  checkWord("app", app, ["l3fwd", "l2fwd"]);
  checkWord("mode", mode, ["direct", "parallel", "atomic", "ordered", "queue"]);
  checkWord("output", output, ["direct", "queue", "tm"]);
  checkKnob("burst", settings.burst, 1, BURST_MAX);
  checkKnob("prio", settings.prio, 0, 7);
  checkKnob("queueSize", settings.queueSize, 1, 8192);
  checkKnob("prioSpread", settings.prioSpread, 1, 8);
  checkKnob("prioSpreadWeight", settings.prioSpreadWeight, 1, 63);
  for (const knob of ["burstDefault", "burstMax"] as const) {
    const bursts = settings[knob];
    if (bursts.length !== 8) {
      throw new RangeError(`Cannot configure odp: ${knob} has ${bursts.length} entries, not 8`);
    }
    for (const one of bursts) checkKnob(knob, one, 1, 255);
  }
  checkInterfaces(settings);
  if (settings.classifier !== undefined) {
    if (mode === "direct" || mode === "queue") {
      throw new RangeError(
        `Cannot configure odp: the classifier's queues are scheduled, not ${mode}`,
      );
    }
    checkClassifier(settings.classifier);
  }
  if (output === "tm") checkTm(settings.tm ?? {});
  return settings;
}

function checkInterfaces({ interfaces = [], app }: OdpSettings): void {
  checkKnob("number of interfaces", interfaces.length, 0, 64);
  for (const one of interfaces) {
    checkWord("type of an interface", one.type, ["dpdk", "socket", "loop", "pcap"]);
    if (one.type === "dpdk" || one.type === "socket") checkKnob("port", one.port, 0, 63);
  }
  if (app === "l2fwd" && interfaces.length % 2 === 1) {
    throw new RangeError(`Cannot configure odp: l2fwd pairs ${interfaces.length} interfaces`);
  }
}
