/** PF_RING, vanilla and ZC. */
export type { BpfInsn } from "./bpf.ts";
export type { ClusterType } from "./cluster_hash.ts";
export type { HashRule, RuleAction, WildcardRule } from "./filters.ts";
export type { PfRingApplication, PfRingEvent, PfRingOptions } from "./options.ts";
export { type PcapPacket, PcapSavefile } from "./pcap.ts";
export type { PacketDirection } from "./socket.ts";
export { pfRing, VANILLA_POLICY } from "./stack.ts";
export { PF_RING_VIEWS, type PfRingView, pfRingView } from "./views.ts";
export type { PfRingZcOptions } from "./zc_options.ts";
export type { ZcDistribution } from "./zc_worker.ts";
export { ZC_POLICY } from "./zc_policy.ts";
export { pfRingZc } from "./zc_stack.ts";
