/** How a ring under test is to be made. */
export interface RingGeometry {
  /** Most items that it has to hold, exactly. */
  readonly size: number;
  /** Whether the size may be no power of two. */
  readonly exactSize: boolean;
  /** First value of its indices, 0..2^32-1. */
  readonly startIndex: number;
}

/**
 * What a ring of 32-bit items has to offer to be judged; one thread is producer and consumer. What
 * is optional is judged where it is there. An item may be an element of several words: numbers and
 * sizes count elements then, `at` and the arrays words, and the single calls are not judged.
 */
export interface BurstRing {
  /** Items that are in. */
  readonly count: number;
  /** Slots that are free. */
  readonly free?: number;
  /** Enqueues what fits of `items[at]` .. `items[at + n - 1]`, in order; how many. */
  enqueueBurst(items: Int32Array, at: number, n: number): number;
  /** Enqueues all `n` or none: `n` or 0. */
  enqueueBulk(items: Int32Array, at: number, n: number): number;
  /** Dequeues up to `max` items to `out[0]` and up, oldest first; how many. */
  dequeueBurst(out: Int32Array, max: number): number;
  /** Dequeues exactly `n` or none: `n` or 0. */
  dequeueBulk(out: Int32Array, n: number): number;
  /** Enqueues one item; false when full. */
  enqueue?(item: number): boolean;
  /** Dequeues one item; -1 when empty. */
  dequeue?(): number;
  /** Copies up to `max` of the oldest items to `out` and leaves them in; how many. */
  peekBurst?(out: Int32Array, max: number): number;
  /** As `peekBurst`, but exactly `n` or none: `n` or 0. */
  peekBulk?(out: Int32Array, n: number): number;
  /** Takes out the first `n` of the peeked items and ends the peek. */
  release?(n: number): void;
  /** Sets up to `n` slots aside; how many. */
  reserve?(n: number): number;
  /** As `reserve`, but exactly `n` or none: `n` or 0. */
  reserveBulk?(n: number): number;
  /** Writes reserved slot `i`; of elements, word `i` of those reserved. */
  put?(i: number, item: number): void;
  /** Publishes the first `n` reserved slots and gives the others back. */
  commit?(n: number): void;
  /** Empties the ring and starts its indices at `startIndex`. */
  reset?(startIndex?: number): void;
}

/** A part of a ring that need not be there. */
export type RingPart = "peek" | "reserve" | "reset";

/** Whether the ring has the part. */
export function hasPart(ring: BurstRing, part: RingPart): boolean {
  if (part === "peek") return ring.peekBurst !== undefined && ring.release !== undefined;
  if (part === "reset") return ring.reset !== undefined;
  return ring.reserve !== undefined && ring.put !== undefined && ring.commit !== undefined;
}
