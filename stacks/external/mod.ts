/** Programs and devices of the real world as devices under test. */
export { external, type ExternalOptions, type ExternalProtocol } from "./external.ts";
export { ANY_ROUTER, MARTIANS } from "./policy.ts";
export * from "./live/mod.ts";
