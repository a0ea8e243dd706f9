/**
 * A poll-mode driver over descriptor rings, as the bulk-alloc path of DPDK's ixgbe driver.
 *
 * Receive: `rxBurst` takes what is done, at most 32 or `rxFreeThresh` at a time, stages it and hands out at
 * most what was asked. When the tail has passed the refill trigger, it takes `rxFreeThresh` buffers from the
 * pool in one go, writes their descriptors and rings one doorbell. If the pool refuses, nothing is taken and 0 is
 * answered: the driver loses no packet; the NIC runs out of descriptors and loses at its ingress buffer.
 *
 * Transmit: buffers of sent frames are taken back `txRsThresh` at a time, by looking at the done bit of one
 * descriptor, and only when fewer than `txFreeThresh` descriptors are free; so sent buffers stay in the ring
 * while traffic is quiet. Every `txRsThresh`-th descriptor asks for a write-back. One doorbell a burst.
 *
 * Packets of several buffers: receive descriptors that say "more" are chained until one does not; a chain takes
 * as many transmit descriptors as it has segments, all or none, and buffers are taken back until it fits.
 * Stopping a queue is three steps, because the device has reads and writes under way: `rxStop` (transmit needs
 * none), wait until `rxQuiet` or `txQuiet`, then `rxRelease` or `txRelease`. `rxStart` and `txStart` begin anew.
 * Source: DPDK drivers/net/intel/ixgbe/ixgbe_rxtx.c at 26.11-rc0.
 */
import type { Context } from "../host/context.ts";
import { freeChain, type MbufHome, releaseSegment } from "../memory/mbuf_share.ts";
import type { Mempool } from "../memory/mempool.ts";
import type { Memory } from "../memory/memory.ts";
import type { Costs, Cpu, Port } from "../stack.ts";
import { postEmpty, postFull, releaseRing, takeReceived, takeSent } from "./driver.ts";
import { type DriverCosts, driverCosts, PollQueue } from "./_poll_queue.ts";
import type { DescriptorRing, DeviceSide } from "./rings.ts";
import { checkThresholds, type Thresholds } from "./thresholds.ts";

/**
 * A port driven by polling.
 *
 * @example
 * ```ts
 * import { Context, DescriptorRing, Memory, Mempool } from "@planecheck/planecheck/core";
 * import { PollPort, thresholdsFor } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * // a device that receives nothing, and a context on which no time passes
 * const ring = new DescriptorRing(64);
 * const tx = [new DescriptorRing(64)];
 * const device = { rx: [ring], tx, rxTail() {}, txTail() {}, rxStop() {}, irqEnable() {} };
 * for (const each of [ring, ...tx]) each.reset(64, -1);
 * const home = { id: 0, psPerCycle: 1, deadline() {}, notify() {}, wakeFrom() {} };
 * const cpu = new Context(home, 1, false, () => 0);
 * const costs = { "pmd.rx.burst": 9, "pmd.rx.packet": 1, "pmd.tx.burst": 9, "pmd.tx.packet": 1 };
 *
 * const memory = new Memory(256);
 * const pool = new Mempool(memory, memory.region("mempool", 0, 256), [-1], 0);
 * const port = new PollPort(0, device, 1, memory, pool, thresholdsFor(64, 64), costs, [-1]);
 * port.start(cpu, 0);
 * for (let slot = 0; slot < 3; slot++) ring.done[slot] = 1;
 *
 * const burst = new Int32Array(32);
 * assertEquals(port.rxBurst(cpu, 0, burst, 32), 3);
 * assertEquals([port.txBurst(cpu, 0, burst, 0, 3), cpu.nowPs], [3, 9 + 3 + 9 + 3]);
 * ```
 */
export class PollPort implements Port {
  /** Number of the port. */
  readonly id: number = 0;
  /** Receive bursts that the pool refused to refill, times the refill size (rx_nombuf). */
  rxNombuf = 0;
  /** Where sent buffers go back to: its pool, or all pools whose packets it is given. */
  home!: MbufHome;
  readonly #device: DeviceSide;
  readonly #memory: Memory;
  #pool!: Mempool;
  #t!: Thresholds;
  #costs!: DriverCosts;
  #places!: ArrayLike<number>;
  readonly #queues: PollQueue[] = [];

