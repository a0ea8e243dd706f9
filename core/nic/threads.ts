/**
 * The processors of a programmable NIC: many hardware threads, each of which takes a packet and keeps it for
 * as long as its firmware charges. A thread that waits costs nothing. Many slow threads are not one fast
 * server: a packet stays for the whole residence even when the NIC is idle, and that is what the P2PNIC
 * paper's batching lives on.
 *
 * Firmware is called in three ways, never from inside a call of its own: `packet` when a thread takes a
 * packet from the ingress buffer, `done` when the cycles that it charged are over, and `signal` when
 * something that it asked for has happened.
 */
import type { Clock } from "../time/clock.ts";
import type { Receiver } from "./mac.ts";
import type { Sender } from "./mac_out.ts";
import type { Nic } from "./nic.ts";

/** What runs on the threads of a NIC. */
export interface Firmware {
  /** A thread takes the packet in ingress buffer `b`; answers the cycles it will spend on it. */
  packet(nic: Nic, thread: number, b: number): number;
  /** The cycles are over; the thread is free when this returns. */
  done(nic: Nic, thread: number, b: number): void;
  /** Something asked for has happened (DMA landed, descriptor visible, frame sent). */
  signal(nic: Nic, kind: number, arg: number): void;
  /**
   * Cycles from the arrival of a packet until a thread may take it, spent by no thread (MAC, classifier and
   * traffic manager of the chip); none when left out.
   */
  readonly pipelineCycles?: number;
}

/**
 * The thread pool of one NIC.
 *
 * @example
 * ```ts
 * import { DESCRIPTOR, SENT, testbed } from "@planecheck/planecheck/core";
 * import type { Stack } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // a cable: what comes in at one NIC leaves at the other
 * const cable: Stack = ({ hardware: { nics, peers, peerSlots, nicBuffers } }) => {
 *   peers.boot(nics, peerSlots, nicBuffers);
 *   return {
 *     name: "cable",
 *     firmware: {
 *       packet: () => 100,
 *       done(nic, _thread, b) {
 *         const egress = 1 - nic.port;
 *         const slot = peers.reserve(nic.port, egress);
 *         peers.writeFrame(nic.port, egress, b, slot);
 *         peers.append(nic.port, egress, slot);
 *         peers.flush(nic.port, egress);
 *       },
 *       signal(nic, kind, arg) {
 *         if (kind === DESCRIPTOR) nic.macOut.send(peers.take(arg, nic.port));
 *         else if (kind === SENT) {
 *           peers.complete(1 - nic.port, nic.port, arg);
 *           peers.flushCompletions(1 - nic.port, nic.port);
 *         }
 *       },
 *     },
 *   };
 * };
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * });
 * const seen = testbed(cable, machineProfile(paperHost)).run(scenario);
 * assertEquals([seen.outCount, seen.outPort[0], seen.faultCount], [1, 1, 0]);
 * ```
 */
export class NicThreads implements Receiver, Sender {
  /** Threads of the NIC. */
  readonly count: number = 0;
  /** Picoseconds in which threads were busy, summed. */
  busyPs = 0;

  readonly #nic: Nic;
  readonly #clock: Clock;
  readonly #psPerCycle: number = 0;
  #firmware: Firmware | null = null;
  readonly #free: Int32Array = new Int32Array(0);
  #freeCount = 0;
  readonly #holds: Int32Array = new Int32Array(0);
  /** Packets in order of arrival, and when a thread may take each. */
  readonly #waiting: Int32Array = new Int32Array(0);
  readonly #readyAt: Float64Array = new Float64Array(0);
  #waitingHead = 0;
  #waitingCount = 0;
  #pipelinePs = 0;
  /** When a free thread looks for the packet that is first. */
  #looksAt = -1;
  readonly #over: number = 0;
  readonly #entered: number = 0;
  readonly #later: number = 0;

