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
import type { Mempool } from "../../core/memory/mempool.ts";
import { postEmpty, readReceived, releaseRing, takeReceived } from "../../core/nic/driver.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { DescriptorRing, DeviceSide } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ZcChannel } from "./zc_channel.ts";
import type { ZcCluster, ZcHandles } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";
import { ZcTxRing } from "./zc_tx_ring.ts";

/** A channel of a NIC with ZC's driver. */
export class ZcDevice implements ZcChannel {
  readonly name: string;
  readonly port: number;
  readonly queue: number;
  recv = 0;
  readonly tx: ZcTxRing;
  readonly txPlace: number;
  readonly txCapacity: number;
  readonly #memory: Memory;
  readonly #device: DeviceSide;
  readonly #rx: DescriptorRing;
  readonly #costs: ZcCosts;
  readonly #place: number;
  #next = 0;
  #isOpen = true;

  /** Opens a channel: takes a buffer for each descriptor of both rings, and hands the receive ring to the device. */
  constructor(cluster: ZcCluster, nic: Nic, queue: number, costs: ZcCosts, cpu: Cpu) {
    const { env } = cluster;
    this.name = `zc:eth${nic.port}@${queue}`;
    this.port = nic.port;
    this.queue = queue;
    this.#memory = env.memory as Memory;
    this.#device = nic.queues;
    this.#rx = nic.queues.rx[queue]!;
    this.#costs = costs;
    this.#place = env.place(this.name, Infinity);
    const take = (): number => cluster.take(cpu.lcore, this.name);
    for (let slot = 0; slot < this.#rx.size; slot++) {
      postEmpty(this.#memory, this.#rx, slot, take());
    }
    this.tx = new ZcTxRing(
      { memory: this.#memory, device: nic.queues, queue, costs, place: this.#place },
      take,
    );
    this.txPlace = this.tx.ring.place;
    this.txCapacity = this.tx.ring.size - 1;
    this.#device.rxTail(cpu as Context, queue, this.#rx.size - 1);
    cluster.join(this);
  }

  get entitled(): number {
    return this.#isOpen ? this.#rx.size + this.tx.ring.size : 0;
  }

  held(): readonly number[] {
    if (!this.#isOpen) return [];
    return [...this.#rx.buffer.subarray(0, this.#rx.size), ...this.tx.held()];
  }

  get sent(): number {
    return this.tx.sent;
  }

  get refused(): number {
    return this.tx.refused;
  }

  get flushes(): number {
    return this.tx.flushes;
  }

  /** pfring_zc_recv_pkt_burst: exchanges up to `max` handles for received packets; answers how many. */
  recvBurst(cpu: Cpu, handles: ZcHandles, max: number): number {
    const context = cpu as Context;
    const ring = this.#rx;
    const mask = ring.size - 1;
    ring.waiter = context;
    const { buffer } = handles;
    let n = 0;
    let slot = this.#next;
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
    this.#next = slot;
    this.recv += n;
    this.#device.rxTail(context, this.queue, (slot - 1) & mask);
    return n;
  }

  /** pfring_zc_send_pkt: exchanges a handle's packet for an empty buffer; false, and nothing done, without a descriptor. */
  sendPkt(cpu: Cpu, handles: ZcHandles, i: number, flush: boolean): boolean {
    return this.tx.send(cpu, handles, i, flush);
  }

  /** pfring_zc_sync_queue: writes TDT if packets wait for it. */
  flush(cpu: Cpu): void {
    this.tx.flush(cpu);
  }

  /** Who receives or sends is told by the rings already. */
  watchedBy(): void {}

  /** Unmasks the interrupt: what has come meanwhile is latched, and raises it at once. */
  arm(cpu: Cpu): boolean {
    this.#device.irqEnable(cpu as Context, this.queue);
    return false;
  }

  /** pfring_zc_close_device, first: the device is to use no further receive descriptor. */
  stop(cpu: Cpu): void {
    this.flush(cpu);
    this.#device.rxStop(cpu as Context, this.queue);
  }

  /** Whether the device is done with both rings. */
  get isQuiet(): boolean {
    return !this.#rx.enabled && this.#rx.quiet && this.tx.isQuiet;
  }

  /** Then: all buffers go back to the cluster, and the rings are as a driver finds them. */
  release(cpu: Cpu, pool: Mempool): void {
    releaseRing(this.#memory, pool, this.#rx, this.#place, cpu.lcore);
    this.#rx.reset(this.#rx.size, this.#rx.place);
    this.tx.release(cpu, pool);
    this.#isOpen = false;
  }
}
