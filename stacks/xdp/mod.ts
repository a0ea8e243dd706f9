/** XDP and AF_XDP. */
export { xdp } from "./stack.ts";
export { XDP_VIEWS, type XdpView, xdpView } from "./views.ts";
export { afXdp } from "./xsk/stack.ts";
export type { AfXdpOptions } from "./xsk/options.ts";
export type { XskWait } from "./xsk/app.ts";
export type { XdpCommand, XdpOptions } from "./options.ts";
export { xdpBench, type XdpBenchName, type XdpBenchOptions } from "./bench.ts";
export { xdpForward, type XdpMachine, type XdpProgram } from "./program.ts";
export type { XdpMode } from "./devices.ts";
