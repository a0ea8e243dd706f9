/**
 * One side of an MPMC ring: how its participants claim a run of indices and give it back.
 *
 * `claim` moves `head`; between claim and `publish` the run `start .. start + n` belongs to the
 * caller alone; `publish` moves `tail`, on which the other side relies. `tail <= head` holds at
 * every moment and `tail` never goes back, in all modes.
 *
 * rte_ring keeps `mt-hts` head and tail, and `mt-rts` positions and counts, in 64-bit words for one
 * CAS over both. 32-bit words suffice:
 *
 * - mt-hts: `head` is loaded, then `tail`; when equal, a CAS on `head` alone follows. If it
 *   succeeds, `head` has the value that `tail` had, `tail` cannot have passed it, nor gone back: so
 *   they are equal at the CAS as well.
 * - mt-rts: `done` counts finished items where rte_ring counts finished operations. After adding to
 *   it, a sum equal to the `head` loaded afterwards says that all that was claimed is finished,
 *   since `done <= head` always: `tail` may move there. Who finds them unequal leaves the move to
 *   another one, who has claimed but not finished.
 *
 * Like every use of 32-bit indices, a CAS cannot tell an index from the same 2^32 items later.
 */

import { type RingSync, SIDE_DONE, SIDE_HEAD, SIDE_TAIL } from "./mpmc_memory.ts";

// One thread owns both sides: nothing to agree about, no Atomics.
const PLAIN = 0;
const ST = 1;
const MT = 2;
const RTS = 3;
const HTS = 4;

/** What one participant knows of its side; the contract is at the head of the file. */
export class MpmcSide {
  /** First index of the run that was claimed last. */
  start = 0;
  readonly #control: Int32Array;
  readonly #head: number;
  readonly #tail: number;
  readonly #done: number;
  readonly #opposite: number;
  readonly #lead: number;
  readonly #mode: number;
  readonly #htdMax: number;

  /**
   * The side whose words begin at `own`. It may run ahead of the tail of the side at `opposite` by
   * `lead` items: the size for producers, 0 for consumers.
   */
  constructor(
    control: Int32Array,
    own: number,
    opposite: number,
    lead: number,
    sync: RingSync,
    htdMax: number,
    shared: boolean,
  ) {
    this.#control = control;
    this.#head = own + SIDE_HEAD;
    this.#tail = own + SIDE_TAIL;
    this.#done = own + SIDE_DONE;
    this.#opposite = opposite + SIDE_TAIL;
    this.#lead = lead;
    this.#htdMax = htdMax;
    this.#mode = shared ? { "st": ST, "mt": MT, "mt-rts": RTS, "mt-hts": HTS }[sync] : PLAIN;
  }

  /** Claims `want` items, or with less room what there is, or with `bulk` none; how many. */
  claim(want: number, bulk: boolean): number {
    const control = this.#control;
    switch (this.#mode) {
      case PLAIN:
        this.start = control[this.#tail]!;
        return this.#fit(control[this.#opposite]!, want, bulk);
      case ST:
        this.start = control[this.#tail]!;
        return this.#fit(Atomics.load(control, this.#opposite), want, bulk);
      default:
        return this.#compete(want, bulk);
    }
  }

  /** Hands the `n` claimed items over to the other side. */
  publish(n: number): void {
    const control = this.#control;
    const end = (this.start + n) | 0;
    switch (this.#mode) {
      case PLAIN:
        control[this.#tail] = end;
        return;
      case MT:
        return this.#inOrder(end);
      case RTS:
        return this.#finish(n);
    }
    Atomics.store(control, this.#tail, end);
  }

  /** Hands `kept` of the `n` claimed items over and gives the others back; `st` and `mt-hts`. */
  settle(n: number, kept: number): void {
    if (kept < n && this.#mode === HTS) {
      // While this runs tail < head, so that nobody claims; unless nothing is kept, when this very
      // store lets the next one in.
      Atomics.store(this.#control, this.#head, (this.start + kept) | 0);
    }
    if (kept > 0) this.publish(kept);
  }

  #fit(opposite: number, want: number, bulk: boolean): number {
    const room = (this.#lead + opposite - this.start) | 0;
    return room >= want ? want : bulk ? 0 : room;
  }

  /**
   * Claims by CAS. The first `head` is read by a plain load, a third of the price of an atomic one:
   * if it is old, the CAS fails. Only an answer below `want` needs a `head` that was loaded before
   * the opposite tail: the other way round room would be missed.
   */
  #compete(want: number, bulk: boolean): number {
    const control = this.#control;
    let head = control[this.#head]!;
    for (let ordered = false;;) {
      if (this.#mode !== MT) head = this.#awaitTurn(head);
      this.start = head;
      const n = this.#fit(Atomics.load(control, this.#opposite), want, bulk);
      if (n < want && !ordered) {
        head = Atomics.load(control, this.#head);
        ordered = true;
      } else {
        if (n === 0) return 0;
        const seen = Atomics.compareExchange(control, this.#head, head, (head + n) | 0);
        if (seen === head) return n;
        head = seen;
        ordered = true;
      }
    }
  }

  /** Moves `tail` from `start` to `end` once all earlier claims are published. */
  #inOrder(end: number): void {
    const control = this.#control;
    for (
      let seen;
      (seen = Atomics.compareExchange(control, this.#tail, this.start, end)) !== this.start;
    ) {
      for (let turn = 0; seen !== this.start; turn++) {
        relax(control, this.#tail, seen, turn);
        seen = Atomics.load(control, this.#tail);
      }
    }
  }

  /** Waits until a claim at `head` is allowed; answers the head that it is allowed at. */
  #awaitTurn(head: number): number {
    const control = this.#control;
    const most = this.#mode === HTS ? 0 : this.#htdMax;
    // A tail that has passed an old head is a negative distance, and the CAS fails.
    for (
      let turn = 0, tail;
      ((head - (tail = Atomics.load(control, this.#tail))) | 0) > most;
      turn++
    ) {
      relax(control, this.#tail, tail, turn);
      head = Atomics.load(control, this.#head);
    }
    return head;
  }

  #finish(n: number): void {
    const control = this.#control;
    const done = (Atomics.add(control, this.#done, n) + n) | 0;
    if (Atomics.load(control, this.#head) !== done) return;
    let tail = control[this.#tail]!; // an old one fails at the CAS
    while (((done - tail) | 0) > 0) {
      const seen = Atomics.compareExchange(control, this.#tail, tail, done);
      if (seen === tail) return;
      tail = seen;
    }
  }
}

/**
 * One turn of waiting for the word to be other than `seen`: a pause, every thousandth time a short
 * sleep, in which whom the wait is for can run where there are fewer cores than threads. rte_ring
 * only pauses, and leaves the core to the end of its time slice.
 */
function relax(control: Int32Array, word: number, seen: number, turn: number): void {
  if (turn % 1000 < 999) Atomics.pause();
  else Atomics.wait(control, word, seen, 0.05);
}
