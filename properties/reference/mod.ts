/**
 * The oracle of every output byte: a router written from RFC 1812 and the declared policy alone.
 *
 * @module
 */
export type { Expectation } from "./expectation.ts";
export { referencePorts } from "./ports.ts";
export { referenceRouter } from "./router.ts";
