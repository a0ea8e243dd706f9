/**
 * The Ethernet side of a NIC.
 *
 * In: a frame has arrived when its last bit has (store and forward). It is checked for length, then put in
 * the ingress buffer; when that is full it is lost and counted (`rx_missed`). Within NIC and fabric this is
 * the one place where congestion may lose a packet.
 *
 * Out: frames leave in the order in which they were given, each with 4 bytes of FCS and 20 bytes of
 * preamble, SFD and inter-frame gap (IEEE 802.3, 4.4.2). Rounding rule: a frame ends at the picosecond
 * nearest to (bits since the line was idle) / rate, so errors never add up.
 */
import type { Memory, Region } from "../memory/memory.ts";
import type { Observation, PortCounters } from "../machine/observation.ts";
import { REASON } from "../policy.ts";
import type { Clock } from "../time/clock.ts";

/** Shortest frame without FCS; shorter ones are runts. */
const SHORTEST = 60;
/** Longest frame without FCS: 1500 bytes of payload, an Ethernet header and one VLAN tag. */
export const LONGEST = 1518;
/** FCS, preamble, SFD and inter-frame gap of each frame. */
const OVERHEAD = 24;

/** Takes what the ingress buffer has received. */
export interface Receiver {
  /** An ingress buffer holds a new packet; whoever takes it releases the buffer later. */
  received(buffer: number): void;
}

/**
 * Port input: checks and the ingress buffer.
 *
 * @example
 * ```ts
 * import { Clock, Ledger, MacIn, Memory, Observation, REASON } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const observation = new Observation();
 * observation.reset(2, "coarse");
 * const memory = new Memory(2);
 * memory.ledger = new Ledger(memory, observation, () => clock.now);
 * const rx = { rxFrames: 0, rxBytes: 0, rxMissed: 0, rxErrors: 0 };
 * const counters = { port: 0, ...rx, txFrames: 0, txBytes: 0 };
 *
 * const wire = observation.addPlace("wire");
 * const ingress = observation.addPlace("ingress buffer", 1);
 * const mac = new MacIn(0, clock, memory, observation, 1);
 * mac.reset(memory.region("ingress buffer", 1, 1), ingress, wire, counters);
 * mac.arrive(0, new Uint8Array(60), 0, 60);
 * mac.arrive(1, new Uint8Array(60), 0, 60);
 * assertEquals([counters.rxFrames, counters.rxMissed], [1, 1]);
 * assertEquals([observation.reason[1], observation.occupancy[1]], [REASON["rx-missed"], 1]);
 * ```
 */
export class MacIn {
  /** Number of the port. */
  readonly port: number;
  /** Told of each packet; without one the ingress buffer just fills. */
  receiver: Receiver | null = null;
  readonly #memory: Memory;
  readonly #clock: Clock;
  #observation: Observation;
  #counters: PortCounters;
  #region: Region | null = null;
  readonly #free: Int32Array;
  #freeCount = 0;
  #place = -1;
  #wire = -1;

  /** An ingress buffer of at most `most` packets; `reset` gives it its region. */
  constructor(port: number, clock: Clock, memory: Memory, observation: Observation, most: number) {
    this.port = port;
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#free = new Int32Array(most);
    this.#counters = emptyCounters(port);
  }

  /** An empty ingress buffer of the region's size, which nobody empties yet. */
  reset(region: Region, place: number, wire: number, counters: PortCounters): void {
    this.receiver = null;
    this.#region = region;
    this.#place = place;
    this.#wire = wire;
    this.#counters = counters;
    this.#freeCount = region.count;
    for (let i = 0; i < region.count; i++) this.#free[i] = region.first + region.count - 1 - i;
  }

  /** Packets in the ingress buffer. */
  get occupancy(): number {
    return this.#region!.count - this.#freeCount;
  }

  /** Place of the ingress buffer. */
  get place(): number {
    return this.#place;
  }

