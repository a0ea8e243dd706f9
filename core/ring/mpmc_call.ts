/**
 * Histories of concurrent rings: who runs the ring writes down each call with the moments of its
 * beginning and end, by a clock that all participants share; a monitor then judges the whole.
 */

/** A finished operation on a ring, as its caller saw it: what monitors of histories judge. */
export interface RingCall {
  /** Who called; producers and consumers may share numbers. */
  readonly participant: number;
  /** Which way the items went. */
  readonly kind: "enqueue" | "dequeue";
  /** When the call began; no two moments of a history are equal. */
  readonly startedAt: number;
  /** When it had ended. */
  readonly endedAt: number;
  /** How many items were to be moved. */
  readonly asked: number;
  /** Whether none were to be moved when not all could be. */
  readonly bulk: boolean;
  /** The items that were moved, in order. */
  readonly ids: readonly number[];
}
