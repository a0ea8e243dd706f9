export * from "./conformance.ts";
export type { Fib6Kit, Fib6Law } from "./law.ts";
export * from "./ledger.ts";
export type { Route6, RouteList6 } from "./model.ts";
export type { Outcome6, Rig6 } from "./rig.ts";
export type { Fib6Scenario, Step6 } from "./scenario.ts";
