/**
 * What a stepped SPSC ring is made of, and the mistakes that can be planted in it; how it runs is at
 * the head of `spsc_steps.ts`.
 */

import type { StoreOrder } from "./_late_stores.ts";

/**
 * A deliberate mistake: the producer publishes before it has written the slots; the consumer
 * releases slots before it has read them; the producer believes in one slot too many; indices are
 * published by a plain store; the consumer reads slots before it loads the tail, as without acquire;
 * who gets less than it asks for keeps to itself what waits for its batch.
 */
export type SpscFault =
  | "none"
  | "publish-before-copy"
  | "release-before-copy"
  | "one-too-many"
  | "plain-publish"
  | "early-copy"
  | "batch-withheld";

/** The ring and the two programs. */
export interface SpscStepsOptions {
  /** Most items that the ring holds; need not be a power of two. */
  readonly size: number;
  /** First value of both indices, modulo 2^32; 0. */
  readonly startIndex?: number;
  /** Items that an end moves before it publishes; 1. */
  readonly batch?: number;
  /** Burst sizes of the producer, in order. */
  readonly produce: readonly number[];
  /** Burst sizes of the consumer, in order. */
  readonly consume: readonly number[];
  /** Whether operations are bulk, all or nothing, instead of burst; false. */
  readonly bulk?: boolean;
  /** Whether an operation that can move nothing waits and is begun again; false. */
  readonly insist?: boolean;
  /** When plain stores reach memory: `now`, late in `fifo` order, or late in `any` order; now. */
  readonly stores?: StoreOrder;
  /** A planted mistake; none. */
  readonly fault?: SpscFault;
}
