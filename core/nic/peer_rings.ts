/**
 * Rings between NICs, in device memory: the ingress NIC writes a frame into a slot of the egress NIC, then
 * its descriptor into the egress NIC's ring; the egress NIC sends the frame, then writes a completion back.
 * There is one ring for each ordered pair of NICs, with one writer and one reader at each end, so nothing
 * needs a lock (P2PNIC, 3.2 and figure 5).
 *
 * Who owns what. A slot lies in the egress NIC's memory. The ingress NIC owns it from `reserve` until its
 * descriptor is visible, then the egress NIC until its completion is visible at the ingress NIC. A ring has
 * as many descriptors as its pair has slots, so it cannot overflow. Frame and descriptor take the same path
 * and posted writes do not pass each other: who sees a descriptor sees its frame.
 *
 * By reads instead (figure 6): `offerFrame` leaves the frame in its ingress buffer, `fetch` reads it from there
 * into the slot that was reserved for it, and the completion gives slot and ingress buffer back.
 */
import type { Memory } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import type { Clock } from "../time/clock.ts";
import { BATCH_MAX, checkSlots, type Entries, Pair } from "./_peer_pair.ts";
import type { Nic } from "./nic.ts";
import { type DmaTrace, ENTRY_BYTES } from "./peer_dma.ts";
import { COMPLETION, DESCRIPTOR, FETCHED } from "./threads.ts";

/** Entries of a ring at most. */
const START_MAX = 1 << 13;
export { BATCH_MAX };

/**
 * The rings of all ordered pairs of NICs of a machine. {@link NicThreads} has firmware that uses them.
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
 * const { nics, peers } = machine;
 * peers.boot(nics.slice(0, 2), 2, 64);
 * assertEquals([peers.reserve(0, 1) >= 0, peers.reserve(0, 1) >= 0], [true, true]);
 * assertEquals([peers.reserve(0, 1), peers.reserve(1, 0) >= 0], [-1, true]);
 * ```
 */
export class PeerRings {
  /** Slots of each pair, in this run. */
  slots = 0;
  readonly #memory: Memory;
  readonly #observation: Observation;
  readonly #clock: Clock;
  #nics: readonly Nic[] = [];
  readonly #ports: number = 0;
  readonly #pairs: Pair[] = [];
  /** By ingress buffer: the slot that its frame is on the way to. */
  readonly #target: Int32Array = new Int32Array(0);
  /** By slot: the ingress buffer that its frame is to be read from, or -1. */
  readonly #source: Int32Array = new Int32Array(0);
  /** By slot: the NIC whose memory it lies in. */
  readonly #home: Uint8Array = new Uint8Array(0);
  /** Told of every DMA between NICs, if somebody wants to know. */
  trace: DmaTrace | null = null;
  readonly #frameLanded: number = 0;
  readonly #frameFetched: number = 0;
  readonly #descriptorsLanded: number = 0;
  readonly #completionsLanded: number = 0;

  /**
   * Rings without slots; `boot` sets them up.
   * @param most ports, slots of a pair, and buffers of the memory, at most
   */
  constructor(
    clock: Clock,
    memory: Memory,
    observation: Observation,
    most: { ports: number; slots: number; buffers: number },
  ) {
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#ports = most.ports;
    for (let i = 0; i < most.ports * most.ports; i++) this.#pairs.push(new Pair(most.slots));
    this.#target = new Int32Array(most.buffers);
    this.#source = new Int32Array(most.buffers).fill(-1);
    this.#home = new Uint8Array(most.buffers);
    this.#frameLanded = clock.register((b) => this.#landFrame(b));
    this.#frameFetched = clock.register((slot) => this.#landFetch(slot));
    this.#descriptorsLanded = clock.register((arg) => this.#landDescriptors(arg >> 4, arg & 15));
    this.#completionsLanded = clock.register((arg) => this.#landCompletions(arg >> 4, arg & 15));
  }

