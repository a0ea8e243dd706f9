/**
 * The receive half of a NIC's queue pairs.
 *
 * A packet goes from the ingress buffer by one DMA write to the buffer that the next descriptor names, then
 * the descriptor is written back with its done bit. Both are posted writes on one path, so the bit is never
 * visible before the bytes. RSS or VMDq picks the queue. The head packet waits while its queue has no descriptor,
 * and what piles up behind it is lost at the ingress buffer; unless the queue's own are to be lost instead (Drop_En).
 *
 * Where firmware moves packets to the host (`HostPath`), write-backs are held: they go out when so many have
 * gathered, when no other packet is in flight, or when the next one waits for a descriptor, since what would
 * bring it may be among those held. It is the rule that P2PNIC, section 4, has for rings of other NICs.
 *
 * A frame longer than a buffer of its queue takes goes into several, one write and one descriptor each, the
 * writes before the first write-back; all descriptors but the last say that more follows. A queue that is
 * stopped uses no further descriptor: its packets wait like those of a queue without any, so who stops one
 * points the redirection table elsewhere first.
 *
 * Source: Intel 82599 data sheet, 7.1 (receive), 4.6.7.1 (stopping a queue).
 */
import type { Vector } from "../host/irq.ts";
import type { Memory } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import type { HostPath } from "./host_path.ts";
import { HOST } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";
import type { DmaEngine } from "./dma.ts";
import type { MacIn, Receiver } from "./mac.ts";
import { noteRead, noteTail } from "./_ring_faults.ts";
import { DESCRIPTOR_BYTES, DescriptorRing, key, queueOf, slotOf } from "./rings.ts";
import { segmentsFor, writeSegment } from "./segments.ts";
import { Steering } from "./_steering.ts";
import type { QueueProfile } from "./write_back.ts";

/** Writes that wait at the DMA engine before the receive side holds back. */
const WRITES_AHEAD = 2;

/** Receive queues of one NIC. */
export class ReceiveSide implements Receiver {
  readonly rings: readonly DescriptorRing[];
  /** Which queue a packet goes to. */
  readonly steering: Steering;

  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #observation: Observation;
  readonly #dma: DmaEngine;
  readonly #macIn: MacIn;
  readonly #vectors: readonly Vector[];
  readonly #policy: QueueProfile;
  /** Packets of the ingress buffer in order of arrival. */
  readonly #fifo: Int32Array = new Int32Array(0);
  #fifoHead = 0;
  #fifoCount = 0;
  /** Host buffer that each ingress buffer's packet goes to; -1 - key of the first descriptor of several. */
  readonly #target: Int32Array = new Int32Array(0);
  /** Identity that each descriptor was used for, by queue. */
  readonly #used: readonly Int32Array[];
  readonly #hostPath: HostPath;
  /** Packets from their arrival until their frame is posted; write-backs held, as queue and slot. */
  #inFlight = 0;
  readonly #held: Int32Array = new Int32Array(0);
  #heldCount = 0;
  readonly #descriptorsRead: number = 0;
  readonly #dataLanded: number = 0;
  readonly #partLanded: number = 0;
  readonly #stopped: number = 0;
  /** Handler of the clock for a write-back that has landed. */
  readonly doneHandler: number = 0;
  readonly #tailMoved: number = 0;

