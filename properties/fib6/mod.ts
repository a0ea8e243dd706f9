export * from "./conformance.ts";
export { type Fib6Law, fib6Laws } from "./ipv6.ts";
export * from "./ledger.ts";
export type { Prefix6, Route6 } from "./model.ts";
export type { Fib6Scenario } from "./scenario.ts";
