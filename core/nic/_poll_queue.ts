/** What a poll-mode driver remembers of a queue pair, and what its work costs. */
import { mbufLength, mbufSegments } from "../memory/mbuf.ts";
import type { Memory } from "../memory/memory.ts";
import type { Costs } from "../stack.ts";
import { LONGEST } from "./mac.ts";
import { RX_MAX_BURST } from "./thresholds.ts";

/** Cycles that the driver's own work costs. */
export interface DriverCosts {
  readonly rxBurst: number;
  readonly rxPacket: number;
  readonly txBurst: number;
  readonly txPacket: number;
}

/** @throws {RangeError} when the profile lacks one: a driver that charges nothing would stop time */
export function driverCosts(costs: Costs): DriverCosts {
  return {
    rxBurst: costOf(costs, "pmd.rx.burst"),
    rxPacket: costOf(costs, "pmd.rx.packet"),
    txBurst: costOf(costs, "pmd.tx.burst"),
    txPacket: costOf(costs, "pmd.tx.packet"),
  };
}

function costOf(costs: Costs, operation: string): number {
  const cycles = costs[operation];
  if (cycles === undefined) {
    throw new RangeError(`Cannot set up a poll-mode port: there is no cost "${operation}"`);
  }
  return cycles;
}

/** State of one queue pair. */
export class PollQueue {
  rxTail = 0;
  trigger = 0;
  readonly stage: Int32Array = new Int32Array(RX_MAX_BURST);
  staged = 0;
  next = 0;
  readonly refill: Int32Array = new Int32Array(RX_MAX_BURST);
  /** First and last segment of a packet whose end has not been taken yet; `last` is -1 when there is none. */
  first = -1;
  last = -1;
  /** Segments of that packet, and those of whole ones beyond their first that were not charged yet. */
  parts = 0;
  extra = 0;
  txTail = 0;
  txFree = 0;
  nextDone = 0;
  nextReport = 0;
  /** Descriptors that the packets of the present transmit burst take, and whether a chain is among those given. */
  segments = 0;
  chains = false;
  sent: Int32Array = new Int32Array(RX_MAX_BURST);

  /** Nothing received, every descriptor posted. */
  resetRx(rxFreeThresh: number): void {
    this.rxTail = 0;
    this.trigger = rxFreeThresh - 1;
    this.staged = 0;
    this.next = 0;
    this.first = -1;
    this.last = -1;
    this.parts = 0;
    this.extra = 0;
  }

  /** Nothing sent. */
  resetTx(size: number, txRsThresh: number): void {
    this.txTail = 0;
    this.txFree = size - 1;
    this.nextDone = txRsThresh - 1;
    this.nextReport = txRsThresh - 1;
    if (txRsThresh > this.sent.length) this.sent = new Int32Array(txRsThresh);
  }

  /**
   * How many of `n` packets fit into the free descriptors; how many of these they take is left in `segments`.
   * @throws {RangeError} when a chain is longer than a frame
   */
  fitting(memory: Memory, buffers: Int32Array, at: number, n: number): number {
    const { next } = memory;
    const most = n < this.txFree ? n : this.txFree;
    let take = 0;
    while (take < most && next[buffers[at + take]!]! < 0) take++;
    this.chains = take < most;
    let used = take;
    for (; take < n && used < this.txFree; take++) {
      const b = buffers[at + take]!;
      const segments = next[b]! < 0 ? 1 : mbufSegments(memory, b);
      if (segments > 1 && mbufLength(memory, b) > LONGEST) {
        throw new RangeError(
          `Cannot send buffer ${b}: its ${segments} segments have ${
            mbufLength(memory, b)
          } bytes, ` +
            `expected ${LONGEST} at most`,
        );
      }
      if (used + segments > this.txFree) break;
      used += segments;
    }
    this.segments = used;
    return take;
  }

  /** Segments to be charged now. */
  takeExtra(): number {
    const { extra } = this;
    this.extra = 0;
    return extra;
  }

  /**
   * Puts a segment behind the packet that is under way, or begins one with it. Answers 1, with the packet
   * staged at `at`, when it was the last one.
   */
  chain(memory: Memory, b: number, more: boolean, at: number): number {
    if (this.last < 0) this.first = b;
    else memory.next[this.last] = b;
    this.last = more ? b : -1;
    this.parts++;
    if (more) return 0;
    this.extra += this.parts - 1;
    this.parts = 0;
    this.stage[at] = this.first;
    return 1;
  }
}
