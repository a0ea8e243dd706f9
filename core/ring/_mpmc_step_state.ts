/**
 * The whole state of stepped MPMC participants in one Int32Array: shared indices and slots,
 * registers of each participant, its late stores, the ids that consumers received, and the log of
 * calls.
 */

import { LateStores, type StoreOrder } from "./_late_stores.ts";
import { ringIndex, ringSlots } from "./spsc_memory.ts";

// Registers of a participant.
export const PC = 0;
export const OPERATION = 1;
export const START = 2;
export const BURST = 3;
export const COPIED = 4;
export const MOVED = 5;
export const SCRATCH = 6;
export const ORDERED = 7;
const REGISTERS = 8;

/** Where in an operation a participant is: values of PC. */
export const AT = {
  BEGIN: 0,
  LOAD_HEAD: 1,
  AWAIT_TURN: 2,
  LOAD_OPPOSITE: 3,
  CLAIM: 4,
  LATE_CLAIM: 5,
  COPY: 6,
  GIVE_BACK: 7,
  PUBLISH: 8,
  ADD_DONE: 9,
  LOAD_CLAIMED: 10,
  LOAD_TAIL: 11,
  RAISE_TAIL: 12,
  EARLY_COPY: 13,
} as const;

/** Where the next step writes atomically. */
export const AT_ATOMIC_WRITES: readonly number[] = [
  AT.CLAIM,
  AT.LATE_CLAIM,
  AT.GIVE_BACK,
  AT.PUBLISH,
  AT.ADD_DONE,
  AT.RAISE_TAIL,
];

// Words of a side, producers first.
export const HEAD = 0;
export const TAIL = 1;
export const DONE = 2;
const SIDE_WORDS = 3;

const LOGGED = 2 * SIDE_WORDS;
const FIRST_REGISTER = LOGGED + 1;

/** What has to be known to lay the state out. */
export interface StepLayout {
  readonly size: number;
  readonly startIndex: number;
  readonly participants: number;
  /** Most items that one participant can move in all. */
  readonly itemsMax: number;
  /** When plain stores reach memory. */
  readonly stores: StoreOrder;
  /** Most plain stores that a participant can have under way. */
  readonly lateMax: number;
  /** Most entries of the log. */
  readonly logMax: number;
}

/** The state and the ways to it; the contract is at the head of the file. */
export class MpmcStepState {
  readonly words: Int32Array;
  readonly slots: number;
  readonly late: LateStores;
  readonly #mask: number;
  readonly #received: number;
  readonly #itemsMax: number;
  readonly #log: number;

  /** All registers 0, all indices at `startIndex`. */
  constructor(layout: StepLayout) {
    const { size, participants, itemsMax, stores, lateMax } = layout;
    const slots = ringSlots(size, true);
    this.#mask = slots - 1;
    this.#itemsMax = itemsMax;
    this.slots = FIRST_REGISTER + participants * REGISTERS;
    this.#received = this.slots + slots;
    const buffers = this.#received + participants * itemsMax;
    this.#log = buffers + LateStores.words(participants, stores, lateMax);
    this.words = new Int32Array(this.#log + layout.logMax);
    this.late = new LateStores(this.words, buffers, participants, stores, lateMax);
    this.words.fill(ringIndex(layout.startIndex), 0, LOGGED);
  }

  /** Word of an index of a side: 0 producers, 1 consumers. */
  index(side: number, which: number): number {
    return side * SIDE_WORDS + which;
  }

  /** Word of the slot of an item. */
  slot(index: number): number {
    return this.slots + (index & this.#mask);
  }

  get(participant: number, register: number): number {
    return this.words[FIRST_REGISTER + participant * REGISTERS + register]!;
  }

  set(participant: number, register: number, value: number): void {
    this.words[FIRST_REGISTER + participant * REGISTERS + register] = value;
  }

  receive(participant: number, i: number, id: number): void {
    this.words[this.#received + participant * this.#itemsMax + i] = id;
  }

  received(participant: number, from: number, to: number): number[] {
    const at = this.#received + participant * this.#itemsMax;
    return [...this.words.subarray(at + from, at + to)];
  }

  /**
   * Adds an entry to the log; its lowest bit tells ends from beginnings. What calls have to do with
   * each other is which ended before which began, so beginnings in a row are kept in the order of
   * their numbers, and ends too: states that differ in nothing else count as one.
   */
  log(entry: number): void {
    const first = this.#log;
    let at = first + this.words[LOGGED]!++;
    for (; at > first; at--) {
      const before = this.words[at - 1]!;
      if (((before ^ entry) & 1) !== 0 || before < entry) break;
      this.words[at] = before;
    }
    this.words[at] = entry;
  }

  /** The log, oldest first. */
  logged(): Int32Array {
    return this.words.subarray(this.#log, this.#log + this.words[LOGGED]!);
  }
}
