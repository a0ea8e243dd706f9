/** OpenDataPlane: packet interfaces, classifier, event queues with a scheduler, Traffic Manager. */
export { odp } from "./stack.ts";
export type { InterfaceOptions, OdpMode, OdpOptions } from "./options.ts";
