import {
  checkRuns,
  chosen,
  coverageOf,
  FLOOR_RUNS,
  type PartVerdict,
  registerTrials,
  replayOf,
  type Trial,
  trialOf,
  verdictsOf,
} from "../part.ts";
import { seedFromEnvironment } from "../environment.ts";
import type { Token } from "../replay/token.ts";
import type { BurstRing, RingGeometry, RingPart } from "./burst_ring.ts";
import { ELEMENT_WORDS_MAX } from "../../core/ring/element_ring.ts";
import { RingKit, type RingLaw } from "./law.ts";
import { ringLaws } from "./laws.ts";
import { readRingScenario, ringScenarios } from "./scenario.ts";

/** How a ring is judged. */
export interface RingConformanceOptions {
  /** Whether any size can be made, not powers of two only; true. */
  readonly exactSizes?: boolean;
  /** Scenarios for each drawn law, 100 when left out. */
  readonly numRuns?: number;
  /**
   * Where the drawing starts: under `deno test` the variable PLANECHECK_SEED, or else 1, so that the
   * scenarios are the same every time.
   */
  readonly seed?: number;
  /** Only laws whose id matches. */
  readonly only?: RegExp;
  /** A token: judges its law on its scenario instead of drawing any. */
  readonly replay?: string;
  /** Parts that the ring has methods for, but does not offer as it is made here; none. */
  readonly without?: readonly RingPart[];
  /** Words of an item, 1 when left out: rings of elements, whose single calls are not judged. */
  readonly elementWords?: number;
}

/** What became of a law. */
export type RingVerdict = PartVerdict;

const RUNS = 100;

/** By law, the least share of its runs that a label has to be seen in. */
const FLOORS: Readonly<Record<string, readonly (readonly [label: string, share: number])[]>> = {
  "RING-3": [["partial", 0.3], ["refused", 0.3], ["full", 0.3], ["around", 0.3]],
  "RING-5": [["past the wrap", 0.3]],
};

const COVERAGE =
  "the drawn runs meet what rings get wrong: full, empty, part of a burst, the wraps";

/**
 * Judges a ring by each law that one thread can judge, one at a time as the verdicts are asked for:
 * for other runners than `Deno.test`. What happens between threads (RING-6 to RING-8) is for
 * {@link queueViolation} on their history.
 *
 * @throws {RangeError} when `numRuns` is not a positive integer, or `elementWords` out of range
 */
export function* judgeRing(
  name: string,
  make: (geometry: RingGeometry) => BurstRing,
  options: RingConformanceOptions = {},
): Generator<RingVerdict> {
  yield* verdictsOf(trials(name, make, options));
}

/**
 * Registers one `Deno.test` with a step for each law of rings that one thread can judge.
 *
 * @throws {RangeError} when `numRuns` is not a positive integer, or `elementWords` out of range
 * @example
 * ```ts
 * import { SpscRing } from "@planecheck/planecheck/core";
 * import { judgeRing } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // In a test file: ringConformance("mine", ({ size }) => new MyRing(size));
 * const verdicts = [...judgeRing("mine", ({ size, ...rest }) => new SpscRing(size, rest), {
 *   numRuns: 10,
 * })];
 * assertEquals(verdicts.every((verdict) => verdict.outcome === "holds"), true);
 * ```
 */
export function ringConformance(
  name: string,
  make: (geometry: RingGeometry) => BurstRing,
  options: RingConformanceOptions = {},
): void {
  checkRuns(name, options.numRuns ?? RUNS);
  const seed = options.seed ?? seedFromEnvironment();
  const seeded = seed === undefined ? options : { ...options, seed };
  registerTrials({ kind: "ring", name }, "rings", (token) => trials(name, make, seeded, token));
}

function trials(
  name: string,
  make: (geometry: RingGeometry) => BurstRing,
  options: RingConformanceOptions,
  token?: Token,
): Trial[] {
  const { exactSizes = true, only, seed = 1, without = [], elementWords = 1 } = options;
  if (!Number.isInteger(elementWords) || elementWords < 1 || elementWords > ELEMENT_WORDS_MAX) {
    throw new RangeError(
      `Cannot judge ${name}: elementWords is ${elementWords}, not 1..${ELEMENT_WORDS_MAX}`,
    );
  }
  const numRuns = checkRuns(name, options.numRuns ?? RUNS);
  const subject = { kind: "ring", name } as const;
  const replay = replayOf(options.replay ?? token, subject, readRingScenario);
  return chosen(ringLaws, only, replay).flatMap((law) => {
    const kit = new RingKit(make, exactSizes, seed, without, elementWords);
    const { id, judged } = law;
    const scenarios = judged === "once" ? undefined : ringScenarios(judged, exactSizes);
    const trial = trialOf(subject, law, kit, numRuns, scenarios, missing(law, kit), replay);
    const floors = FLOORS[id];
    if (replay !== undefined || floors === undefined || numRuns < FLOOR_RUNS) return [trial];
    return [trial, coverageOf(name, `${id}: ${COVERAGE}`, kit, numRuns, floors)];
  });
}

/** Why a law cannot be judged; empty when it can. A ring that cannot be made is judged. */
function missing(law: RingLaw, kit: RingKit): string {
  if (law.needs === undefined) return "";
  try {
    const ring = kit.make({ size: 4, exactSize: kit.exactSizes, startIndex: 0 });
    if (law.needs.some((part) => kit.has(ring, part))) return "";
  } catch {
    return "";
  }
  return `the ring has no ${law.needs.join(" and no ")}`;
}
