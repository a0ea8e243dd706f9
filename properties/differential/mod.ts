/** Devices beside each other on the same packets. */
export {
  type DeviceOutcome,
  type Divergence,
  firstDivergence,
  type OutcomeFrame,
} from "./outcomes.ts";
export { compareDevices, type DifferentialOptions, type DifferentialResult } from "./search.ts";
