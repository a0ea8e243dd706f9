/**
 * Copies between an array of 32-bit words and the arrays of callers, long ones two words at a time.
 *
 * V8 makes no vector instructions, but it moves an element of one BigInt64Array to another as 64 bits
 * in a register, without making a BigInt of it. Where a copy begins on even words on both sides, and
 * ends so, that takes 0.6 of the time (32 words). The price is a second view of the caller's array.
 * Making one costs more than it saves in a copy; so it is made when an array comes twice in a row,
 * and kept, with the array, until another one comes.
 */

/** Words from which on it is looked whether they can be copied in pairs. */
const PAIRED_FROM = 16;
const NONE = new BigInt64Array(0);

/** Words and copies of them; one for each who copies, so that callers' arrays do not alternate. */
export class PairedWords {
  readonly #words: Int32Array = new Int32Array(0);
  readonly #pairs: BigInt64Array;
  #array: Int32Array | null = null;
  #theirs: BigInt64Array = NONE;

  /** @param words what is copied to and from; its length and its use are the caller's affair */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#pairs = pairsOf(words);
  }

  /** Copies the `n` words from `from[at]` on to those from `to` on; both lie in their arrays. */
  copyIn(to: number, from: Int32Array, at: number, n: number): void {
    const words = this.#words;
    if (n >= PAIRED_FROM && this.#inPairs(from, to | at | n, at + n)) {
      this.#pairsIn(to >> 1, at >> 1, n >> 1);
    } else for (let i = 0; i < n; i++) words[to + i] = from[at + i]!;
  }

  /** Copies `n` words from `from` on to `to[at]` and up; both lie in their arrays. */
  copyOut(from: number, to: Int32Array, at: number, n: number): void {
    const words = this.#words;
    if (n >= PAIRED_FROM && this.#inPairs(to, from | at | n, at + n)) {
      this.#pairsOut(from >> 1, at >> 1, n >> 1);
    } else for (let i = 0; i < n; i++) to[at + i] = words[from + i]!;
  }

  #pairsIn(to: number, at: number, n: number): void {
    const pairs = this.#pairs;
    const theirs = this.#theirs;
    for (let i = 0; i < n; i++) pairs[to + i] = theirs[at + i]!;
  }

  #pairsOut(from: number, at: number, n: number): void {
    const pairs = this.#pairs;
    const theirs = this.#theirs;
    for (let i = 0; i < n; i++) theirs[at + i] = pairs[from + i]!;
  }

  /**
   * Whether `#theirs` is a view of the array in which the copy ends at word `end`, and `places`,
   * or-ed, are even. A view has no length any more when the buffer was made shorter.
   */
  #inPairs(array: Int32Array, places: number, end: number): boolean {
    if (array !== this.#array) {
      this.#array = array;
      this.#theirs = NONE;
      return false;
    }
    if (this.#theirs === NONE) this.#theirs = pairsOf(array);
    return (places & 1) === 0 && end >> 1 <= this.#theirs.length;
  }
}

/** The words of an array in pairs; empty where it does not begin at a multiple of 8 bytes. */
function pairsOf({ buffer, byteOffset, length }: Int32Array): BigInt64Array {
  return new BigInt64Array(buffer, byteOffset & ~7, byteOffset % 8 === 0 ? length >> 1 : 0);
}
