/**
 * Rings between NICs that lie in host memory: the way of P2PNIC-Bn (P2PNIC, 4), which is that of every
 * CPU-driven forwarder, under the firmware of the other variants.
 *
 * The ingress NIC writes a frame into a host buffer, then descriptors into the ring of one of the queues. The
 * lcore of that queue finds them and adds them to its ring towards the egress NIC. That NIC reads ring and frame
 * ({@link HostTx}) and writes completions into host memory. The lcore finds these and tells the ingress NIC of
 * its free buffers by a register write.
 *
 * Who owns what. A host buffer is the ingress NIC's from `reserve` until its descriptor is visible, the lcore's
 * until it is in a ring towards an egress NIC, that NIC's until the completion, the lcore's until the register
 * write. A ring has as many entries as its pair has buffers; a full one makes the lcore leave descriptors where
 * they are.
 *
 * Host memory is one server of bytes: a frame is visible when it has passed, and a descriptor after its frame.
 */
import type { Context } from "../host/context.ts";
import type { Memory } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import { HOST } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";
import { RxLane, START_MAX } from "./_host_lanes.ts";
import { BATCH_MAX } from "./_peer_pair.ts";
import { HostTx } from "./host_tx.ts";
import type { Mmio } from "./mmio.ts";
import type { Nic } from "./nic.ts";
import { type DmaTrace, ENTRY_BYTES } from "./peer_dma.ts";
import { COMPLETION } from "./threads.ts";

/** Bytes of the register write that tells a NIC of free buffers (a tail register). */
const DOORBELL_BYTES = 4;

/**
 * The rings of all NICs and queues of a machine; `boot` sets them up.
 *
 * @example
 * ```ts
 * import { Machine } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { PLAIN_GEOMETRY } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = new Machine(machineProfile(paperHost));
 * machine.reset(PLAIN_GEOMETRY, 0, [], () => {});
 * const { nics, hostRings, lcores } = machine;
 * const poll = lcores[0]!.spawn("thread", () => 0, true);
 * hostRings.boot(nics.slice(0, 2), [poll], 2, 64);
 * const buffers = [hostRings.reserve(0, 0), hostRings.reserve(0, 0)];
 * // both are taken, and the lcore finds nothing before a descriptor has come
 * assertEquals([hostRings.reserve(0, 0), hostRings.forward(poll, 0, 0, 8)], [-1, 0]);
 * assertEquals(hostRings.append(0, 0, buffers[0]!), 1);
 * ```
 */
export class HostRings {
  /** The egress half. */
  readonly tx: HostTx;
  /** Buffers of each pair of NIC and queue, in this run. */
  slots = 0;
  /** Queues, of one lcore each. */
  queues = 0;
  /** Picoseconds for which host memory was busy with frames. */
  memoryBusyPs = 0;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #observation: Observation;
  readonly #mmio: Mmio;
  readonly #psPerByte: number = 0;
  /** When host memory has taken all that has landed. */
  #memoryFreeAt = 0;
  #trace: DmaTrace | null = null;
  #nics: readonly Nic[] = [];
  #contexts: readonly Context[] = [];
  /** By `nic * queues + queue`. */
  #lanes: RxLane[] = [];
  /** By ingress buffer: the host buffer that its frame is on the way to. */
  readonly #target: Int32Array = new Int32Array(0);
  /** By host buffer: the egress NIC, and its lane. */
  readonly #egress: Uint8Array = new Uint8Array(0);
  readonly #laneOf: Int32Array = new Int32Array(0);
  readonly #frameLanded: number = 0;
  readonly #descriptorsLanded: number = 0;
  readonly #descriptorsVisible: number = 0;
  readonly #doorbell: number = 0;
  readonly #told: number = 0;