  constructor(
    clock: Clock,
    memory: Memory,
    observation: Observation,
    parts: { dma: DmaEngine; macIn: MacIn; vectors: readonly Vector[]; hostPath: HostPath },
    most: { ingress: number; ring: number; queues: number; buffers: number },
    policy: QueueProfile,
  ) {
    this.#policy = policy;
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.steering = new Steering(memory);
    this.#dma = parts.dma;
    this.#macIn = parts.macIn;
    this.#vectors = parts.vectors;
    this.#hostPath = parts.hostPath;
    this.#held = new Int32Array(parts.hostPath.writeBacksHeld);
    this.#fifo = new Int32Array(most.ingress);
    this.#target = new Int32Array(most.buffers);
    this.rings = Array.from({ length: most.queues }, () => new DescriptorRing(most.ring));
    this.#used = Array.from({ length: most.queues }, () => new Int32Array(most.ring));
    this.#descriptorsRead = clock.register((arg) => this.#take(queueOf(arg), slotOf(arg)));
    this.#dataLanded = clock.register((b) => this.#landed(b));
    this.#partLanded = clock.register(() => {});
    this.#stopped = clock.register((queue) => {
      this.rings[queue]!.enabled = false;
    });
    this.doneHandler = clock.register((arg) => this.#done(queueOf(arg), slotOf(arg)));
    this.#tailMoved = clock.register((arg) => {
      const ring = this.rings[queueOf(arg)]!;
      if (!ring.moveTail(slotOf(arg))) noteTail(observation, clock.now, ring);
      this.#fetch(queueOf(arg));
    });
  }

  /** Handler of the clock for a doorbell that has arrived. */
  get tailHandler(): number {
    return this.#tailMoved;
  }

  /** Handler of the clock for the word that a queue is to stop. */
  get stopHandler(): number {
    return this.#stopped;
  }

  /** Empty rings; takes over the port's input. */
  reset(queues: number, size: number, places: readonly number[]): void {
    for (let q = 0; q < queues; q++) this.rings[q]!.reset(size, places[q]!);
    this.steering.reset(queues);
    this.#fifoHead = 0;
    this.#fifoCount = 0;
    this.#inFlight = 0;
    this.#heldCount = 0;
    this.#hostPath.onReceive = (b) => this.#enqueue(b);
    this.#macIn.receiver = this;
    this.#dma.onWriteDone = () => this.#pump();
  }

  received(b: number): void {
    this.#inFlight++;
    this.#hostPath.receive(b, this.#memory.length[b]!);
  }

  #enqueue(b: number): void {
    let at = this.#fifoHead + this.#fifoCount++;
    if (at >= this.#fifo.length) at -= this.#fifo.length;
    this.#fifo[at] = b;
    this.#pump();
  }

  /** Reads descriptors when few are left; the packet at the head may be waiting for them. */
  #fetch(queue: number): void {
    const ring = this.rings[queue]!;
    const { rxFetch, rxFetchBelow } = this.#policy;
    if (ring.fetching !== ring.fetched || ring.ready >= rxFetchBelow || ring.unread === 0) return;
    const n = Math.min(ring.unread, rxFetch);
    const address = ring.addressOf(ring.fetching & (ring.size - 1));
    ring.fetching = (ring.fetching + n) >>> 0;
    this.#dma.read(HOST, n * DESCRIPTOR_BYTES, this.#descriptorsRead, key(queue, n), address);
  }

  #take(queue: number, n: number): void {
    const ring = this.rings[queue]!;
    for (let i = 0; i < n; i++) {
      const slot = ring.fetched & (ring.size - 1);
      ring.read[slot] = ring.buffer[slot]!;
      noteRead(this.#memory.ledger, ring, slot, this.#macIn.place);
      ring.fetched = (ring.fetched + 1) >>> 0;
    }
    this.#fetch(queue);
    this.#pump();
  }

  #pump(): void {
    while (this.#fifoCount > 0 && this.#dma.writesPending < WRITES_AHEAD) {
      const b = this.#fifo[this.#fifoHead]!;
      const queue = this.steering.queueOf(b);
      const ring = this.rings[queue]!;
      const length = this.#memory.length[b]!;
      const parts = length <= ring.segmentBytes ? 1 : segmentsFor(length, ring.segmentBytes);
      if (ring.ready < parts || !ring.enabled) {
        this.#writeBack();
        this.#fetch(queue);
        if (!this.#gives(ring, parts)) return;
        this.#miss(b, ring);
        continue;
      }
      const slot = ring.head & (ring.size - 1);
      if (this.#skips(ring, parts)) continue;
      this.#fifoHead = this.#fifoHead + 1 === this.#fifo.length ? 0 : this.#fifoHead + 1;
      this.#fifoCount--;
      this.#target[b] = parts === 1 ? ring.read[slot]! : -1 - key(queue, slot);
      let left = length;
      for (let i = 0; i < parts - 1; i++, left -= ring.segmentBytes) {
        this.#dma.write(
          HOST,
          ring.segmentBytes,
          this.#partLanded,
          0,
          this.#addressOf(ring, slot + i),
        );
      }
      this.#dma.write(HOST, left, this.#dataLanded, b, this.#addressOf(ring, slot + parts - 1));
      for (let i = 1; i <= parts; i++) this.#use(queue, b, i < parts ? 1 : 0);
      this.#fetch(queue);
    }
  }

  /** Whether a packet is to be lost since its queue, once given descriptors, has none, neither here nor to be read. */
  #gives(ring: DescriptorRing, parts: number): boolean {
    return ring.dropEnable && ring.enabled && ring.tail !== 0 &&
      ring.ready + ring.unread < parts && ring.fetching === ring.fetched;
  }

  /** The packet at the head is lost at its queue, all of whose descriptors the host has. */
  #miss(b: number, ring: DescriptorRing): void {
    this.#fifoHead = this.#fifoHead + 1 === this.#fifo.length ? 0 : this.#fifoHead + 1;
    this.#fifoCount--;
    this.#inFlight--;
    ring.dropped++;
    this.#macIn.miss(b, ring.place, ring.size - 1 - ring.ready - ring.unread);
  }

  /** Where in host memory the buffer of a descriptor that was read lies. */
  #addressOf(ring: DescriptorRing, slot: number): number {
    const { host } = this.#memory;
    return host === null ? -1 : host.addressOf(ring.read[slot & (ring.size - 1)]!);
  }

  /** Whether one of the next descriptors names nothing to write to, as was found when it was read: it is passed. */
  #skips(ring: DescriptorRing, parts: number): boolean {
    for (let i = 0; i < parts; i++) {
      if (ring.read[(ring.head + i) & (ring.size - 1)]! >= 0) continue;
      ring.head = (ring.head + i + 1) >>> 0;
      return true;
    }
    return false;
  }

  /** Writes the done bits that are held, in order, each by a DMA of its own. */
  #writeBack(): void {
    for (let i = 0; i < this.#heldCount; i++) {
      const held = this.#held[i]!;
      const address = this.rings[queueOf(held)]!.addressOf(slotOf(held));
      this.#dma.write(HOST, DESCRIPTOR_BYTES, this.doneHandler, held, address);
    }
    this.#heldCount = 0;
  }

  /** Writes the next descriptor back for the packet in an ingress buffer. */
  #use(queue: number, b: number, more: number): void {
    const ring = this.rings[queue]!;
    const slot = ring.head & (ring.size - 1);
    ring.head = (ring.head + 1) >>> 0;
    ring.busy++;
    ring.readMore[slot] = more;
    this.#used[queue]![slot] = this.#memory.ledger?.packet[b] ?? -1;
    this.#held[this.#heldCount++] = key(queue, slot);
    if (more === 0) this.#inFlight--;
    const alone = more === 0 && this.#inFlight === 0;
    if (alone || this.#heldCount === this.#held.length) this.#writeBack();
  }

  #landed(b: number): void {
    const memory = this.#memory;
    const ledger = memory.ledger;
    const to = this.#target[b]!;
    if (to < 0) this.#scatter(b, -1 - to);
    else {
      if (ledger !== null) ledger.device(to, this.#macIn.place);
      memory.transfer(b, to);
      if (ledger !== null) ledger.moved(b, to);
    }
    const packet = ledger === null ? -1 : ledger.packet[b]!;
    if (packet >= 0) this.#observation.dataAt[packet] = this.#clock.now;
    this.#macIn.release(b);
  }

  /** The last part of a frame has landed in the buffers from descriptor `first` on; the first one carries it. */
  #scatter(b: number, first: number): void {
    const memory = this.#memory;
    const ring = this.rings[queueOf(first)]!;
    const room = ring.segmentBytes;
    for (let i = segmentsFor(memory.length[b]!, room) - 1; i >= 0; i--) {
      const to = ring.read[(slotOf(first) + i) & (ring.size - 1)]!;
      memory.ledger?.device(to, this.#macIn.place);
      writeSegment(memory, b, i * room, Math.min(room, memory.length[b]! - i * room), to, 0);
      memory.ledger?.moved(b, to);
    }
  }

  #done(queue: number, slot: number): void {
    const ring = this.rings[queue]!;
    ring.busy--;
    ring.more[slot] = ring.readMore[slot]!;
    const now = this.#clock.now;
    const packet = this.#used[queue]![slot]!;
    if (ring.done[slot] === 1) {
      const b = ring.buffer[slot]!;
      this.#observation.fault("completed-twice", now, b, packet, ring.place, ring.place);
    }
    ring.done[slot] = 1;
    if (packet >= 0) this.#observation.descAt[packet] = now;
    if (ring.waiter !== null) ring.waiter.notify();
    this.#vectors[queue]!.cause();
  }
}
