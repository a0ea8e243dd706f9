/**
 * netmap on the rings of an ixgbe: what a sync does to descriptors. The device's own registers stay with the kernel.
 *
 * Transmit: every slot from hwcur to rhead becomes a descriptor, in one go, with one write of TDT. A descriptor asks
 * to be reported (RS) only in slot 0 and at half the ring, or if its slot says NS_REPORT. What was sent is
 * looked at only when the process has no slot left, or on demand (NAF_FORCE_RECLAIM), and then the tail goes to
 * the last descriptor that was reported: up to half a ring may look busy though it was sent.
 *
 * Receive: first what has arrived is made known, stopping one short of hwcur; then the slots that the process has
 * released go back to the device, with one write of RDT to the one before the last.
 *
 * The driver's TDH is not read, as the data sheet advises (82599, 7.2.3.4): a head that has moved does not say that
 * the buffer has been read.
 *
 * Source: netmap LINUX/ixgbe_netmap_linux.h, ixgbe_netmap_txsync, ixgbe_netmap_rxsync.
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
import { LONGEST } from "../../core/nic/mac.ts";
import type { DescriptorRing, DeviceSide } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import { NAF_FORCE_READ, NAF_FORCE_RECLAIM, type NetmapKring, NKR_PENDINTR } from "./kring.ts";
import { NS_BUF_CHANGED, NS_REPORT } from "./ring.ts";

/** A queue pair of a NIC under netmap. */
export class IxgbeNetmap {
  /** TDT and RDT writes. */
  txDoorbells = 0;
  rxDoorbells = 0;
  /** Descriptors that asked for a write-back. */
  reports = 0;
  readonly #device: DeviceSide;
  readonly #queue: number;
  readonly #memory: Memory;
  readonly #costs: NetmapCosts;
  readonly #place: number;
  readonly #noPendintr: boolean;
  /** Transmit descriptor after the last that was taken back (next_to_clean). */
  #nextToClean = 0;

  constructor(
    device: DeviceSide,
    queue: number,
    memory: Memory,
    costs: NetmapCosts,
    place: number,
    noPendintr: boolean,
  ) {
    this.#device = device;
    this.#queue = queue;
    this.#memory = memory;
    this.#costs = costs;
    this.#place = place;
    this.#noPendintr = noPendintr;
  }

  /** Hands the buffers of a receive ring to the device, all but one (ixgbe_netmap_configure_rx_ring). */
  configureRx(cpu: Cpu, kring: NetmapKring): void {
    const rx = this.#device.rx[this.#queue]!;
    kring.sync = (cpu, kring, flags) => this.#rxsync(cpu, kring, flags);
    for (let i = 0; i < kring.numSlots; i++) this.#release(kring, rx, i);
    this.#device.rxTail(cpu as Context, this.#queue, kring.numSlots - 1);
  }

  /** Takes over a transmit ring (ixgbe_netmap_configure_tx_ring). */
  configureTx(kring: NetmapKring): void {
    kring.sync = (cpu, kring, flags) => this.#txsync(cpu, kring, flags);
  }

  #txsync(cpu: Cpu, kring: NetmapKring, flags: number): boolean {
    const tx = this.#device.tx[this.#queue]!;
    const from = kring.hwcur;
    if (kring.rhead !== from) {
      for (const monitor of kring.monitors) monitor.saw(cpu, kring, from, kring.rhead);
      let n = 0;
      for (let i = from; i !== kring.rhead; i = kring.next(i), n++) this.#post(kring, tx, i, cpu);
      cpu.charge(n * this.#costs.txSlot + this.#costs.doorbell);
      kring.packets += n;
      kring.hwcur = kring.rhead;
      this.txDoorbells++;
      this.#device.txTail(cpu as Context, this.#queue, kring.toNic(kring.rhead));
    }
    if ((flags & NAF_FORCE_RECLAIM) !== 0 || kring.rcur === kring.hwtail) this.#reclaim(cpu, kring);
    return true;
  }

