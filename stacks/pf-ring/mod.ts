/** PF_RING, vanilla and ZC. */
export type { PfRingZcOptions } from "./zc_options.ts";
export type { ZcDistribution } from "./zc_worker.ts";
export { pfRingZc, ZC_POLICY } from "./zc_stack.ts";
