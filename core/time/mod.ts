/** Virtual time and choices. */
export { Choices, type Deviation } from "./choices.ts";
export { Clock, type RunEnd, type RunLimits } from "./clock.ts";
