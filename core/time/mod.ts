/** Virtual time and choices. */
export { Choices, type Deviation } from "./choices.ts";
export { Turns } from "./turns.ts";
export { Clock, type RunEnd, type RunLimits } from "./clock.ts";
