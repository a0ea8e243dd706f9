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
 */
import type { Memory } from "../memory/memory.ts";
import type { Observation } from "../machine/observation.ts";
import type { Clock } from "../time/clock.ts";
import type { Nic } from "./nic.ts";
import { COMPLETION, DESCRIPTOR } from "./threads.ts";

/** Bytes of a descriptor or a completion: slot and length. */
const ENTRY_BYTES = 8;
/** Most descriptors that one DMA write carries. */
export const BATCH_MAX = 8;

/** One ring of entries, written by one NIC and visible to another some time later. */
class Entries {
  readonly entry: Int32Array;
  /** Free-running: appended, handed to DMA, visible, taken. */
  written = 0;
  flushed = 0;
  visible = 0;
  taken = 0;

  constructor(size: number) {
    this.entry = new Int32Array(size);
  }

  reset(): void {
    this.written =
      this.flushed =
      this.visible =
      this.taken =
        0;
  }
}

/** The ring of one ordered pair. */
class Pair {
  readonly descriptors: Entries;
  readonly completions: Entries;
  readonly free: Int32Array;
  freeCount = 0;
  freeHead = 0;
  place = -1;
  /** Descriptor writes by how many descriptors they carried. */
  readonly batches: Int32Array = new Int32Array(BATCH_MAX + 1);