  /** Nothing set up; `buffers` of the memory at most, and what host memory forwards in Gb/s. */
  constructor(
    clock: Clock,
    memory: Memory,
    observation: Observation,
    mmio: Mmio,
    buffers: number,
    memoryGbps: number,
  ) {
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#mmio = mmio;
    this.#psPerByte = 8000 / memoryGbps;
    this.tx = new HostTx(clock, memory, observation, buffers);
    this.#target = new Int32Array(buffers).fill(-1);
    this.#egress = new Uint8Array(buffers);
    this.#laneOf = new Int32Array(buffers);
    this.#frameLanded = clock.register((b) => this.#landFrame(b));
    this.#descriptorsLanded = clock.register((arg) => this.#landDescriptors(arg));
    this.#descriptorsVisible = clock.register((arg) => this.#show(arg >> 4, arg & 15));
    this.#doorbell = clock.register((index) => this.#ring(index));
    this.#told = clock.register((arg) => this.#tell(Math.floor(arg / START_MAX), arg % START_MAX));
  }

  /**
   * Sets `slots` host buffers aside for each NIC and queue, and as many slots in each NIC for each queue;
   * `contexts` serve the queues, by number.
   * @throws {RangeError} when a NIC's memory, or the machine's, does not hold them
   */
  boot(
    nics: readonly Nic[],
    contexts: readonly Context[],
    slots: number,
    nicBuffers: number,
  ): void {
    const queues = contexts.length;
    if (queues * slots > nicBuffers) {
      throw new RangeError(
        `Cannot boot NICs with ${slots} slots for each of ${queues} queues: ${queues * slots} ` +
          `buffers are needed in each NIC's memory, which holds ${nicBuffers}`,
      );
    }
    this.#nics = nics;
    this.#contexts = contexts;
    this.slots = slots;
    this.queues = queues;
    this.trace = null;
    this.#memoryFreeAt = 0;
    this.memoryBusyPs = 0;
    this.#lanes = [];
    for (const nic of nics) {
      for (let q = 0; q < queues; q++) {
        const name = `host buffers of nic${nic.port} queue ${q}`;
        const { first } = this.#memory.region(name, HOST, slots);
        this.#laneOf.fill(this.#lanes.length, first, first + slots);
        this.#lanes.push(new RxLane(first, slots, this.#observation.addPlace(name, slots)));
      }
    }
    this.tx.boot(nics, contexts, queues, slots);
  }

  /** Told of every DMA, if somebody wants to know. */
  set trace(trace: DmaTrace | null) {
    this.#trace = trace;
    this.tx.trace = trace;
  }

  /** Ingress NIC: takes a free host buffer for a frame, or -1. */
  reserve(ingress: number, queue: number): number {
    const lane = this.#lanes[ingress * this.queues + queue]!;
    const buffer = lane.take();
    if (buffer < 0) return -1;
    this.#memory.ledger?.alloc(buffer, lane.place);
    this.#memory.refresh(buffer);
    return buffer;
  }

