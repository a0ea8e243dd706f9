/**
 * The MPMC ring as micro-steps, so that every interleaving of its participants can be explored.
 *
 * The algorithm is that of `MpmcRing`, one access to shared memory a step:
 *
 *     all      load head (st: tail); mt-rts, mt-hts: await turn; load the opposite tail
 *     not st   when that is too little: load head, which orders the two, and again from there once
 *     not st   CAS head, on failure again from there
 *     all      load or store n slots
 *     st, hts  when part is given back: store head; store tail
 *     mt       CAS tail, awaited
 *     mt-rts   add to done; load head; when equal: load tail, CAS tail until it is as far
 *
 * A participant whose wait would read again what it has read is not runnable: a state in which
 * nobody is and a program is unfinished is a dead-lock. Each participant runs a program, a list of
 * burst sizes; an operation that can move nothing ends with 0 and the program goes on. Producer p,
 * counted from 0, enqueues the ids 100 p + 101, 100 p + 102, ...; what a burst could not place
 * comes first in the next.
 *
 * With late stores the actors beyond the participants are those (see `_late_stores.ts`). The first
 * load of head is a plain one, which hardware may do after the load of the opposite tail: so it does
 * with `lateHead`. `fault` turns the ring into a wrong one: what an exploration is worth is
 * shown by the faults it finds.
 */

import { MpmcMoves } from "./_mpmc_step_moves.ts";
import { MOVED, MpmcStepState, OPERATION, TAIL } from "./_mpmc_step_state.ts";
import type { SteppedSystem } from "./interleave.ts";
import type { RingCall } from "./mpmc_call.ts";
import type { MpmcStepsOptions } from "./mpmc_steps_options.ts";

/**
 * An MPMC ring and a program for each participant, stepped one shared access at a time; the
 * contract is at the head of the file. Actors are the producers, then the consumers. A step is
 * O(1).
 *
 * @example
 * ```ts
 * import { MpmcSteps } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new MpmcSteps({ size: 4, produce: [[1], [1]], consume: [[2]] });
 * for (const stalled of [0, 0, 0]) ring.step(stalled); // head, opposite tail, CAS
 * while (ring.runnable(1)) ring.step(1);
 * assertEquals(ring.finished(1), false); // mt: it waits for the claim before its own
 * while (ring.runnable(0)) ring.step(0);
 * while (ring.runnable(1)) ring.step(1);
 * assertEquals(ring.remaining(), [101, 201]);
 * ```
 */
export class MpmcSteps implements SteppedSystem {
  /** Producers, consumers, and with late stores those. */
  readonly actors: number;
  /** Producers and consumers. */
  readonly participants: number;
  /** The whole state. */
  readonly state: Int32Array;
  readonly #options: MpmcStepsOptions;
  readonly #programs: readonly (readonly number[])[];
  readonly #state: MpmcStepState;
  readonly #moves: MpmcMoves;

  /**
   * A ring that is empty, all programs at their start.
   *
   * @throws {RangeError} when the size is refused, a burst size is not a count, a producer has more
   * than 99 items, or claims of `mt` or `mt-rts` are to be given back
   */
  constructor(options: MpmcStepsOptions) {
    this.#options = options;
    this.#programs = [...options.produce, ...options.consume];
    this.participants = this.#programs.length;
    let [burstMax, itemsMax, calls] = [0, 0, 0];
    for (const program of this.#programs) {
      const items = program.reduce((sum, burst) => sum + burst, 0);
      if (program.some((n) => !Number.isInteger(n) || n < 0) || items > 99) {
        throw new RangeError(`Cannot create ring steps: bursts ${program} are not 0..99 items`);
      }
      burstMax = Math.max(burstMax, ...program);
      itemsMax = Math.max(itemsMax, items);
      calls += program.length;
    }
    const whole = [options.producers ?? "mt", options.consumers ?? "mt"]
      .find((sync) => sync === "mt" || sync === "mt-rts");
    if (options.keepMax !== undefined && whole !== undefined) {
      throw new RangeError(`Cannot create ring steps: ${whole} gives no part of a claim back`);
    }
    this.#state = new MpmcStepState({
      size: options.size,
      startIndex: options.startIndex ?? 0,
      participants: this.participants,
      itemsMax,
      stores: options.stores ?? "now",
      lateMax: burstMax + 1,
      logMax: options.logged === true ? 2 * calls : 0,
    });
    this.state = this.#state.words;
    this.actors = this.participants + this.#state.late.actors;
    this.#moves = new MpmcMoves(this.#state, options);
  }

  /** Whether the participant has a step left and need not wait, or the store may land. */
  runnable(actor: number): boolean {
    const store = actor - this.participants;
    if (store >= 0) return this.#state.late.mayLand(store);
    return !this.finished(actor) && !this.#moves.waits(actor);
  }

  /** Whether the participant's program is over. */
  finished(participant: number): boolean {
    return this.#state.get(participant, OPERATION) >= this.#programs[participant]!.length;
  }

  /** Makes the participant's next access to shared memory, or lets the late store land. */
  step(actor: number): void {
    const store = actor - this.participants;
    if (store >= 0) this.#state.late.land(store);
    else this.#moves.step(actor);
  }

  /** How many operations of the participant's program are over. */
  operations(participant: number): number {
    return this.#state.get(participant, OPERATION);
  }

  /** How many items the producer's finished operations have enqueued: the first of its ids. */
  enqueued(producer: number): number {
    return this.#state.get(producer, MOVED);
  }

  /** Published items less released ones, as the two tails say. */
  get count(): number {
    return (this.#tail(0) - this.#tail(1)) | 0;
  }

  /** The ids that the finished operations of a participant, a consumer, have dequeued, in order. */
  received(participant: number): number[] {
    return this.#state.received(participant, 0, this.#state.get(participant, MOVED));
  }

  /** The contents of the slots between the two tails, oldest first. */
  remaining(): number[] {
    const head = this.#tail(1);
    const length = Math.max(0, this.count);
    return Array.from({ length }, (_, i) => this.#state.words[this.#state.slot(head + i)]!);
  }

  /**
   * The finished calls, in the order of their beginnings; times count the log. O(calls).
   *
   * @throws {RangeError} when calls are not logged
   */
  calls(): RingCall[] {
    if (this.#options.logged !== true) throw new RangeError("Cannot list calls: none are logged");
    const begun = new Map<number, number>();
    const moved = new Map<number, number>();
    const calls: RingCall[] = [];
    const keepMax = this.#options.keepMax ?? [];
    this.#state.logged().forEach((entry, time) => {
      const participant = (entry >> 1) & 127;
      if ((entry & 1) === 0) {
        begun.set(participant, time);
        return;
      }
      const n = (entry >> 8) - 1;
      const from = moved.get(participant) ?? 0;
      moved.set(participant, from + n);
      const nth = calls.filter((call) => call.participant === participant).length;
      const producing = participant < this.#options.produce.length;
      calls.push({
        participant,
        kind: producing ? "enqueue" : "dequeue",
        startedAt: begun.get(participant)!,
        endedAt: time,
        asked: Math.min(this.#programs[participant]![nth]!, keepMax[participant] ?? Infinity),
        bulk: this.#options.bulk === true,
        ids: producing
          ? Array.from({ length: n }, (_, i) => 100 * participant + 101 + from + i)
          : this.#state.received(participant, from, from + n),
      });
    });
    return calls.sort((a, b) => a.startedAt - b.startedAt);
  }

  #tail(side: number): number {
    return this.#state.words[this.#state.index(side, TAIL)]!;
  }
}