  /** The last bit of a frame has arrived. */
  arrive(packet: number, bytes: Uint8Array, offset: number, length: number): void {
    const now = this.#clock.now;
    const o = this.#observation;
    if (length < SHORTEST || length > LONGEST) {
      this.#counters.rxErrors++;
      o.drop(packet, length < SHORTEST ? REASON.runt : REASON.oversize, this.#wire, now);
      return;
    }
    if (this.#freeCount === 0) {
      this.#counters.rxMissed++;
      o.drop(packet, REASON["rx-missed"], this.#place, now, this.occupancy);
      return;
    }
    this.#counters.rxFrames++;
    this.#counters.rxBytes += length;
    const b = this.#free[--this.#freeCount]!;
    const memory = this.#memory;
    memory.fill(b, bytes, offset, length);
    memory.port[b] = this.port;
    memory.hash[b] = 0;
    memory.flags[b] = 0;
    if (memory.ledger !== null) memory.ledger.enter(packet, b, this.#place);
    if (this.receiver !== null) this.receiver.received(b);
  }

  /** The packet in an ingress buffer is elsewhere now, or at its end. */
  release(b: number): void {
    const ledger = this.#memory.ledger;
    if (ledger !== null && !ledger.free(b, this.#place)) return;
    this.#free[this.#freeCount++] = b;
  }
}

/** Takes word of frames that have left. */
export interface Sender {
  /** The last bit of the frame in a buffer has left. */
  sent(buffer: number): void;
}

/**
 * Port output: serialisation at line rate.
 *
 * @example
 * ```ts
 * import { Clock, Ledger, MacOut, Memory, Observation } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const observation = new Observation();
 * observation.reset(2, "coarse");
 * const memory = new Memory(2);
 * memory.ledger = new Ledger(memory, observation, () => clock.now);
 * const rx = { rxFrames: 0, rxBytes: 0, rxMissed: 0, rxErrors: 0 };
 * const counters = { port: 0, ...rx, txFrames: 0, txBytes: 0 };
 *
 * const mac = new MacOut(0, clock, memory, observation, 40, 2);
 * mac.reset(observation.addPlace("egress"), counters);
 * mac.sender = { sent: () => {} };
 * const { first } = memory.region("frames", 1, 2);
 * for (const packet of [0, 1]) {
 *   memory.length[first + packet] = 60;
 *   memory.ledger.enter(packet, first + packet, 0);
 *   mac.send(first + packet);
 * }
 * clock.run({ horizonPs: 1e9, events: 100 });
 * // 60 bytes and 24 of FCS, preamble, SFD and gap at 40 Gb/s
 * assertEquals([...observation.outEnd.subarray(0, 2)], [16_800, 33_600]);
 * ```
 */
export class MacOut {
  /** Number of the port. */
  readonly port: number;
  /** Told of each frame that has left. */
  sender: Sender | null = null;
  readonly #memory: Memory;
  readonly #clock: Clock;
  readonly #observation: Observation;
  readonly #psPerBit: number;
  #counters: PortCounters;
  #place = -1;
  readonly #queue: Int32Array;
  readonly #starts: Float64Array;
  #head = 0;
  #count = 0;
  #idleSince = 0;
  #bits = 0;
  #freeAt = 0;
  readonly #gone: number;

  /** A line of `gbps` Gb/s before which at most `most` frames wait; `reset` comes first. */
  constructor(
    port: number,
    clock: Clock,
    memory: Memory,
    observation: Observation,
    gbps: number,
    most: number,
  ) {
    this.port = port;
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#psPerBit = 1000 / gbps;
    this.#queue = new Int32Array(most);
    this.#starts = new Float64Array(most);
    this.#counters = emptyCounters(port);
    this.#gone = clock.register(() => this.#left());
  }

  /** An idle line. */
  reset(place: number, counters: PortCounters): void {
    this.#place = place;
    this.#counters = counters;
    this.#head = 0;
    this.#count = 0;
    this.#idleSince = 0;
    this.#bits = 0;
    this.#freeAt = 0;
  }

  /** Frames given and not yet gone. */
  get pending(): number {
    return this.#count;
  }

  /** Place of what waits for the line. */
  get place(): number {
    return this.#place;
  }

  /**
   * Sends the frame in a buffer after those given before.
   * @throws {RangeError} when more frames wait than the port was built for
   */
  send(b: number): void {
    if (this.#count === this.#queue.length) {
      throw new RangeError(`Cannot send on port ${this.port}: ${this.#count} frames wait already`);
    }
    const now = this.#clock.now;
    if (this.#freeAt <= now) {
      this.#idleSince = now;
      this.#bits = 0;
      this.#freeAt = now;
    }
    let slot = this.#head + this.#count++;
    if (slot >= this.#queue.length) slot -= this.#queue.length;
    this.#queue[slot] = b;
    this.#starts[slot] = this.#freeAt;
    this.#bits += (this.#memory.length[b]! + OVERHEAD) * 8;
    this.#freeAt = this.#idleSince + Math.round(this.#bits * this.#psPerBit);
    this.#clock.at(this.#freeAt, this.#gone, 0);
  }

  #left(): void {
    const b = this.#queue[this.#head]!;
    const start = this.#starts[this.#head]!;
    this.#head = this.#head + 1 === this.#queue.length ? 0 : this.#head + 1;
    this.#count--;
    const memory = this.#memory;
    const length = memory.length[b]!;
    this.#counters.txFrames++;
    this.#counters.txBytes += length;
    const packet = memory.ledger === null ? -1 : memory.ledger.packet[b]!;
    this.#observation.emit(
      packet,
      this.port,
      this.#place,
      start,
      this.#clock.now,
      memory.bytes,
      memory.offset[b]!,
      length,
    );
    this.sender!.sent(b);
  }
}

function emptyCounters(port: number): PortCounters {
  return { port, rxFrames: 0, rxBytes: 0, rxMissed: 0, rxErrors: 0, txFrames: 0, txBytes: 0 };
}
