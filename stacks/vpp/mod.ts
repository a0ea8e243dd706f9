/** FD.io VPP. */
export { vpp } from "./stack.ts";
export type { TimedCommand, VppLoop, VppOptions } from "./options.ts";
export { VPP_POLICY } from "./policy.ts";
export { VPP_INVARIANTS } from "./invariants.ts";
export { VPP_VIEWS, type VppView, vppView } from "./views.ts";
