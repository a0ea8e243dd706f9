/** Programs and devices of the real world as devices under test. */
export { ANY_ROUTER, external, type ExternalOptions, type ExternalProtocol } from "./external.ts";
export * from "./live/mod.ts";
