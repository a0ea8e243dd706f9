/** The tree of the Traffic Manager: nodes, queues, profiles, and what is refused. */
import { checkKnob, checkWord } from "./options.ts";

/**
 * Colours of a packet, by its drop precedence.
 *
 * @example
 * ```ts
 * import { odp, TM_COLOURS } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const red = { minThreshold: 10, medThreshold: 20, medDropProb: 50, maxDropProb: 100 };
 * const stack = odp({ output: "tm", tm: { queues: [{ name: "q", wred: { [TM_COLOURS[2]]: red } }] } });
 * assertEquals(stack.policy!.congestion.includes("qdisc-full"), true);
 * ```
 */
export const TM_COLOURS = ["green", "yellow", "red"] as const;

/** One of {@link TM_COLOURS}. */
export type TmColour = typeof TM_COLOURS[number];

/** A shaper (`odp_tm_shaper_params_t`): one token bucket, or two where a peak rate is given. */
export interface TmShaperOptions {
  /** Bits a second. */
  readonly commitRate: number;
  /** Bits that may be saved up. */
  readonly commitBurst: number;
  /** Rate at which packets beyond the committed ones go on, as yellow ones. */
  readonly peakRate?: number;
  /** Bits of it that may be saved up. */
  readonly peakBurst?: number;
  /** Bytes added to each frame, e.g. 24 for FCS, preamble and gap [shaper_len_adjust]; 0. */
  readonly lenAdjust?: number;
}

/** When packets of a colour are dropped before a queue is full (`odp_tm_wred_params_t`); thresholds in percent. */
export interface TmWredOptions {
  /** Fullness below which nothing is dropped. */
  readonly minThreshold: number;
  /** Where the line bends. */
  readonly medThreshold: number;
  /** Probability in percent at the middle threshold. */
  readonly medDropProb: number;
  /** The same just below a full queue. */
  readonly maxDropProb: number;
}

/** An inner node; packets go on to its parent. */
export interface TmNodeOptions {
  /** Its name, by which children name it. */
  readonly name: string;
  /** Absent: the root, which sends to the interface. */
  readonly parent?: string;
  /** At its parent: 0 is the most urgent, 15 the least. */
  readonly prio?: number;
  /** Share among its siblings of one priority, 1..255. */
  readonly weight?: number;
  /** What its packets may take of time; without it, any. */
  readonly shaper?: TmShaperOptions;
}

/** A queue of packets (`odp_tm_queue_params_t`). */
export interface TmQueueOptions extends TmNodeOptions {
  /** Packets that it holds [max_pkts of its threshold profile]; 1024. */
  readonly maxPkts?: number;
  /** Bytes that it holds [max_bytes]; any. */
  readonly maxBytes?: number;
  /** Early discard by colour; none. */
  readonly wred?: { readonly [colour in TmColour]?: TmWredOptions };
}

/** The tree, one for each interface. */
export interface TmOptions {
  /** Inner nodes; none. */
  readonly nodes?: readonly TmNodeOptions[];
  /** Queues; four of three priorities. */
  readonly queues?: readonly TmQueueOptions[];
  /** What all together may take; any. */
  readonly shaper?: TmShaperOptions;
  /**
   * Queue of a packet: by a hash of its addresses, which keeps the order of a flow, or by its DSCP, class selector 7
   * in the first queue; `"flow"`. Its colour is the drop precedence of its DSCP (RFC 2597) in any case.
   */
  readonly select?: "flow" | "dscp";
}

/** Levels, priorities and queues at most. */
const LEVELS_MAX = 8;
const PRIO_MAX = 15;
const QUEUES_MAX = 4096;

/** What is used where nothing is said: three priorities, two queues of the least urgent one. */
export const DEFAULT_QUEUES: readonly TmQueueOptions[] = [
  { name: "q0", prio: 0 },
  { name: "q1", prio: 1 },
  { name: "q2", prio: 2, weight: 2 },
  { name: "q3", prio: 2 },
];

/**
 * @throws {RangeError} when a number is out of range or the tree is none
 * @throws {TypeError} when a parent is no node
 */
export function checkTm(
  { nodes = [], queues = DEFAULT_QUEUES, shaper, select = "flow" }: TmOptions,
): void {
  checkWord("tm select", select, ["flow", "dscp"]);
  checkKnob("number of tm queues", queues.length, 1, QUEUES_MAX);
  const names = nodes.map(({ name }) => name);
  if (shaper !== undefined) checkShaper(shaper);
  for (const one of [...nodes, ...queues]) {
    const { prio = 0, weight = 1, parent } = one;
    checkKnob(`prio of ${one.name}`, prio, 0, PRIO_MAX);
    checkKnob(`weight of ${one.name}`, weight, 1, 255);
    if (parent !== undefined) checkWord(`parent of ${one.name}`, parent, names);
    if (one.shaper !== undefined) checkShaper(one.shaper);
    checkLevels(one, nodes);
  }
  for (const { name, maxPkts = 1024, maxBytes = 1, wred = {} } of queues) {
    checkKnob(`maxPkts of ${name}`, maxPkts, 1, 2 ** 20);
    checkKnob(`maxBytes of ${name}`, maxBytes, 1, 2 ** 30);
    for (const one of Object.values(wred)) {
      checkKnob("minThreshold", one.minThreshold, 0, 99);
      checkKnob("medThreshold", one.medThreshold, one.minThreshold + 1, 99);
      checkKnob("medDropProb", one.medDropProb, 0, 100);
      checkKnob("maxDropProb", one.maxDropProb, one.medDropProb, 100);
    }
  }
}

function checkLevels(from: TmNodeOptions, nodes: readonly TmNodeOptions[]): void {
  let at: TmNodeOptions | undefined = from;
  for (let level = 0; at?.parent !== undefined; level++) {
    if (level === LEVELS_MAX) {
      throw new RangeError(
        `Cannot configure odp: ${from.name} lies more than ${LEVELS_MAX} levels deep`,
      );
    }
    const { parent }: TmNodeOptions = at;
    at = nodes.find(({ name }) => name === parent);
  }
}

function checkShaper(
  { commitRate, commitBurst, peakRate, peakBurst, lenAdjust = 0 }: TmShaperOptions,
): void {
  checkKnob("commitRate", commitRate, 1, 1e12);
  checkKnob("commitBurst", commitBurst, 1, 1e9);
  checkKnob("lenAdjust", lenAdjust, 0, 64);
  if (peakRate === undefined && peakBurst === undefined) return;
  checkKnob("peakRate", peakRate ?? NaN, commitRate, 1e12);
  checkKnob("peakBurst", peakBurst ?? NaN, 1, 1e9);
}
