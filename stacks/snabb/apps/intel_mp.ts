/**
 * The Intel 82599 with several processes on it: each instance drives one receive and one transmit queue, or one of
 * both.
 *
 * Receive: a pull takes at most `engine.pull_npackets` packets while the done bit is set. Each slot that is emptied gets
 * a fresh packet at once, so the ring never shrinks; then RDT is written, once a pull and also when nothing came, to the
 * slot before the next one to be looked at, so that it never equals RDH of a ring that is all the device's.
 *
 * Transmit: a push moves packets from the link into descriptors while there are any and one slot stays free. What does
 * not fit stays in the link. Then TDH is read, across PCIe, which the core waits for, and what it has passed is freed;
 * then TDT is written. No write-back is asked for.
 *
 * Drop_En is set: a queue whose process is late loses its own packets, and other queues go on.
 *
 * Source: apps/intel_mp/intel_mp.lua; Intel 82599 data sheet, 7.1.9, 7.2.3, 8.2.3.8.7 (SRRCTL).
 */
import type { Context } from "../../../core/host/context.ts";
import { FLAG } from "../../../core/memory/memory.ts";
import {
  postEmpty,
  postFull,
  readReceived,
  takeReceived,
  takeSent,
} from "../../../core/nic/driver.ts";
import type { Nic } from "../../../core/nic/nic.ts";
import type { DescriptorRing, DeviceSide } from "../../../core/nic/rings.ts";
import { parseMac } from "../../../core/packet/mod.ts";
import { REASON } from "../../../core/policy.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";
import { RingWatch } from "../ring_watch.ts";

/** What the app is started with. */
export interface IntelConf {
  /** Which device: the bus number is the port, as in `0000:01:00.0`. */
  readonly pciaddr: string;
  /** Receive queue, or false for none; by default the number of the process. */
  readonly rxq?: number | false;
  /** Transmit queue, likewise. */
  readonly txq?: number | false;
  /** Longest frame that is sent. */
  readonly mtu: number;
  /** Frames to `macaddr` come to this queue, instead of frames by their hash. */
  readonly vmdq: boolean;
  /** The address, as `02:00:00:00:00:01`. */
  readonly macaddr?: string;
}

/** Counters of a queue pair, as its shm frame has them. */
export interface IntelStats {
  rxpackets: number;
  rxbytes: number;
  txpackets: number;
  txbytes: number;
  /** Frames longer than the MTU. */
  txdrop: number;
  /** Register accesses: writes of RDT and TDT, reads of TDH. */
  rdtWrites: number;
  tdtWrites: number;
  tdhReads: number;
}

const PCI = /^(?:[0-9a-f]{4}:)?([0-9a-f]{2}):[0-9a-f]{2}\.[0-7]$/;

