/**
 * The host side of a NIC: receive and transmit queue pairs over descriptor rings in host memory.
 *
 * Receive: a packet goes from the ingress buffer by one DMA write to the buffer that the next descriptor
 * names, then the descriptor is written back with its done bit; both are posted writes on one path, so the
 * bit is never visible before the bytes. RSS picks the queue. The head packet waits while its queue has no
 * descriptor, and what piles up behind it is lost at the ingress buffer, nowhere else.
 *
 * Transmit: on a doorbell the device reads descriptors, at most 40 at once, then frames into its transmit
 * FIFO, and sends them in that order; descriptors that ask for it are written back when their frame is here.
 *
 * Source: Intel 82599 data sheet, 7.1 (receive) and 7.2 (transmit).
 */
import type { Context } from "../host/context.ts";
import type { Vector } from "../host/irq.ts";
import type { Memory, Region } from "../memory/memory.ts";
import { FLAG } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import { etherType, ETHERTYPE_IPV4 } from "../packet/ethernet.ts";
import { rssHashIpv4 } from "../packet/toeplitz.ts";
import type { Fabric } from "../pcie/fabric.ts";
import { HOST } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";
import type { DmaEngine } from "./dma.ts";
import type { MacIn, MacOut, Receiver, Sender } from "./mac.ts";
import { DESCRIPTOR_BYTES, DescriptorRing, type DeviceSide } from "./rings.ts";

/** Transmit descriptors read at once (82599: up to 40 on chip). */
const TX_FETCH_MAX = 40;
/** Receive descriptors read at once, and how few make the device read on. */
const RX_FETCH_MAX = 32;
const RX_FETCH_BELOW = 16;
/** Bytes of a doorbell, a posted write to a register. */
const DOORBELL_BYTES = 4;
/** Writes that wait at the DMA engine before the receive side holds back. */
const WRITES_AHEAD = 2;
/** Entries of the redirection table (82599: 128). */
const RETA_SIZE = 128;

/** Queue pairs of one NIC. */
export class QueuePairs implements DeviceSide, Receiver, Sender {
  readonly rx: DescriptorRing[] = [];
  readonly tx: DescriptorRing[] = [];
  /** Vector of each queue pair. */
  readonly vectors: Vector[] = [];
  /** Which queue an RSS hash leads to. */
  readonly reta: Uint8Array = new Uint8Array(RETA_SIZE);

  readonly #node: number;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #observation: Observation;
  readonly #dma: DmaEngine;
  readonly #macIn: MacIn;
  readonly #macOut: MacOut;
  #fabric: Fabric | null = null;
  #queues = 1;

  /** Packets of the ingress buffer in order of arrival, and the queue of each. */
  readonly #fifo: Int32Array;
  #fifoHead = 0;
  #fifoCount = 0;
  /** Where each ingress buffer's packet goes: host buffer. */
  readonly #target: Int32Array;
  /** Identity that each receive descriptor was used for. */
  readonly #used: Int32Array[] = [];

  /** Transmit FIFO: slots in order of sending, which of them are filled, their descriptors. */
  readonly #slotFree: Int32Array;
  #slotFreeCount = 0;
  #slotFirst = 0;
  readonly #order: Int32Array;
  #orderHead = 0;
  #orderCount = 0;
  readonly #filled: Uint8Array;
  readonly #source: Int32Array;
  readonly #descriptor: Int32Array;
  #turn = 0;

  readonly #rxRead: number;
  readonly #rxData: number;
  readonly #rxDone: number;
  readonly #txRead: number;
  readonly #txData: number;
  readonly #txDone: number;
  readonly #ringRx: number;
  readonly #ringTx: number;
  readonly #rxTailMoved: number;
  readonly #txTailMoved: number;
  readonly #unmask: number;

