/**
 * States of one length, numbered from 0 in the order in which they came: rows of one Int32Array,
 * found by open addressing. Sealing forgets where the states so far are found, not the states.
 */
export class StateSet {
  readonly #words: number;
  readonly #most: number;
  #rows: Int32Array;
  /** Numbers of states plus 1, by hash; 0 is nothing. */
  #table = new Int32Array(1 << 10);
  #first = 0;
  #size = 0;

  /** An empty set of states of `words` words, `most` at most. */
  constructor(words: number, most: number) {
    this.#words = words;
    this.#most = most;
    this.#rows = new Int32Array(words << 6);
  }

  /** How many states came, sealed ones included. */
  get size(): number {
    return this.#size;
  }

  /**
   * The number of the state, a new one when it is not among those since the last seal.
   *
   * @throws {RangeError} when there are more than `most` states
   */
  add(state: Int32Array): number {
    const mask = this.#table.length - 1;
    let at = hash(state) & mask;
    for (let entry; (entry = this.#table[at]!) !== 0; at = (at + 1) & mask) {
      if (this.#equals(entry - 1, state)) return entry - 1;
    }
    if (this.#size === this.#most) {
      throw new RangeError(`Cannot explore interleavings: more than ${this.#most} states`);
    }
    const number = this.#size++;
    this.#table[at] = number + 1;
    if (this.#size * this.#words > this.#rows.length) {
      const rows = new Int32Array(2 * this.#rows.length);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#rows.set(state, number * this.#words);
    if (2 * (this.#size - this.#first) > mask) this.#rehash(2 * this.#table.length);
    return number;
  }

  /** Copies a state out. */
  get(number: number, state: Int32Array): void {
    const words = this.#words;
    for (let i = 0, at = number * words; i < words; i++, at++) state[i] = this.#rows[at]!;
  }

  /** What is added from now on is told apart from what is added from now on only; the size. */
  seal(): number {
    this.#first = this.#size;
    this.#table.fill(0);
    return this.#size;
  }

  #equals(number: number, state: Int32Array): boolean {
    const words = this.#words;
    for (let i = 0, at = number * words; i < words; i++, at++) {
      if (this.#rows[at] !== state[i]) return false;
    }
    return true;
  }

  #rehash(length: number): void {
    this.#table = new Int32Array(length);
    const mask = length - 1;
    for (let number = this.#first; number < this.#size; number++) {
      const row = this.#rows.subarray(number * this.#words, (number + 1) * this.#words);
      let at = hash(row) & mask;
      while (this.#table[at] !== 0) at = (at + 1) & mask;
      this.#table[at] = number + 1;
    }
  }
}

/** FNV-1a over words, its high bits folded down at the end. */
function hash(state: Int32Array): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < state.length; i++) h = Math.imul(h ^ state[i]!, 0x01000193);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) ^ (h >>> 12);
}