/** `apps.intel_mp.intel_mp`. */
export class Intel extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = {
    pciaddr: { required: true },
    rxq: {},
    txq: {},
    mtu: { default: 9014 },
    vmdq: { default: false },
    macaddr: {},
  };
  /** Number of its port. */
  readonly port: number;
  readonly stats: IntelStats = {
    ...{ rxpackets: 0, rxbytes: 0, txpackets: 0, txbytes: 0, txdrop: 0 },
    ...{ rdtWrites: 0, tdtWrites: 0, tdhReads: 0 },
  };
  /** Checks both rings; null where nothing is checked. */
  readonly watch: RingWatch | null;
  /** Packet of each slot, or -1. */
  readonly rxqueue: Int32Array;
  readonly txqueue: Int32Array;
  readonly #process: SnabbProcess;
  readonly #device: DeviceSide;
  readonly #rxq: number;
  readonly #txq: number;
  readonly #rx: DescriptorRing;
  readonly #tx: DescriptorRing;
  readonly #place: number;
  readonly #mtu: number;
  #rdt = 0;
  #tdt = 0;
  #tdh = 0;
  #stopping = false;

  /**
   * Fills the receive ring and starts both queues.
   * @throws {RangeError} when there is no such device or queue
   */
  constructor(conf: IntelConf, process: SnabbProcess) {
    super();
    this.#process = process;
    const nic = nicAt(process, conf.pciaddr);
    this.port = nic.port;
    this.#device = nic.queues;
    this.#rxq = queueOf("rxq", conf.rxq ?? process.pid, process);
    this.#txq = queueOf("txq", conf.txq ?? process.pid, process);
    this.#mtu = conf.mtu;
    this.#rx = nic.queues.rx[Math.max(this.#rxq, 0)]!;
    this.#tx = nic.queues.tx[Math.max(this.#txq, 0)]!;
    this.#place = process.place;
    this.rxqueue = new Int32Array(this.#rxq < 0 ? 0 : this.#rx.size).fill(-1);
    this.txqueue = new Int32Array(this.#txq < 0 ? 0 : this.#tx.size).fill(-1);
    this.watch = process.settings.developerDebug ? new RingWatch(`nic${nic.port}`) : null;
    if (this.#txq >= 0) this.#tx.reset(this.#tx.size, this.#tx.place);
    else this.push = undefined as unknown as () => void;
    if (conf.vmdq && this.#rxq >= 0) nic.queues.pool(macOf(conf), this.#rxq);
    if (this.#rxq >= 0) this.#initRx();
    else this.pull = undefined as unknown as () => void;
  }

  #initRx(): void {
    const { memory, packet } = this.#process;
    const rx = this.#rx;
    rx.reset(rx.size, rx.place);
    rx.dropEnable = true;
    for (let slot = 0; slot < rx.size; slot++) {
      this.rxqueue[slot] = packet.allocate();
      postEmpty(memory, rx, slot, this.rxqueue[slot]!);
    }
    this.#device.rxTail(this.#process.cpu as Context, this.#rxq, rx.size - 1);
  }

  /** Slots of its receive and its transmit ring. */
  get ndesc(): readonly [number, number] {
    return [this.rxqueue.length, this.txqueue.length];
  }

  /** Packets that the NIC lost for want of descriptors of this queue (QPRDC). */
  get rxdrop(): number {
    return this.#rxq < 0 ? 0 : this.#rx.dropped;
  }

  override pull(): void {
    const { memory, link, packet, engine, costs } = this.#process;
    const cpu = this.#process.cpu as Context;
    const output = this.output.output;
    if (output === undefined) return;
    const rx = this.#rx;
    const mask = rx.size - 1;
    const first = this.#rdt;
    let n = 0;
    while (rx.done[this.#rdt] === 1 && n < engine.pullNpackets && !this.#stopping) {
      const slot = this.#rdt;
      readReceived(memory, rx, slot, cpu);
      const p = takeReceived(memory, rx, slot, this.#place);
      this.stats.rxpackets++;
      this.stats.rxbytes += memory.length[p]!;
      this.watch?.received(this.#rxq, (memory.flags[p]! & FLAG.ipv4) !== 0);
      link.transmit(output, p);
      this.rxqueue[slot] = packet.allocate();
      postEmpty(memory, rx, slot, this.rxqueue[slot]!);
      this.#rdt = (slot + 1) & mask;
      n++;
    }
    this.#process.charge(n * costs.rxPacket + costs.doorbell);
    if (this.#stopping) return;
    this.stats.rdtWrites++;
    this.watch?.rdt(this.#rdt, (this.#rdt - 1) & mask, rx.size, (this.#rdt - first) & mask, n);
    this.#device.rxTail(cpu, this.#rxq, (this.#rdt - 1) & mask);
  }

  override push(): void {
    const { memory, link, packet, costs } = this.#process;
    const cpu = this.#process.cpu as Context;
    const input = this.input.input;
    if (input === undefined) return;
    const tx = this.#tx;
    const mask = tx.size - 1;
    let n = 0;
    while (!link.empty(input) && ((this.#tdt + 1) & mask) !== this.#tdh && !this.#stopping) {
      const p = link.receive(input);
      const bytes = memory.length[p]!;
      if (bytes > this.#mtu) {
        this.stats.txdrop++;
        this.#process.discard(p, REASON["too-big"]);
        continue;
      }
      postFull(memory, tx, this.#tdt, p, false, cpu);
      this.txqueue[this.#tdt] = p;
      this.#tdt = (this.#tdt + 1) & mask;
      this.stats.txpackets++;
      this.stats.txbytes += bytes;
      n++;
    }
    this.#process.charge(n * costs.txPacket + costs.tdhRead + costs.doorbell);
    this.stats.tdhReads++;
    const head = tx.sent & mask;
    while (this.#tdh !== head) {
      const p = takeSent(memory, tx, this.#tdh, this.#place, cpu);
      this.watch?.freed(this.#tdh, tx);
      this.txqueue[this.#tdh] = -1;
      packet.free(p);
      this.#tdh = (this.#tdh + 1) & mask;
    }
    this.watch?.outstanding((this.#tdt - this.#tdh) & mask, tx.size);
    this.stats.tdtWrites++;
    this.#device.txTail(cpu, this.#txq, this.#tdt);
  }

  /** Disables both queues; their packets are freed when the device has let go of them. */
  override stop(): void {
    const cpu = this.#process.cpu as Context;
    this.#stopping = true;
    if (this.#rxq >= 0) this.#device.rxStop(cpu, this.#rxq);
    this.#process.engine.await(this, () => this.#released());
  }

  /** Waits for RXDCTL.ENABLE and the transmit ring to clear, then frees what they hold. */
  #released(): boolean {
    const rx = this.#rx;
    const tx = this.#tx;
    if (this.#rxq >= 0 && (rx.enabled || !rx.quiet)) return false;
    const sending = this.#txq >= 0 &&
      (tx.sent !== tx.tail || (tx.tail & (tx.size - 1)) !== this.#tdt);
    if (sending) return false;
    this.#release(rx, this.rxqueue);
    this.#release(tx, this.txqueue);
    return true;
  }

  #release(ring: DescriptorRing, queue: Int32Array): void {
    const { memory, packet } = this.#process;
    queue.forEach((p, slot) => {
      if (p < 0) return;
      queue[slot] = -1;
      ring.buffer[slot] = -1;
      memory.ledger?.complete(p, this.#place);
      // a packet that landed and that nobody pulled ends here; one that was sent has its fate
      if (ring === this.#rx && ring.done[slot] === 1) this.#process.discard(p, REASON.other);
      else packet.free(p);
    });
  }

  override *held(): Iterable<number> {
    for (const p of this.rxqueue) if (p >= 0) yield p;
    for (const p of this.txqueue) if (p >= 0) yield p;
  }

  override report(): readonly string[] {
    const { rxpackets, rxbytes, txpackets, txbytes } = this.stats;
    return [
      `rx: ${rxpackets} packets, ${rxbytes} bytes, ${this.rxdrop} dropped`,
      `tx: ${txpackets} packets, ${txbytes} bytes`,
    ];
  }
}

/** The NIC at a PCI address. */
export function nicAt({ env }: SnabbProcess, pciaddr: string): Nic {
  const [, bus] = PCI.exec(pciaddr) ?? [];
  const nic = bus === undefined ? undefined : env.hardware.nics[parseInt(bus, 16)];
  if (nic === undefined) {
    throw new RangeError(
      `Cannot start Intel: no device ${pciaddr}; there are ${
        env.hardware.nics.map(({ port }) => pciaddrOf(port)).join(", ")
      }`,
    );
  }
  return nic;
}

/** The PCI address of a port. */
export function pciaddrOf(port: number): string {
  return `0000:${port.toString(16).padStart(2, "0")}:00.0`;
}

/** @throws {TypeError} when there is no address to choose a pool by */
function macOf({ macaddr }: IntelConf): number {
  if (macaddr !== undefined) return parseMac(macaddr);
  throw new TypeError("Cannot start Intel: vmdq needs a macaddr");
}

function queueOf(name: string, queue: number | false, { env }: SnabbProcess): number {
  if (queue === false) return -1;
  if (Number.isInteger(queue) && queue >= 0 && queue < env.lcores) return queue;
  throw new RangeError(
    `Cannot start Intel: ${name} ${queue} is not a queue in 0..${env.lcores - 1}`,
  );
}
