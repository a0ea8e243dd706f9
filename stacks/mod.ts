/**
 * One implementation of each data-plane system.
 *
 * @module
 */
export * from "./dpdk/mod.ts";
export * from "./example/mod.ts";
export * from "./linux-napi/mod.ts";
export * from "./p2pnic/mod.ts";
