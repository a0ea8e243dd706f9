/**
 * Descriptor rings: memory that a driver and a device share.
 *
 * Receive. The driver writes the index of an empty buffer into a descriptor and, some descriptors later,
 * moves the tail (RDT) by a doorbell. The device reads descriptors up to the tail, fills the buffer, then
 * writes the descriptor back with the done bit (DD). Head and tail equal means that the device has none, so
 * one descriptor always stays unposted. Transmit is the mirror: the driver's descriptors name full buffers,
 * the device writes back only those that ask for it (RS, report status).
 *
 * Who may write: the driver `buffer` and `reportStatus`, and `done` to clear it; the device `done` to set it,
 * `fetched`, `head`. The tails are copies that doorbells carry to the device. Indices run freely as unsigned
 * 32-bit numbers on the device's side; the driver's side keeps slot numbers as its data sheet has them.
 */
import type { Context } from "../host/context.ts";

/** Bytes of a descriptor (82599 data sheet, 7.1.5 and 7.2.3). */
export const DESCRIPTOR_BYTES = 16;

/** A queue and a slot (or a count) as the one integer that an event carries. */
export function key(queue: number, slot: number): number {
  return (queue << 16) | slot;
}

/** The queue of a key. */
export function queueOf(key: number): number {
  return key >>> 16;
}

/** The slot, or count, of a key. */
export function slotOf(key: number): number {
  return key & 0xffff;
}

/**
 * One descriptor ring with both its sides.
 *
 * @example
 * ```ts
 * import { DescriptorRing } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new DescriptorRing(64);
 * ring.reset(8, -1);
 * ring.moveTail(7);
 * assertEquals([ring.tail, ring.unread, ring.ready], [7, 7, 0]);
 * // slot 2 of the next turn
 * ring.moveTail(2);
 * assertEquals(ring.tail, 10);
 * ```
 */
export class DescriptorRing {
  /** Descriptors that `reset` may ask for at most. */
  readonly capacity: number = 0;
  /** Descriptors in use: a power of two, set at reset. */
  size = 0;
  /** Buffer named by each descriptor, as the driver wrote it. */
  readonly buffer: Int32Array = new Int32Array(0);
  /** Done bits. */
  readonly done: Uint8Array = new Uint8Array(0);
  /** Transmit only: the driver asks for a write-back. */
  readonly reportStatus: Uint8Array = new Uint8Array(0);
  /** What the device read: the buffer it will use for a descriptor. */
  readonly read: Int32Array = new Int32Array(0);
  /** What the device read: whether to report. */
  readonly readStatus: Uint8Array = new Uint8Array(0);
  /** The packet goes on in the next descriptor (EOP is not set): written with the done bit, or by a sender. */
  readonly more: Uint8Array = new Uint8Array(0);
  /** Device: what it read, or will write, of `more`. */
  readonly readMore: Uint8Array = new Uint8Array(0);
  /** Receive only: bytes of a frame that go into one buffer (SRRCTL.BSIZEPACKET). */
  segmentBytes: number = Infinity;
  /** Receive only: whether the device may use descriptors (RXDCTL.ENABLE). */
  enabled = true;
  /** Receive only: a packet that finds no descriptor is lost instead of holding up other queues (SRRCTL.Drop_En). */
  dropEnable = false;
  /** Receive only: packets lost so (QPRDC). */
  dropped = 0;
  /** Transmit only: descriptors before this one have been sent from: what a read of the head register answers (TDH). */
  sent = 0;
  /** Device: descriptors in use whose reads and write-backs are not over. */
  busy = 0;
  /** Device: next descriptor to use. */
  head = 0;
  /** Device: descriptors before this one have been read. */
  fetched = 0;
  /** Device: descriptors before this one have been asked for. */
  fetching = 0;
  /** Device: descriptors before this one are its own, as far as doorbells have told. */
  tail = 0;
  /** The driver context that looked last, to be told of changes. */
  waiter: Context | null = null;
  /** Where descriptor 0 lies in host memory, or -1 where that is not modelled; set once by who builds it. */
  address: number = -1;
  /** Place of what is in the ring, for the ledger. */
  place: number = -1;

  /** A ring of no descriptors yet; `reset` gives it its size. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.buffer = new Int32Array(capacity).fill(-1);
    this.done = new Uint8Array(capacity);
    this.reportStatus = new Uint8Array(capacity);
    this.read = new Int32Array(capacity).fill(-1);
    this.readStatus = new Uint8Array(capacity);
    this.more = new Uint8Array(capacity);
    this.readMore = new Uint8Array(capacity);
  }

  /**
   * Empty, with `size` descriptors.
   * @throws {RangeError} when the size is no power of two or above the capacity
   */
  reset(size: number, place: number): void {
    if (
      !(Number.isInteger(size) && size >= 2 && size <= this.capacity) || (size & (size - 1)) !== 0
    ) {
      throw new RangeError(
        `Cannot set up a descriptor ring: size ${size} is not a power of two in 2..${this.capacity}`,
      );
    }
    this.buffer.fill(-1, 0, size);
    this.done.fill(0, 0, size);
    this.reportStatus.fill(0, 0, size);
    this.read.fill(-1, 0, size);
    this.readStatus.fill(0, 0, size);
    this.more.fill(0, 0, size);
    this.readMore.fill(0, 0, size);
    this.segmentBytes = Infinity;
    this.enabled = true;
    this.dropEnable = false;
    this.dropped = 0;
    this.sent = 0;
    this.busy = 0;
    this.size = size;
    this.head = 0;
    this.fetched = 0;
    this.fetching = 0;
    this.tail = 0;
    this.waiter = null;
    this.place = place;
  }

  /**
   * The tail moves to slot `slot`: the device owns what lies before it. Answers whether that may be: the slot is
   * one of the ring, and no descriptor becomes the device's that is so already.
   */
  moveTail(slot: number): boolean {
    this.tail = (this.tail + ((slot - this.tail) & (this.size - 1))) >>> 0;
    return slot < this.size && ((this.tail - this.head) >>> 0) < this.size;
  }

  /** Where the descriptor of a slot lies in host memory, or -1. */
  addressOf(slot: number): number {
    return this.address < 0 ? -1 : this.address + slot * DESCRIPTOR_BYTES;
  }

  /** Descriptors that the device owns and has not asked for. */
  get unread(): number {
    return (this.tail - this.fetching) >>> 0;
  }

  /** Whether the device has nothing under way for this ring: what it used is written back. */
  get quiet(): boolean {
    return this.fetching === this.fetched && this.busy === 0;
  }

  /** Descriptors that the device has read and not used. */
  get ready(): number {
    return (this.fetched - this.head) >>> 0;
  }
}

/** What a driver drives: the device's doorbells. */
export interface DeviceSide {
  /** Tells the device that receive descriptors up to `slot` are its own. */
  rxTail(cpu: Context, queue: number, slot: number): void;
  /** Tells the device that transmit descriptors up to `slot` are its own. */
  txTail(cpu: Context, queue: number, slot: number): void;
  /** Tells the device to use no further descriptor of a receive queue; it is done when the ring is quiet. */
  rxStop(cpu: Context, queue: number): void;
  /** Unmasks the interrupt of a queue pair. */
  irqEnable(cpu: Context, queue: number): void;
  /** Receive ring of each queue. */
  readonly rx: readonly DescriptorRing[];
  /** Transmit ring of each queue. */
  readonly tx: readonly DescriptorRing[];
}
