/**
 * Everything that is on its way through the fabric: operations that still have bytes to send or to come back,
 * and the TLPs made from them. An entry is a number; it belongs to exactly one queue, event or operation at a
 * time. The pool is allocated once; its size is a bound that the room rule, the tags and the header credits
 * guarantee, so running out is a fault of the fabric itself.
 */

/** Entries as parallel arrays. */
export class Pool {
  /** Class of the TLP, or of the TLPs that the operation is sent in. */
  readonly cls: Int32Array;
  /** Who made the operation, and towards whom. Of a completion: the completer and the requester. */
  readonly src: Int32Array;
  readonly dst: Int32Array;
  /** Payload or requested bytes of a TLP; of an operation, the bytes not yet sent or asked for. */
  readonly bytes: Int32Array;
  /** Of a read operation: bytes that have not come back. */
  readonly due: Int32Array;
  /** Of a TLP: its operation, and whether it ends its write, request or answer. */
  readonly op: Int32Array;
  readonly last: Uint8Array;
  /** Of an operation: what to run when it is done. */
  readonly handler: Int32Array;
  readonly arg: Int32Array;
  /** Next in the queue that holds the entry, and its place in the order of arrival there. */
  readonly next: Int32Array;
  readonly stamp: Float64Array;
  readonly #capacity: number;
  #used = 0;
  #free = -1;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.cls = new Int32Array(capacity);
    this.src = new Int32Array(capacity);
    this.dst = new Int32Array(capacity);
    this.bytes = new Int32Array(capacity);
    this.due = new Int32Array(capacity);
    this.op = new Int32Array(capacity);
    this.last = new Uint8Array(capacity);
    this.handler = new Int32Array(capacity);
    this.arg = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.stamp = new Float64Array(capacity);
  }

  /** @throws {RangeError} when more is on its way than the rules of the fabric allow */
  take(): number {
    const entry = this.#free;
    if (entry >= 0) {
      this.#free = this.next[entry]!;
      return entry;
    }
    if (this.#used === this.#capacity) {
      throw new RangeError(`Cannot take an entry: all ${this.#capacity} are on their way`);
    }
    return this.#used++;
  }

  /** A new TLP of `op`. */
  takeTlp(cls: number, src: number, dst: number, bytes: number, op: number, last: boolean): number {
    const tlp = this.take();
    this.cls[tlp] = cls;
    this.src[tlp] = src;
    this.dst[tlp] = dst;
    this.bytes[tlp] = bytes;
    this.op[tlp] = op;
    this.last[tlp] = last ? 1 : 0;
    return tlp;
  }

  /** An operation of one TLP is that TLP too: no second entry. */
  becomeTlp(op: number): void {
    this.op[op] = op;
    this.last[op] = 1;
  }

  /** Gives the entry of a TLP back, unless it is its operation's too. */
  giveTlp(tlp: number): void {
    if (this.op[tlp] !== tlp) this.give(tlp);
  }

  /** Gives an entry back. */
  give(entry: number): void {
    this.next[entry] = this.#free;
    this.#free = entry;
  }

  /** Forgets all entries. */
  reset(): void {
    this.#used = 0;
    this.#free = -1;
  }
}
