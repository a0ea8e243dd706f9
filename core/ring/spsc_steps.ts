/**
 * The SPSC ring as micro-steps, so that every interleaving of its two ends can be explored.
 *
 * The algorithm is that of `SpscRing`, one access to shared memory a step:
 *
 *     producer  load tail; load head if the copy says too few are free; store n slots; store tail
 *     consumer  load head; load tail if the copy says too few are there; load n slots; store head
 *
 * Each end runs a program, a list of burst sizes; an operation that can move nothing ends with 0
 * and the program goes on, so every run ends. The producer enqueues the ids 1, 2, 3, ...; what a
 * burst could not place comes first in the next. The whole state is one Int32Array.
 *
 * `fault` turns the ring into a wrong one: what an exploration is worth is shown by the faults it
 * finds.
 */

import type { SteppedSystem } from "./interleave.ts";
import { ringIndex, ringSlots } from "./spsc_memory.ts";

/**
 * A deliberate mistake: the producer publishes before it has written the slots, the consumer
 * releases slots before it has read them, or the producer believes in one slot too many.
 */
export type SpscFault = "none" | "publish-before-copy" | "release-before-copy" | "one-too-many";

/** The ring and the two programs. */
export interface SpscStepsOptions {
  /** Most items that the ring holds; need not be a power of two. */
  readonly size: number;
  /** First value of both indices, modulo 2^32; 0. */
  readonly startIndex?: number;
  /** Burst sizes of the producer, in order. */
  readonly produce: readonly number[];
  /** Burst sizes of the consumer, in order. */
  readonly consume: readonly number[];
  /** Whether operations are bulk, all or nothing, instead of burst; false. */
  readonly bulk?: boolean;
  /** A planted mistake; none. */
  readonly fault?: SpscFault;
}

/** Number of the producer among the actors. */
export const SPSC_PRODUCER = 0;
/** Number of the consumer among the actors. */
export const SPSC_CONSUMER = 1;

// Where in an operation an end is. LOAD_OWN is its start.
const LOAD_OWN = 0;
const LOAD_PEER = 1;
const COPY = 2;
const PUBLISH = 3;

// Words of the state: the two shared indices, the registers of each end, the slots, the ids
// received.
const TAIL = 0;
const HEAD = 1;
const REGISTERS = 2;
const REGISTERS_PER_END = 7;
const PC = 0;
const OPERATION = 1;
const OWN = 2;
const PEER_SEEN = 3;
const BURST = 4;
const COPIED = 5;
const MOVED = 6;
const SLOTS = REGISTERS + 2 * REGISTERS_PER_END;

/**
 * An SPSC ring and a program for each end, stepped one shared access at a time; the contract is at
 * the head of the file. A step is O(1).
 *
 * @example
 * ```ts
 * import { SPSC_CONSUMER, SPSC_PRODUCER, SpscSteps } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new SpscSteps({ size: 4, produce: [3], consume: [2] });
 * while (ring.runnable(SPSC_PRODUCER)) ring.step(SPSC_PRODUCER);
 * while (ring.runnable(SPSC_CONSUMER)) ring.step(SPSC_CONSUMER);
 * assertEquals(ring.received(), [1, 2]);
 * assertEquals(ring.remaining(), [3]);
 * ```
 */
export class SpscSteps implements SteppedSystem {
  /** Producer and consumer. */
  readonly actors = 2;
  readonly #size: number;
  readonly #mask: number;
  readonly #programs: readonly (readonly number[])[];
  readonly #bulk: boolean;
  readonly #fault: SpscFault;
  readonly #received: number;
  /** The whole state. */
  readonly state: Int32Array;

