/**
 * The laws of packet forwarding, as data, and how they judge a run.
 *
 * @module
 */
export { judgeAll, type Judgement } from "./judge.ts";
export { lawsOf } from "./invariant.ts";
export { LAW_SET_VERSION, LAWS } from "./laws.ts";
export { TESTED_LAWS, type TestedLaw } from "./tested.ts";
export { difference as frameDifference } from "./_difference.ts";