  /**
   * Queue pairs that `start` has to set up.
   * @param places place of each lcore, for the ledger
   * @throws {RangeError} when one of the driver's costs is missing
   */
  constructor(
    id: number,
    device: DeviceSide,
    queues: number,
    memory: Memory,
    pool: Mempool,
    thresholds: Thresholds,
    costs: Costs,
    places: ArrayLike<number>,
  ) {
    this.id = id;
    [this.#device, this.#memory] = [device, memory];
    for (let q = 0; q < queues; q++) this.#queues.push(new PollQueue());
    this.setUp(pool, thresholds, places, costs);
  }

  /** As new, on another pool, with other thresholds, at other costs. */
  setUp(pool: Mempool, thresholds: Thresholds, places: ArrayLike<number>, costs: Costs): void {
    this.#costs = driverCosts(costs);
    this.#pool = pool;
    this.home = pool;
    this.#t = thresholds;
    this.#places = places;
    this.rxNombuf = 0;
  }

  /**
   * Checks thresholds and starts both rings of a queue.
   * @throws {RangeError} when a threshold does not fit its ring, or the pool cannot fill the ring
   */
  start(cpu: Context, queue: number): void {
    checkThresholds(this.#t, this.#device.rx[queue]!.size, this.#device.tx[queue]!.size);
    this.rxStart(cpu, queue);
    this.txStart(queue);
  }

  /** Fills the receive ring of a queue, as `start` does, and rings its doorbell. */
  rxStart(cpu: Context, queue: number): void {
    const rx = this.#device.rx[queue]!;
    rx.reset(rx.size, rx.place);
    rx.segmentBytes = this.#t.segmentBytes ?? Infinity;
    const state = this.#queues[queue]!;
    state.resetRx(this.#t.rxFreeThresh);
    for (let slot = 0; slot < rx.size; slot++) {
      const b = this.#pool.get(cpu.lcore);
      if (b < 0) {
        throw new RangeError(
          `Cannot fill the receive ring of port ${this.id}: mempool ${this.#pool.name} is empty ` +
            `after ${slot} of ${rx.size} buffers`,
        );
      }
      postEmpty(this.#memory, rx, slot, b);
    }
    this.#device.rxTail(cpu, queue, rx.size - 1);
  }

  /** Starts an empty transmit ring. */
  txStart(queue: number): void {
    const tx = this.#device.tx[queue]!;
    tx.reset(tx.size, tx.place);
    this.#queues[queue]!.resetTx(tx.size, this.#t.txRsThresh);
  }

  /** Asks the device to use no further receive descriptor. */
  rxStop(cpu: Context, queue: number): void {
    this.#device.rxStop(cpu, queue);
  }

  /** Whether a queue that was stopped has nothing under way any more. */
  rxQuiet(queue: number): boolean {
    const ring = this.#device.rx[queue]!;
    return !ring.enabled && ring.quiet;
  }

  /** Whether all that was handed to a transmit queue has been read by the device. */
  txQuiet(queue: number): boolean {
    const ring = this.#device.tx[queue]!;
    const told = (ring.tail & (ring.size - 1)) === this.#queues[queue]!.txTail;
    return told && ring.quiet && ring.tail === ring.head;
  }

  /** Gives every buffer of a quiet receive queue back; packets that nobody has taken end with them. */
  rxRelease(cpu: Context, queue: number): void {
    const ring = this.#device.rx[queue]!;
    const state = this.#queues[queue]!;
    for (; state.staged > 0; state.staged--) {
      freeChain(this.#pool, cpu.lcore, state.stage[state.next++]!);
    }
    if (state.last >= 0) freeChain(this.#pool, cpu.lcore, state.first);
    releaseRing(this.#memory, this.#pool, ring, this.#places[cpu.lcore]!, cpu.lcore);
    state.resetRx(this.#t.rxFreeThresh);
  }

  /** Gives every buffer of a quiet transmit queue back (rte_eth_tx_done_cleanup takes no more). */
  txRelease(cpu: Context, queue: number): void {
    const ring = this.#device.tx[queue]!;
    releaseRing(this.#memory, this.home, ring, this.#places[cpu.lcore]!, cpu.lcore);
    this.txStart(queue);
  }

  rxBurst(cpu: Cpu, queue: number, out: Int32Array, max: number): number {
    const context = cpu as Context;
    const state = this.#queueOf(queue);
    if (!(max >= 0)) throw new RangeError(`Cannot receive ${max} packets on port ${this.id}`);
    const ring = this.#device.rx[queue]!;
    ring.waiter = context;
    context.charge(this.#costs.rxBurst);
    while (state.staged === 0) if (!this.#stage(context, queue, state, ring)) return 0;
    const n = state.staged < max ? state.staged : max;
    for (let i = 0; i < n; i++) out[i] = state.stage[state.next + i]!;
    state.next += n;
    state.staged -= n;
    context.charge(n * this.#costs.rxPacket);
    return n;
  }

  /** Takes what is done; answers whether anything was taken, be it part of a packet. */
  #stage(context: Context, queue: number, state: PollQueue, ring: DescriptorRing): boolean {
    const { rxFreeThresh } = this.#t;
    const tail = state.rxTail;
    const most = Math.min(ring.size - tail, rxFreeThresh);
    let n = 0;
    while (n < most && ring.done[tail + n] === 1) n++;
    if (n === 0) return false;
    const begin = state.trigger - rxFreeThresh + 1;
    const refill = tail + n > state.trigger;
    if (refill && !this.#pool.getBulk(context.lcore, state.refill, 0, rxFreeThresh)) {
      this.rxNombuf += rxFreeThresh;
      return false;
    }
    const place = this.#places[context.lcore]!;
    if (this.#memory.host !== null) state.look(this.#memory, ring, n, context);
    const whole = ring.segmentBytes === Infinity;
    let packets = 0;
    for (let i = 0; i < n; i++) {
      const b = takeReceived(this.#memory, ring, tail + i, place);
      if (whole) state.stage[packets++] = b;
      else packets += state.chain(this.#memory, b, ring.more[tail + i] === 1, packets);
    }
    // not before a packet is whole: a poll that hands out nothing takes as long as any empty one
    context.charge(state.takeExtra() * this.#costs.rxPacket);
    if (refill) {
      for (let i = 0; i < rxFreeThresh; i++) {
        postEmpty(this.#memory, ring, begin + i, state.refill[i]!);
      }
      this.#device.rxTail(context, queue, state.trigger);
      state.trigger += rxFreeThresh;
      if (state.trigger >= ring.size) state.trigger = rxFreeThresh - 1;
    }
    state.rxTail = tail + n === ring.size ? 0 : tail + n;
    state.next = 0;
    state.staged = packets;
    return true;
  }

  txBurst(cpu: Cpu, queue: number, buffers: Int32Array, at: number, n: number): number {
    const context = cpu as Context;
    const state = this.#queueOf(queue);
    if (!(n >= 0)) throw new RangeError(`Cannot send ${n} packets on port ${this.id}`);
    const ring = this.#device.tx[queue]!;
    ring.waiter = context;
    if (state.txFree < this.#t.txFreeThresh) this.#reclaim(context, state, ring);
    let take = state.fitting(this.#memory, buffers, at, n);
    while (take < n && state.chains && this.#reclaim(context, state, ring)) {
      take = state.fitting(this.#memory, buffers, at, n);
    }
    const used = state.segments;
    const chained = used > take;
    context.charge(this.#costs.txBurst + used * this.#costs.txPacket);
    if (take < n) {
      context.refusedPlace = ring.place;
      // descriptors that are left do not hold the next packet, or there are none
      context.refusedOccupancy = ring.size - 1;
      context.refusedCount = n - take;
    }
    if (take === 0) return 0;
    let slot = state.txTail;
    const { next } = this.#memory;
    for (let i = 0; i < take; i++) {
      for (let b = buffers[at + i]!; b >= 0; b = chained ? next[b]! : -1) {
        const report = slot === state.nextReport;
        if (report) {
          state.nextReport += this.#t.txRsThresh;
          if (state.nextReport >= ring.size) state.nextReport = this.#t.txRsThresh - 1;
        }
        postFull(this.#memory, ring, slot, b, report, context, chained && next[b]! >= 0);
        slot = slot + 1 === ring.size ? 0 : slot + 1;
      }
    }
    state.txTail = slot;
    state.txFree -= used;
    this.#device.txTail(context, queue, slot);
    return take;
  }

  /** Takes back one write-back's worth of sent buffers if its descriptor is done. */
  #reclaim(context: Context, state: PollQueue, ring: DescriptorRing): boolean {
    const { txRsThresh } = this.#t;
    if (ring.done[state.nextDone] !== 1) return false;
    const first = state.nextDone - txRsThresh + 1;
    const place = this.#places[context.lcore]!;
    // what somebody else holds too stays out, as in ixgbe_tx_free_bufs
    let free = 0;
    for (let i = 0; i < txRsThresh; i++) {
      const b = takeSent(this.#memory, ring, first + i, place, context);
      if (releaseSegment(this.home, context.lcore, b)) state.sent[free++] = b;
    }
    this.home.putBulk(context.lcore, state.sent, 0, free);
    state.txFree += txRsThresh;
    state.nextDone += txRsThresh;
    if (state.nextDone >= ring.size) state.nextDone = txRsThresh - 1;
    return true;
  }

  #queueOf(queue: number): PollQueue {
    const state = this.#queues[queue];
    if (state === undefined || this.#device.rx[queue]!.size === 0) {
      throw new RangeError(`Cannot use queue ${queue} of port ${this.id}: it was not set up`);
    }
    return state;
  }
}
