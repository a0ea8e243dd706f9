/**
 * The whole state of stepped MPMC participants in one Int32Array: shared indices and slots,
 * registers of each participant, its store buffer, the ids that consumers received, and the log of
 * calls.
 *
 * With delayed stores a plain store goes to the buffer of its participant first, whose own loads
 * see it; it reaches memory in a step of its own, in any order but for stores to one word. An
 * atomic write waits until the buffer is empty: that is release order, and weaker than what x86
 * does. Loads are never early.
 */

import { ringIndex, ringSlots } from "./spsc_memory.ts";

// Registers of a participant.
export const PC = 0;
export const OPERATION = 1;
export const START = 2;
export const BURST = 3;
export const COPIED = 4;
export const MOVED = 5;
export const SCRATCH = 6;
const REGISTERS = 7;

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
  /** Most stores that a buffer has to hold; 0 when stores are immediate. */
  readonly delayedMax: number;
  /** Most entries of the log. */
  readonly logMax: number;
}

/** The state and the ways to it; the contract is at the head of the file. */
export class MpmcStepState {
  readonly words: Int32Array;
  readonly slots: number;
  readonly #mask: number;
  readonly #received: number;
  readonly #itemsMax: number;
  readonly #buffers: number;
  readonly #delayedMax: number;
  readonly #log: number;

  /** All registers 0, all indices at `startIndex`. */
  constructor(layout: StepLayout) {
    const { size, participants, itemsMax, delayedMax } = layout;
    const slots = ringSlots(size, true);
    this.#mask = slots - 1;
    this.#itemsMax = itemsMax;
    this.#delayedMax = delayedMax;
    this.slots = FIRST_REGISTER + participants * REGISTERS;
    this.#received = this.slots + slots;
    this.#buffers = this.#received + participants * itemsMax;
    this.#log = this.#buffers + participants * (1 + 2 * delayedMax);
    this.words = new Int32Array(this.#log + layout.logMax);
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

  /** What the participant reads: its own latest store, or else memory. */
  load(participant: number, word: number): number {
    const buffer = this.#buffer(participant);
    for (let i = this.words[buffer]! - 1; i >= 0; i--) {
      if (this.words[buffer + 1 + 2 * i] === word) return this.words[buffer + 2 + 2 * i]!;
    }
    return this.words[word]!;
  }

  /** A plain store. */
  store(participant: number, word: number, value: number): void {
    if (this.#delayedMax === 0) {
      this.words[word] = value;
      return;
    }
    const buffer = this.#buffer(participant);
    const n = this.words[buffer]!;
    if (n === this.#delayedMax) throw new RangeError(`Cannot delay a store: ${n} are delayed`);
    this.words[buffer] = n + 1;
    this.words[buffer + 1 + 2 * n] = word;
    this.words[buffer + 2 + 2 * n] = value;
  }

  /** How many stores of the participant have not reached memory. */
  delayed(participant: number): number {
    return this.words[this.#buffer(participant)]!;
  }

  /** Whether the i-th oldest store in the buffer may reach memory next. */
  mayLand(participant: number, i: number): boolean {
    const buffer = this.#buffer(participant);
    if (i >= this.words[buffer]!) return false;
    for (let older = 0; older < i; older++) {
      if (this.words[buffer + 1 + 2 * older] === this.words[buffer + 1 + 2 * i]) return false;
    }
    return true;
  }

  /** The i-th oldest store reaches memory. */
  land(participant: number, i: number): void {
    const { words } = this;
    const buffer = this.#buffer(participant);
    const entry = buffer + 1 + 2 * i;
    const end = buffer + 1 + 2 * words[buffer]!;
    words[words[entry]!] = words[entry + 1]!;
    words.copyWithin(entry, entry + 2, end);
    words.fill(0, end - 2, end);
    words[buffer]!--;
  }

  /**
   * Adds an entry to the log; its lowest bit tells ends from beginnings. What calls have to do with
   * each other is which ended before which began, so beginnings in a row are kept in the order of
   * their numbers, and ends too: states that differ in nothing else count as one.
   */
  log(entry: number): void {
    const first = this.#log;
    let at = first + this.words[LOGGED]!++;
    for (let before; at > first; at--) {
      before = this.words[at - 1]!;
      if (((before ^ entry) & 1) !== 0 || before < entry) break;
      this.words[at] = before;
    }
    this.words[at] = entry;
  }

  /** The log, oldest first. */
  logged(): Int32Array {
    return this.words.subarray(this.#log, this.#log + this.words[LOGGED]!);
  }

  #buffer(participant: number): number {
    return this.#buffers + participant * (1 + 2 * this.#delayedMax);
  }
}