  #post(kring: NetmapKring, tx: DescriptorRing, i: number, cpu: Cpu): void {
    const { ring, mem } = kring;
    const idx = ring.bufIdx[i]!;
    let length = ring.len[i]!;
    if (!mem.valid(idx) || length > mem.bufSize || length > LONGEST) {
      // NM_CHECK_ADDR_LEN: buffer 0 goes out in its place, cut to what a frame can have
      kring.badSlots++;
      length = Math.min(length, mem.bufSize, LONGEST);
    }
    const flags = ring.flagsOf[i]!;
    const half = kring.numSlots >> 1;
    const nic = kring.toNic(i);
    const report = (flags & NS_REPORT) !== 0 || nic === 0 || nic === half;
    ring.flagsOf[i] = flags & ~(NS_BUF_CHANGED | NS_REPORT);
    const b = mem.buffer(mem.valid(idx) ? idx : 0);
    mem.setLength(b, length);
    if (report) this.reports++;
    kring.bytes += length;
    postFull(this.#memory, tx, nic, b, report, cpu as Context);
  }

  /** Takes back what was sent, up to the last descriptor that the device has reported. */
  #reclaim(cpu: Cpu, kring: NetmapKring): void {
    const tx = this.#device.tx[this.#queue]!;
    cpu.charge(this.#costs.reclaim);
    const end = kring.toNic(kring.hwcur);
    let clean = this.#nextToClean;
    let reported = clean;
    const step = (at: number): number => at + 1 === kring.numSlots ? 0 : at + 1;
    for (let at = clean; at !== end; at = step(at)) {
      if (tx.reportStatus[at] === 0) continue;
      if (tx.done[at] !== 1) break;
      reported = step(at);
    }
    for (; clean !== reported; clean = step(clean)) {
      takeSent(this.#memory, tx, clean, this.#place, cpu as Context);
    }
    this.#nextToClean = clean;
    kring.hwtail = kring.prev(kring.toSlot(clean));
  }

  #rxsync(cpu: Cpu, kring: NetmapKring, flags: number): boolean {
    const rx = this.#device.rx[this.#queue]!;
    if (this.#noPendintr || (flags & NAF_FORCE_READ) !== 0 || (kring.kflags & NKR_PENDINTR) !== 0) {
      this.#import(cpu, kring, rx);
      kring.kflags &= ~NKR_PENDINTR;
    }
    if (kring.hwcur === kring.rhead) return true;
    let n = 0;
    for (let i = kring.hwcur; i !== kring.rhead; i = kring.next(i), n++) {
      if (!kring.mem.valid(kring.ring.bufIdx[i]!)) {
        kring.badSlots++;
        return false;
      }
    }
    for (let i = kring.hwcur; i !== kring.rhead; i = kring.next(i)) this.#release(kring, rx, i);
    cpu.charge(n * this.#costs.rxRelease + this.#costs.doorbell);
    kring.hwcur = kring.rhead;
    this.rxDoorbells++;
    this.#device.rxTail(cpu as Context, this.#queue, kring.toNic(kring.prev(kring.hwcur)));
    return true;
  }

  /** Makes known what has arrived. */
  #import(cpu: Cpu, kring: NetmapKring, rx: DescriptorRing): void {
    const { ring } = kring;
    const stop = kring.prev(kring.hwcur);
    const from = kring.hwtail;
    let i = from;
    let n = 0;
    for (; i !== stop && rx.done[kring.toNic(i)] === 1; i = kring.next(i), n++) {
      const nic = kring.toNic(i);
      readReceived(this.#memory, rx, nic, cpu as Context);
      const b = takeReceived(this.#memory, rx, nic, this.#place);
      ring.len[i] = this.#memory.length[b]!;
      ring.flagsOf[i] = 0;
      kring.bytes += ring.len[i]!;
    }
    if (n === 0) return;
    cpu.charge(n * this.#costs.rxImport);
    kring.packets += n;
    kring.hwtail = i;
    for (const monitor of kring.monitors) monitor.saw(cpu, kring, from, i);
  }

  #release(kring: NetmapKring, rx: DescriptorRing, i: number): void {
    const { ring, mem } = kring;
    ring.flagsOf[i] = ring.flagsOf[i]! & ~NS_BUF_CHANGED;
    postEmpty(this.#memory, rx, kring.toNic(i), mem.buffer(ring.bufIdx[i]!));
  }
}
