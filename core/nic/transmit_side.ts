/**
 * The transmit half of a NIC's queue pairs.
 *
 * On a doorbell the device reads descriptors, then frames into its transmit FIFO, one queue after the other, and
 * sends them in that order. A frame in several buffers is read buffer by buffer once all of its descriptors are
 * there. A descriptor is done when its frame and all before it are on the device; how that is written back,
 * `write_back.ts` says.
 *
 * Source: Intel 82599 data sheet, 7.2 (transmit).
 */
import type { Vector } from "../host/irq.ts";
import type { Memory, Region } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import { HOST } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";
import type { DmaEngine } from "./dma.ts";
import { noteRead, noteTail } from "./_ring_faults.ts";
import type { HostPath } from "./host_path.ts";
import type { MacOut, Sender } from "./mac_out.ts";
import { DESCRIPTOR_BYTES, DescriptorRing, key, queueOf, slotOf } from "./rings.ts";
import { writeSegment } from "./segments.ts";
import type { QueueProfile } from "./write_back.ts";

/** Bytes of a head index that is written back. */
const HEAD_BYTES = 4;

/** Transmit queues of one NIC. */
export class TransmitSide implements Sender {
  readonly rings: readonly DescriptorRing[];

  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #observation: Observation;
  readonly #dma: DmaEngine;
  readonly #macOut: MacOut;
  readonly #vectors: readonly Vector[];
  readonly #hostPath: HostPath;
  #queues = 1;
  /** Free slots of the transmit FIFO, and the first buffer of its region. */
  readonly #free: Int32Array = new Int32Array(0);
  #freeCount = 0;
  #first = 0;
  /** Slots in order of sending; which are filled; first descriptor, parts, and parts to come of each. */
  readonly #order: Int32Array = new Int32Array(0);
  #orderHead = 0;
  #orderCount = 0;
  readonly #filled: Uint8Array = new Uint8Array(0);
  readonly #descriptor: Int32Array = new Int32Array(0);
  readonly #parts: Int32Array = new Int32Array(0);
  readonly #missing: Int32Array = new Int32Array(0);
  #turn = 0;
  readonly #policy: QueueProfile;
  /** By queue: frames in the FIFO or on their way there; descriptors done and not written back. */
  readonly #underWay: Int32Array = new Int32Array(0);
  readonly #gathered: Int32Array = new Int32Array(0);
  /** By queue: the descriptor after the last that was announced. */
  readonly #announced: Int32Array = new Int32Array(0);
  readonly #descriptorsRead: number = 0;
  readonly #frameRead: number = 0;
  /** Handler of the clock for a write-back that has landed. */
  readonly doneHandler: number = 0;
  readonly #tailMoved: number = 0;

