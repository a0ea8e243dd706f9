import fc from "fast-check";
import type { FibScenarioOf, Step, StepKind } from "../fib/scenario.ts";

/** A drawn run of an IPv6 table: addresses are 128 binary digits. */
export type Fib6Scenario = FibScenarioOf<string>;

/** The greatest next hop of a Fib6. */
export const NEXT_HOP6_LAST: number = 2 ** 21 - 1;

/**
 * Depths where tables change level, word or sign: 8-bit strides, the limits of 32-bit words and one
 * beside them, the /48 and /64 that addresses are planned in, and the ends.
 */
const EDGES = [
  [1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 40, 47, 48, 49, 56],
  [63, 64, 65, 72, 95, 96, 97, 112, 120, 121, 126, 127, 128],
].flat();

/** 2001:db8::1, as the documents have it, and the corners of the address space. */
const BASES = [
  "0".repeat(128),
  "1".repeat(128),
  `1${"0".repeat(127)}`,
  `0${"1".repeat(127)}`,
  `${"1".repeat(64)}${"0".repeat(64)}`,
  `0010000000000001${"0000110110111000"}${"0".repeat(95)}1`,
];

/**
 * Draws scenarios as measured to find faults in IPv4 tables, with the depths of IPv6: prefixes nested
 * around few bases, depths at the boundaries of levels and words, operations on live routes, tables
 * that are nearly always full, features switched off run by run. Every other run has few depths, so
 * that many routes share one: tables that are organised by length are built anew by each first route
 * of a length, and would not be updated at all otherwise. Turning over the first digit of a
 * word meets its sign bit, turning over the last one of a prefix makes its sibling. No prefix but
 * /0 is shorter than `shortest`.
 */
export function fib6Scenarios(shortest: number): fc.Arbitrary<Fib6Scenario> {
  const small = fc.integer({ min: 1, max: 8 });
  const depth = fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.constantFrom(...EDGES) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 128 }) },
  ).map((d) => d === 0 ? 0 : Math.max(d, shortest));
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.nat(4),
    base: fc.nat(2),
    depth: fc.nat(1000),
    flip: fc.oneof(
      fc.constant(-1),
      fc.constantFrom(0, 31, 32, 63, 64, 95, 96, 127),
      fc.integer({ min: 128, max: 136 }),
      fc.integer({ min: 0, max: 127 }),
    ),
    nextHop: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(0, NEXT_HOP6_LAST)),
    pick: fc.nat(1000),
  });
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    .map((n) => n.toString(2).padStart(32, "0"));
  return fc.record({
    geometry: fc.record({
      groups: fc.oneof(small, fc.constantFrom(20, 600)),
      maxRules: fc.oneof(small, fc.constantFrom(64, 1000)),
      defaultRoute: fc.boolean(),
    }),
    bases: fc.array(
      fc.oneof(fc.constantFrom(...BASES), fc.tuple(word, word, word, word).map((w) => w.join(""))),
      { minLength: 1, maxLength: 3 },
    ),
    depths: fc.oneof(
      fc.array(depth, { minLength: 2, maxLength: 4, size: "max" }),
      fc.array(depth, { minLength: 5, maxLength: 12, size: "max" }),
    ),
    kinds: fc.subarray<StepKind>(["addNear", "change", "deleteLive", "delete"], { minLength: 1 })
      .map((kinds): StepKind[] => ["add", ...kinds]),
    steps: fc.array(step, { minLength: 1, maxLength: 20, size: "max" }),
  });
}
