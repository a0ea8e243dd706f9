/** Scenarios drawn at random: what is drawn, how it shrinks, and how it becomes bytes. */

export type { Arbitrary } from "./arbitrary.ts";
export * from "./draw.ts";
export { build } from "./build.ts";
export { describeFault } from "./faults.ts";
export { minimise, type Minimised } from "./minimise.ts";
export { scenario, type ScenarioOptions } from "./scenario.ts";
export { simplerDraws } from "./simpler.ts";