  constructor(
    clock: Clock,
    memory: Memory,
    observation: Observation,
    parts: { dma: DmaEngine; macOut: MacOut; vectors: readonly Vector[]; hostPath: HostPath },
    most: { fifo: number; ring: number; queues: number },
    policy: QueueProfile,
  ) {
    this.#policy = policy;
    this.#underWay = new Int32Array(most.queues);
    this.#gathered = new Int32Array(most.queues);
    this.#announced = new Int32Array(most.queues);
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#dma = parts.dma;
    this.#macOut = parts.macOut;
    this.#vectors = parts.vectors;
    this.#hostPath = parts.hostPath;
    this.#free = new Int32Array(most.fifo);
    this.#order = new Int32Array(most.fifo);
    this.#filled = new Uint8Array(most.fifo);
    this.#descriptor = new Int32Array(most.fifo);
    this.#parts = new Int32Array(most.fifo);
    this.#missing = new Int32Array(most.fifo);
    this.rings = Array.from({ length: most.queues }, () => new DescriptorRing(most.ring));
    this.#descriptorsRead = clock.register((arg) => this.#take(queueOf(arg), slotOf(arg)));
    this.#frameRead = clock.register((slot) => this.#fill(slot));
    this.doneHandler = clock.register((arg) => this.#done(queueOf(arg), slotOf(arg)));
    this.#tailMoved = clock.register((arg) => {
      const ring = this.rings[queueOf(arg)]!;
      if (!ring.moveTail(slotOf(arg))) noteTail(observation, clock.now, ring);
      this.#pump();
    });
  }

  /** Handler of the clock for a doorbell that has arrived. */
  get tailHandler(): number {
    return this.#tailMoved;
  }

  /** Empty rings and FIFO; takes over the port's output. */
  reset(queues: number, size: number, places: readonly number[], fifo: Region): void {
    this.#queues = queues;
    for (let q = 0; q < queues; q++) this.rings[q]!.reset(size, places[q]!);
    this.#first = fifo.first;
    this.#freeCount = fifo.count;
    for (let i = 0; i < fifo.count; i++) this.#free[i] = fifo.count - 1 - i;
    this.#orderHead = 0;
    this.#orderCount = 0;
    this.#filled.fill(0, 0, fifo.count);
    this.#turn = 0;
    for (const counts of [this.#underWay, this.#gathered, this.#announced]) counts.fill(0);
    this.#hostPath.onTransmit = (slot) => this.#moved(slot);
    this.#macOut.sender = this;
  }

  sent(b: number): void {
    const ledger = this.#memory.ledger;
    if (ledger !== null) ledger.free(b, this.#macOut.place);
    this.#free[this.#freeCount++] = b - this.#first;
    this.#pump();
  }

  #take(queue: number, n: number): void {
    const ring = this.rings[queue]!;
    for (let i = 0; i < n; i++) {
      const slot = ring.fetched & (ring.size - 1);
      ring.read[slot] = ring.buffer[slot]!;
      noteRead(this.#memory.ledger, ring, slot, this.#macOut.place);
      ring.readStatus[slot] = ring.reportStatus[slot]!;
      ring.readMore[slot] = ring.more[slot]!;
      ring.fetched = (ring.fetched + 1) >>> 0;
    }
    this.#pump();
  }

  /** Reads descriptors, and frames as long as the FIFO has room, one queue after the other. */
  #pump(): void {
    for (let q = 0; q < this.#queues; q++) this.#fetch(q);
    let idle = 0;
    while (this.#freeCount > 0 && idle < this.#queues) {
      const q = this.#turn;
      this.#turn = q + 1 === this.#queues ? 0 : q + 1;
      const parts = wholeFrame(this.rings[q]!);
      if (parts === 0) {
        idle++;
        continue;
      }
      idle = 0;
      this.#readFrame(q, parts);
    }
  }

  #fetch(queue: number): void {
    const ring = this.rings[queue]!;
    if (ring.fetching !== ring.fetched || ring.unread === 0 || wholeFrame(ring) > 0) return;
    const n = Math.min(ring.unread, this.#policy.txFetch);
    const address = ring.addressOf(ring.fetching & (ring.size - 1));
    ring.fetching = (ring.fetching + n) >>> 0;
    this.#dma.read(HOST, n * DESCRIPTOR_BYTES, this.#descriptorsRead, key(queue, n), address);
  }

  #readFrame(queue: number, parts: number): void {
    const ring = this.rings[queue]!;
    const at = ring.head & (ring.size - 1);
    ring.head = (ring.head + parts) >>> 0;
    // a descriptor that names nothing was found when it was read: its frame is passed
    for (let i = 0; i < parts; i++) if (ring.read[(at + i) & (ring.size - 1)]! < 0) return;
    ring.busy += parts;
    this.#underWay[queue]!++;
    const { host } = this.#memory;
    const slot = this.#free[--this.#freeCount]!;
    this.#descriptor[slot] = key(queue, at);
    this.#parts[slot] = parts;
    this.#missing[slot] = parts;
    this.#filled[slot] = 0;
    let last = this.#orderHead + this.#orderCount++;
    if (last >= this.#order.length) last -= this.#order.length;
    this.#order[last] = slot;
    const ledger = this.#memory.ledger;
    if (ledger !== null) ledger.alloc(this.#first + slot, this.#macOut.place);
    for (let i = 0; i < parts; i++) {
      const source = ring.read[(at + i) & (ring.size - 1)]!;
      const address = host === null ? -1 : host.addressOf(source);
      this.#dma.read(HOST, this.#memory.length[source]!, this.#frameRead, slot, address);
    }
  }

  #fill(slot: number): void {
    if (--this.#missing[slot]! > 0) return;
    const memory = this.#memory;
    const ledger = memory.ledger;
    const to = this.#first + slot;
    const descriptor = this.#descriptor[slot]!;
    const ring = this.rings[queueOf(descriptor)]!;
    const parts = this.#parts[slot]!;
    let length = 0;
    for (let i = 0; i < parts; i++) {
      const at = (slotOf(descriptor) + i) & (ring.size - 1);
      const source = ring.read[at]!;
      if (ledger !== null) ledger.device(source, this.#macOut.place);
      if (parts === 1) memory.transfer(source, to);
      else writeSegment(memory, source, 0, memory.length[source]!, to, length);
      length += memory.length[source]!;
      // the first buffer of a chain is the packet's carrier
      if (i === 0 && ledger !== null) ledger.moved(source, to);
    }
    this.#hostPath.transmit(slot, length);
    this.#pump();
  }

  /** The firmware has moved a frame to the port. */
  #moved(slot: number): void {
    this.#filled[slot] = 1;
    this.#sendFilled();
  }

  /** A frame is on the device, as are all before it. */
  #report(slot: number): void {
    const first = this.#descriptor[slot]!;
    const queue = queueOf(first);
    const ring = this.rings[queue]!;
    const parts = this.#parts[slot]!;
    this.#underWay[queue]!--;
    ring.sent = (ring.sent + parts) >>> 0;
    for (let i = 0; i < parts; i++) {
      const at = (slotOf(first) + i) & (ring.size - 1);
      this.#reportOne(ring, queue, at, i === parts - 1);
    }
  }

  #reportOne(ring: DescriptorRing, queue: number, at: number, last: boolean): void {
    const { txWriteBack } = this.#policy;
    if (typeof txWriteBack === "number") {
      const gathered = ++this.#gathered[queue]!;
      // a write does not go around the end of the ring
      const full = gathered === txWriteBack || at === ring.size - 1;
      const more = !last || this.#underWay[queue]! > 0 || ring.ready > 0 || ring.unread > 0 ||
        ring.fetching !== ring.fetched;
      if (!full && more) return;
      this.#gathered[queue] = 0;
      const address = ring.addressOf(at - gathered + 1);
      this.#dma.write(HOST, gathered * DESCRIPTOR_BYTES, this.doneHandler, key(queue, at), address);
    } else if (ring.readStatus[at] === 0) ring.busy--;
    else if (txWriteBack === "head") {
      this.#dma.write(HOST, HEAD_BYTES, this.doneHandler, key(queue, at));
    } else {
      const address = ring.addressOf(at);
      this.#dma.write(HOST, DESCRIPTOR_BYTES, this.doneHandler, key(queue, at), address);
    }
  }

  #sendFilled(): void {
    while (this.#orderCount > 0 && this.#filled[this.#order[this.#orderHead]!] === 1) {
      const slot = this.#order[this.#orderHead]!;
      this.#orderHead = this.#orderHead + 1 === this.#order.length ? 0 : this.#orderHead + 1;
      this.#orderCount--;
      this.#filled[slot] = 0;
      this.#report(slot);
      this.#macOut.send(this.#first + slot);
    }
  }

  #done(queue: number, slot: number): void {
    const ring = this.rings[queue]!;
    const { txWriteBack } = this.#policy;
    if (txWriteBack === "report") this.#announce(ring, slot);
    else {
      const mask = ring.size - 1;
      let at = this.#announced[queue]!;
      for (let n = 0; at !== ((slot + 1) & mask); n++, at = (at + 1) & mask) {
        this.#announce(ring, at);
        if (n > 0 && txWriteBack !== "head") ring.busy--;
      }
      this.#announced[queue] = at;
    }
    ring.busy--;
    if (ring.waiter !== null) ring.waiter.notify();
    this.#vectors[queue]!.cause();
  }

  #announce(ring: DescriptorRing, slot: number): void {
    if (ring.done[slot] === 1) {
      const b = ring.buffer[slot]!;
      this.#observation.fault("completed-twice", this.#clock.now, b, -1, ring.place, ring.place);
    }
    ring.done[slot] = 1;
  }
}

/** Descriptors of the frame at the head, if the device has read all of them; else 0. */
function wholeFrame(ring: DescriptorRing): number {
  const { ready, head, readMore } = ring;
  for (let n = 0; n < ready; n++) if (readMore[(head + n) & (ring.size - 1)] === 0) return n + 1;
  return 0;
}