  constructor(most: number) {
    this.descriptors = new Entries(most);
    this.completions = new Entries(most);
    this.free = new Int32Array(most);
  }
}

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
  readonly #ports: number;
  readonly #pairs: Pair[] = [];
  /** By ingress buffer: the slot that its frame is on the way to. */
  readonly #target: Int32Array;
  readonly #frameLanded: number;
  readonly #descriptorsLanded: number;
  readonly #completionsLanded: number;

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
    this.#frameLanded = clock.register((b) => this.#landFrame(b));
    this.#descriptorsLanded = clock.register((arg) => this.#landDescriptors(arg >> 4, arg & 15));
    this.#completionsLanded = clock.register((arg) => this.#landCompletions(arg >> 4, arg & 15));
  }

  /**
   * Sets `slots` slots aside for each ordered pair.
   * @throws {RangeError} when a NIC's memory does not hold them, or a ring was not built for so many; the
   *   message says how many it holds
   */
  boot(nics: readonly Nic[], slots: number, nicBuffers: number): void {
    const most = this.#pairs[0]!.free.length;
    if (slots > most) {
      throw new RangeError(
        `Cannot boot NICs with ${slots} slots for each peer: rings hold ${most}`,
      );
    }
    const needed = (nics.length - 1) * slots;
    if (needed > nicBuffers) {
      throw new RangeError(
        `Cannot boot ${nics.length} NICs with ${slots} slots for each peer: ${needed} buffers are ` +
          `needed in each NIC's memory, which holds ${nicBuffers}`,
      );
    }
    this.#nics = nics;
    this.slots = slots;
    for (let i = 0; i < nics.length; i++) {
      for (let e = 0; e < nics.length; e++) {
        if (i === e) continue;
        const pair = this.#pairs[i * this.#ports + e]!;
        const first = nics[e]!.region(`slots from nic${i}`, slots).first;
        for (let s = 0; s < slots; s++) pair.free[s] = first + s;
        pair.freeCount = slots;
        pair.freeHead = 0;
        pair.place = this.#observation.addPlace(`nic${e} slots from nic${i}`, slots);
        pair.descriptors.reset();
        pair.completions.reset();
        pair.batches.fill(0);
      }
    }
  }

  /** Ingress NIC: takes a free slot at the egress NIC, or -1 when all are in use. */
  reserve(ingress: number, egress: number): number {
    const pair = this.#pair(ingress, egress);
    if (pair.freeCount === 0) return -1;
    const slot = pair.free[pair.freeHead]!;
    pair.freeHead = pair.freeHead + 1 === this.slots ? 0 : pair.freeHead + 1;
    pair.freeCount--;
    const ledger = this.#memory.ledger;
    if (ledger !== null) ledger.alloc(slot, pair.place);
    this.#memory.refresh(slot);
    return slot;
  }

  /** Ingress NIC: writes the frame of ingress buffer `b` into a reserved slot; `b` is free when it has landed. */
  writeFrame(ingress: number, egress: number, b: number, slot: number): void {
    const nic = this.#nics[ingress]!;
    this.#target[b] = slot;
    const length = this.#memory.length[b]!;
    nic.dma.write(this.#nics[egress]!.node, length, this.#frameLanded, b);
  }

  /** Ingress NIC: adds the descriptor of a slot to those that the next flush writes; answers how many wait. */
  append(ingress: number, egress: number, slot: number): number {
    const d = this.#pair(ingress, egress).descriptors;
    d.entry[d.written++ % this.slots] = slot;
    return d.written - d.flushed;
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
      d.flushed += n;
      pair.batches[n]!++;
      this.#write(ingress, egress, n, this.#descriptorsLanded, ingress * this.#ports + egress);
    }
  }

  /** Egress NIC: the next slot whose descriptor is visible, or -1. */
  take(ingress: number, egress: number): number {
    const d = this.#pair(ingress, egress).descriptors;
    if (d.taken === d.visible) return -1;
    const slot = d.entry[d.taken++ % this.slots]!;
    const ledger = this.#memory.ledger;
    const packet = ledger === null ? -1 : ledger.packet[slot]!;
    if (packet >= 0) this.#observation.seenAt[packet] = this.#clock.now;
    return slot;
  }

  /** Egress NIC: a slot's frame has been sent; answers how many completions wait to be written. */
  complete(ingress: number, egress: number, slot: number): number {
    const c = this.#pair(ingress, egress).completions;
    c.entry[c.written++ % this.slots] = slot;
    return c.written - c.flushed;
  }

  /** Egress NIC: writes the completions that wait, at most eight to a DMA. */
  flushCompletions(ingress: number, egress: number): void {
    const c = this.#pair(ingress, egress).completions;
    while (c.flushed < c.written) {
      const n = Math.min(c.written - c.flushed, BATCH_MAX);
      c.flushed += n;
      this.#write(egress, ingress, n, this.#completionsLanded, ingress * this.#ports + egress);
    }
  }

  /** Descriptor writes of a pair by how many descriptors they carried: index 1..8. */
  batches(ingress: number, egress: number): Int32Array {
    return this.#pair(ingress, egress).batches;
  }

  #pair(ingress: number, egress: number): Pair {
    return this.#pairs[ingress * this.#ports + egress]!;
  }

  #write(from: number, to: number, n: number, handler: number, pair: number): void {
    const dst = this.#nics[to]!.node;
    this.#nics[from]!.dma.write(dst, n * ENTRY_BYTES, handler, (pair << 4) | n);
  }

  #landFrame(b: number): void {
    const memory = this.#memory;
    const ledger = memory.ledger;
    const slot = this.#target[b]!;
    memory.transfer(b, slot);
    if (ledger !== null) {
      ledger.moved(b, slot);
      const packet = ledger.packet[slot]!;
      if (packet >= 0) this.#observation.dataAt[packet] = this.#clock.now;
    }
    this.#nics[memory.port[b]!]!.macIn.release(b);
  }

  #landDescriptors(index: number, n: number): void {
    const d = this.#pairs[index]!.descriptors;
    const o = this.#observation;
    const ledger = this.#memory.ledger;
    for (let i = 0; i < n; i++) {
      const slot = d.entry[d.visible++ % this.slots]!;
      if (ledger === null) continue;
      const packet = ledger.packet[slot]!;
      if (packet >= 0) o.descAt[packet] = this.#clock.now;
      else o.fault("done-without-data", this.#clock.now, slot, -1, this.#pairs[index]!.place, -1);
    }
    const egress = this.#nics[index % this.#ports]!;
    egress.threads.signal(DESCRIPTOR, Math.floor(index / this.#ports));
  }

  #landCompletions(index: number, n: number): void {
    const pair = this.#pairs[index]!;
    const c = pair.completions;
    const ledger = this.#memory.ledger;
    for (let i = 0; i < n; i++) {
      const slot = c.entry[c.visible++ % this.slots]!;
      if (ledger !== null) {
        const packet = ledger.packet[slot]!;
        if (packet >= 0) this.#observation.doneAt[packet] = this.#clock.now;
        if (!ledger.free(slot, pair.place)) continue;
      }
      pair.free[(pair.freeHead + pair.freeCount++) % this.slots] = slot;
    }
    const ingress = this.#nics[Math.floor(index / this.#ports)]!;
    ingress.threads.signal(COMPLETION, index % this.#ports);
  }
}
