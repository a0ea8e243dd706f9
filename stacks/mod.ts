/**
 * One implementation of each data-plane system.
 *
 * @example
 * ```ts
 * import { testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { forwarder, l3fwd, linuxNapi, p2pnic } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = machineProfile(paperHost);
 * const devices = [forwarder, l3fwd(), linuxNapi(), p2pnic()].map((each) => testbed(each, machine));
 * assertEquals(devices.map(({ policy }) => policy.hairpin), ["forward", "forward", "forward", "drop"]);
 * ```
 *
 * @module
 */
export * from "./dpdk/mod.ts";
export * from "./example/mod.ts";
export * from "./external/mod.ts";
export * from "./linux-napi/mod.ts";
export * from "./odp/mod.ts";
export * from "./netmap/mod.ts";
export * from "./p2pnic/mod.ts";
export * from "./packetshader/mod.ts";
export * from "./snabb/mod.ts";
export * from "./xdp/mod.ts";
export * from "./pf-ring/mod.ts";
export * from "./vpp/mod.ts";
