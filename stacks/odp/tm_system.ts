/**
 * A Traffic Manager system (`odp_tm_t`) before an interface. Applications hand packets in (`odp_tm_enq`): a packet is
 * dropped there, by WRED or the thresholds of its queue, or nowhere. The thread of the Traffic Manager takes what was
 * handed in out of the work ring, puts it into its tm_queue, and sends one packet at a time.
 *
 * Source: platform/linux-generic/odp_traffic_mngr.c (tm_enqueue, input_work_queue_append, tm_system_thread).
 */
import type { Context } from "../../core/host/context.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import type { Pktio } from "./pktio.ts";
import { TimedQueue } from "./timed_queue.ts";
import { TmNode, TmPicker, TmQueue } from "./tm_node.ts";
import { DEFAULT_QUEUES, TM_COLOURS, type TmNodeOptions, type TmOptions } from "./tm_options.ts";
import { TmLog } from "./tm_log.ts";
import { TmRandom, wredProbability } from "./tm_wred.ts";

/** Packets that wait for the thread (INPUT_WORK_RING_SIZE), and that it takes in a turn. */
const WORK_RING = 16_384;
const WORK_BURST = 32;

/** One system. */
export class TmSystem {
  readonly pktio: Pktio;
  readonly root: TmNode;
  readonly queues: readonly TmQueue[];
  readonly log: TmLog = new TmLog();
  /** Packets that found the work ring full. */
  ringFull = 0;
  /** The thread, to be woken. */
  thread: Cpu | null = null;
  readonly #odp: Odp;
  readonly #isByDscp: boolean;
  readonly #ring = new TimedQueue(WORK_RING);
  readonly #ringPlace: number;
  readonly #random = new TmRandom();
  readonly #picker: TmPicker;
  /** tm_queue of the packet in each buffer. */
  readonly #queueOf: Uint16Array;
  readonly #burst = new Int32Array(WORK_BURST);

  constructor(odp: Odp, pktio: Pktio, { nodes = [], queues, shaper, select }: TmOptions) {
    this.#odp = odp;
    this.pktio = pktio;
    this.#isByDscp = select === "dscp";
    const root: TmNodeOptions = { name: "root", ...shaper === undefined ? {} : { shaper } };
    this.root = new TmNode(root, null);
    const made = new Map<string, TmNode>();
    const parentOf = ({ parent }: TmNodeOptions): TmNode =>
      parent === undefined ? this.root : make(nodes.find(({ name }) => name === parent)!);
    const make = (node: TmNodeOptions): TmNode => {
      const known = made.get(node.name) ?? new TmNode(node, parentOf(node));
      made.set(node.name, known);
      return known;
    };
    nodes.forEach(make);
    this.queues = (queues ?? DEFAULT_QUEUES).map((one, i) => {
      const place = odp.env.place(`tm ${pktio.name} ${one.name}`, one.maxPkts ?? 1024);
      return new TmQueue(i, one, parentOf(one), place);
    });
    this.#ringPlace = odp.env.place(`tm ${pktio.name} work ring`, WORK_RING);
    this.#picker = new TmPicker((b) => odp.memory.length[b]!);
    this.#queueOf = new Uint16Array(odp.memory.length.length);
  }

