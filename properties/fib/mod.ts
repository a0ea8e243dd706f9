export * from "./conformance.ts";
export type { FibKit, FibLaw, ReaderOf } from "./law.ts";
export * from "./ledger.ts";
export type { Route, RouteList } from "./model.ts";
export type { FibGeometry, FibScenario, Step, StepKind } from "./scenario.ts";
export type { Outcome, Rig } from "./rig.ts";
export type { FibArray, FibReader, Watch } from "./watched.ts";
