import fc from "fast-check";
import type { Field } from "../counterexample/_reader.ts";
import { STEPS_MAX } from "../replay/limits.ts";
import type { MempoolGeometry } from "./subject.ts";

/** What a step does. */
export type PoolVerb = "get" | "put" | "getBulk" | "putBulk" | "flush" | "wrongPut";

const VERBS: readonly PoolVerb[] = ["get", "put", "getBulk", "putBulk", "flush", "wrongPut"];

/** One step as drawn: numbers that are resolved against the pool and what is held. */
export interface PoolStep {
  /** Index into the verbs of the run, modulo their number. */
  readonly verb: number;
  /** Who does it, modulo the lcores. */
  readonly lcore: number;
  /** How many, for bulk: itself, or when negative one of the sizes at which pools change their ways. */
  readonly n: number;
  /** Which of the held or free buffers, modulo their number. */
  readonly pick: number;
}

/** A drawn run: a geometry, the verbs that occur, the steps. */
export interface MempoolScenario {
  /** The limits of the pool. */
  readonly geometry: MempoolGeometry;
  /** What steps do in this run. */
  readonly verbs: readonly PoolVerb[];
  /** The steps in order. */
  readonly steps: readonly PoolStep[];
}

/**
 * Draws scenarios that find faults in pools: few buffers, so that they run out; caches of sizes next to
 * each other; buffers that one lcore gets and another gives back; bulks of half a cache, a cache, the whole
 * pool, and one more; verbs switched off run by run.
 */
export function mempoolScenarios(): fc.Arbitrary<MempoolScenario> {
  const step: fc.Arbitrary<PoolStep> = fc.record({
    verb: fc.nat(5),
    lcore: fc.nat(2),
    n: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: -6, max: -1 })),
    pick: fc.nat(100),
  });
  return fc.record({
    geometry: fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constantFrom(24, 64)),
      cacheSize: fc.oneof(fc.nat(8), fc.constant(16)),
      lcores: fc.integer({ min: 1, max: 3 }),
    }),
    verbs: fc.subarray<PoolVerb>(["put", "getBulk", "putBulk", "flush", "wrongPut"])
      .map((verbs): PoolVerb[] => ["get", ...verbs]),
    steps: fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
  });
}

/** How many buffers a bulk is to be of. */
export function bulkSize(n: number, { cacheSize, size }: MempoolGeometry): number {
  if (n > 0) return n;
  const half = Math.floor(cacheSize / 2);
  return Math.max(1, [half, half + 1, cacheSize, cacheSize + 1, size, size + 1][-n - 1]!);
}

/**
 * The scenario of a token.
 * @throws {InputError} naming what is wrong where
 */
export function readMempoolScenario(field: Field): MempoolScenario {
  const geometry = field.get("geometry");
  return {
    geometry: {
      size: geometry.get("size").integer(1, 1 << 16),
      cacheSize: geometry.get("cacheSize").integer(0, 512),
      lcores: geometry.get("lcores").integer(1, 64),
    },
    verbs: field.get("verbs").elements(100, 1).map((verb) => verb.word(VERBS)),
    steps: field.get("steps").elements(STEPS_MAX, 1).map((step) => ({
      verb: step.get("verb").integer(0, 1000),
      lcore: step.get("lcore").integer(0, 1000),
      n: step.get("n").integer(-6, 1000),
      pick: step.get("pick").integer(0, 1e6),
    })),
  };
}
