export { checkedMempool } from "./checked_mempool.ts";
export * from "./conformance.ts";
export { MempoolKit, type MempoolLaw, mempoolLaws } from "./laws.ts";
export type { PoolOutcome, PoolRig } from "./rig.ts";
export type { MempoolScenario, PoolStep, PoolVerb } from "./scenario.ts";
export type { MempoolGeometry, PoolBuffers, PoolOffer, PoolUnderTest } from "./subject.ts";
