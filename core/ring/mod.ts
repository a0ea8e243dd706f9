/**
 * Rings of 32-bit items: SPSC, the same in virtual time, MPMC in the modes of rte_ring, both in
 * micro-steps; elements of several words; an explorer of interleavings, and a reorder buffer.
 */

export { RING_SIZE_MAX, spscRingBytes } from "./spsc_memory.ts";
export type { SpscRingOptions } from "./spsc_memory.ts";
export * from "./spsc.ts";
export * from "./timed_ring.ts";
export type { StoreOrder } from "./_late_stores.ts";
export type { SpscFault, SpscStepsOptions } from "./spsc_steps_options.ts";
export * from "./spsc_steps.ts";
export * from "./interleave.ts";
export { mpmcRingBytes } from "./mpmc_memory.ts";
export type { MpmcRingOptions, RingSync } from "./mpmc_memory.ts";
export * from "./mpmc.ts";
export type { RingCall } from "./mpmc_call.ts";
export type { MpmcFault, MpmcStepsOptions } from "./mpmc_steps_options.ts";
export * from "./mpmc_steps.ts";
export * from "./element_ring.ts";
export * from "./reorder_buffer.ts";
