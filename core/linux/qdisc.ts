/**
 * pfifo_fast over one transmit queue: a child of mq, with one band of `txqueuelen` packets.
 *
 * While it is empty a packet bypasses it (TCQ_F_CAN_BYPASS) and rings its own doorbell. When the driver has
 * stopped its queue the packet is put back (requeued) and what follows is enqueued; the driver's wake-up
 * schedules the discipline, which then sends up to 64 packets (dev_tx_weight) with one doorbell at the end.
 * What a stop leaves of such a bulk goes back to the front. A full band drops at its tail, and that is the
 * one place where this system loses a packet that it has received.
 *
 * Source: Linux net/sched/sch_generic.c, net/core/dev.c (__dev_xmit_skb).
 */
import type { OutputWork, Softnet } from "../host/softirq.ts";
import { REASON } from "../policy.ts";
import type { Cpu, Env } from "../stack.ts";
import type { TxRing } from "./ixgbe_tx.ts";
import type { PacketType } from "./tap.ts";

/** Packets that one run sends (net.core.dev_weight, tx bias 1). */
const DEV_TX_WEIGHT = 64;

/** The queueing discipline of one transmit queue. */
export class PfifoFast implements OutputWork {
  listed = false;
  next: OutputWork | null = null;
  /** As `tc -s qdisc` has them. */
  sentPackets = 0;
  sentBytes = 0;
  dropped = 0;
  requeues = 0;
  readonly limit: number;
  readonly #env: Env;
  readonly #tx: TxRing;
  readonly #softnet: Softnet;
  readonly #place: number;
  readonly #taps: readonly PacketType[];
  readonly #band: number[] = [];
  #head = 0;
  #count = 0;
  /** Packets at the head that were put back. */
  #putBack = 0;

  constructor(
    env: Env,
    tx: TxRing,
    softnet: Softnet,
    name: string,
    limit: number,
    taps: readonly PacketType[] = [],
  ) {
    this.limit = limit;
    this.#env = env;
    this.#taps = taps;
    this.#tx = tx;
    this.#softnet = softnet;
    this.#place = env.place(name, limit);
    tx.onWake = (cpu) => softnet.netifSchedule(cpu, this);
  }

  /** Packets that wait. */
  get backlog(): number {
    return this.#count;
  }

  /** A packet for this queue (__dev_xmit_skb). */
  enqueue(cpu: Cpu, skb: number): void {
    const tx = this.#tx;
    if (this.#count === 0 && !tx.stopped) {
      const length = this.#env.memory.length[skb]!;
      if (tx.xmit(cpu, skb, false)) {
        this.#sent(cpu, skb, length);
        return;
      }
    }
    if (this.#count === this.limit) {
      this.dropped++;
      this.#env.drop(cpu, skb, REASON["qdisc-full"], this.#place, this.#count);
      return;
    }
    if (this.#count === 0) this.#requeue(1);
    this.#band[(this.#head + this.#count++) % this.limit] = skb;
    if (!tx.stopped) this.run(cpu);
  }

  /** Sends what the driver takes, at most 64 packets (__qdisc_run). */
  run(cpu: Cpu): number {
    const tx = this.#tx;
    let sent = 0;
    while (sent < DEV_TX_WEIGHT && this.#count > 0 && !tx.stopped) {
      // what was put back leaves one by one (dequeue_skb from gso_skb), all else in bulk
      const bulk = this.#putBack > 0 ? 1 : Math.min(this.#count, DEV_TX_WEIGHT - sent);
      sent += this.#sendBulk(cpu, bulk);
    }
    if (this.#count > 0 && !tx.stopped) this.#softnet.netifSchedule(cpu, this);
    return sent;
  }

  /** Hands `bulk` packets to the driver until it stops; one doorbell at the end (sch_direct_xmit). */
  #sendBulk(cpu: Cpu, bulk: number): number {
    const tx = this.#tx;
    let sent = 0;
    while (sent < bulk && !tx.stopped) {
      const skb = this.#band[this.#head]!;
      const length = this.#env.memory.length[skb]!;
      if (!tx.xmit(cpu, skb, sent + 1 < bulk)) break;
      this.#head = (this.#head + 1) % this.limit;
      this.#count--;
      sent++;
      this.#sent(cpu, skb, length);
    }
    if (this.#putBack > 0) this.#putBack -= sent;
    else if (sent < bulk) this.#requeue(bulk - sent);
    return sent;
  }

  #sent(cpu: Cpu, skb: number, length: number): void {
    this.sentPackets++;
    this.sentBytes += length;
    // xmit_one: what the driver has taken, the taps have seen
    for (const tap of this.#taps) tap.see(cpu, skb, this.#tx.port, "tx");
  }

  /** The first `n` packets of the band are those that the driver would not have (dev_requeue_skb). */
  #requeue(n: number): void {
    this.#putBack = n;
    this.requeues += n;
  }
}
