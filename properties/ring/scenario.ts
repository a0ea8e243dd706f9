import fc from "fast-check";
import type { RingGeometry } from "./burst_ring.ts";

/** What a step does. */
export type RingStepKind =
  | "enqueue"
  | "enqueueBurst"
  | "enqueueBulk"
  | "dequeue"
  | "dequeueBurst"
  | "dequeueBulk"
  | "peek"
  | "peekBulk"
  | "reserve"
  | "reserveBulk";

/** One step as drawn: small numbers that are resolved against what is in the ring by then. */
export interface RingStep {
  /** Index into the kinds of the run, modulo their number. */
  readonly kind: number;
  /** What `by` is added to for the number of items: 0, what there is or fits, the size. */
  readonly from: "none" | "there" | "size";
  /** -1..3. */
  readonly by: number;
  /** Of what is peeked or reserved, the part that is released or committed, in quarters. */
  readonly quarters: number;
}

/** A drawn run: a geometry, the kinds that occur, the steps. */
export interface RingScenario {
  /** How the ring is made. */
  readonly geometry: RingGeometry;
  /** What steps do in this run: some that enqueue, some that dequeue. */
  readonly kinds: readonly RingStepKind[];
  /** The steps in order. */
  readonly steps: readonly RingStep[];
}

/** Where the indices of drawn rings start: at 0, or just before 2^31 or 2^32. */
export type RingStart = "zero" | "wrap";

/**
 * Draws scenarios: rings of a few slots that are often full and often empty, counts about what is
 * there or fits, features switched off run by run.
 */
export function ringScenarios(start: RingStart, exactSizes: boolean): fc.Arbitrary<RingScenario> {
  const power = fc.constantFrom(1, 2, 4, 8);
  const size = exactSizes ? fc.oneof(fc.integer({ min: 1, max: 9 }), power) : power;
  const before = fc.integer({ min: 0, max: 9 });
  const startIndex = start === "zero"
    ? fc.constant(0)
    : fc.tuple(fc.constantFrom(2 ** 31, 2 ** 32), before).map(([edge, n]) => edge - 1 - n);
  return fc.record({
    geometry: fc.record({ size, exactSize: fc.constant(exactSizes), startIndex }),
    kinds: fc.tuple(
      fc.subarray<RingStepKind>(["enqueue", "enqueueBurst", "enqueueBulk"], { minLength: 1 }),
      fc.subarray<RingStepKind>(["dequeue", "dequeueBurst", "dequeueBulk"], { minLength: 1 }),
    ).map((kinds) => kinds.flat()),
    steps: fc.array(
      fc.record({
        kind: fc.nat(11),
        from: fc.constantFrom<RingStep["from"]>("none", "there", "size"),
        by: fc.integer({ min: -1, max: 3 }),
        quarters: fc.nat(4),
      }),
      { minLength: 1, maxLength: 40, size: "max" },
    ),
  });
}
