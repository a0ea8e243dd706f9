/**
 * The SPSC ring as micro-steps, so that every interleaving of its two ends can be explored.
 *
 * The algorithm is that of `SpscRing`, one access to shared memory a step:
 *
 *     producer  load head if the copy says too few are free; store n slots; store tail
 *     consumer  load tail if the copy says too few are there; load n slots; store head
 *
 * The last step is left out while less than `batch` items wait for it, unless the operation got less
 * than it asked for. Each end runs a program, a list of burst sizes, and publishes at its end. An
 * operation that can move nothing ends with 0 and the program goes on; with `insist` it is begun
 * again when the other end has published: a state in which neither end can go on and a program is
 * unfinished is a dead-lock. The producer enqueues the ids 1, 2, 3, ...; what a burst could not place
 * comes first in the next. The whole state is one Int32Array.
 *
 * With late stores the actors beyond the two ends are those (see `_late_stores.ts`). `fault` turns
 * the ring into a wrong one: what an exploration is worth is shown by the faults it finds.
 */

import { LateStores } from "./_late_stores.ts";
import type { SteppedSystem } from "./interleave.ts";
import { ringIndex, ringSlots } from "./spsc_memory.ts";
import type { SpscFault, SpscStepsOptions } from "./spsc_steps_options.ts";

/** Number of the producer among the actors. */
export const SPSC_PRODUCER = 0;
/** Number of the consumer among the actors. */
export const SPSC_CONSUMER = 1;

// Where in an operation an end is. LOOK is its start.
const LOOK = 0;
const COPY = 1;
const PUBLISH = 2;

