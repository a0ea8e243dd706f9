/** OpenDataPlane: packet interfaces, classifier, event queues with a scheduler, Traffic Manager. */
export { odp } from "./stack.ts";
export { ODP_INVARIANTS } from "./invariants.ts";
export type { OdpInterfaceOptions, OdpMode, OdpOptions } from "./options.ts";
export type { OdpClassifierOptions, OdpCosOptions } from "./classifier_options.ts";
export { PMR_TERMS, type PmrOptions, type PmrTerm, type PmrTermName } from "./pmr.ts";
export type { OdpAction, OdpSync } from "./queue.ts";
export {
  TM_COLOURS,
  type TmColour,
  type TmNodeOptions,
  type TmOptions,
  type TmQueueOptions,
  type TmShaperOptions,
  type TmWredOptions,
} from "./tm_options.ts";
export { ODP_VIEWS, type OdpView, odpView } from "./views.ts";
