/**
 * The slots of a ring, and copies between them and the array of a caller.
 *
 * V8 makes no vector instructions, but it moves an element of one BigInt64Array to another as 64 bits
 * in a register, without making a BigInt of it. So long bursts that begin and end on even places are
 * copied two items at a time: 32 items in and out take 0.6 of the time. The price is a second view of
 * the caller's array. Making one costs more than it saves in a burst; so it is made when an array
 * comes twice in a row and kept, with the array, until another one comes.
 */

/** Items of a burst from which on it is looked whether pairs can be copied. */
const PAIRED_FROM = 16;

/** The slots as one end or side uses them; it has a view of the array that it was given last. */
export class Slots {
  readonly #words: Int32Array;
  readonly #pairs: BigInt64Array;
  readonly #mask: number;
  #given: Int32Array | null = null;
  #view: BigInt64Array | null = null;

  /** @param words a power of two of slots, which begin at a multiple of 8 bytes */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#pairs = pairsOf(words);
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
    const words = this.#words;
    const first = index & this.#mask;
    if (n >= PAIRED_FROM || first + n > words.length) this.#copyLongIn(first, items, at, n);
    else for (let i = 0; i < n; i++) words[first + i] = items[at + i]!;
  }

  /** Copies the items in `n` slots from that of `index` on into `out[0]` and up. */
  copyOut(index: number, out: Int32Array, n: number): void {
    const words = this.#words;
    const first = index & this.#mask;
    if (n >= PAIRED_FROM || first + n > words.length) this.#copyLongOut(first, out, n);
    else for (let i = 0; i < n; i++) out[i] = words[first + i]!;
  }

  #copyLongIn(first: number, items: Int32Array, at: number, n: number): void {
    if (this.#copiesPairs(items, first | at | n, first + n, at + n)) {
      const pairs = this.#pairs;
      const view = this.#view!;
      const to = first >> 1;
      const from = at >> 1;
      for (let i = 0; i < n >> 1; i++) pairs[to + i] = view[from + i]!;
    } else {
      const words = this.#words;
      const mask = this.#mask;
      for (let i = 0; i < n; i++) words[(first + i) & mask] = items[at + i]!;
    }
  }

  #copyLongOut(first: number, out: Int32Array, n: number): void {
    if (this.#copiesPairs(out, first | n, first + n, n)) {
      const pairs = this.#pairs;
      const view = this.#view!;
      const from = first >> 1;
      for (let i = 0; i < n >> 1; i++) view[i] = pairs[from + i]!;
    } else {
      const words = this.#words;
      const mask = this.#mask;
      for (let i = 0; i < n; i++) out[i] = words[(first + i) & mask]!;
    }
  }

  /**
   * Whether a burst can be copied in pairs through `#view`: `places`, or-ed, are even, the slots one
   * run, and the burst inside the view, which has no length any more when the buffer was shrunk.
   */
  #copiesPairs(array: Int32Array, places: number, slotsEnd: number, end: number): boolean {
    if (array !== this.#given) {
      this.#given = array;
      this.#view = null;
      return false;
    }
    const view = this.#view ?? (this.#view = pairsOf(array));
    return (places & 1) === 0 && slotsEnd <= this.#mask + 1 && end >> 1 <= view.length;
  }
}

/** The words of an array two by two; none where it does not begin at a multiple of 8 bytes. */
function pairsOf({ buffer, byteOffset, length }: Int32Array): BigInt64Array {
  return byteOffset % 8 === 0
    ? new BigInt64Array(buffer, byteOffset, length >> 1)
    : new BigInt64Array(0);
}