// Words of the state: the two published indices, the registers of each end, the slots, the ids
// received, the late stores.
const TAIL = 0;
const HEAD = 1;
const REGISTERS = 2;
const REGISTERS_PER_END = 8;
const PC = 0;
const OPERATION = 1;
const OWN = 2;
const PEER_SEEN = 3;
const BURST = 4;
const COPIED = 5;
const MOVED = 6;
const TOLD = 7;
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
  /** Producer and consumer, and with late stores those. */
  readonly actors: number;
  /** The whole state. */
  readonly state: Int32Array;
  readonly #options: SpscStepsOptions;
  readonly #mask: number;
  readonly #programs: readonly (readonly number[])[];
  readonly #received: number;
  readonly #late: LateStores;

  /**
   * A ring that is empty, both programs at their start.
   *
   * @throws {RangeError} when the size is refused or a burst size is not a count
   */
  constructor(options: SpscStepsOptions) {
    const { size, startIndex = 0, stores = "now" } = options;
    const slots = ringSlots(size, true);
    this.#options = options;
    this.#programs = [[...options.produce], [...options.consume]];
    for (const burst of this.#programs.flat()) {
      if (!Number.isInteger(burst) || burst < 0) {
        throw new RangeError(`Cannot create ring steps: burst size ${burst} is not a count`);
      }
    }
    this.#mask = slots - 1;
    this.#received = SLOTS + slots;
    const late = this.#received + options.consume.reduce((sum, burst) => sum + burst, 0);
    // At most a batch of slots and its index are under way: an index is stored after its slots.
    const lateMax = size + 1;
    this.state = new Int32Array(late + LateStores.words(2, stores, lateMax));
    this.#late = new LateStores(this.state, late, 2, stores, lateMax);
    this.actors = 2 + this.#late.actors;
    this.state[TAIL] = this.state[HEAD] = ringIndex(startIndex);
    for (const actor of [SPSC_PRODUCER, SPSC_CONSUMER]) {
      for (const register of [OWN, PEER_SEEN, TOLD]) this.#set(actor, register, startIndex);
    }
  }

  /** Whether the end's program has a step left and need not wait, or the store may land. */
  runnable(actor: number): boolean {
    if (actor > SPSC_CONSUMER) return this.#late.mayLand(actor - 2);
    const pc = this.#get(actor, PC);
    if (pc === PUBLISH) return this.#fault("plain-publish") || this.#late.count(actor) === 0;
    if (this.finished(actor)) return false;
    const untold = !this.#fault("batch-withheld") &&
      this.#get(actor, OWN) !== this.#get(actor, TOLD);
    const insists = pc === LOOK && this.#options.insist === true;
    return !insists || untold || this.#movable(actor) >= this.#wanted(actor) ||
      this.#late.load(actor, actor === SPSC_PRODUCER ? HEAD : TAIL) !== this.#get(actor, PEER_SEEN);
  }

  /** Makes the end's next access to shared memory, or lets the late store land. */
  step(actor: number): void {
    if (actor > SPSC_CONSUMER) return this.#late.land(actor - 2);
    const pc = this.#get(actor, PC);
    if (pc === COPY) this.#copy(actor);
    else if (pc === PUBLISH) this.#publish(actor);
    else if (this.#movable(actor) < this.#wanted(actor)) this.#loadPeer(actor);
    else if (this.#start(actor) > 0 && this.runnable(actor)) this.step(actor);
  }

  /** Whether the end's program is over and all of it published. */
  finished(actor: number): boolean {
    return this.#get(actor, OPERATION) >= this.#programs[actor]!.length &&
      this.#get(actor, PC) === LOOK;
  }

  /** How many operations of the program are over. */
  operations(actor: number): number {
    return this.#get(actor, OPERATION);
  }

  /** How many items the finished operations have enqueued: ids 1 to this number. */
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

  #fault(name: SpscFault): boolean {
    return this.#options.fault === name;
  }

  #get(actor: number, register: number): number {
    return this.state[REGISTERS + actor * REGISTERS_PER_END + register]!;
  }

  #set(actor: number, register: number, value: number): void {
    this.state[REGISTERS + actor * REGISTERS_PER_END + register] = value;
  }

  #slot(index: number): number {
    return SLOTS + (index & this.#mask);
  }

  #wanted(actor: number): number {
    return this.#programs[actor]![this.#get(actor, OPERATION)] ?? 0;
  }

  /** How many items the end could move, as far as its copy of the other's index tells. */
  #movable(actor: number): number {
    const room = (this.#get(actor, PEER_SEEN) - this.#get(actor, OWN)) | 0;
    if (actor === SPSC_CONSUMER) return room;
    return room + this.#options.size + (this.#fault("one-too-many") ? 1 : 0);
  }

  #loadPeer(actor: number): void {
    if (actor === SPSC_CONSUMER && this.#fault("early-copy") && this.#get(actor, COPIED) === 0) {
      this.#copyOut(0, this.#wanted(actor));
      return this.#set(actor, COPIED, 1);
    }
    this.#set(actor, PEER_SEEN, this.#late.load(actor, actor === SPSC_PRODUCER ? HEAD : TAIL));
    this.#start(actor);
  }

  /** Settles how many items move and goes to the first step that moves them. */
  #start(actor: number): number {
    const wanted = this.#wanted(actor);
    const movable = this.#movable(actor);
    const n = movable >= wanted ? wanted : this.#options.bulk ? 0 : movable;
    this.#set(actor, BURST, n);
    this.#set(actor, COPIED, 0);
    if (n === 0 || this.#publishesFirst(actor)) this.#advance(actor);
    else this.#set(actor, PC, COPY);
    return n;
  }

  #publishesFirst(actor: number): boolean {
    return this.#fault(actor === SPSC_PRODUCER ? "publish-before-copy" : "release-before-copy");
  }

  #copyOut(from: number, to: number): void {
    const [moved, own] = [this.#get(SPSC_CONSUMER, MOVED), this.#get(SPSC_CONSUMER, OWN)];
    for (let i = from; i < to; i++) {
      this.state[this.#received + moved + i] = this.#late.load(SPSC_CONSUMER, this.#slot(own + i));
    }
  }

  #copy(actor: number): void {
    const i = this.#get(actor, COPIED);
    const id = this.#get(actor, MOVED) + i + 1;
    const slot = this.#slot(this.#get(actor, OWN) + i);
    if (actor === SPSC_PRODUCER) this.#late.store(actor, slot, id);
    else if (!this.#fault("early-copy")) this.#copyOut(i, i + 1);
    this.#set(actor, COPIED, i + 1);
    if (i + 1 < this.#get(actor, BURST)) return;
    if (this.#publishesFirst(actor)) this.#finish(actor);
    else this.#advance(actor);
  }

  /** What an operation moves is moved: on to its publication, if that is now. */
  #advance(actor: number): void {
    const n = this.#get(actor, BURST);
    const first = this.#publishesFirst(actor) && this.#get(actor, COPIED) === 0;
    const waiting = (this.#get(actor, OWN) + n - this.#get(actor, TOLD)) | 0;
    const short = n < this.#wanted(actor) && !this.#fault("batch-withheld");
    const last = this.#get(actor, OPERATION) + 1 >= this.#programs[actor]!.length;
    const tell = waiting >= (this.#options.batch ?? 1) || short || last && !this.#retries(actor);
    if (waiting > 0 && tell) this.#set(actor, PC, PUBLISH);
    else if (first && n > 0) this.#set(actor, PC, COPY);
    else this.#finish(actor);
  }

  #publish(actor: number): void {
    const word = actor === SPSC_PRODUCER ? TAIL : HEAD;
    const end = (this.#get(actor, OWN) + this.#get(actor, BURST)) | 0;
    if (this.#fault("plain-publish")) this.#late.store(actor, word, end);
    else this.state[word] = end;
    this.#set(actor, TOLD, end);
    if (this.#get(actor, COPIED) === this.#get(actor, BURST)) this.#finish(actor);
    else this.#set(actor, PC, COPY);
  }

  /** Whether the operation has moved nothing and is to be begun again. */
  #retries(actor: number): boolean {
    const { insist = false } = this.#options;
    return insist && this.#get(actor, BURST) === 0 && this.#wanted(actor) > 0;
  }

  #finish(actor: number): void {
    const n = this.#get(actor, BURST);
    if (!this.#retries(actor)) this.#set(actor, OPERATION, this.#get(actor, OPERATION) + 1);
    this.#set(actor, OWN, (this.#get(actor, OWN) + n) | 0);
    this.#set(actor, MOVED, this.#get(actor, MOVED) + n);
    // Cleared, so that states which differ only in what is over count as one.
    for (const register of [PC, BURST, COPIED]) this.#set(actor, register, 0);
  }
}
