/**
 * The input of a port: a frame has arrived when its last bit has (store and forward). It is checked for FCS and
 * length, then put in the ingress buffer; when that is full it is lost and counted (`rx_missed`). Within NIC and
 * fabric this is the one place where congestion may lose a packet, but for receive queues that say otherwise (Drop_En).
 */
import type { Memory, Region } from "../memory/memory.ts";
import { emptyCounters, type PortCounters } from "../machine/accounts.ts";
import type { Observation } from "../machine/observation.ts";
import { REASON, type Reason } from "../policy.ts";
import type { Clock } from "../time/clock.ts";

/** Shortest frame without FCS; shorter ones are runts. */
export const SHORTEST = 60;
/** Longest frame without FCS: 1500 bytes of payload, an Ethernet header and one VLAN tag. */
export const LONGEST = 1518;

/** Takes what the ingress buffer has received. */
export interface Receiver {
  /** An ingress buffer holds a new packet; whoever takes it releases the buffer later. */
  received(buffer: number): void;
}

/** Takes word of how full an ingress buffer is. */
export interface FillWatcher {
  /** It holds so many packets now. */
  filled(packets: number): void;
}

/**
 * Port input: checks and the ingress buffer.
 *
 * @example
 * ```ts
 * import { Clock, emptyCounters, Ledger, MacIn, Memory } from "@planecheck/planecheck/core";
 * import { Observation, REASON } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const observation = new Observation();
 * observation.reset(2, "coarse");
 * const memory = new Memory(2);
 * memory.ledger = new Ledger(memory, observation, () => clock.now);
 * const counters = emptyCounters(0);
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
  readonly port: number = 0;
  /** Told of each packet; without one the ingress buffer just fills. */
  receiver: Receiver | null = null;
  /** Told how full the ingress buffer is whenever that changes, where a port sends pause frames. */
  watcher: FillWatcher | null = null;
  readonly #memory: Memory;
  readonly #clock: Clock;
  #observation: Observation;
  #counters: PortCounters;
  #region: Region | null = null;
  readonly #free: Int32Array = new Int32Array(0);
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
  arrive(
    packet: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    badFcs: boolean = false,
  ): void {
    const now = this.#clock.now;
    const o = this.#observation;
    if (badFcs || length < SHORTEST || length > LONGEST) {
      o.drop(packet, this.#refuse(badFcs, length), this.#wire, now);
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
    if (this.watcher !== null) this.watcher.filled(this.occupancy);
    if (this.receiver !== null) this.receiver.received(b);
  }

  /** Counts a frame that the port does not accept; answers the reason. */
  #refuse(badFcs: boolean, length: number): Reason {
    const counters = this.#counters;
    counters.rxErrors++;
    if (badFcs) {
      counters.rxCrcErrors++;
      return REASON["bad-fcs"];
    }
    if (length < SHORTEST) {
      counters.rxUndersize++;
      return REASON.runt;
    }
    counters.rxOversize++;
    return REASON.oversize;
  }

  /** The packet in an ingress buffer finds no descriptor at its queue, which says that it is to be lost then. */
  miss(b: number, place: number, occupancy: number): void {
    const memory = this.#memory;
    this.#counters.rxFrames--;
    this.#counters.rxBytes -= memory.length[b]!;
    this.#counters.rxMissed++;
    const packet = memory.ledger === null ? -1 : memory.ledger.packet[b]!;
    const o = this.#observation;
    if (memory.ledger === null || packet >= 0) {
      o.drop(packet, REASON["rx-missed"], place, this.#clock.now, occupancy);
    }
    this.release(b);
  }

  /** The packet in an ingress buffer is elsewhere now, or at its end. */
  release(b: number): void {
    const ledger = this.#memory.ledger;
    if (ledger !== null && !ledger.free(b, this.#place)) return;
    this.#free[this.#freeCount++] = b;
    if (this.watcher !== null) this.watcher.filled(this.occupancy);
  }
}
