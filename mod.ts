/**
 * planecheck finds out whether a packet-forwarding data plane keeps its promises, and how fast it is.
 * A stack is put on a machine in virtual time (`core`) and judged by the laws (`properties`).
 *
 * @example
 * ```ts
 * import { checkConformance, machineProfile, paperHost, testbed } from "@planecheck/planecheck";
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = testbed(forwarder, machineProfile(paperHost));
 * const result = checkConformance(device, { numRuns: 50, only: /^(LOSS-2|PKT-1)$/ });
 * assertEquals(result.laws.filter(({ counterexample }) => counterexample !== null), []);
 * assertEquals(result.laws.map(({ law }) => law.id).slice(-2), ["PKT-1", "LOSS-2"]);
 * ```
 *
 * @module
 */
export * from "./core/mod.ts";
export * from "./properties/mod.ts";
export { machineProfile, paperHost } from "./fixtures/machines/mod.ts";
export {
  external,
  type ExternalOptions,
  type ExternalProtocol,
} from "./stacks/external/external.ts";
export { ANY_ROUTER } from "./stacks/external/policy.ts";
