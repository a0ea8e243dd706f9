/**
 * Everything that is on its way through the fabric: operations that still have bytes to send or to come back,
 * and the TLPs made from them. An entry is a number; it belongs to exactly one queue, event or operation at a
 * time. The pool is allocated once; its size is a bound that the room rule, the tags and the
 * header credits guarantee, so running out is a fault of the fabric itself.
 */

/** Words of an entry, a cache line. */
const SHIFT = 4;
const WORDS = 1 << SHIFT;
const CLS = 0;
const SRC = 1;
const DST = 2;
const BYTES = 3;
const DUE = 4;
const OP = 5;
const LAST = 6;
const HANDLER = 7;
const ARG = 8;
const NEXT = 9;

/** Entries side by side. */
export class Pool {
  readonly #words: Int32Array = new Int32Array(0);
  readonly #stamps: Float64Array = new Float64Array(0);
  #used = 0;
  #free = -1;

  constructor(capacity: number) {
    this.#words = new Int32Array(capacity * WORDS);
    this.#stamps = new Float64Array(capacity);
  }

  /** Class of the TLP, or of the TLPs that the operation is sent in. */
  cls(entry: number): number {
    return this.#words[(entry << SHIFT) | CLS]!;
  }

  /** Who made the operation. Of a completion: the completer. */
  src(entry: number): number {
    return this.#words[(entry << SHIFT) | SRC]!;
  }

  /** Towards whom. Of a completion: the requester. */
  dst(entry: number): number {
    return this.#words[(entry << SHIFT) | DST]!;
  }

  /** Payload or requested bytes of a TLP; of an operation, the bytes not yet sent or asked for. */
  bytes(entry: number): number {
    return this.#words[(entry << SHIFT) | BYTES]!;
  }

  /** Operation of a TLP. */
  op(tlp: number): number {
    return this.#words[(tlp << SHIFT) | OP]!;
  }

  /** Whether a TLP ends its write, request or answer. */
  last(tlp: number): boolean {
    return this.#words[(tlp << SHIFT) | LAST] === 1;
  }

  /** What to run when an operation is done. */
  handler(op: number): number {
    return this.#words[(op << SHIFT) | HANDLER]!;
  }

  /** With which argument. */
  arg(op: number): number {
    return this.#words[(op << SHIFT) | ARG]!;
  }

  /** Next in the queue that holds the entry. */
  next(entry: number): number {
    return this.#words[(entry << SHIFT) | NEXT]!;
  }

  /** Its place in the order of arrival there. */
  stamp(entry: number): number {
    return this.#stamps[entry]!;
  }

  /** Links an entry to the next of its queue, or to none: -1. */
  link(entry: number, next: number): void {
    this.#words[(entry << SHIFT) | NEXT] = next;
  }

  /** Notes an entry's place in the order of arrival. */
  arrived(entry: number, stamp: number): void {
    this.#stamps[entry] = stamp;
  }

  /** So many bytes of an operation are not yet sent or asked for. */
  leave(op: number, bytes: number): void {
    this.#words[(op << SHIFT) | BYTES] = bytes;
  }

  /** So many bytes of a read have come back; answers how many have not. */
  comeBack(op: number, bytes: number): number {
    const due = this.#words[(op << SHIFT) | DUE]! - bytes;
    this.#words[(op << SHIFT) | DUE] = due;
    return due;
  }

  /** Something else runs when an operation is done. */
  divert(op: number, handler: number): void {
    this.#words[(op << SHIFT) | HANDLER] = handler;
  }

  /** @throws {RangeError} when more is on its way than the rules of the fabric allow */
  take(): number {
    const entry = this.#free;
    if (entry < 0) return this.#fresh();
    this.#free = this.#words[(entry << SHIFT) | NEXT]!;
    return entry;
  }

  #fresh(): number {
    if (this.#used === this.#stamps.length) {
      throw new RangeError(`Cannot take an entry: all ${this.#used} are on their way`);
    }
    return this.#used++;
  }

  /** A new operation, all of whose bytes are to be sent and, of a read, to come back. */
  takeOp(
    cls: number,
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
  ): number {
    const op = this.take();
    const words = this.#words;
    const w = op << SHIFT;
    words[w | CLS] = cls;
    words[w | SRC] = src;
    words[w | DST] = dst;
    words[w | BYTES] = bytes;
    words[w | DUE] = bytes;
    words[w | HANDLER] = handler;
    words[w | ARG] = arg;
    return op;
  }

  /** A new TLP of `op`. */
  takeTlp(cls: number, src: number, dst: number, bytes: number, op: number, last: boolean): number {
    const tlp = this.take();
    const words = this.#words;
    const w = tlp << SHIFT;
    words[w | CLS] = cls;
    words[w | SRC] = src;
    words[w | DST] = dst;
    words[w | BYTES] = bytes;
    words[w | OP] = op;
    words[w | LAST] = last ? 1 : 0;
    return tlp;
  }

  /** An operation of one TLP is that TLP too: no second entry. */
  becomeTlp(op: number): void {
    this.#words[(op << SHIFT) | OP] = op;
    this.#words[(op << SHIFT) | LAST] = 1;
  }

  /** A request that one completion answers turns round and is that completion. */
  turnRound(request: number, cls: number): void {
    const words = this.#words;
    const w = request << SHIFT;
    const requester = words[w | SRC]!;
    words[w | CLS] = cls;
    words[w | SRC] = words[w | DST]!;
    words[w | DST] = requester;
    words[w | LAST] = 1;
  }

  /** Gives the entry of a TLP back, unless it is its operation's too. */
  giveTlp(tlp: number): void {
    if (this.#words[(tlp << SHIFT) | OP] !== tlp) this.give(tlp);
  }

  /** Gives an entry back. */
  give(entry: number): void {
    this.#words[(entry << SHIFT) | NEXT] = this.#free;
    this.#free = entry;
  }

  /** Forgets all entries. */
  reset(): void {
    this.#used = 0;
    this.#free = -1;
  }
}
