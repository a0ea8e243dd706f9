/**
 * Operations on their way through the coarse fabric. An operation goes over one leg (a write) or two (request
 * and answer of a read), each from a source's link to a destination's; its entry holds what the second link
 * needs to know about the first. Grown by doubling: how many there can be depends on the profile's window, and
 * after the first busy time no more are made.
 */

const CAPACITY = 256;

/** Entries as parallel arrays. */
export class Legs {
  cls = new Int32Array(CAPACITY);
  src = new Int32Array(CAPACITY);
  dst = new Int32Array(CAPACITY);
  bytes = new Int32Array(CAPACITY);
  handler = new Int32Array(CAPACITY);
  arg = new Int32Array(CAPACITY);
  /** Number of TLPs of the leg and the bytes of data in them. */
  tlps = new Int32Array(CAPACITY);
  payload = new Int32Array(CAPACITY);
  /** Bytes of all TLPs of the leg, of its last one and of the one before (0 if there is none). */
  wire = new Float64Array(CAPACITY);
  last = new Int32Array(CAPACITY);
  before = new Int32Array(CAPACITY);
  /** When the switch has got all of the TLP before the last, and of the last; -1 if it cuts through. */
  beforeAt = new Float64Array(CAPACITY);
  tailAt = new Float64Array(CAPACITY);
  /** When it may begin on the link that it waits for. */
  readyAt = new Float64Array(CAPACITY);
  /** Its place in the order of arrival there. */
  stamp = new Float64Array(CAPACITY);
  /** Next in the list that holds the entry. */
  next = new Int32Array(CAPACITY);
  #used = 0;
  #free = -1;

  /** A new operation. */
  take(
    cls: number,
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
  ): number {
    let leg = this.#free;
    if (leg >= 0) {
      this.#free = this.next[leg]!;
    } else {
      if (this.#used === this.cls.length) this.#grow();
      leg = this.#used++;
    }
    this.cls[leg] = cls;
    this.src[leg] = src;
    this.dst[leg] = dst;
    this.bytes[leg] = bytes;
    this.handler[leg] = handler;
    this.arg[leg] = arg;
    return leg;
  }

  /** Gives an entry back. */
  give(leg: number): void {
    this.next[leg] = this.#free;
    this.#free = leg;
  }

  /** Forgets all entries. */
  reset(): void {
    this.#used = 0;
    this.#free = -1;
  }

  #grow(): void {
    this.cls = twice(this.cls);
    this.src = twice(this.src);
    this.dst = twice(this.dst);
    this.bytes = twice(this.bytes);
    this.handler = twice(this.handler);
    this.arg = twice(this.arg);
    this.tlps = twice(this.tlps);
    this.payload = twice(this.payload);
    this.last = twice(this.last);
    this.before = twice(this.before);
    this.next = twice(this.next);
    this.wire = twiceFloat(this.wire);
    this.beforeAt = twiceFloat(this.beforeAt);
    this.stamp = twiceFloat(this.stamp);
    this.readyAt = twiceFloat(this.readyAt);
    this.tailAt = twiceFloat(this.tailAt);
  }
}

function twice(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const array = new Int32Array(old.length * 2);
  array.set(old);
  return array;
}

function twiceFloat(old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const array = new Float64Array(old.length * 2);
  array.set(old);
  return array;
}