  /** @param most largest sizes of ingress buffer, transmit FIFO, rings and queues */
  constructor(
    node: number,
    clock: Clock,
    memory: Memory,
    observation: Observation,
    parts: { dma: DmaEngine; macIn: MacIn; macOut: MacOut },
    most: { ingress: number; fifo: number; ring: number; queues: number; buffers: number },
  ) {
    this.#node = node;
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#dma = parts.dma;
    this.#macIn = parts.macIn;
    this.#macOut = parts.macOut;
    this.#fifo = new Int32Array(most.ingress);
    this.#target = new Int32Array(most.buffers);
    this.#slotFree = new Int32Array(most.fifo);
    this.#order = new Int32Array(most.fifo);
    this.#filled = new Uint8Array(most.fifo);
    this.#source = new Int32Array(most.fifo);
    this.#descriptor = new Int32Array(most.fifo);
    for (let q = 0; q < most.queues; q++) {
      this.rx.push(new DescriptorRing(most.ring));
      this.tx.push(new DescriptorRing(most.ring));
      this.#used.push(new Int32Array(most.ring));
    }
    this.#rxRead = clock.register((arg) => this.#haveRx(arg >>> 16, arg & 0xffff));
    this.#rxData = clock.register((b) => this.#landed(b));
    this.#rxDone = clock.register((arg) => this.#report(arg >>> 16, arg & 0xffff));
    this.#txRead = clock.register((arg) => this.#haveTx(arg >>> 16, arg & 0xffff));
    this.#txData = clock.register((slot) => this.#fetched(slot));
    this.#txDone = clock.register((arg) => this.#sentReport(arg >>> 16, arg & 0xffff));
    this.#rxTailMoved = clock.register((arg) => this.#moveRx(arg >>> 16, arg & 0xffff));
    this.#txTailMoved = clock.register((arg) => this.#moveTx(arg >>> 16, arg & 0xffff));
    this.#ringRx = clock.register((arg) => this.#ringDoorbell(this.#rxTailMoved, arg));
    this.#ringTx = clock.register((arg) => this.#ringDoorbell(this.#txTailMoved, arg));
    this.#unmask = clock.register((q) => this.vectors[q]!.enable());
  }

  /** Empty rings of these sizes; takes over the port. */
  reset(
    fabric: Fabric,
    queues: number,
    rxSize: number,
    txSize: number,
    fifo: Region,
    places: { rx: number[]; tx: number[] },
  ): void {
    this.#fabric = fabric;
    this.#queues = queues;
    for (let q = 0; q < queues; q++) {
      this.rx[q]!.reset(rxSize, places.rx[q]!);
      this.tx[q]!.reset(txSize, places.tx[q]!);
    }
    for (let i = 0; i < RETA_SIZE; i++) this.reta[i] = i % queues;
    this.#fifoHead = 0;
    this.#fifoCount = 0;
    this.#slotFirst = fifo.first;
    this.#slotFreeCount = fifo.count;
    for (let i = 0; i < fifo.count; i++) this.#slotFree[i] = fifo.count - 1 - i;
    this.#orderHead = 0;
    this.#orderCount = 0;
    this.#filled.fill(0, 0, fifo.count);
    this.#turn = 0;
    this.#macIn.receiver = this;
    this.#macOut.sender = this;
    this.#dma.onWriteDone = () => this.#pumpRx();
  }

  rxTail(cpu: Context, queue: number, slot: number): void {
    this.#clock.at(cpu.nowPs, this.#ringRx, (queue << 16) | slot);
  }

  txTail(cpu: Context, queue: number, slot: number): void {
    this.#clock.at(cpu.nowPs, this.#ringTx, (queue << 16) | slot);
  }

  irqEnable(cpu: Context, queue: number): void {
    this.#clock.at(cpu.nowPs, this.#unmask, queue);
  }

  received(b: number): void {
    this.#fifo[(this.#fifoHead + this.#fifoCount++) % this.#fifo.length] = b;
    this.#pumpRx();
  }

