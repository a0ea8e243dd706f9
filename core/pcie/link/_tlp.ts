/**
 * TLPs and the operations they are cut from. Entries are used again; an entry is an object, as every step
 * reads many of its fields, and made only when more are in the model than ever before.
 *
 * An entry is owned by the queue or the event that names it. The replay buffer of a link keeps a second
 * reference and may use it only while the TLP has not been accepted at the other end.
 */

/** Attributes of a request, carried over to its completions. */
export const RELAXED = 1;
export const ID_BASED = 2;

/** How an operation ended. */
export type PcieStatus = "success" | "unsupported request" | "timeout" | "dropped" | "removed";
/** By number. */
export const STATUS: readonly PcieStatus[] = [
  "success",
  "unsupported request",
  "timeout",
  "dropped",
  "removed",
];
export const UNSUPPORTED = 1;
export const TIMEOUT = 2;
export const DROPPED = 3;
export const REMOVED = 4;

/** A TLP, or an operation. */
export class Tlp {
  /** Its number, for events of the clock. */
  readonly index: number;
  /** Number in the ledger. */
  serial = 0;
  kind = 0;
  cls = 0;
  /** Who made it, and where it goes. */
  src = 0;
  dst = 0;
  requester = 0;
  tag = 0;
  address = 0;
  bytes = 0;
  attributes = 0;
  status = 0;
  /** Serial of the request, in a completion. */
  request = 0;
  /** Whether it ends its request. */
  last = false;
  op: Tlp | null = null;
  /** Data credits of the TLP, or of the next one that is cut from it, which carries `chunk` bytes. */
  data = 0;
  chunk = 0;
  /** Bytes not yet cut from it; bytes not yet arrived. */
  left = 0;
  due = 0;
  handler = 0;
  arg = 0;
  /** When its end comes; for an operation, when all of it so far has landed. */
  at = 0;
  /** Direction by which it came (-1: from here), and by which it goes. */
  ingress = 0;
  egress = 0;
  /** Place in the order of arrival; next in its queue. */
  stamp = 0;
  next: Tlp | null = null;
  /** The node that it came to has put it in line; its link went down before that. */
  isRouted = false;
  lost = false;

  constructor(index: number) {
    this.index = index;
  }
}

/** All entries. */
export class Tlps {
  readonly #all: Tlp[] = [];
  #free: Tlp | null = null;
  #used = 0;
  #serial = 0;

  /** A new entry; fields other than these are whatever they were. */
  take(kind: number, cls: number, src: number, dst: number): Tlp {
    let tlp = this.#free;
    if (tlp !== null) this.#free = tlp.next;
    else {
      if (this.#used === this.#all.length) this.#all.push(new Tlp(this.#used));
      tlp = this.#all[this.#used++]!;
    }
    tlp.serial = this.#serial++;
    tlp.kind = kind;
    tlp.cls = cls;
    tlp.src = src;
    tlp.dst = dst;
    tlp.next = null;
    tlp.lost = false;
    tlp.isRouted = false;
    tlp.status = 0;
    tlp.op = null;
    tlp.ingress = -1;
    return tlp;
  }

  at(index: number): Tlp {
    return this.#all[index]!;
  }

  give(tlp: Tlp): void {
    tlp.next = this.#free;
    this.#free = tlp;
  }

  reset(): void {
    this.#free = null;
    this.#used = 0;
    this.#serial = 0;
  }
}

/** First in, first out, over a ring that grows by doubling. */
export class Fifo<T> {
  #ring: T[] = [];
  #head = 0;
  length = 0;

  push(item: T): void {
    if (this.length === this.#ring.length) {
      const old = this.#ring;
      const n = old.length;
      this.#ring = Array.from({ length: Math.max(4, 2 * n) }, (_, i) => old[(this.#head + i) % n]!);
      this.#head = 0;
    }
    this.#ring[(this.#head + this.length++) & (this.#ring.length - 1)] = item;
  }

  first(): T | undefined {
    return this.length === 0 ? undefined : this.#ring[this.#head];
  }

  /** The item `i` places behind the first, of those that are there. */
  nth(i: number): T {
    return this.#ring[(this.#head + i) & (this.#ring.length - 1)]!;
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.length--;
    return item;
  }

  clear(): void {
    this.length = 0;
  }
}
