/** Forwarders of a real kernel as devices under test. Linux, and permissions that the errors name. */
export { bridgeDevice, type LiveBridge, type PortFrame } from "./bridge.ts";
export { DPDK_L3FWD_POLICY, DPDK_POLICY, dpdkDevice, type DpdkOptions } from "./dpdk.ts";
export { givenDevice, type GivenSetup } from "./given_device.ts";
export { FenceLost } from "./fence.ts";
export { KERNEL_POLICY, kernelDevice, type KernelOptions, type KernelSettings } from "./kernel.ts";
export { SystemCallError } from "./libc.ts";
export type { LiveDevice } from "./live_device.ts";
export { OVS_POLICY, ovsDevice, type OvsOptions } from "./ovs.ts";
export { XDP_POLICY, xdpDevice, type XdpDeviceOptions } from "./xdp.ts";
export { TESTPMD_MODES, testpmdDevice, type TestpmdMode } from "./testpmd.ts";
