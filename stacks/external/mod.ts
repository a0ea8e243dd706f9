/** Programs as devices under test. */
export { external, type ExternalOptions, type ExternalProtocol } from "./external.ts";
