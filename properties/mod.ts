/**
 * The laws of packet forwarding, the scenarios they are judged on, and what is said when one is
 * broken.
 *
 * @example
 * ```ts
 * import { minimise, scenario } from "@planecheck/planecheck/properties";
 * import { STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 * import fc from "fast-check";
 *
 * const [draw] = fc.sample(scenario(STRICT), { numRuns: 1, seed: 1 });
 * const least = minimise(draw!, (one) => one.routes.length >= 1, 2000);
 * assertEquals(least.draw.packets.length, 1);
 * ```
 *
 * @module
 */
export type { Law, Run, Verdict } from "./law.ts";
export * from "./arbitraries/mod.ts";
export * from "./counterexample/mod.ts";
export * from "./differential/mod.ts";
export * from "./fib/mod.ts";
export * from "./fib6/mod.ts";
export * from "./l2/mod.ts";
export * from "./laws/mod.ts";
export * from "./mempool/mod.ts";
export * from "./pcie/mod.ts";
export * from "./reference/mod.ts";
export * from "./replay/mod.ts";
export * from "./ring/mod.ts";
export * from "./run/mod.ts";
export * from "./shrink/mod.ts";
export { conformance, type ConformanceOptions, saveCounterexample } from "./conformance.ts";
