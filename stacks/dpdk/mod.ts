/** DPDK: l3fwd with LPM, run to completion, over the poll-mode driver. */
export { l3fwd } from "./l3fwd.ts";
export { FAITHFUL, type L3fwdOptions, type L3fwdProfile, STRICT_L3FWD } from "./profiles.ts";
