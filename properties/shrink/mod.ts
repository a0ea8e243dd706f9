/** From a long run that breaks a law to a short one. */
export { shrinkScenario, type ShrunkScenario } from "./scenario.ts";
export { type ShrinkOptions, shrinkToLaw } from "./shrink.ts";
