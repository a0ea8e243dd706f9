/**
 * Rings: SPSC of 32-bit items, the same in virtual time, the same in micro-steps, and an explorer
 * of interleavings.
 */

export { RING_SIZE_MAX, spscRingBytes } from "./spsc_memory.ts";
export type { SpscRingOptions } from "./spsc_memory.ts";
export * from "./spsc.ts";
export * from "./timed_ring.ts";
export * from "./spsc_steps.ts";
export * from "./interleave.ts";
