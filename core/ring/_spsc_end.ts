/**
 * One end of an SPSC ring: its index, what it knows of the other end's, and when it publishes.
 *
 * `own` counts what this end has moved and is this end's alone; `published` follows it and is what
 * the other end reads. `published <= own` holds at every moment; they are `batch - 1` items apart at
 * most, and equal after an operation that moved less than it was asked for: so an end that waits has
 * told the other one all it knows, and the two never wait for each other.
 */

import { OWN, PUBLISHED, SEEN } from "./spsc_memory.ts";

/** An end and the words that it works with; the contract is at the head of the file. */
export class SpscEnd {
  readonly #control: Int32Array;
  readonly #own: number;
  readonly #seen: number;
  readonly #published: number;
  readonly #opposite: number;
  readonly #lead: number;
  readonly #batch: number;
  readonly #shared: boolean;

  /**
   * The end whose words begin at `own`. It may run ahead of the one whose words begin at `other` by
   * `lead` items: the size for the producer, 0 for the consumer.
   */
  constructor(
    control: Int32Array,
    own: number,
    other: number,
    lead: number,
    batch: number,
    shared: boolean,
  ) {
    this.#control = control;
    this.#own = own + OWN;
    this.#seen = own + SEEN;
    this.#published = own + PUBLISHED;
    this.#opposite = other + PUBLISHED;
    this.#lead = lead;
    this.#batch = batch;
    this.#shared = shared;
  }

  /** Index of the next item that this end moves. */
  get start(): number {
    return this.#control[this.#own]!;
  }

  /**
   * How many of `want` items can be moved from `start` on, with `bulk` all or none. Nothing is
   * moved yet. The other end's index is loaded when the copy of it says too few: an old copy never
   * says too many.
   */
  claim(want: number, bulk: boolean): number {
    const control = this.#control;
    const own = control[this.#own]!;
    if (((this.#lead + control[this.#seen]! - own) | 0) >= want) return want;
    const opposite = this.#shared
      ? Atomics.load(control, this.#opposite)
      : control[this.#opposite]!;
    control[this.#seen] = opposite;
    const room = (this.#lead + opposite - own) | 0;
    return room >= want ? want : bulk ? 0 : room;
  }

  /** Moves over `n` items, copied by now; publishes when the batch is full or `n` below `want`. */
  advance(n: number, want: number): void {
    const control = this.#control;
    const own = (control[this.#own]! + n) | 0;
    control[this.#own] = own;
    if (this.#shared) {
      const waiting = (own - control[this.#published]!) | 0;
      if (waiting < this.#batch && (n === want || waiting === 0)) return;
      Atomics.store(control, this.#published, own);
    } else control[this.#published] = own;
  }

  /** Publishes what is not yet. */
  flush(): void {
    const control = this.#control;
    const own = control[this.#own]!;
    if (own !== control[this.#published]) Atomics.store(control, this.#published, own);
  }

  /** Both indices and the copy of the other end's start at `start`. */
  reset(start: number): void {
    const control = this.#control;
    control[this.#own] = start;
    control[this.#seen] = start;
    Atomics.store(control, this.#published, start);
  }
}
