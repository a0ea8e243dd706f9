/**
 * Packets in memory that is no buffer's: a socket's ring of bytes, an array of a process. The bytes are their
 * owner's business; here are the books of which packet they are, beside those of the buffers.
 *
 * A copy is named by a number at or above the memory's buffers, so that a packet's carrier may be either. Only
 * these changes are right:
 *
 *     buffer --out--> copy --into--> buffer      as often as it is copied; the last one carries the packet
 *     copy --end--> gone                         once, when its owner has no further use for the bytes
 *
 * A copy that ends while it carries a packet that has no fate gives it the fate "freed", as a buffer does.
 */
import { FATE, type Observation } from "../machine/observation.ts";

/**
 * Copies that are kept, by number.
 *
 * @example
 * ```ts
 * import { FATE, Observation, OutsideCopies } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const observation = new Observation();
 * observation.reset(1, "coarse");
 * const place = observation.addPlace("socket ring");
 * const copies = new OutsideCopies(observation, 64);
 * const copy = copies.begin(0, place);
 * assertEquals([copy, observation.carrier[0], copies.count], [64, 64, 1]);
 * copies.end(copy, 5); // nothing has become of packet 0
 * assertEquals([observation.fate[0], copies.count], [FATE.freed, 0]);
 * ```
 */
export class OutsideCopies {
  readonly #observation: Observation;
  readonly #first: number = 0;
  readonly #packet: number[] = [];
  readonly #place: number[] = [];
  readonly #free: number[] = [];

  /** No copies; the first will have the number `first`. */
  constructor(observation: Observation, first: number) {
    this.#observation = observation;
    this.#first = first;
  }

  /** No copies again. */
  reset(): void {
    this.#packet.length = this.#place.length = this.#free.length = 0;
  }

  /** Copies that have not ended. */
  get count(): number {
    return this.#packet.length - this.#free.length;
  }

  /** A packet is copied out, to bytes at a place; answers the copy. */
  begin(packet: number, place: number): number {
    const i = this.#free.pop() ?? this.#packet.length;
    this.#packet[i] = packet;
    this.#place[i] = place;
    const { carrier } = this.#observation;
    if (packet >= 0) carrier[packet] = this.#first + i;
    return this.#first + i;
  }

  /**
   * The packet that a copy is of.
   * @throws {RangeError} when there is no such copy
   */
  packetOf(copy: number): number {
    const packet = this.#packet[copy - this.#first];
    if (packet === undefined || packet === ENDED) {
      throw new RangeError(`Cannot use copy ${copy} of a packet: it has ended`);
    }
    return packet;
  }

  /** The place where a copy is. */
  placeOf(copy: number): number {
    return this.#place[copy - this.#first]!;
  }

  /** The bytes are given up. */
  end(copy: number, now: number): void {
    const packet = this.packetOf(copy);
    const o = this.#observation;
    if (packet >= 0 && o.carrier[packet] === copy && o.fate[packet] === FATE.none) {
      o.freed(packet, this.placeOf(copy), now);
    }
    this.#packet[copy - this.#first] = ENDED;
    this.#free.push(copy - this.#first);
  }
}

/** In place of an identity: the copy is gone. */
const ENDED = -3;
