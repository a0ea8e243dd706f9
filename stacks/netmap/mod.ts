/** netmap: shared rings, system calls that synchronise them, a router on top. */
export { netmap, NETMAP_POLICY } from "./stack.ts";
export type { NetmapOptions } from "./options.ts";
