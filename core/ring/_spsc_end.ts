/**
 * One end of an SPSC ring: its index, what it knows of the other end's, and when it publishes.
 *
 * `own` counts what this end has moved and is this end's alone; `published` follows it and is what
 * the other end reads. `published <= own` holds at every moment; they are `batch - 1` items apart at
 * most, and equal after an operation that moved less than it was asked for: so an end that waits has
 * told the other one all it knows, and the two never wait for each other.
 *
 * What this end has published it notes in `told` and does not read in `published`: a read would
 * fetch the line from a core where the other end waits for it, and the store that follows fetch it
 * once more.
 */

import type { Slots } from "./_slots.ts";

// Words of an end. They are named here, since V8 loads an imported constant from memory at each use.
const OWN = 0;
const SEEN = 1;
const TOLD = 2;
/** Within an end, the word of its index as published; the others are this end's alone. */
export const PUBLISHED = 32;

/** An end and the words that it works with; the contract is at the head of the file. */
export class SpscEnd {
  readonly #slots: Slots;
  readonly #mine: Int32Array;
  readonly #theirs: Int32Array;
  readonly #lead: number;
  readonly #batch: number;
  readonly #shared: boolean;

  /**
   * The end whose words are `mine`. It may run ahead of the one whose words are `theirs` by `lead`
   * items: the size for the producer, 0 for the consumer.
   */
  constructor(
    slots: Slots,
    mine: Int32Array,
    theirs: Int32Array,
    lead: number,
    batch: number,
    shared: boolean,
  ) {
    this.#slots = slots;
    this.#mine = mine;
    this.#theirs = theirs;
    this.#lead = lead;
    this.#batch = batch;
    this.#shared = shared;
  }

  /** Its index as the other end sees it. */
  get published(): number {
    return this.#shared ? Atomics.load(this.#mine, PUBLISHED) : this.#mine[PUBLISHED]!;
  }

  /**
   * How many of `want` items can be moved from the end's index on, with `bulk` all or none. Nothing
   * is moved yet. The other end's index is loaded when the copy of it says too few: an old copy
   * never says too many.
   */
  claim(want: number, bulk: boolean): number {
    const mine = this.#mine;
    const room = (this.#lead + mine[SEEN]! - mine[OWN]!) | 0;
    return room >= want ? want : this.#look(want, bulk);
  }

  #look(want: number, bulk: boolean): number {
    const mine = this.#mine;
    const theirs = this.#theirs;
    const opposite = this.#shared ? Atomics.load(theirs, PUBLISHED) : theirs[PUBLISHED]!;
    mine[SEEN] = opposite;
    const room = (this.#lead + opposite - mine[OWN]!) | 0;
    return room >= want ? want : bulk ? 0 : room;
  }

  /** The item `i` places behind the end's index. */
  read(i: number): number {
    return this.#slots.read(this.#mine[OWN]! + i);
  }

  /** Puts an item there. */
  write(i: number, item: number): void {
    this.#slots.write(this.#mine[OWN]! + i, item);
  }

  /** Claims, copies from `items[at]` on and advances; how many. */
  enqueue(items: Int32Array, at: number, want: number, bulk: boolean): number {
    const n = this.claim(want, bulk);
    this.#slots.copyIn(this.#mine[OWN]!, items, at, n);
    this.advance(n, want);
    return n;
  }

  /** Claims and copies to `out[0]` and up; how many. */
  peek(out: Int32Array, want: number, bulk: boolean): number {
    const n = this.claim(want, bulk);
    this.#slots.copyOut(this.#mine[OWN]!, out, n);
    return n;
  }

  /** Claims, copies to `out[0]` and up and advances; how many. */
  dequeue(out: Int32Array, want: number, bulk: boolean): number {
    const n = this.peek(out, want, bulk);
    this.advance(n, want);
    return n;
  }

  /** Moves over `n` items, copied by now; publishes when the batch is full or `n` below `want`. */
  advance(n: number, want: number): void {
    const mine = this.#mine;
    const own = (mine[OWN]! + n) | 0;
    mine[OWN] = own;
    if (this.#shared) this.#tell(n === want ? this.#batch : 1);
    else mine[PUBLISHED] = own;
  }

  /** Publishes what is not yet. */
  flush(): void {
    if (this.#shared) this.#tell(1);
  }

  /** Publishes when at least so many items are not yet. */
  #tell(due: number): void {
    const mine = this.#mine;
    const own = mine[OWN]!;
    if (((own - mine[TOLD]!) | 0) < due) return;
    mine[TOLD] = own;
    Atomics.store(mine, PUBLISHED, own);
  }

  /** Both indices and the copies of what each end has published start at `start`. */
  reset(start: number): void {
    const mine = this.#mine;
    mine[OWN] = start;
    mine[SEEN] = start;
    mine[TOLD] = start;
    Atomics.store(mine, PUBLISHED, start);
  }
}
