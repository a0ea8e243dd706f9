/** The laws of rings, and the monitor of concurrent histories. */

export type { BurstRing, RingGeometry, RingPart } from "./burst_ring.ts";
export * from "./conformance.ts";
export * from "./history.ts";
export type { RingKit, RingLaw } from "./law.ts";
export * from "./laws.ts";
export type { RingOutcome, RingRig } from "./rig.ts";
export type { RingScenario, RingStart, RingStep, RingStepKind } from "./scenario.ts";