  /**
   * Sets `slots` slots aside for each ordered pair.
   * @throws {RangeError} when a NIC's memory does not hold them, or a ring was not built for so many; the
   *   message says how many it holds
   */
  boot(nics: readonly Nic[], slots: number, nicBuffers: number): void {
    checkSlots(nics.length, slots, nicBuffers, this.#pairs[0]!.free.length);
    this.#nics = nics;
    this.slots = slots;
    for (let i = 0; i < nics.length; i++) {
      for (let e = 0; e < nics.length; e++) {
        if (i === e) continue;
        const pair = this.#pairs[i * this.#ports + e]!;
        const first = nics[e]!.region(`slots from nic${i}`, slots).first;
        pair.reset(first, slots, this.#observation.addPlace(`nic${e} slots from nic${i}`, slots));
        this.#home.fill(e, first, first + slots);
        this.#source.fill(-1, first, first + slots);
      }
    }
    this.trace = null;
  }

  /** Ingress NIC: takes a free slot at the egress NIC, or -1 when all are in use. */
  reserve(ingress: number, egress: number): number {
    const pair = this.#pair(ingress, egress);
    if (pair.freeCount === 0) return -1;
    const slot = pair.free[pair.freeHead]!;
    pair.freeHead = pair.freeHead + 1 === this.slots ? 0 : pair.freeHead + 1;
    pair.freeCount--;
    this.#memory.ledger?.alloc(slot, pair.place);
    this.#memory.refresh(slot);
    return slot;
  }

  /** Ingress NIC: writes the frame of ingress buffer `b` into a reserved slot; `b` is free when it has landed. */
  writeFrame(ingress: number, egress: number, b: number, slot: number): void {
    const nic = this.#nics[ingress]!;
    this.#target[b] = slot;
    const length = this.#memory.length[b]!;
    const { node } = this.#nics[egress]!;
    nic.dma.write(node, length, this.#frameLanded, b);
    this.trace?.(this.#clock.now, 1, "MWr", nic.node, node, "frame", 1, length);
  }

  /** Ingress NIC: the frame of ingress buffer `b` may be read into a reserved slot; `b` stays until its completion. */
  offerFrame(b: number, slot: number): void {
    this.#source[slot] = b;
    const packet = this.#memory.ledger?.packet[b] ?? -1;
    if (packet >= 0) this.#observation.dataAt[packet] = this.#clock.now;
  }

  /** Egress NIC: reads the frame that was offered for a slot; the firmware is told by {@link FETCHED}. */
  fetch(ingress: number, egress: number, slot: number): void {
    const length = this.#memory.length[this.#source[slot]!]!;
    const nic = this.#nics[egress]!;
    const { node } = this.#nics[ingress]!;
    nic.dma.read(node, length, this.#frameFetched, slot);
    this.trace?.(this.#clock.now, 2, "MRd", nic.node, node, "frame", 1, length);
  }

  /** Ingress NIC: adds the descriptor of a slot to those that the next flush writes; answers how many wait. */
  append(ingress: number, egress: number, slot: number): number {
    return this.#pair(ingress, egress).descriptors.append(slot, this.slots);
  }

  /** Ingress NIC: descriptors that wait for a flush. */
  pending(ingress: number, egress: number): number {
    const d = this.#pair(ingress, egress).descriptors;
    return d.written - d.flushed;
  }

  /** Ingress NIC: writes the descriptors that wait, at most eight to a DMA. */
  flush(ingress: number, egress: number): void {
    const pair = this.#pair(ingress, egress);
    const d = pair.descriptors;
    while (d.flushed < d.written) {
      const n = Math.min(d.written - d.flushed, BATCH_MAX);
      pair.batches[n]!++;
      this.#write(ingress, egress, d, n, this.#descriptorsLanded, ingress * this.#ports + egress);
    }
  }

  /** Egress NIC: the next slot whose descriptor is visible, or -1. */
  take(ingress: number, egress: number): number {
    const slot = this.#pair(ingress, egress).descriptors.take(this.slots);
    if (slot < 0) return -1;
    const packet = this.#packetFor(slot);
    if (packet >= 0) this.#observation.seenAt[packet] = this.#clock.now;
    return slot;
  }

  /** Egress NIC: descriptors of a ring that are visible and not taken. */
  waiting(ingress: number, egress: number): number {
    const d = this.#pair(ingress, egress).descriptors;
    return d.visible - d.taken;
  }

  /** Egress NIC: a slot's frame has been sent; answers how many completions wait to be written. */
  complete(ingress: number, egress: number, slot: number): number {
    return this.#pair(ingress, egress).completions.append(slot, this.slots);
  }

  /** Egress NIC: writes the completions that wait, at most eight to a DMA. */
  flushCompletions(ingress: number, egress: number): void {
    const c = this.#pair(ingress, egress).completions;
    while (c.flushed < c.written) {
      const n = Math.min(c.written - c.flushed, BATCH_MAX);
      this.#write(egress, ingress, c, n, this.#completionsLanded, ingress * this.#ports + egress);
    }
  }

  /** Descriptor writes of a pair by how many descriptors they carried: index 1..8. */
  batches(ingress: number, egress: number): Int32Array {
    return this.#pair(ingress, egress).batches;
  }

  /** A write was lost on its way (`handler` and `arg` as the fabric got them): the ingress NIC took it for done. */
  lose(handler: number, arg: number): void {
    if (handler === this.#frameLanded) this.#nics[this.#memory.port[arg]!]!.macIn.release(arg);
  }

  /** Entries of a pair's two rings whose writes were lost: the sequence went on without them. */
  missing(ingress: number, egress: number): number {
    const { descriptors, completions } = this.#pair(ingress, egress);
    return descriptors.missing + completions.missing;
  }

  #pair(ingress: number, egress: number): Pair {
    return this.#pairs[ingress * this.#ports + egress]!;
  }

  /** Writes the next `n` entries of a ring; the event names ring, first entry and number. */
  #write(from: number, to: number, ring: Entries, n: number, handler: number, pair: number): void {
    const start = ring.flushed % this.slots;
    const nic = this.#nics[from]!;
    const { node } = this.#nics[to]!;
    const bytes = n * ENTRY_BYTES;
    ring.flushed += n;
    nic.dma.write(node, bytes, handler, (pair * START_MAX + start) << 4 | n);
    if (this.trace === null) return;
    const back = handler === this.#completionsLanded;
    const step = back ? 3 : this.#source[ring.entry[start]!]! < 0 ? 2 : 1;
    const carries = back ? "completions" : "descriptors";
    this.trace(this.#clock.now, step, "MWr", nic.node, node, carries, n, bytes);
  }

  /** The packet that a slot holds or is to be fetched into it. */
  #packetFor(slot: number): number {
    const source = this.#source[slot]!;
    return (this.#memory.ledger?.packet[source < 0 ? slot : source] ?? -1);
  }

  #landFetch(slot: number): void {
    const b = this.#source[slot]!;
    this.#memory.transfer(b, slot);
    const ledger = this.#memory.ledger;
    ledger?.moved(b, slot);
    const packet = ledger?.packet[slot] ?? -1;
    if (packet >= 0) this.#observation.txAt[packet] = this.#clock.now;
    this.#nics[this.#home[slot]!]!.threads.signal(FETCHED, slot);
  }

  #landFrame(b: number): void {
    const memory = this.#memory;
    const ledger = memory.ledger;
    const slot = this.#target[b]!;
    memory.transfer(b, slot);
    ledger?.moved(b, slot);
    const packet = ledger?.packet[slot] ?? -1;
    if (packet >= 0) this.#observation.dataAt[packet] = this.#clock.now;
    this.#nics[memory.port[b]!]!.macIn.release(b);
  }

  #landDescriptors(at: number, n: number): void {
    const index = Math.floor(at / START_MAX);
    const d = this.#pairs[index]!.descriptors;
    d.arrive(at % START_MAX, this.slots);
    const o = this.#observation;
    const ledger = this.#memory.ledger;
    for (let i = 0; i < n; i++) {
      const slot = d.entry[d.visible++ % this.slots]!;
      if (ledger === null) continue;
      const packet = this.#packetFor(slot);
      if (packet >= 0) o.descAt[packet] = this.#clock.now;
      else o.fault("done-without-data", this.#clock.now, slot, -1, this.#pairs[index]!.place, -1);
    }
    const egress = this.#nics[index % this.#ports]!;
    egress.threads.signal(DESCRIPTOR, Math.floor(index / this.#ports));
  }

  #landCompletions(at: number, n: number): void {
    const index = Math.floor(at / START_MAX);
    const pair = this.#pairs[index]!;
    const c = pair.completions;
    c.arrive(at % START_MAX, this.slots);
    const ledger = this.#memory.ledger;
    for (let i = 0; i < n; i++) {
      const slot = c.entry[c.visible++ % this.slots]!;
      const packet = ledger === null ? -1 : ledger.packet[slot]!;
      if (packet >= 0) this.#observation.doneAt[packet] = this.#clock.now;
      const source = this.#source[slot]!;
      if (source >= 0) this.#nics[Math.floor(index / this.#ports)]!.macIn.release(source);
      this.#source[slot] = -1;
      if (ledger !== null && !ledger.free(slot, pair.place)) continue;
      pair.free[(pair.freeHead + pair.freeCount++) % this.slots] = slot;
    }
    const ingress = this.#nics[Math.floor(index / this.#ports)]!;
    ingress.threads.signal(COMPLETION, index % this.#ports);
  }
}