  sent(slot: number): void {
    this.#memory.ledger!.free(slot, this.#macOut.place);
    this.#slotFree[this.#slotFreeCount++] = slot - this.#slotFirst;
    this.#pumpTx();
  }

  #ringDoorbell(handler: number, arg: number): void {
    this.#observation.doorbells++;
    this.#fabric!.write(HOST, this.#node, DOORBELL_BYTES, handler, arg);
  }

  #moveRx(queue: number, slot: number): void {
    this.rx[queue]!.moveTail(slot);
    this.#readRx(queue);
  }

  /** Reads receive descriptors when few are left; the packet at the head may be waiting for them. */
  #readRx(queue: number): void {
    const ring = this.rx[queue]!;
    if (ring.fetching !== ring.fetched || ring.ready >= RX_FETCH_BELOW || ring.unread === 0) return;
    const n = Math.min(ring.unread, RX_FETCH_MAX);
    ring.fetching = (ring.fetching + n) >>> 0;
    this.#dma.read(HOST, n * DESCRIPTOR_BYTES, this.#rxRead, (queue << 16) | n);
  }

  #haveRx(queue: number, n: number): void {
    const ring = this.rx[queue]!;
    for (let i = 0; i < n; i++) {
      const slot = ring.fetched & (ring.size - 1);
      ring.read[slot] = ring.buffer[slot]!;
      ring.fetched = (ring.fetched + 1) >>> 0;
    }
    this.#readRx(queue);
    this.#pumpRx();
  }

  #pumpRx(): void {
    while (this.#fifoCount > 0 && this.#dma.writesPending < WRITES_AHEAD) {
      const b = this.#fifo[this.#fifoHead]!;
      const queue = this.#queues > 1 ? this.#steer(b) : 0;
      const ring = this.rx[queue]!;
      if (ring.ready === 0) {
        this.#readRx(queue);
        return;
      }
      this.#fifoHead = (this.#fifoHead + 1) % this.#fifo.length;
      this.#fifoCount--;
      const slot = ring.head & (ring.size - 1);
      ring.head = (ring.head + 1) >>> 0;
      const memory = this.#memory;
      if (etherType(memory.bytes, memory.offset[b]!) === ETHERTYPE_IPV4) {
        memory.flags[b] = FLAG.ipv4;
      }
      this.#target[b] = ring.read[slot]!;
      this.#used[queue]![slot] = memory.ledger!.packet[b]!;
      this.#dma.write(HOST, memory.length[b]!, this.#rxData, b);
      this.#dma.write(HOST, DESCRIPTOR_BYTES, this.#rxDone, (queue << 16) | slot);
      this.#readRx(queue);
    }
  }

  #steer(b: number): number {
    const memory = this.#memory;
    if (memory.hash[b] === 0) {
      const at = memory.offset[b]!;
      const isIpv4 = etherType(memory.bytes, at) === ETHERTYPE_IPV4;
      memory.hash[b] = isIpv4 ? rssHashIpv4(memory.bytes, at + 14) : 0;
    }
    return this.reta[memory.hash[b]! & (RETA_SIZE - 1)]!;
  }

  #landed(b: number): void {
    const memory = this.#memory;
    const ledger = memory.ledger!;
    const to = this.#target[b]!;
    ledger.device(to, this.#macIn.place);
    memory.transfer(b, to);
    ledger.moved(b, to);
    const packet = ledger.packet[b]!;
    if (packet >= 0) this.#observation.dataAt[packet] = this.#clock.now;
    this.#macIn.release(b);
  }

  #report(queue: number, slot: number): void {
    const ring = this.rx[queue]!;
    const now = this.#clock.now;
    const packet = this.#used[queue]![slot]!;
    if (ring.done[slot] === 1) {
      this.#observation.fault("completed-twice", now, ring.buffer[slot]!, packet, ring.place, -1);
    }
    ring.done[slot] = 1;
    if (packet >= 0) this.#observation.descAt[packet] = now;
    if (ring.waiter !== null) ring.waiter.notify();
    const vector = this.vectors[queue];
    if (vector !== undefined) vector.cause();
  }

  #moveTx(queue: number, slot: number): void {
    this.tx[queue]!.moveTail(slot);
    this.#pumpTx();
  }

  #haveTx(queue: number, n: number): void {
    const ring = this.tx[queue]!;
    for (let i = 0; i < n; i++) {
      const slot = ring.fetched & (ring.size - 1);
      ring.read[slot] = ring.buffer[slot]!;
      ring.readStatus[slot] = ring.reportStatus[slot]!;
      ring.fetched = (ring.fetched + 1) >>> 0;
    }
    this.#pumpTx();
  }

  /** Reads descriptors and frames as long as the transmit FIFO has room, one queue after the other. */
  #pumpTx(): void {
    for (let q = 0; q < this.#queues; q++) {
      const ring = this.tx[q]!;
      if (ring.fetching === ring.fetched && ring.ready === 0 && ring.unread > 0) {
        const n = Math.min(ring.unread, TX_FETCH_MAX);
        ring.fetching = (ring.fetching + n) >>> 0;
        this.#dma.read(HOST, n * DESCRIPTOR_BYTES, this.#txRead, (q << 16) | n);
      }
    }
    let idle = 0;
    while (this.#slotFreeCount > 0 && idle < this.#queues) {
      const q = this.#turn;
      this.#turn = q + 1 === this.#queues ? 0 : q + 1;
      if (this.tx[q]!.ready === 0) {
        idle++;
        continue;
      }
      idle = 0;
      this.#readFrame(q);
    }
  }

  #readFrame(queue: number): void {
    const ring = this.tx[queue]!;
    const at = ring.head & (ring.size - 1);
    ring.head = (ring.head + 1) >>> 0;
    const slot = this.#slotFree[--this.#slotFreeCount]!;
    const source = ring.read[at]!;
    this.#source[slot] = source;
    this.#descriptor[slot] = (queue << 16) | at;
    this.#filled[slot] = 0;
    this.#order[(this.#orderHead + this.#orderCount++) % this.#order.length] = slot;
    this.#memory.ledger!.alloc(this.#slotFirst + slot, this.#macOut.place);
    this.#dma.read(HOST, this.#memory.length[source]!, this.#txData, slot);
  }

  #fetched(slot: number): void {
    const memory = this.#memory;
    const ledger = memory.ledger!;
    const source = this.#source[slot]!;
    ledger.device(source, this.#macOut.place);
    memory.transfer(source, this.#slotFirst + slot);
    ledger.moved(source, this.#slotFirst + slot);
    this.#filled[slot] = 1;
    const queue = this.#descriptor[slot]! >>> 16;
    const at = this.#descriptor[slot]! & 0xffff;
    if (this.tx[queue]!.readStatus[at] === 1) {
      this.#dma.write(HOST, DESCRIPTOR_BYTES, this.#txDone, this.#descriptor[slot]!);
    }
    while (this.#orderCount > 0 && this.#filled[this.#order[this.#orderHead]!] === 1) {
      const first = this.#order[this.#orderHead]!;
      this.#orderHead = (this.#orderHead + 1) % this.#order.length;
      this.#orderCount--;
      this.#filled[first] = 0;
      this.#macOut.send(this.#slotFirst + first);
    }
    this.#pumpTx();
  }

  #sentReport(queue: number, slot: number): void {
    const ring = this.tx[queue]!;
    if (ring.done[slot] === 1) {
      this.#observation.fault(
        "completed-twice",
        this.#clock.now,
        ring.buffer[slot]!,
        -1,
        ring.place,
        -1,
      );
    }
    ring.done[slot] = 1;
    if (ring.waiter !== null) ring.waiter.notify();
    const vector = this.vectors[queue];
    if (vector !== undefined) vector.cause();
  }
}
