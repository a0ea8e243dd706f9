/** Counterexamples: as data, as text, as JSON that is run again, as a capture. */

export { type Counterexample, type EmittedFrame } from "./counterexample.ts";
export type { Ladder } from "./ladder.ts";
export { describeFrame } from "./flow.ts";
export { type ReplayCommand, reportCounterexample } from "./report.ts";
export {
  readCounterexample,
  readScenario,
  scenarioJson,
  scenarioOf,
  type StoredCounterexample,
  tokenOf,
  writeCounterexample,
} from "./json.ts";
export { captureCounterexample } from "./pcapng.ts";
export { Field } from "./_reader.ts";
