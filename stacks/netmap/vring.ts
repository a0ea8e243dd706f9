/**
 * A split virtqueue: descriptor table, available ring and used ring, in the memory of the guest.
 *
 * Who may write: the driver descriptors, the available ring and `usedEvent`; the device the used ring and
 * `availEvent`. Indices run freely as unsigned 16-bit numbers and are compared by their difference. With EVENT_IDX a
 * side names the index whose passing it wants to be told of; whoever passes it notifies, once.
 *
 * Source: Virtual I/O Device (VIRTIO) 1.1, 2.6 (split virtqueues), 2.6.7 and 2.6.8 (used_event, avail_event).
 */

/** The buffer goes on in the next descriptor; it is the device's to write. */
export const VIRTQ_DESC_F_NEXT = 1;
export const VIRTQ_DESC_F_WRITE = 2;

const MASK = 0xffff;

/** Whether an index that goes from `old` to `now` passes `event` (vring_need_event). */
export function needEvent(event: number, now: number, old: number): boolean {
  return ((now - event - 1) & MASK) < ((now - old) & MASK);
}

/** A virtqueue with both of its sides. */
export class SplitRing {
  /** Entries: a power of two. */
  readonly size: number;
  /** Descriptors: a buffer (or -1 for what is no packet), bytes, flags, next. */
  readonly addr: Int32Array;
  readonly len: Uint32Array;
  readonly flags: Uint16Array;
  readonly next: Uint16Array;
  /** Heads that the driver offers, by free-running index. */
  readonly avail: Uint16Array;
  availIdx = 0;
  usedEvent = 0;
  /** Heads and bytes that the device is done with. */
  readonly usedId: Uint16Array;
  readonly usedLen: Uint32Array;
  usedIdx = 0;
  availEvent = 0;
  /** Driver: first free descriptor, how many there are, used entries seen. */
  #free = 0;
  #freeCount: number;
  #usedSeen = 0;
  /** Driver: heads in the available ring that are not made known yet. */
  #added = 0;
  /** Device: heads taken. */
  #lastAvail = 0;

  /** An empty queue. @throws {RangeError} when the size is no power of two up to 32768 */
  constructor(size: number) {
    if (!(Number.isInteger(size) && size >= 2 && size <= 32_768) || (size & (size - 1)) !== 0) {
      throw new RangeError(
        `Cannot make a virtqueue: size ${size} is not a power of two in 2..32768`,
      );
    }
    this.size = size;
    this.#freeCount = size;
    this.addr = new Int32Array(size).fill(-1);
    this.len = new Uint32Array(size);
    this.flags = new Uint16Array(size);
    this.next = Uint16Array.from({ length: size }, (_, i) => (i + 1) % size);
    this.avail = new Uint16Array(size);
    this.usedId = new Uint16Array(size);
    this.usedLen = new Uint32Array(size);
  }

  /** Free descriptors. */
  get free(): number {
    return this.#freeCount;
  }

  /** Driver: offers a header and a frame as a chain of two; answers the head, or -1 when there is no room. */
  add(buffer: number, headerBytes: number, frameBytes: number): number {
    if (this.#freeCount < 2) return -1;
    const head = this.#free;
    const data = this.next[head]!;
    this.addr[head] = -1;
    this.len[head] = headerBytes;
    this.flags[head] = VIRTQ_DESC_F_NEXT;
    this.addr[data] = buffer;
    this.len[data] = frameBytes;
    this.flags[data] = 0;
    this.#free = this.next[data]!;
    this.#freeCount -= 2;
    this.avail[(this.availIdx + this.#added++) & (this.size - 1)] = head;
    return head;
  }

  /** Driver: makes known what it has added; answers whether the device wants to be told. */
  publishAvail(): boolean {
    const old = this.availIdx;
    this.availIdx = (old + this.#added) & MASK;
    this.#added = 0;
    return this.availIdx !== old && needEvent(this.availEvent, this.availIdx, old);
  }

  /** Driver: takes back a head that the device is done with, or answers -1. */
  takeUsed(): number {
    if (this.#usedSeen === this.usedIdx) return -1;
    const head = this.usedId[this.#usedSeen & (this.size - 1)]!;
    this.#usedSeen = (this.#usedSeen + 1) & MASK;
    const data = this.next[head]!;
    this.next[data] = this.#free;
    this.#free = head;
    this.#freeCount += 2;
    return head;
  }

  /** Driver: wants to be told when `ahead` more entries are used than it has seen. */
  askUsed(ahead: number): void {
    this.usedEvent = (this.#usedSeen + ahead - 1) & MASK;
  }

  /** Device: heads that it has not taken. */
  get waiting(): number {
    return (this.availIdx - this.#lastAvail) & MASK;
  }

  /** Device: takes the next head, or answers -1. */
  takeAvail(): number {
    if (this.waiting === 0) return -1;
    const head = this.avail[this.#lastAvail & (this.size - 1)]!;
    this.#lastAvail = (this.#lastAvail + 1) & MASK;
    return head;
  }

  /** Device: wants to be told of the next head. */
  askAvail(): void {
    this.availEvent = this.#lastAvail;
  }

  /** Device: is done with a head. */
  putUsed(head: number, bytes: number): void {
    this.usedId[this.usedIdx & (this.size - 1)] = head;
    this.usedLen[this.usedIdx & (this.size - 1)] = bytes;
    this.usedIdx = (this.usedIdx + 1) & MASK;
  }
}
