/**
 * The forwarding core: memory, packets, rings, tables, time, host, PCIe, NICs, machines.
 *
 * @module
 */
export * from "./policy.ts";
export * from "./stack.ts";
export * from "./bpf/mod.ts";
export * from "./fib/mod.ts";
export * from "./hash/mod.ts";
export * from "./host/mod.ts";
export * from "./machine/mod.ts";
export * from "./memory/mod.ts";
export * from "./nic/mod.ts";
export * from "./packet/mod.ts";
export * from "./pcie/mod.ts";
export * from "./ring/mod.ts";
export * from "./time/mod.ts";