  /** odp_tm_enq for each of `n` packets; answers how many were taken. What is not is dropped here. */
  enqueue(cpu: Cpu, buffers: Int32Array, at: number, n: number): number {
    cpu.charge(n * this.#odp.costs["tm.enq"]);
    const ps = (cpu as Context).nowPs;
    let taken = 0;
    for (let i = at; i < at + n; i++) if (this.#enqueueOne(cpu, buffers[i]!, ps)) taken++;
    if (taken > 0) cpu.wake(this.thread!);
    return taken;
  }

  #enqueueOne(cpu: Cpu, b: number, ps: number): boolean {
    const { env, memory } = this.#odp;
    const dscp = this.#dscpOf(b);
    const queue = this.queues[this.#isByDscp ? this.#byDscp(dscp) : this.#byFlow(b)]!;
    const bytes = memory.length[b]!;
    queue.offered++;
    const isDropped = this.#refuses(queue, colourOf(dscp), bytes);
    if (isDropped || this.#ring.count === WORK_RING) {
      if (!isDropped) this.ringFull++;
      queue.discards++;
      queue.discardOctets += bytes;
      const place = isDropped ? queue.place : this.#ringPlace;
      env.drop(cpu, b, REASON["qdisc-full"], place, isDropped ? queue.pkts : WORK_RING);
      return false;
    }
    queue.pkts++;
    queue.bytes += bytes;
    this.#queueOf[b] = queue.index;
    return this.#ring.push(b, ps);
  }

  /** Thresholds and WRED. */
  #refuses(queue: TmQueue, colour: number, bytes: number): boolean {
    const { maxPkts, maxBytes, pkts, options: { wred } } = queue;
    if (pkts >= maxPkts || queue.bytes + bytes > maxBytes) return true;
    const profile = wred?.[TM_COLOURS[colour]!];
    if (profile === undefined) return false;
    const drops = this.#random.next() < wredProbability(profile, pkts, maxPkts);
    this.log.decided(queue.index, colour, pkts, drops);
    const bin = colour * 10 + Math.floor(10 * pkts / maxPkts);
    queue.wredOffered[bin]!++;
    if (drops) queue.wredDropped[bin]!++;
    return drops;
  }

  /** Moves packets from the work ring to their queues; answers how many. */
  input(cpu: Cpu): number {
    const ps = (cpu as Context).nowPs;
    const burst = this.#burst;
    const n = this.#ring.take(burst, 0, burst.length, ps);
    cpu.charge(n * this.#odp.costs["tm.input"]);
    const { length } = this.#odp.memory;
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const queue = this.queues[this.#queueOf[b]!]!;
      queue.push(b);
      this.log.arrived(queue.index, ps, length[b]!);
    }
    return n;
  }

  /** Sends the packet whose turn it is; answers 1, or 0 when no queue may send. */
  egress(cpu: Cpu): number {
    const ps = (cpu as Context).nowPs;
    const queue = this.#picker.pick(this.root, ps);
    if (queue === null) return 0;
    const bytes = this.#odp.memory.length[queue.head]!;
    let colour = 0;
    for (const { shaper } of queue.path) {
      if (shaper === null) continue;
      colour = Math.max(colour, shaper.colourAt(ps));
      shaper.take(bytes, ps);
    }
    cpu.charge(queue.path.length * this.#odp.costs["tm.level"]);
    const b = this.#burst[0] = queue.shift(bytes);
    queue.pkts--;
    queue.bytes -= bytes;
    this.log.sent(queue.index, ps, bytes);
    this.#send(cpu, queue, b, bytes, colour);
    return 1;
  }

  #send(cpu: Cpu, queue: TmQueue, b: number, bytes: number, colour: number): void {
    const { pktio } = this;
    this.#burst[0] = b;
    if (pktio.pktoutSend(cpu, 0, this.#burst, 0, 1) === 1) {
      queue.packets++;
      queue.octets += bytes;
      queue.colours[colour]!++;
      return;
    }
    queue.refused++;
    queue.discards++;
    queue.discardOctets += bytes;
    pktio.giveUp(cpu, this.#burst, 0, 1);
  }

  /** When a packet that is held back may go, or one of the work ring is there. */
  get nextPs(): number {
    return Math.min(this.#picker.eligiblePs, this.#ring.nextPs);
  }

  /** Packets between odp_tm_enq and the interface. */
  get holding(): number[] {
    const inRing = Array.from({ length: this.#ring.count }, (_, i) => this.#ring.at(i));
    return [...inRing, ...this.queues.flatMap(({ waiting }) => waiting)];
  }

  #dscpOf(b: number): number {
    const { bytes, offset } = this.#odp.memory;
    return bytes[offset[b]! + 15]! >>> 2;
  }

  /** Class selector 7 in the first queue, 0 in the last; several share one where there are fewer queues. */
  #byDscp(dscp: number): number {
    return Math.min(this.queues.length - 1, 7 - (dscp >>> 3));
  }

  #byFlow(b: number): number {
    const { bytes, offset } = this.#odp.memory;
    const ip = offset[b]! + 14;
    let hash = 0;
    for (let i = 12; i < 20; i++) hash = Math.imul(hash ^ bytes[ip + i]!, 0x01000193);
    return (hash >>> 8) % this.queues.length;
  }
}

/** Drop precedence of an assured forwarding class, as a colour (RFC 2597, 6); anything else is green. */
function colourOf(dscp: number): number {
  const precedence = dscp >>> 1 & 3;
  return (dscp & 1) === 0 && dscp >>> 3 >= 1 && dscp >>> 3 <= 4 && precedence > 0
    ? precedence - 1
    : 0;
}
