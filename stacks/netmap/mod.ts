/** netmap: shared rings, system calls that synchronise them, a router on top. */
export { netmap, NETMAP_POLICY } from "./stack.ts";
export { NETMAP_INVARIANTS } from "./invariants.ts";
export type { NetmapOptions } from "./options.ts";
export { pktGen, type PktGenOptions } from "./pkt_gen_stack.ts";
export { NETMAP_VIEWS, type NetmapView, netmapView } from "./views.ts";
