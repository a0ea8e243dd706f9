/**
 * Plain stores that reach memory late, as words of the state of stepped participants.
 *
 * A plain store goes to the buffer of its participant first, whose own loads see it; it lands in a
 * step of its own. With `fifo` stores land in the order in which they were made, as in x86-TSO
 * (Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, "x86-TSO", CACM 53/7, 2010); with `any` only those
 * to one word do, as where nothing but a release orders stores. An atomic write waits until the
 * buffer of its participant is empty, in both. Loads are never early: what an early one does is shown
 * by steps in another order.
 */

/** When plain stores reach memory: at once, late in their order, late in any order. */
export type StoreOrder = "now" | "fifo" | "any";

/** The buffers of all participants; the contract is at the head of the file. */
export class LateStores {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #participants: number;
  readonly #order: StoreOrder;
  readonly #most: number;

  /** Buffers in `words` from `at` on, for at most `most` stores of each participant. */
  constructor(
    words: Int32Array,
    at: number,
    participants: number,
    order: StoreOrder,
    most: number,
  ) {
    this.#words = words;
    this.#at = at;
    this.#participants = participants;
    this.#order = order;
    this.#most = order === "now" ? 0 : most;
  }

  /** How many words that takes. */
  static words(participants: number, order: StoreOrder, most: number): number {
    return order === "now" ? 0 : participants * (1 + 2 * most);
  }

  /** How many actors let stores land: one for each place of a buffer. */
  get actors(): number {
    return this.#participants * this.#most;
  }

  /** What the participant reads: its own latest store, or else memory. */
  load(participant: number, word: number): number {
    if (this.#most === 0) return this.#words[word]!;
    const buffer = this.#buffer(participant);
    for (let i = this.#words[buffer]! - 1; i >= 0; i--) {
      if (this.#words[buffer + 1 + 2 * i] === word) return this.#words[buffer + 2 + 2 * i]!;
    }
    return this.#words[word]!;
  }

  /**
   * A plain store.
   *
   * @throws {RangeError} when the buffer is full
   */
  store(participant: number, word: number, value: number): void {
    if (this.#most === 0) {
      this.#words[word] = value;
      return;
    }
    const buffer = this.#buffer(participant);
    const n = this.#words[buffer]!;
    if (n === this.#most) throw new RangeError(`Cannot delay a store: ${n} are delayed`);
    this.#words[buffer] = n + 1;
    this.#words[buffer + 1 + 2 * n] = word;
    this.#words[buffer + 2 + 2 * n] = value;
  }

  /** How many stores of the participant have not reached memory. */
  count(participant: number): number {
    return this.#most === 0 ? 0 : this.#words[this.#buffer(participant)]!;
  }

  /** Whether the store of this actor, an oldest store of its participant first, may land next. */
  mayLand(actor: number): boolean {
    const buffer = this.#buffer(Math.floor(actor / this.#most));
    const i = actor % this.#most;
    if (i >= this.#words[buffer]!) return false;
    if (this.#order === "fifo") return i === 0;
    for (let older = 0; older < i; older++) {
      if (this.#words[buffer + 1 + 2 * older] === this.#words[buffer + 1 + 2 * i]) return false;
    }
    return true;
  }

  /** The store of this actor reaches memory. */
  land(actor: number): void {
    const words = this.#words;
    const buffer = this.#buffer(Math.floor(actor / this.#most));
    const entry = buffer + 1 + 2 * (actor % this.#most);
    const end = buffer + 1 + 2 * words[buffer]!;
    words[words[entry]!] = words[entry + 1]!;
    words.copyWithin(entry, entry + 2, end);
    words.fill(0, end - 2, end);
    words[buffer]!--;
  }

  #buffer(participant: number): number {
    return this.#at + participant * (1 + 2 * this.#most);
  }
}
