/**
 * The half of {@link HostRings} that an egress NIC drives: it reads descriptors out of rings in host memory, at
 * most eight at a time and one read of each ring under way, then the frames, and writes completions there.
 * Reads of an empty ring are not modelled: the NIC reads when something is there.
 */
import type { Context } from "../host/context.ts";
import type { Memory } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import { HOST } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";
import { START_MAX, TxLane } from "./_host_lanes.ts";
import { BATCH_MAX } from "./_peer_pair.ts";
import type { Nic } from "./nic.ts";
import { type DmaTrace, ENTRY_BYTES } from "./peer_dma.ts";
import { DESCRIPTOR, FETCHED, POLLED } from "./threads.ts";

/**
 * Rings from every queue to every NIC; a part of {@link HostRings}, which sets them up.
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
 * hostRings.boot(nics.slice(0, 2), [poll], 1, 64);
 * const buffer = hostRings.reserve(0, 0);
 * assertEquals([hostRings.tx.add(1, 0, buffer), hostRings.tx.add(1, 0, buffer)], [true, false]);
 * assertEquals(hostRings.tx.waiting(1, 0), 0); // the NIC has not read it
 * ```
 */
export class HostTx {
  /** Told of every DMA, if somebody wants to know. */
  trace: DmaTrace | null = null;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #observation: Observation;
  #nics: readonly Nic[] = [];
  #queues = 0;
  #slots = 0;
  #contexts: readonly Context[] = [];
  /** By `nic * queues + queue`. */
  #lanes: TxLane[] = [];
  /** By slot of a NIC: the host buffer that its frame comes from, and its lane. */
  readonly #source: Int32Array = new Int32Array(0);
  readonly #laneOf: Int32Array = new Int32Array(0);
  readonly #published: number = 0;
  readonly #polled: number = 0;
  readonly #fetched: number = 0;
  readonly #completed: number = 0;

  /** Nothing set up, over a memory of `buffers` buffers. */
  constructor(clock: Clock, memory: Memory, observation: Observation, buffers: number) {
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#source = new Int32Array(buffers).fill(-1);
    this.#laneOf = new Int32Array(buffers);
    this.#published = clock.register((arg) => this.#publish(arg >> 4, arg & 15));
    this.#polled = clock.register((arg) => this.#endPoll(arg >> 4, arg & 15));
    this.#fetched = clock.register((slot) => this.#landFetch(slot));
    this.#completed = clock.register((arg) => this.#landCompletions(arg >> 4, arg & 15));
  }

  /** Sets `slots` slots of each NIC aside for each queue; `contexts` serve the queues. */
  boot(nics: readonly Nic[], contexts: readonly Context[], queues: number, slots: number): void {
    this.#nics = nics;
    this.#queues = queues;
    this.#slots = slots;
    this.#contexts = contexts;
    this.trace = null;
    this.#lanes = [];
    for (const nic of nics) {
      for (let q = 0; q < queues; q++) {
        const { first } = nic.region(`slots from queue ${q}`, slots);
        this.#laneOf.fill(this.#lanes.length, first, first + slots);
        const place = this.#observation.addPlace(`nic${nic.port} slots from queue ${q}`, slots);
        this.#lanes.push(new TxLane(first, slots, place));
      }
    }
  }

