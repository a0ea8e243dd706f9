import fc from "fast-check";
import type { Field } from "../counterexample/_reader.ts";
import { STEPS_MAX } from "../replay/limits.ts";
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

const KINDS: readonly RingStepKind[] = [
  ...["enqueue", "enqueueBurst", "enqueueBulk", "dequeue", "dequeueBurst", "dequeueBulk"] as const,
  ...["peek", "peekBulk", "reserve", "reserveBulk"] as const,
];

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

/** Most slots of a ring that a token may ask for. */
const SIZE_MAX = 1 << 20;

/**
 * The scenario of a token.
 * @throws {InputError} naming what is wrong where
 */
export function readRingScenario(field: Field): RingScenario {
  const geometry = field.get("geometry");
  return {
    geometry: {
      size: geometry.get("size").integer(1, SIZE_MAX),
      exactSize: geometry.get("exactSize").boolean(),
      startIndex: geometry.get("startIndex").integer(0, 2 ** 32 - 1),
    },
    kinds: field.get("kinds").elements(100, 1).map((kind) => kind.word(KINDS)),
    steps: field.get("steps").elements(STEPS_MAX, 1).map((step) => ({
      kind: step.get("kind").integer(0, 1000),
      from: step.get("from").word(["none", "there", "size"]),
      by: step.get("by").integer(-1, 1000),
      quarters: step.get("quarters").integer(0, 4),
    })),
  };
}
