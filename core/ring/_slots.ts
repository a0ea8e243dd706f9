/** The slots of a ring, and copies between them and the array of a caller. */

import { PairedWords } from "../memory/pairs.ts";

/**
 * The slots as one end or side uses them. A run of slots that passes the last one goes on at the
 * first: two copies without a mask.
 */
export class Slots {
  readonly #words: Int32Array;
  readonly #paired: PairedWords;
  readonly #mask: number;

  /** @param words a power of two of slots */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#paired = new PairedWords(words);
    this.#mask = words.length - 1;
  }

  /** The item in the slot of an index. */
  read(index: number): number {
    return this.#words[index & this.#mask]!;
  }

  /** Puts an item into the slot of an index. */
  write(index: number, item: number): void {
    this.#words[index & this.#mask] = item;
  }

  /** Copies the `n` items from `items[at]` on into the slots from that of `index` on. */
  copyIn(index: number, items: Int32Array, at: number, n: number): void {
    const first = index & this.#mask;
    const room = this.#mask + 1 - first;
    if (n <= room) return this.#paired.copyIn(first, items, at, n);
    this.#paired.copyIn(first, items, at, room);
    this.#paired.copyIn(0, items, at + room, n - room);
  }

  /** Copies the items in `n` slots from that of `index` on into `out[0]` and up. */
  copyOut(index: number, out: Int32Array, n: number): void {
    const first = index & this.#mask;
    const room = this.#mask + 1 - first;
    if (n <= room) return this.#paired.copyOut(first, out, 0, n);
    this.#paired.copyOut(first, out, 0, room);
    this.#paired.copyOut(0, out, room, n - room);
  }
}