  /** Lcore: adds a host buffer's descriptor to the ring towards a NIC; false when that is full. */
  add(egress: number, queue: number, buffer: number): boolean {
    const lane = this.#lanes[egress * this.#queues + queue]!;
    if (lane.isFull) return false;
    lane.descriptors.append(buffer, this.#slots);
    return true;
  }

  /** Lcore: what it has added is in memory as of its own time. */
  publish(cpu: Context, queue: number): void {
    for (let index = queue; index < this.#lanes.length; index += this.#queues) {
      const d = this.#lanes[index]!.descriptors;
      for (let n; (n = Math.min(d.written - d.flushed, BATCH_MAX)) > 0; d.flushed += n) {
        this.#clock.at(cpu.nowPs, this.#published, index << 4 | n);
      }
    }
  }

  /** Lcore: the next host buffer of a NIC's completions, or -1. */
  reclaim(egress: number, queue: number): number {
    const lane = this.#lanes[egress * this.#queues + queue]!;
    const buffer = lane.completions.take(this.#slots);
    if (buffer >= 0) lane.reclaimed++;
    return buffer;
  }

  /** NIC: reads what is in a ring unless a read is under way; {@link POLLED} tells of the descriptors. */
  poll(egress: number, queue: number): void {
    const index = egress * this.#queues + queue;
    const lane = this.#lanes[index]!;
    const n = Math.min(lane.descriptors.visible - lane.polled, BATCH_MAX);
    if (lane.polling || n === 0) return;
    lane.polling = true;
    const { dma, node } = this.#nics[egress]!;
    dma.read(HOST, n * ENTRY_BYTES, this.#polled, index << 4 | n);
    this.trace?.(this.#clock.now, 2, "MRd", node, HOST, "descriptors", n, n * ENTRY_BYTES);
  }

  /** NIC: descriptors of a ring that it has read and not taken. */
  waiting(egress: number, queue: number): number {
    const lane = this.#lanes[egress * this.#queues + queue]!;
    return lane.polled - lane.descriptors.taken;
  }

  /** NIC: takes a descriptor that it has read, starts to read the frame, and answers the slot for it, or -1. */
  fetch(egress: number, queue: number): number {
    const lane = this.#lanes[egress * this.#queues + queue]!;
    const d = lane.descriptors;
    if (d.taken === lane.polled) return -1;
    const buffer = d.entry[d.taken++ % this.#slots]!;
    const slot = lane.free[--lane.freeCount]!;
    this.#memory.ledger?.alloc(slot, lane.place);
    this.#memory.refresh(slot);
    this.#source[slot] = buffer;
    const bytes = this.#memory.length[buffer]!;
    const { dma, node } = this.#nics[egress]!;
    dma.read(HOST, bytes, this.#fetched, slot);
    this.trace?.(this.#clock.now, 2, "MRd", node, HOST, "frame", 1, bytes);
    return slot;
  }

  /** Queue whose ring the frame in a slot came by. */
  queueOf(slot: number): number {
    return this.#laneOf[slot]! % this.#queues;
  }

  /** NIC: the frame in a slot has been sent, and the slot is free; answers how many completions wait. */
  complete(slot: number): number {
    const lane = this.#lanes[this.#laneOf[slot]!]!;
    if (this.#memory.ledger?.free(slot, lane.place) !== false) lane.free[lane.freeCount++] = slot;
    return lane.completions.append(this.#source[slot]!, this.#slots);
  }

  /** NIC: writes the completions of a ring that wait, at most eight to a DMA. */
  flushCompletions(egress: number, queue: number): void {
    const index = egress * this.#queues + queue;
    const c = this.#lanes[index]!.completions;
    for (let n; (n = Math.min(c.written - c.flushed, BATCH_MAX)) > 0; c.flushed += n) {
      const arg = (index * START_MAX + c.flushed % this.#slots) << 4 | n;
      const { dma, node } = this.#nics[egress]!;
      dma.write(HOST, n * ENTRY_BYTES, this.#completed, arg);
      this.trace?.(this.#clock.now, 3, "MWr", node, HOST, "completions", n, n * ENTRY_BYTES);
    }
  }

  #publish(index: number, n: number): void {
    const lane = this.#lanes[index]!;
    const d = lane.descriptors;
    for (let i = 0; i < n; i++) {
      const buffer = d.entry[d.visible++ % this.#slots]!;
      const packet = this.#memory.ledger?.packet[buffer] ?? -1;
      if (packet >= 0) this.#observation.txAt[packet] = this.#clock.now;
    }
    this.#signal(index, DESCRIPTOR);
  }

  #endPoll(index: number, n: number): void {
    const lane = this.#lanes[index]!;
    lane.polling = false;
    lane.polled += n;
    this.#signal(index, POLLED);
  }

  #signal(index: number, kind: number): void {
    const nic = this.#nics[Math.floor(index / this.#queues)]!;
    nic.threads.signal(kind, index % this.#queues);
  }

  #landFetch(slot: number): void {
    const buffer = this.#source[slot]!;
    this.#memory.transfer(buffer, slot);
    this.#memory.ledger?.moved(buffer, slot);
    this.#nics[Math.floor(this.#laneOf[slot]! / this.#queues)]!.threads.signal(FETCHED, slot);
  }

  #landCompletions(at: number, n: number): void {
    const index = Math.floor(at / START_MAX);
    const c = this.#lanes[index]!.completions;
    c.arrive(at % START_MAX, this.#slots);
    for (let i = 0; i < n; i++) {
      const buffer = c.entry[c.visible++ % this.#slots]!;
      const packet = this.#memory.ledger?.packet[buffer] ?? -1;
      if (packet >= 0) this.#observation.doneAt[packet] = this.#clock.now;
    }
    this.#contexts[index % this.#queues]!.notify();
  }
}
