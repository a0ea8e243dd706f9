/**
 * One channel of a NIC opened by ZC (zc:eth1@0): its descriptor rings as the process sees them, mapped.
 *
 * Receive: the filled buffer of a descriptor that is done is taken, the caller's empty one takes its place, and the
 * tail follows by one write of RDT a burst. So a ring always names as many buffers as it has descriptors, of which
 * the device owns all but the one behind the tail. Transmit: the caller's full buffer takes the place of an empty
 * one of the ring. Every `rs`-th descriptor asks for a write-back; when it is done, the buffers up to it are empties
 * again. TDT is written when the caller says so (flush), or when `TX_PENDING` packets have gathered. Without a
 * descriptor that is free nothing is taken, and the caller keeps its packet. No call allocates or frees.
 *
 * Source: PF_RING 8.9.0, userland/lib/pfring_zc.h (recv and send "exchange" the buffer of the handle);
 * drivers/intel/ixgbe/ixgbe-5.19.6-zc; Intel 82599 data sheet, 7.1 and 7.2.
 */
import type { Context } from "../../core/host/context.ts";
import type { Memory } from "../../core/memory/memory.ts";
import {
  postEmpty,
  postFull,
  readReceived,
  takeReceived,
  takeSent,
} from "../../core/nic/driver.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { DescriptorRing, DeviceSide } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ZcCluster, ZcHandles, ZcHolder } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";

/** Packets that wait for a flush at most. */
const TX_PENDING = 64;
/** Descriptors for one that is written back, where the ring is large enough. */
const RS_THRESH = 32;

/** A channel. */
export class ZcDevice implements ZcHolder {
  readonly name: string;
  readonly port: number;
  readonly queue: number;
  /** pfring_zc_stat, per channel: received, sent. */
  recv = 0;
  sent = 0;
  /** Sends that found no free descriptor. */
  refused = 0;
  /** Writes of TDT. */
  flushes = 0;
  /** Place of the transmit ring, and what it holds when it is full: evidence for who gives a packet up. */
  readonly txPlace: number;
  readonly txCapacity: number;
  readonly #memory: Memory;
  readonly #device: DeviceSide;
  readonly #rx: DescriptorRing;
  readonly #tx: DescriptorRing;
  readonly #costs: ZcCosts;
  readonly #place: number;
  readonly #rs: number;
  /** Empty buffer of each transmit descriptor that is free, else -1. */
  readonly #spare: Int32Array;
  #rxNext = 0;
  #toUse = 0;
  #toClean = 0;
  #pending = 0;

  /** Opens a channel: takes a buffer for each descriptor of both rings, and hands the receive ring to the device. */
  constructor(cluster: ZcCluster, nic: Nic, queue: number, costs: ZcCosts, cpu: Cpu) {
    const { env } = cluster;
    this.name = `zc:eth${nic.port}@${queue}`;
    this.port = nic.port;
    this.queue = queue;
    this.#memory = env.memory as Memory;
    this.#device = nic.queues;
    this.#rx = nic.queues.rx[queue]!;
    this.#tx = nic.queues.tx[queue]!;
    this.#costs = costs;
    this.#place = env.place(this.name, Infinity);
    this.#rs = Math.min(RS_THRESH, this.#tx.size >> 2);
    this.txPlace = this.#tx.place;
    this.txCapacity = this.#tx.size - 1;
    this.#spare = new Int32Array(this.#tx.size);
    for (let slot = 0; slot < this.#rx.size; slot++) {
      postEmpty(this.#memory, this.#rx, slot, cluster.take(cpu.lcore, this.name));
    }
    for (let slot = 0; slot < this.#tx.size; slot++) {
      this.#spare[slot] = cluster.take(cpu.lcore, this.name);
    }
    this.#device.rxTail(cpu as Context, queue, this.#rx.size - 1);
    cluster.join(this);
  }

  get entitled(): number {
    return this.#rx.size + this.#tx.size;
  }

  held(): readonly number[] {
    const { buffer } = this.#tx;
    return [
      ...this.#rx.buffer.subarray(0, this.#rx.size),
      ...this.#spare.map((b, slot) => b >= 0 ? b : buffer[slot]!),
    ];
  }

  /** Transmit descriptors that are free (of size - 1). */
  get txFree(): number {
    return this.#tx.size - 1 - ((this.#toUse - this.#toClean) & (this.#tx.size - 1));
  }

  /** pfring_zc_recv_pkt_burst: exchanges up to `max` handles for received packets; answers how many. */
  recvBurst(cpu: Cpu, handles: ZcHandles, max: number): number {
    const context = cpu as Context;
    const ring = this.#rx;
    const mask = ring.size - 1;
    ring.waiter = context;
    const { buffer } = handles;
    let n = 0;
    let slot = this.#rxNext;
    while (n < max && ring.done[slot] === 1) {
      readReceived(this.#memory, ring, slot, context);
      const full = takeReceived(this.#memory, ring, slot, this.#place);
      postEmpty(this.#memory, ring, slot, buffer[n]!);
      buffer[n++] = full;
      slot = (slot + 1) & mask;
    }
    if (n === 0) {
      cpu.charge(this.#costs.emptyPoll);
      return 0;
    }
    cpu.charge(this.#costs.rxBurst + n * this.#costs.rxPacket);
    this.#rxNext = slot;
    this.recv += n;
    this.#device.rxTail(context, this.queue, (slot - 1) & mask);
    return n;
  }

  /** pfring_zc_send_pkt: exchanges a handle's packet for an empty buffer; false, and nothing done, without a descriptor. */
  sendPkt(cpu: Cpu, handles: ZcHandles, i: number, flush: boolean): boolean {
    const context = cpu as Context;
    const ring = this.#tx;
    ring.waiter = context;
    if (this.txFree < this.#rs) this.#reclaim(context);
    if (this.txFree === 0) {
      this.refused++;
      return false;
    }
    cpu.charge(this.#costs.txPacket);
    const slot = this.#toUse;
    const report = slot % this.#rs === this.#rs - 1;
    postFull(this.#memory, ring, slot, handles.buffer[i]!, report, context);
    handles.buffer[i] = this.#spare[slot]!;
    this.#spare[slot] = -1;
    this.#toUse = (slot + 1) & (ring.size - 1);
    this.sent++;
    this.#pending++;
    if (flush || this.#pending === TX_PENDING) this.flush(cpu);
    return true;
  }

  /** pfring_zc_sync_queue: writes TDT if packets wait for it. */
  flush(cpu: Cpu): void {
    if (this.#pending === 0) return;
    cpu.charge(this.#costs.flush);
    this.#pending = 0;
    this.flushes++;
    this.#device.txTail(cpu as Context, this.queue, this.#toUse);
  }

  /** Unmasks the channel's interrupt. */
  irqEnable(cpu: Cpu): void {
    this.#device.irqEnable(cpu as Context, this.queue);
  }

  /** Buffers up to each descriptor that was written back are empties again. */
  #reclaim(context: Context): void {
    const ring = this.#tx;
    for (;;) {
      const last = this.#toClean + this.#rs - 1;
      if (ring.done[last] !== 1) return;
      for (let slot = this.#toClean; slot <= last; slot++) {
        this.#spare[slot] = takeSent(this.#memory, ring, slot, this.#place, context);
      }
      this.#toClean = (last + 1) & (ring.size - 1);
    }
  }
}
