/**
 * What a stepped MPMC participant does next: the algorithm of `MpmcRing`, one access to shared
 * memory a step; the order of the steps is at the head of `mpmc_steps.ts`.
 */

import {
  AT,
  AT_ATOMIC_WRITES,
  BURST,
  COPIED,
  DONE,
  HEAD,
  MOVED,
  type MpmcStepState,
  OPERATION,
  ORDERED,
  PC,
  SCRATCH,
  START,
  TAIL,
} from "./_mpmc_step_state.ts";
import type { RingSync } from "./mpmc_memory.ts";
import type { MpmcStepsOptions } from "./mpmc_steps_options.ts";

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
    if (AT_ATOMIC_WRITES.includes(pc) && state.late.count(p) > 0) {
      return pc !== AT.PUBLISH || !this.#fault("plain-publish");
    }
    if (pc === AT.PUBLISH && this.#sync(p) === "mt" && !this.#fault("tail-out-of-order")) {
      return this.#load(p, TAIL) !== state.get(p, START);
    }
    return pc === AT.AWAIT_TURN && this.#ahead(p) > this.#aheadMax(p) &&
      this.#load(p, HEAD) === state.get(p, START);
  }

  /** The participant's next step. */
  step(p: number): void {
    switch (this.#state.get(p, PC)) {
      case AT.BEGIN:
        return this.#beginCall(p);
      case AT.LOAD_HEAD:
        return this.#aim(p, this.#load(p, HEAD));
      case AT.AWAIT_TURN:
        if (this.#ahead(p) > this.#aheadMax(p)) return this.#loadOrdered(p);
        return this.#inTurn(p);
      case AT.LOAD_OPPOSITE:
        return this.#fit(p, this.#opposite(p));
      case AT.CLAIM:
        return this.#claim(p);
      case AT.LATE_CLAIM:
        return this.#claimed(p);
      case AT.COPY:
        return this.#copy(p);
      case AT.EARLY_COPY:
        return this.#earlyCopy(p);
      case AT.GIVE_BACK:
        return this.#giveBack(p);
      case AT.PUBLISH:
        return this.#publish(p);
      case AT.ADD_DONE:
        return this.#addDone(p);
      case AT.LOAD_CLAIMED:
        return this.#loadClaimed(p);
      case AT.LOAD_TAIL:
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
    return this.#state.late.load(p, this.#word(p, which));
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

  /** The opposite tail. */
  #opposite(p: number): number {
    return this.#state.late.load(p, this.#state.index(1 - this.#side(p), TAIL));
  }

  #beginCall(p: number): void {
    if (this.#options.logged) this.#state.log(p << 1);
    if (this.#sync(p) === "st") return this.#aim(p, this.#load(p, TAIL));
    if (this.#options.lateHead !== true) return this.#aim(p, this.#load(p, HEAD));
    this.#state.set(p, SCRATCH, this.#opposite(p));
    this.#goto(p, AT.LOAD_HEAD);
  }

  /** The next load of head comes before that of the opposite tail. */
  #loadOrdered(p: number): void {
    this.#state.set(p, ORDERED, 1);
    this.#state.set(p, SCRATCH, 0);
    this.#goto(p, AT.LOAD_HEAD);
  }

  /** A claim is to start at `head`. */
  #aim(p: number, head: number): void {
    this.#state.set(p, START, head);
    const inTurn = this.#sync(p) === "mt-rts" || this.#sync(p) === "mt-hts";
    if (this.#fault("early-copy") && this.#side(p) === 1) this.#goto(p, AT.EARLY_COPY);
    else if (inTurn && !this.#fault("tail-out-of-order")) this.#goto(p, AT.AWAIT_TURN);
    else this.#inTurn(p);
  }

  #inTurn(p: number): void {
    const early = this.#options.lateHead === true && this.#sync(p) !== "st" &&
      this.#state.get(p, ORDERED) === 0;
    if (early) this.#fit(p, this.#state.get(p, SCRATCH));
    else this.#goto(p, AT.LOAD_OPPOSITE);
  }

  #fit(p: number, opposite: number): void {
    const state = this.#state;
    const lead = this.#side(p) === 1
      ? 0
      : this.#options.size + (this.#fault("one-too-many") ? 1 : 0);
    const room = (lead + opposite - state.get(p, START)) | 0;
    const wanted = this.#programs[p]![state.get(p, OPERATION)]!;
    const single = this.#sync(p) === "st";
    const ordered = single || this.#fault("unordered-answer") || state.get(p, ORDERED) === 1;
    if (room < wanted && !ordered) return this.#loadOrdered(p);
    const n = room >= wanted ? wanted : this.#options.bulk ? 0 : room;
    if (n === 0) return this.#finish(p, 0);
    state.set(p, BURST, n);
    state.set(p, SCRATCH, 0);
    if (single) this.#begin(p);
    else this.#goto(p, AT.CLAIM);
  }

  #claim(p: number): void {
    const head = this.#load(p, HEAD);
    if (head !== this.#state.get(p, START)) {
      this.#state.set(p, BURST, 0);
      this.#state.set(p, ORDERED, 1);
      return this.#aim(p, head);
    }
    if (this.#fault("lost-cas")) this.#goto(p, AT.LATE_CLAIM);
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
    const copied = this.#fault("early-copy") && this.#side(p) === 1;
    if (copied || this.#publishesFirst(p)) this.#handOver(p);
    else this.#goto(p, AT.COPY);
  }

  /** All slots that are wanted, in one step. */
  #earlyCopy(p: number): void {
    const state = this.#state;
    const wanted = this.#programs[p]![state.get(p, OPERATION)]!;
    for (let i = 0; i < wanted; i++) {
      const slot = state.slot(state.get(p, START) + i);
      state.receive(p, state.get(p, MOVED) + i, state.late.load(p, slot));
    }
    this.#inTurn(p);
  }

  #kept(p: number): number {
    return Math.min(this.#state.get(p, BURST), this.#options.keepMax?.[p] ?? Infinity);
  }

  #copy(p: number): void {
    const state = this.#state;
    const i = state.get(p, COPIED);
    const slot = state.slot(state.get(p, START) + i);
    const item = state.get(p, MOVED) + i;
    if (this.#side(p) === 0) state.late.store(p, slot, 100 * p + 101 + item);
    else state.receive(p, item, state.late.load(p, slot));
    state.set(p, COPIED, i + 1);
    if (i + 1 < this.#kept(p)) return;
    if (this.#publishesFirst(p)) this.#finish(p, i + 1);
    else this.#handOver(p);
  }

  /** All is copied: the first of the steps that hand it over. */
  #handOver(p: number): void {
    const sync = this.#sync(p);
    if (sync === "mt-rts") return this.#goto(p, AT.ADD_DONE);
    const part = this.#kept(p) < this.#state.get(p, BURST);
    this.#goto(p, part && sync === "mt-hts" ? AT.GIVE_BACK : AT.PUBLISH);
  }

  #giveBack(p: number): void {
    const kept = this.#kept(p);
    const keep = this.#fault("head-not-given-back");
    if (!keep) this.#write(p, HEAD, (this.#state.get(p, START) + kept) | 0);
    if (kept > 0) this.#goto(p, AT.PUBLISH);
    else this.#finish(p, 0);
  }

  #publish(p: number): void {
    const end = (this.#state.get(p, START) + this.#kept(p)) | 0;
    if (this.#fault("plain-publish")) this.#state.late.store(p, this.#word(p, TAIL), end);
    else this.#write(p, TAIL, end);
    this.#handedOver(p);
  }

  #addDone(p: number): void {
    const done = (this.#load(p, DONE) + this.#state.get(p, BURST)) | 0;
    this.#write(p, DONE, done);
    this.#state.set(p, SCRATCH, done);
    this.#goto(p, AT.LOAD_CLAIMED);
  }

  #loadClaimed(p: number): void {
    const others = this.#load(p, HEAD) !== this.#state.get(p, SCRATCH);
    if (others && !this.#fault("tail-out-of-order")) this.#handedOver(p);
    else this.#goto(p, AT.LOAD_TAIL);
  }

  /** Tail is to be raised from the value in START. */
  #aimTail(p: number): void {
    const short = (this.#state.get(p, SCRATCH) - this.#state.get(p, START)) | 0;
    if (short > 0) this.#goto(p, AT.RAISE_TAIL);
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
    if (this.#publishesFirst(p)) this.#goto(p, AT.COPY);
    else this.#finish(p, this.#kept(p));
  }

  #finish(p: number, n: number): void {
    const state = this.#state;
    if (this.#options.logged) state.log(((n + 1) << 8) | (p << 1) | 1);
    state.set(p, MOVED, state.get(p, MOVED) + n);
    state.set(p, OPERATION, state.get(p, OPERATION) + 1);
    // Cleared, so that states which differ only in what is over count as one.
    for (const register of [PC, START, BURST, COPIED, SCRATCH, ORDERED]) state.set(p, register, 0);
  }
}
