/**
 * What a stepped MPMC participant does next: the algorithm of `MpmcRing`, one access to shared
 * memory a step; the order of the steps is at the head of `mpmc_steps.ts`.
 */

import {
  BURST,
  COPIED,
  DONE,
  HEAD,
  MOVED,
  type MpmcStepState,
  OPERATION,
  PC,
  SCRATCH,
  START,
  TAIL,
} from "./_mpmc_step_state.ts";
import type { RingSync } from "./mpmc_memory.ts";
import type { MpmcStepsOptions } from "./mpmc_steps_options.ts";

// Where in an operation a participant is. LOAD_HEAD is its start.
const LOAD_HEAD = 0;
const AWAIT_TURN = 1;
const LOAD_OPPOSITE = 2;
const CLAIM = 3;
const LATE_CLAIM = 4;
const COPY = 5;
const GIVE_BACK = 6;
const AWAIT_TAIL = 7;
const PUBLISH = 8;
const ADD_DONE = 9;
const LOAD_CLAIMED = 10;
const LOAD_TAIL = 11;
const RAISE_TAIL = 12;
const RELOAD_HEAD = 13;
const ATOMIC_WRITES = [CLAIM, LATE_CLAIM, GIVE_BACK, PUBLISH, ADD_DONE, RAISE_TAIL];

/** The program counter of a participant and what it stands for. */
export class MpmcMoves {
  readonly #state: MpmcStepState;
  readonly #options: MpmcStepsOptions;
  readonly #programs: readonly (readonly number[])[];

  /** Moves on `state`, of programs that are in order. */
  constructor(state: MpmcStepState, options: MpmcStepsOptions) {
    this.#state = state;
    this.#options = options;
    this.#programs = [...options.produce, ...options.consume];
  }

  /** Whether the participant's next step has to wait for another one's. */
  waits(p: number): boolean {
    const state = this.#state;
    const pc = state.get(p, PC);
    if (ATOMIC_WRITES.includes(pc)) {
      return state.delayed(p) > 0 && !(pc === PUBLISH && this.#fault("plain-publish"));
    }
    if (pc === AWAIT_TAIL) return this.#load(p, TAIL) !== state.get(p, START);
    return pc === AWAIT_TURN && this.#ahead(p) > this.#aheadMax(p) &&
      this.#load(p, HEAD) === state.get(p, START);
  }

  /** The participant's next step. */
  step(p: number): void {
    switch (this.#state.get(p, PC)) {
      case LOAD_HEAD:
        return this.#loadHead(p);
      case AWAIT_TURN:
        return this.#goto(p, this.#ahead(p) > this.#aheadMax(p) ? RELOAD_HEAD : LOAD_OPPOSITE);
      case RELOAD_HEAD:
        return this.#aim(p, this.#load(p, HEAD));
      case LOAD_OPPOSITE:
        return this.#loadOpposite(p);
      case CLAIM:
        return this.#claim(p);
      case LATE_CLAIM:
        return this.#claimed(p);
      case COPY:
        return this.#copy(p);
      case GIVE_BACK:
        return this.#giveBack(p);
      case AWAIT_TAIL:
        return this.#goto(p, PUBLISH);
      case PUBLISH:
        return this.#publish(p);
      case ADD_DONE:
        return this.#addDone(p);
      case LOAD_CLAIMED:
        return this.#loadClaimed(p);
      case LOAD_TAIL:
        this.#state.set(p, START, this.#load(p, TAIL));
        return this.#aimTail(p);
      default:
        return this.#raiseTail(p);
    }
  }

  #fault(name: MpmcStepsOptions["fault"]): boolean {
    return this.#options.fault === name;
  }