  /**
   * A ring that is empty, both programs at their start.
   *
   * @throws {RangeError} when the size is refused or a burst size is not a count
   */
  constructor(options: SpscStepsOptions) {
    const slots = ringSlots(options.size, true);
    for (const burst of [...options.produce, ...options.consume]) {
      if (!Number.isInteger(burst) || burst < 0) {
        throw new RangeError(`Cannot create ring steps: burst size ${burst} is not a count`);
      }
    }
    this.#size = options.size;
    this.#mask = slots - 1;
    this.#programs = [[...options.produce], [...options.consume]];
    this.#bulk = options.bulk === true;
    this.#fault = options.fault ?? "none";
    this.#received = SLOTS + slots;
    const most = options.consume.reduce((sum, burst) => sum + burst, 0);
    this.state = new Int32Array(this.#received + most);
    const start = ringIndex(options.startIndex ?? 0);
    this.state[TAIL] = start;
    this.state[HEAD] = start;
    this.state[this.#register(SPSC_PRODUCER, PEER_SEEN)] = start;
    this.state[this.#register(SPSC_CONSUMER, PEER_SEEN)] = start;
  }

  /** Whether the end's program has a step left. */
  runnable(actor: number): boolean {
    return this.#get(actor, OPERATION) < this.#programs[actor]!.length;
  }

  /** Makes the end's next access to shared memory. */
  step(actor: number): void {
    switch (this.#get(actor, PC)) {
      case LOAD_OWN:
        return this.#loadOwn(actor);
      case LOAD_PEER:
        return this.#loadPeer(actor);
      case COPY:
        return this.#copy(actor);
      default:
        return this.#publish(actor);
    }
  }

  /** How many items the producer's finished operations have enqueued: ids 1 to this number. */
  get enqueued(): number {
    return this.#get(SPSC_PRODUCER, MOVED);
  }

  /** Published items less released ones, as the two shared indices say. */
  get count(): number {
    return (this.state[TAIL]! - this.state[HEAD]!) | 0;
  }

  /** The ids that the consumer's finished operations have dequeued, in order. */
  received(): number[] {
    const moved = this.#get(SPSC_CONSUMER, MOVED);
    return [...this.state.subarray(this.#received, this.#received + moved)];
  }

  /** The contents of the slots between the two shared indices, oldest first. */
  remaining(): number[] {
    const head = this.state[HEAD]!;
    return Array.from({ length: this.count }, (_, i) => this.state[this.#slot(head + i)]!);
  }

  #register(actor: number, register: number): number {
    return REGISTERS + actor * REGISTERS_PER_END + register;
  }

  #get(actor: number, register: number): number {
    return this.state[this.#register(actor, register)]!;
  }

  #set(actor: number, register: number, value: number): void {
    this.state[this.#register(actor, register)] = value;
  }

  #slot(index: number): number {
    return SLOTS + (index & this.#mask);
  }

  #wanted(actor: number): number {
    return this.#programs[actor]![this.#get(actor, OPERATION)]!;
  }

  /** How many items the end could move, as far as its copy of the other's index tells. */
  #movable(actor: number): number {
    const own = this.#get(actor, OWN);
    const peer = this.#get(actor, PEER_SEEN);
    if (actor === SPSC_CONSUMER) return (peer - own) | 0;
    const size = this.#fault === "one-too-many" ? this.#size + 1 : this.#size;
    return size - ((own - peer) | 0);
  }

  #loadOwn(actor: number): void {
    this.#set(actor, OWN, this.state[actor === SPSC_PRODUCER ? TAIL : HEAD]!);
    if (this.#movable(actor) >= this.#wanted(actor)) this.#start(actor);
    else this.#set(actor, PC, LOAD_PEER);
  }

  #loadPeer(actor: number): void {
    this.#set(actor, PEER_SEEN, this.state[actor === SPSC_PRODUCER ? HEAD : TAIL]!);
    this.#start(actor);
  }

  /** Settles how many items move, and goes to the first step that moves them. */
  #start(actor: number): void {
    const wanted = this.#wanted(actor);
    const movable = this.#movable(actor);
    const n = movable >= wanted ? wanted : this.#bulk ? 0 : movable;
    if (n === 0) return this.#finish(actor, 0);
    this.#set(actor, BURST, n);
    this.#set(actor, COPIED, 0);
    this.#set(actor, PC, this.#publishesFirst(actor) ? PUBLISH : COPY);
  }

  #publishesFirst(actor: number): boolean {
    const wrong = actor === SPSC_PRODUCER ? "publish-before-copy" : "release-before-copy";
    return this.#fault === wrong;
  }

  #copy(actor: number): void {
    const i = this.#get(actor, COPIED);
    const slot = this.#slot(this.#get(actor, OWN) + i);
    const moved = this.#get(actor, MOVED);
    if (actor === SPSC_PRODUCER) this.state[slot] = moved + i + 1;
    else this.state[this.#received + moved + i] = this.state[slot]!;
    this.#set(actor, COPIED, i + 1);
    if (i + 1 < this.#get(actor, BURST)) return;
    if (this.#publishesFirst(actor)) this.#finish(actor, i + 1);
    else this.#set(actor, PC, PUBLISH);
  }

  #publish(actor: number): void {
    const n = this.#get(actor, BURST);
    this.state[actor === SPSC_PRODUCER ? TAIL : HEAD] = this.#get(actor, OWN) + n;
    if (this.#publishesFirst(actor)) this.#set(actor, PC, COPY);
    else this.#finish(actor, n);
  }

  #finish(actor: number, n: number): void {
    this.#set(actor, MOVED, this.#get(actor, MOVED) + n);
    this.#set(actor, OPERATION, this.#get(actor, OPERATION) + 1);
    // Cleared, so that states which differ only in what is over count as one.
    this.#set(actor, BURST, 0);
    this.#set(actor, COPIED, 0);
    this.#set(actor, PC, LOAD_OWN);
  }
}