  /** `count` idle threads at `mhz` MHz, before an ingress buffer of at most `ingress` packets. */
  constructor(nic: Nic, clock: Clock, mhz: number, count: number, ingress: number) {
    this.#nic = nic;
    this.#clock = clock;
    this.#psPerCycle = 1e6 / mhz;
    this.count = count;
    this.#free = new Int32Array(count);
    this.#holds = new Int32Array(count);
    this.#waiting = new Int32Array(ingress);
    this.#readyAt = new Float64Array(ingress);
    this.#over = clock.register((thread) => this.#finish(thread));
    this.#entered = clock.register(() => this.#assign());
    this.#later = clock.register((arg) => this.signal(arg >>> 24, arg & 0xffffff));
  }

  /** Signals the firmware of this NIC when `cycles` of its clock have passed. */
  later(cycles: number, kind: number, arg: number): void {
    const at = this.#clock.now + Math.round(cycles * this.#psPerCycle);
    this.#clock.at(at, this.#later, (kind << 24) | arg);
  }

  /**
   * Signals the firmware when it looks at ring `k` of `n` next, now at the earliest: the threads look at their
   * rings in turn, at each once in `period` cycles.
   */
  atLook(period: number, k: number, n: number, kind: number, arg: number): void {
    const periodPs = Math.max(1, Math.round(period * this.#psPerCycle));
    const phasePs = Math.round(periodPs * k / n);
    const looks = Math.ceil((this.#clock.now - phasePs) / periodPs);
    this.#clock.at(looks * periodPs + phasePs, this.#later, (kind << 24) | arg);
  }

  /** Tells the firmware of something that it asked for. */
  signal(kind: number, arg: number): void {
    this.#firmware!.signal(this.#nic, kind, arg);
  }

  /** Boots firmware: it takes over the port. */
  boot(firmware: Firmware): void {
    this.#firmware = firmware;
    this.#freeCount = this.count;
    for (let i = 0; i < this.count; i++) this.#free[i] = this.count - 1 - i;
    this.#waitingHead = 0;
    this.#waitingCount = 0;
    this.#looksAt = -1;
    this.busyPs = 0;
    this.#pipelinePs = Math.round((firmware.pipelineCycles ?? 0) * this.#psPerCycle);
    this.#nic.macIn.receiver = this;
    this.#nic.macOut.sender = this;
  }

  /** The ingress buffer holds a packet: a free thread takes it when it is through the pipeline, else it waits. */
  received(b: number): void {
    let at = this.#waitingHead + this.#waitingCount++;
    if (at >= this.#waiting.length) at -= this.#waiting.length;
    this.#waiting[at] = b;
    this.#readyAt[at] = this.#clock.now + this.#pipelinePs;
    if (this.#freeCount > 0) this.#assign();
  }

  /** A frame has left: the firmware is told by {@link SENT}. */
  sent(b: number): void {
    this.signal(SENT, b);
  }

  #assign(): void {
    const { now } = this.#clock;
    while (this.#freeCount > 0 && this.#waitingCount > 0) {
      const readyAt = this.#readyAt[this.#waitingHead]!;
      if (readyAt > now) {
        // an event only where a thread is free: while all are busy, one looks when it is done
        if (readyAt !== this.#looksAt) this.#clock.at(readyAt, this.#entered, 0);
        this.#looksAt = readyAt;
        return;
      }
      const b = this.#waiting[this.#waitingHead]!;
      this.#waitingHead = this.#waitingHead + 1 === this.#waiting.length
        ? 0
        : this.#waitingHead + 1;
      this.#waitingCount--;
      const thread = this.#free[--this.#freeCount]!;
      this.#holds[thread] = b;
      const cycles = this.#firmware!.packet(this.#nic, thread, b);
      const spent = Math.round(cycles * this.#psPerCycle);
      this.busyPs += spent;
      this.#clock.at(now + spent, this.#over, thread);
    }
  }

  #finish(thread: number): void {
    this.#firmware!.done(this.#nic, thread, this.#holds[thread]!);
    this.#free[this.#freeCount++] = thread;
    this.#assign();
  }
}

/** Signal: the frame in buffer `arg` has left on the wire. */
export const SENT = 0;
/** Signal: descriptors from NIC `arg` are visible. */
export const DESCRIPTOR = 1;
/** Signal: slots at NIC `arg` are free again. */
export const COMPLETION = 2;
/** Signal: the frame that was to be fetched into buffer `arg` is there. */
export const FETCHED = 3;
/** Signal: descriptors of queue `arg` that were asked for are here. */
export const POLLED = 4;