  /** 0 for a producer, 1 for a consumer. */
  #side(p: number): number {
    return p < this.#options.produce.length ? 0 : 1;
  }

  #sync(p: number): RingSync {
    const { producers = "mt", consumers = "mt" } = this.#options;
    return this.#side(p) === 0 ? producers : consumers;
  }

  #goto(p: number, pc: number): void {
    this.#state.set(p, PC, pc);
  }

  #word(p: number, which: number): number {
    return this.#state.index(this.#side(p), which);
  }

  #load(p: number, which: number): number {
    return this.#state.load(p, this.#word(p, which));
  }

  #write(p: number, which: number, value: number): void {
    this.#state.words[this.#word(p, which)] = value;
  }

  #ahead(p: number): number {
    return (this.#state.get(p, START) - this.#load(p, TAIL)) | 0;
  }

  #aheadMax(p: number): number {
    return this.#sync(p) === "mt-hts" ? 0 : this.#options.htdMax ?? this.#options.size;
  }

  #loadHead(p: number): void {
    if (this.#options.logged) this.#state.log(p << 1);
    const single = this.#sync(p) === "st";
    this.#aim(p, this.#load(p, single ? TAIL : HEAD));
  }

  /** A claim is to start at `head`. */
  #aim(p: number, head: number): void {
    this.#state.set(p, START, head);
    const inTurn = this.#sync(p) === "mt-rts" || this.#sync(p) === "mt-hts";
    this.#goto(p, inTurn && !this.#fault("tail-out-of-order") ? AWAIT_TURN : LOAD_OPPOSITE);
  }

  #loadOpposite(p: number): void {
    const side = this.#side(p);
    const opposite = this.#state.load(p, this.#state.index(1 - side, TAIL));
    const lead = side === 1 ? 0 : this.#options.size + (this.#fault("one-too-many") ? 1 : 0);
    const room = (lead + opposite - this.#state.get(p, START)) | 0;
    const wanted = this.#programs[p]![this.#state.get(p, OPERATION)]!;
    const n = room >= wanted ? wanted : this.#options.bulk ? 0 : room;
    if (n === 0) return this.#finish(p, 0);
    this.#state.set(p, BURST, n);
    if (this.#sync(p) === "st") this.#begin(p);
    else this.#goto(p, CLAIM);
  }

  #claim(p: number): void {
    const head = this.#load(p, HEAD);
    if (head !== this.#state.get(p, START)) {
      this.#state.set(p, BURST, 0);
      return this.#aim(p, head);
    }
    if (this.#fault("lost-cas")) this.#goto(p, LATE_CLAIM);
    else this.#claimed(p);
  }

  #claimed(p: number): void {
    this.#write(p, HEAD, (this.#state.get(p, START) + this.#state.get(p, BURST)) | 0);
    this.#begin(p);
  }

  #publishesFirst(p: number): boolean {
    return this.#fault(this.#side(p) === 0 ? "publish-before-copy" : "release-before-copy");
  }

  #begin(p: number): void {
    if (this.#publishesFirst(p)) this.#handOver(p);
    else this.#goto(p, COPY);
  }

  #kept(p: number): number {
    return Math.min(this.#state.get(p, BURST), this.#options.keepMax?.[p] ?? Infinity);
  }

  #copy(p: number): void {
    const state = this.#state;
    const i = state.get(p, COPIED);
    const slot = state.slot(state.get(p, START) + i);
    const item = state.get(p, MOVED) + i;
    if (this.#side(p) === 0) state.store(p, slot, 100 * p + 101 + item);
    else state.receive(p, item, state.load(p, slot));
    state.set(p, COPIED, i + 1);
    if (i + 1 < this.#kept(p)) return;
    if (this.#publishesFirst(p)) this.#finish(p, i + 1);
    else this.#handOver(p);
  }

  /** All is copied: the first of the steps that hand it over. */
  #handOver(p: number): void {
    const sync = this.#sync(p);
    const inOrder = this.#fault("tail-out-of-order") ? PUBLISH : AWAIT_TAIL;
    if (sync === "mt") return this.#goto(p, inOrder);
    if (sync === "mt-rts") return this.#goto(p, ADD_DONE);
    const part = this.#kept(p) < this.#state.get(p, BURST);
    this.#goto(p, part && sync === "mt-hts" ? GIVE_BACK : PUBLISH);
  }

  #giveBack(p: number): void {
    const kept = this.#kept(p);
    this.#write(p, HEAD, (this.#state.get(p, START) + kept) | 0);
    if (kept > 0) this.#goto(p, PUBLISH);
    else this.#finish(p, 0);
  }

  #publish(p: number): void {
    const end = (this.#state.get(p, START) + this.#kept(p)) | 0;
    if (this.#fault("plain-publish")) this.#state.store(p, this.#word(p, TAIL), end);
    else this.#write(p, TAIL, end);
    this.#handedOver(p);
  }

  #addDone(p: number): void {
    const done = (this.#load(p, DONE) + this.#state.get(p, BURST)) | 0;
    this.#write(p, DONE, done);
    this.#state.set(p, SCRATCH, done);
    this.#goto(p, LOAD_CLAIMED);
  }

  #loadClaimed(p: number): void {
    const others = this.#load(p, HEAD) !== this.#state.get(p, SCRATCH);
    if (others && !this.#fault("tail-out-of-order")) this.#handedOver(p);
    else this.#goto(p, LOAD_TAIL);
  }

  /** Tail is to be raised from the value in START. */
  #aimTail(p: number): void {
    const short = (this.#state.get(p, SCRATCH) - this.#state.get(p, START)) | 0;
    if (short > 0) this.#goto(p, RAISE_TAIL);
    else this.#handedOver(p);
  }

  #raiseTail(p: number): void {
    const tail = this.#load(p, TAIL);
    if (tail !== this.#state.get(p, START)) {
      this.#state.set(p, START, tail);
      return this.#aimTail(p);
    }
    this.#write(p, TAIL, this.#state.get(p, SCRATCH));
    this.#handedOver(p);
  }

  #handedOver(p: number): void {
    if (this.#publishesFirst(p)) this.#goto(p, COPY);
    else this.#finish(p, this.#kept(p));
  }

  #finish(p: number, n: number): void {
    const state = this.#state;
    if (this.#options.logged) state.log(((n + 1) << 8) | (p << 1) | 1);
    state.set(p, MOVED, state.get(p, MOVED) + n);
    state.set(p, OPERATION, state.get(p, OPERATION) + 1);
    // Cleared, so that states which differ only in what is over count as one.
    for (const register of [PC, START, BURST, COPIED, SCRATCH]) state.set(p, register, 0);
  }
}
