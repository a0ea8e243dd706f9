/**
 * Nodes and queues of the Traffic Manager's tree, and the choice of the packet that goes next. A node prefers the
 * most urgent priority (0) of which a child has a packet that its shaper lets go; among children of one priority it
 * takes the one whose packet would be finished first, each served at the rate of its weight (virtual finish time).
 *
 * Source: odp_traffic_mngr.c (tm_node_t, tm_schedulers_obj_t: virtual_finish_time by inverted weight).
 */
import { Shaper } from "./tm_shaper.ts";
import type { TmNodeOptions, TmQueueOptions } from "./tm_options.ts";

/** Priorities of a node. */
const PRIOS = 16;

/** What a node may have below it. */
export class TmEntity {
  readonly name: string;
  readonly prio: number;
  readonly weight: number;
  readonly shaper: Shaper | null;
  readonly parent: TmNode | null;
  /** It and all nodes above it, the root last. */
  readonly path: readonly TmEntity[];
  /** Packets in it and below. */
  backlog = 0;
  /** Virtual time at which its next packet begins at the parent. */
  start = 0;
  /** Its shaper held it back when it was last looked at. */
  delayed = false;

  constructor({ name, prio = 0, weight = 1, shaper }: TmNodeOptions, parent: TmNode | null) {
    this.name = name;
    this.prio = prio;
    this.weight = weight;
    this.shaper = shaper === undefined ? null : new Shaper(shaper);
    this.parent = parent;
    parent?.children[prio]?.push(this);
    this.path = parent === null ? [this] : [this, ...parent.path];
  }
}

/** An inner node. */
export class TmNode extends TmEntity {
  /** Children by priority. */
  readonly children: readonly TmEntity[][];
  /** Virtual time of each priority: when the packet sent last was finished. */
  readonly virtualTime: Float64Array = new Float64Array(PRIOS);

  constructor(options: TmNodeOptions, parent: TmNode | null) {
    super(options, parent);
    this.children = Array.from({ length: PRIOS }, () => []);
  }
}

/** A queue of packets. */
export class TmQueue extends TmEntity {
  readonly index: number;
  readonly options: TmQueueOptions;
  readonly maxPkts: number;
  readonly maxBytes: number;
  readonly place: number;
  /** Packets and bytes from odp_tm_enq on until they have left: what thresholds count. */
  pkts = 0;
  bytes = 0;
  /** Packets that odp_tm_enq was handed. */
  offered = 0;
  /** odp_tm_queue_stats: sent; dropped at the entry or refused by the interface; and the latter alone. */
  refused = 0;
  packets = 0;
  octets = 0;
  discards = 0;
  discardOctets = 0;
  /** Packets sent by the colour that shapers gave them. */
  readonly colours: Int32Array = new Int32Array(2);
  /** What WRED was asked and what it dropped, by colour and by tenth of fullness. */
  readonly wredOffered: Int32Array = new Int32Array(3 * 10);
  readonly wredDropped: Int32Array = new Int32Array(3 * 10);
  readonly #fifo: number[] = [];
  #head = 0;

  constructor(index: number, options: TmQueueOptions, parent: TmNode, place: number) {
    super(options, parent);
    this.index = index;
    this.options = options;
    this.maxPkts = options.maxPkts ?? 1024;
    this.maxBytes = options.maxBytes ?? Infinity;
    this.place = place;
  }

  /** The oldest packet. */
  get head(): number {
    return this.#fifo[this.#head]!;
  }

  /** All packets in it, the oldest first. */
  get waiting(): readonly number[] {
    return this.#fifo.slice(this.#head);
  }

  /** Puts a packet in: it and all nodes above have one more. */
  push(b: number): void {
    this.#fifo.push(b);
    for (const at of this.path) {
      if (at.backlog++ > 0 || at.parent === null) continue;
      at.start = Math.max(at.start, at.parent.virtualTime[at.prio]!);
    }
  }

  /** Takes the oldest packet out, `bytes` long, and moves the virtual times on. */
  shift(bytes: number): number {
    const b = this.#fifo[this.#head++]!;
    if (this.#head === 64) {
      this.#fifo.splice(0, 64);
      this.#head = 0;
    }
    for (const at of this.path) {
      at.backlog--;
      if (at.parent === null) continue;
      at.start += bytes / at.weight;
      at.parent.virtualTime[at.prio] = at.start;
    }
    return b;
  }
}

/** Looks for the queue whose packet goes next. */
export class TmPicker {
  /** When a shaper that said no will say yes: the earliest seen by the last `pick`. */
  eligiblePs = Infinity;
  readonly #lengthOf: (b: number) => number;

  constructor(lengthOf: (b: number) => number) {
    this.#lengthOf = lengthOf;
  }

  /** The queue below `root`, or null when none may send now. */
  pick(root: TmNode, ps: number): TmQueue | null {
    this.eligiblePs = Infinity;
    return this.#head(root, ps);
  }

  #head(at: TmEntity, ps: number): TmQueue | null {
    if (at.backlog === 0) return null;
    const { shaper, parent } = at;
    if (shaper !== null && shaper.colourAt(ps) === 2) {
      at.delayed = true;
      this.eligiblePs = Math.min(this.eligiblePs, shaper.eligiblePs());
      return null;
    }
    if (at.delayed) {
      // what it did not use while it was held back is not made up for
      at.delayed = false;
      if (parent !== null) at.start = Math.max(at.start, parent.virtualTime[at.prio]!);
    }
    if (!(at instanceof TmNode)) return at as TmQueue;
    for (let prio = 0; prio < PRIOS; prio++) {
      const found = this.#first(at.children[prio]!, ps);
      if (found !== null) return found;
    }
    return null;
  }

  /** Of the children of one priority the one that is finished first; of several the first. */
  #first(children: readonly TmEntity[], ps: number): TmQueue | null {
    let best: TmQueue | null = null;
    let bestFinish = Infinity;
    for (const child of children) {
      const queue = this.#head(child, ps);
      if (queue === null) continue;
      const finish = child.start + this.#lengthOf(queue.head) / child.weight;
      if (finish >= bestFinish) continue;
      best = queue;
      bestFinish = finish;
    }
    return best;
  }
}