  /** Ingress NIC: writes the frame of ingress buffer `b`, which goes to NIC `egress`, into a host buffer. */
  writeFrame(ingress: number, egress: number, b: number, buffer: number): void {
    this.#target[b] = buffer;
    this.#egress[buffer] = egress;
    const bytes = this.#memory.length[b]!;
    const { dma, node } = this.#nics[ingress]!;
    dma.write(HOST, bytes, this.#frameLanded, b);
    this.#trace?.(this.#clock.now, 1, "MWr", node, HOST, "frame", 1, bytes);
  }

  /** Ingress NIC: adds a descriptor to those that the next flush writes; answers how many wait. */
  append(ingress: number, queue: number, buffer: number): number {
    return this.#lanes[ingress * this.queues + queue]!.descriptors.append(buffer, this.slots);
  }

  /** Ingress NIC: descriptors that wait for a flush. */
  pending(ingress: number, queue: number): number {
    const d = this.#lanes[ingress * this.queues + queue]!.descriptors;
    return d.written - d.flushed;
  }

  /** Ingress NIC: writes the descriptors that wait, at most eight to a DMA. */
  flush(ingress: number, queue: number): void {
    const index = ingress * this.queues + queue;
    const { descriptors: d, batches } = this.#lanes[index]!;
    for (let n; (n = Math.min(d.written - d.flushed, BATCH_MAX)) > 0; d.flushed += n) {
      const arg = (index * START_MAX + d.flushed % this.slots) << 4 | n;
      const { dma, node } = this.#nics[ingress]!;
      dma.write(HOST, n * ENTRY_BYTES, this.#descriptorsLanded, arg);
      batches[n]!++;
      this.#trace?.(this.#clock.now, 1, "MWr", node, HOST, "descriptors", n, n * ENTRY_BYTES);
    }
  }

  /** Descriptor writes of a NIC to a queue by how many descriptors they carried: index 1..8. */
  batches(ingress: number, queue: number): Int32Array {
    return this.#lanes[ingress * this.queues + queue]!.batches;
  }

  /**
   * Lcore: takes up to `max` descriptors of a NIC's ring and adds them to rings towards their egress NICs, in
   * order, as far as these are not full; answers how many. The NICs see them once `tx.publish` is called.
   */
  forward(cpu: Context, ingress: number, queue: number, max: number): number {
    const { descriptors: d } = this.#lanes[ingress * this.queues + queue]!;
    let n = 0;
    for (; n < max && d.taken < d.visible; n++) {
      const buffer = d.entry[d.taken % this.slots]!;
      if (!this.tx.add(this.#egress[buffer]!, queue, buffer)) break;
      d.taken++;
      const packet = this.#memory.ledger?.packet[buffer] ?? -1;
      if (packet >= 0) this.#observation.seenAt[packet] = cpu.nowPs;
    }
    return n;
  }

  /** Lcore: takes completions back, and tells the ingress NICs of their buffers; answers how many. */
  reclaim(cpu: Context, queue: number): number {
    let n = 0;
    for (let egress = 0; egress < this.#nics.length; egress++) {
      for (let buffer; (buffer = this.tx.reclaim(egress, queue)) >= 0; n++) {
        const index = this.#laneOf[buffer]!;
        const lane = this.#lanes[index]!;
        if (this.#memory.ledger?.free(buffer, lane.place) === false) continue;
        if (lane.untold === 0) this.#clock.at(cpu.nowPs, this.#doorbell, index);
        lane.giveBack(buffer);
      }
    }
    return n;
  }

  #landFrame(b: number): void {
    const memory = this.#memory;
    const buffer = this.#target[b]!;
    memory.transfer(b, buffer);
    memory.ledger?.moved(b, buffer);
    const spent = Math.round(memory.length[buffer]! * this.#psPerByte);
    this.memoryBusyPs += spent;
    this.#memoryFreeAt = Math.max(this.#memoryFreeAt, this.#clock.now) + spent;
    const packet = memory.ledger?.packet[buffer] ?? -1;
    if (packet >= 0) this.#observation.dataAt[packet] = this.#memoryFreeAt;
    this.#nics[memory.port[b]!]!.macIn.release(b);
  }

  #landDescriptors(arg: number): void {
    this.#clock.at(Math.max(this.#memoryFreeAt, this.#clock.now), this.#descriptorsVisible, arg);
  }

  #show(at: number, n: number): void {
    const index = Math.floor(at / START_MAX);
    const lane = this.#lanes[index]!;
    const d = lane.descriptors;
    d.arrive(at % START_MAX, this.slots);
    const o = this.#observation;
    for (let i = 0; i < n; i++) {
      const buffer = d.entry[d.visible++ % this.slots]!;
      if (this.#memory.ledger === null) continue;
      const packet = this.#memory.ledger.packet[buffer]!;
      if (packet >= 0) o.descAt[packet] = this.#clock.now;
      else o.fault("done-without-data", this.#clock.now, buffer, -1, lane.place, -1);
    }
    this.#contexts[index % this.queues]!.notify();
  }

  /** The lcore writes the tail register of an ingress NIC. */
  #ring(index: number): void {
    const lane = this.#lanes[index]!;
    const nic = this.#nics[Math.floor(index / this.queues)]!;
    this.#observation.doorbells++;
    this.#mmio.write(nic.node, DOORBELL_BYTES, this.#told, index * START_MAX + lane.untold);
    lane.untold = 0;
  }

  /** The NIC is told of `n` free buffers. */
  #tell(index: number, n: number): void {
    this.#lanes[index]!.freeCount += n;
    this.#nics[Math.floor(index / this.queues)]!.threads.signal(COMPLETION, index % this.queues);
  }
}
