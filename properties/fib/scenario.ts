import fc from "fast-check";
import type { Field } from "../counterexample/_reader.ts";
import { STEPS_MAX } from "../replay/limits.ts";

/** The limits that a table under test is made with. */
export interface FibGeometry {
  /** Second-level groups, nodes or whatever the table has instead. */
  readonly groups: number;
  /** Most routes. */
  readonly maxRules: number;
  /**
   * Whether depth 0 must be taken. When false, the table may serve it or throw RangeError, always
   * the same.
   */
  readonly defaultRoute: boolean;
}

/** What a step does, once it meets the routes that are live by then. */
export type StepKind = "add" | "addNear" | "change" | "deleteLive" | "delete";

const KINDS: readonly StepKind[] = ["add", "addNear", "change", "deleteLive", "delete"];

/** One step as drawn: small numbers that are resolved against the live routes. */
export interface Step {
  /** Index into the kinds of the run, modulo their number. */
  readonly kind: number;
  /** Index into the bases of the run, modulo their number. */
  readonly base: number;
  /** Depth of the route, or index into the depths of the run, modulo their number. */
  readonly depth: number;
  /**
   * What is turned over in the address the step starts from: these bits of an IPv4 address; of an
   * IPv6 address -1 nothing, 0..127 that digit, from 128 on the last digit of the prefix, the one
   * before it, ...
   */
  readonly flip: number;
  /** Next hop of the route. */
  readonly nextHop: number;
  /** Index into the live routes, modulo their number. */
  readonly pick: number;
}

/**
 * A drawn run: a geometry, 1 to 3 addresses that all prefixes crowd around, the kinds that occur,
 * the steps.
 */
export interface FibScenarioOf<A> {
  /** The limits of the table. */
  readonly geometry: FibGeometry;
  /** Addresses that all prefixes crowd around. */
  readonly bases: readonly A[];
  /** Depths that steps choose from; a step names its own when left out. */
  readonly depths?: readonly number[];
  /** What steps do in this run. */
  readonly kinds: readonly StepKind[];
  /** The steps in order. */
  readonly steps: readonly Step[];
}

/** A drawn run of an IPv4 table. */
export type FibScenario = FibScenarioOf<number>;

/** The greatest next hop of a Fib4. */
export const NEXT_HOP_LAST: number = 2 ** 24 - 1;

/** Depths where tables of 8-bit strides change level, and the ends. */
const EDGES = [1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32];

/**
 * Draws scenarios as measured to find faults: prefixes nested around few bases, depths at the
 * boundaries of levels, operations on live routes, tables that are nearly always full, features
 * switched off run by run. No prefix but /0 is shorter than `shortest`.
 */
export function fibScenarios(shortest: number): fc.Arbitrary<FibScenario> {
  const small = fc.integer({ min: 1, max: 8 });
  const depth = fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 5, arbitrary: fc.constantFrom(...EDGES) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 32 }) },
  ).map((d) => d === 0 ? 0 : Math.max(d, shortest));
  const bit = fc.integer({ min: 0, max: 31 }).map((n) => 2 ** n);
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.nat(4),
    base: fc.nat(2),
    depth,
    flip: fc.oneof(fc.constant(0), bit, bit.map((b) => b === 2 ** 31 ? b : 3 * b)),
    nextHop: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(0, NEXT_HOP_LAST)),
    pick: fc.nat(1000),
  });
  return fc.record({
    geometry: fc.record({
      groups: fc.oneof(small, fc.constant(64)),
      maxRules: fc.oneof(small, fc.constantFrom(64, 1000)),
      defaultRoute: fc.boolean(),
    }),
    bases: fc.array(
      fc.oneof(
        fc.constantFrom(0, 0x0a000000, 0xffffffff),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    kinds: fc.subarray<StepKind>(["addNear", "change", "deleteLive", "delete"])
      .map((kinds): StepKind[] => ["add", ...kinds]),
    steps: fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
  });
}

/**
 * The scenario of a token. `base` reads an address of the family, whose prefixes have `bits` at most.
 * @throws {InputError} naming what is wrong where
 */
export function readFibScenario<A>(
  field: Field,
  bits: number,
  base: (field: Field) => A,
): FibScenarioOf<A> {
  const geometry = field.get("geometry");
  const depths = field.get("depths");
  const own = depths.isEmpty;
  return {
    geometry: {
      groups: geometry.get("groups").integer(1, 1 << 20),
      maxRules: geometry.get("maxRules").integer(1, 1 << 20),
      defaultRoute: geometry.get("defaultRoute").boolean(),
    },
    bases: field.get("bases").elements(100, 1).map(base),
    ...own ? {} : { depths: depths.elements(1000, 1).map((depth) => depth.integer(0, bits)) },
    kinds: field.get("kinds").elements(100, 1).map((kind) => kind.word(KINDS)),
    steps: field.get("steps").elements(STEPS_MAX, 1).map((step) => ({
      kind: step.get("kind").integer(0, 1000),
      base: step.get("base").integer(0, 1000),
      depth: step.get("depth").integer(0, own ? bits : 1e6),
      flip: step.get("flip").integer(-1, 2 ** 33),
      nextHop: step.get("nextHop").integer(0, NEXT_HOP_LAST),
      pick: step.get("pick").integer(0, 1e6),
    })),
  };
}
