/**
 * A ring of AF_XDP: single producer, single consumer, a power of two of entries, shared by kernel and user. FILL and
 * COMPLETION hold addresses, RX and TX descriptors {addr, len, options}.
 *
 * Who may move what: the producer writes entries behind `producer` and publishes them by moving it (`submit`); the
 * consumer reads up to it and gives slots back by moving `consumer` (`release`). Between the two each side has an index
 * of its own: what it has reserved, or peeked at. Indices run freely as unsigned 32-bit numbers.
 * Source: net/xdp/xsk_queue.h; libxdp xsk.h.
 */

/** Flag of a ring: who wrote entries has to wake the kernel by a system call. */
export const XDP_RING_NEED_WAKEUP = 1;

/** A ring. */
export class XskRing {
  /** Entries. */
  readonly size: number;
  /** Published indices. */
  producer: number;
  consumer: number;
  /** Most entries that it held at once. */
  most = 0;
  /** Address in the UMEM of each entry; of descriptors also the length. */
  readonly addr: Float64Array;
  readonly len: Uint32Array;
  #cachedProd: number;
  #cachedCons: number;

  /**
   * An empty ring whose indices begin at `start`.
   * @throws {RangeError} when the size is no power of two
   */
  constructor(size: number, start = 0) {
    if (!(Number.isInteger(size) && size >= 1 && size <= 2 ** 20) || (size & (size - 1)) !== 0) {
      throw new RangeError(`Cannot make an AF_XDP ring: size ${size} is not a power of two`);
    }
    this.size = size;
    this.addr = new Float64Array(size);
    this.len = new Uint32Array(size);
    this.producer =
      this.consumer =
      this.#cachedProd =
      this.#cachedCons =
        start >>> 0;
  }

  /** Entries published and not given back. */
  get count(): number {
    return (this.producer - this.consumer) >>> 0;
  }

  /** Slots that the producer may still reserve. */
  get room(): number {
    return this.size - ((this.#cachedProd - this.consumer) >>> 0);
  }

  /** Entries that the consumer has not peeked at. */
  get ready(): number {
    return (this.producer - this.#cachedCons) >>> 0;
  }

  /** Reserved and not yet published. */
  get reserved(): number {
    return (this.#cachedProd - this.producer) >>> 0;
  }

  /** Producer: the next entry is this; false where the ring is full. */
  reserve(addr: number, len = 0): boolean {
    if (this.room === 0) return false;
    const at = this.#cachedProd & (this.size - 1);
    this.addr[at] = addr;
    this.len[at] = len;
    this.#cachedProd = (this.#cachedProd + 1) >>> 0;
    return true;
  }

  /** Producer: takes the last reservation back (xskq_prod_cancel). */
  cancel(): void {
    this.#cachedProd = (this.#cachedProd - 1) >>> 0;
  }

  /** Producer: publishes `n` of what was reserved, all where it is left out. */
  submit(n: number = this.reserved): void {
    this.producer = (this.producer + n) >>> 0;
    this.most = Math.max(this.most, this.count);
  }

  /** Consumer: slot of the next entry, which it has from now on; -1 where there is none. */
  peek(): number {
    if (this.ready === 0) return -1;
    const at = this.#cachedCons & (this.size - 1);
    this.#cachedCons = (this.#cachedCons + 1) >>> 0;
    return at;
  }

  /** Consumer: the last entry is looked at again (xskq_cons_cancel). */
  unpeek(): void {
    this.#cachedCons = (this.#cachedCons - 1) >>> 0;
  }

  /** Consumer: gives the slots of what it peeked at back. */
  release(): void {
    this.consumer = this.#cachedCons;
  }
}
