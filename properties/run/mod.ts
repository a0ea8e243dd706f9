/** Running scenarios under the laws: one, or many that are drawn. */

export {
  checkConformance,
  type CheckOptions,
  type ConformanceResult,
  type LawResult,
  NUM_RUNS,
  SEED,
} from "./check.ts";
export { checkConformanceAsync } from "./check_async.ts";
export { type Judged, judgeScenario, RUN_1 } from "./judge_scenario.ts";
export { LABEL_NAMES, type LabelCount } from "./labels.ts";
export {
  type HarnessFailure,
  type PropertyOptions,
  type PropertyResult,
  runProperty,
} from "./property.ts";
export { DeviceError, Subject, type SubjectOptions } from "./subject.ts";
export { type NotJudged, Tally } from "./tally.ts";
