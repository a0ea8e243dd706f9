/** The four rings of an AF_XDP socket (linux/if_xdp.h): single producer, single consumer, a power of two entries. */

/** Where a ring's words lie in its mapping. */
export interface XskOffsets {
  readonly producer: number;
  readonly consumer: number;
  readonly entries: number;
}

/** A ring of which we are one end. Indices run freely; they are published by `publish`. */
export class XskRing {
  readonly size: number;
  /** 64-bit entries as pairs of words; addresses stay below 2^32. */
  readonly words: Int32Array;
  readonly #producer: number;
  readonly #consumer: number;
  readonly #entries: number;
  readonly #words32: number;
  readonly #isProducer: boolean;
  /** Our end, published or not. */
  #at = 0;

  /**
   * @param words32 words of an entry: 2 of a fill or completion ring, 4 of a ring of descriptors
   * @param isProducer whether we put entries in
   */
  constructor(
    mapping: ArrayBuffer,
    { producer, consumer, entries }: XskOffsets,
    size: number,
    words32: number,
    isProducer: boolean,
  ) {
    this.size = size;
    this.words = new Int32Array(mapping);
    this.#producer = producer >> 2;
    this.#consumer = consumer >> 2;
    this.#entries = entries >> 2;
    this.#words32 = words32;
    this.#isProducer = isProducer;
  }

  /** Entries that we may put in, or take out, now. */
  get available(): number {
    return this.#isProducer
      ? this.size - (this.#at - Atomics.load(this.words, this.#consumer))
      : (Atomics.load(this.words, this.#producer) - this.#at) | 0;
  }

  /** Where our next entry lies, as an index of `words`. */
  get next(): number {
    return this.#entries + (this.#at & (this.size - 1)) * this.#words32;
  }

  /** Goes on to the entry after it. */
  advance(): void {
    this.#at = (this.#at + 1) | 0;
  }

  /** Tells the other end how far we are. */
  publish(): void {
    Atomics.store(this.words, this.#isProducer ? this.#producer : this.#consumer, this.#at);
  }
}
