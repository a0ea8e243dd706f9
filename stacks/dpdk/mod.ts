/** DPDK over its poll-mode driver: l3fwd with LPM, run to completion or as a pipeline, and testpmd. */
export { l3fwd, type L3fwdOptions } from "./l3fwd.ts";
export { FAITHFUL, type L3fwdProfile, STRICT_L3FWD } from "./profiles.ts";
export type { PortOptions } from "./port_options.ts";
export { testpmd } from "./testpmd.ts";
export type { TestpmdCommand, TestpmdOptions } from "./testpmd_options.ts";
