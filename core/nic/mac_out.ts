/**
 * The output of a port: frames leave in the order in which they were given, each with 4 bytes of FCS and 20 bytes
 * of preamble, SFD and inter-frame gap (IEEE 802.3, 4.4.2). Rounding rule: a frame ends at the picosecond
 * nearest to (bits since the line was idle) / rate, so errors never add up.
 *
 * A fault, in runs that have some: before a frame the line stops for a while or for ever (`egress portN`), as for a
 * peer that holds it up. Frames then wait, and nothing is lost here.
 */
import { emptyCounters, type PortCounters } from "../machine/accounts.ts";
import type { Observation } from "../machine/observation.ts";
import type { Memory } from "../memory/memory.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";

/** FCS, preamble, SFD and inter-frame gap of each frame. */
export const OVERHEAD = 24;

/**
 * For how long a line stops, in picoseconds, by the value of a deviation: some frames, a burst, longer than an
 * interrupt takes, and longer than small rings last at line rate; at last for ever.
 */
export const STOP_PS: readonly number[] = [0, 1e6, 5e6, 2e7, 1e8, Infinity];

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
 * import { Clock, emptyCounters, Ledger, MacOut, Memory } from "@planecheck/planecheck/core";
 * import { Observation } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const observation = new Observation();
 * observation.reset(2, "coarse");
 * const memory = new Memory(2);
 * memory.ledger = new Ledger(memory, observation, () => clock.now);
 * const counters = emptyCounters(0);
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
  readonly port: number = 0;
  /** Told of each frame that has left. */
  sender: Sender | null = null;
  readonly #memory: Memory;
  readonly #clock: Clock;
  readonly #observation: Observation;
  readonly #psPerBit: number = 0;
  #counters: PortCounters;
  #place = -1;
  readonly #queue: Int32Array = new Int32Array(0);
  readonly #starts: Float64Array = new Float64Array(0);
  #head = 0;
  #count = 0;
  #idleSince = 0;
  #bits = 0;
  #freeAt = 0;
  /** Asked whether the line stops, in runs that have faults; else null. */
  #choices: Choices | null = null;
  #site = 0;
  readonly #lastBit: number = 0;

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
    this.#lastBit = clock.register(() => this.#left());
  }

  /** An idle line; `choices`, if given, are asked when it stops. */
  reset(place: number, counters: PortCounters, choices: Choices | null = null): void {
    this.#choices = choices;
    if (choices !== null) this.#site = choices.site(`egress port${this.port}`);
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
    if (this.#choices !== null) this.#stop(this.#choices);
    let slot = this.#head + this.#count++;
    if (slot >= this.#queue.length) slot -= this.#queue.length;
    this.#queue[slot] = b;
    this.#starts[slot] = this.#freeAt;
    this.#bits += (this.#memory.length[b]! + OVERHEAD) * 8;
    this.#freeAt = this.#idleSince + Math.round(this.#bits * this.#psPerBit);
    if (this.#freeAt < Infinity) this.#clock.at(this.#freeAt, this.#lastBit, 0);
  }

  #stop(choices: Choices): void {
    const stopPs = STOP_PS[choices.pick(this.#site, STOP_PS.length)]!;
    if (stopPs === 0) return;
    this.#freeAt += stopPs;
    this.#idleSince = this.#freeAt;
    this.#bits = 0;
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
    this.gone(b);
  }

  /** The last bit of the frame in a buffer has left. */
  protected gone(b: number): void {
    this.sender!.sent(b);
  }
}
