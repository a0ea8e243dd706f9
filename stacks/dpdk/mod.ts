/** DPDK: l3fwd with LPM, run to completion, over the poll-mode driver. */
export { FAITHFUL, l3fwd, type L3fwdProfile, STRICT_L3FWD } from "./l3fwd.ts";
