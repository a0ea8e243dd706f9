/**
 * What a stepped MPMC ring is made of, and the mistakes that can be planted in it; how it runs is at
 * the head of `mpmc_steps.ts`.
 */

import type { StoreOrder } from "./_late_stores.ts";
import type { RingSync } from "./mpmc_memory.ts";

/**
 * A deliberate mistake: the CAS of a claim is a comparison and a store; a producer publishes before
 * it has written its slots; a consumer releases slots before it has read them; nobody awaits turn
 * or tail before moving them, nor looks whether others have finished; producers believe in one slot
 * too many; tail is moved by a plain store; a consumer reads its slots before it loads the opposite
 * tail, as without acquire; too little room is answered by a head that nothing orders; what a claim
 * gives back stays claimed.
 */
export type MpmcFault =
  | "none"
  | "lost-cas"
  | "publish-before-copy"
  | "release-before-copy"
  | "tail-out-of-order"
  | "one-too-many"
  | "plain-publish"
  | "early-copy"
  | "unordered-answer"
  | "head-not-given-back";

/** The ring and the programs. */
export interface MpmcStepsOptions {
  /** Most items that the ring holds; need not be a power of two. */
  readonly size: number;
  /** First value of all indices, modulo 2^32; 0. */
  readonly startIndex?: number;
  /** How producers agree; `mt`. */
  readonly producers?: RingSync;
  /** How consumers agree; `mt`. */
  readonly consumers?: RingSync;
  /** Limit of `mt-rts`; the size. */
  readonly htdMax?: number;
  /** Burst sizes of each producer, in order. */
  readonly produce: readonly (readonly number[])[];
  /** Burst sizes of each consumer, in order. */
  readonly consume: readonly (readonly number[])[];
  /** Whether operations are bulk, all or nothing, instead of burst; false. */
  readonly bulk?: boolean;
  /**
   * Of a claim of each participant, at most so many items are kept, the others given back: for st
   * and mt-hts; all.
   */
  readonly keepMax?: readonly number[];
  /** When plain stores reach memory: `now`, late in `fifo` order, or late in `any` order; now. */
  readonly stores?: StoreOrder;
  /** Whether a head that is read by a plain load is read after the opposite tail; false. */
  readonly lateHead?: boolean;
  /** Whether calls are logged, which makes more states differ; false. */
  readonly logged?: boolean;
  /** A planted mistake; none. */
  readonly fault?: MpmcFault;
}
