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
import { MempoolKit, mempoolLaws } from "./laws.ts";
import { mempoolScenarios, readMempoolScenario } from "./scenario.ts";
import { type MempoolGeometry, offers, type PoolUnderTest } from "./subject.ts";

/** How a pool is judged. */
export interface MempoolConformanceOptions {
  /** Scenarios for each law, 60 when left out. */
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
}

/** What became of a law. */
export type MempoolVerdict = PartVerdict;

/** Least share of the runs of POOL-2 that a label has to be seen in. */
const FLOORS: readonly (readonly [label: string, share: number, needs?: "getBulk" | "flush"])[] = [
  ["put", 0.3],
  ["refused", 0.3],
  ["bulk", 0.2, "getBulk"],
  ["bulk refused", 0.2, "getBulk"],
  ["flush", 0.2, "flush"],
];

const COVERAGE =
  "the drawn runs meet what pools get wrong: refusals, bulks that do not fit, flushes";

/**
 * Judges a pool by each law, one at a time as the verdicts are asked for: for other runners than
 * `Deno.test`.
 * @throws {RangeError} when `numRuns` is not a positive integer
 */
export function* judgeMempool(
  name: string,
  make: (geometry: MempoolGeometry) => PoolUnderTest,
  options: MempoolConformanceOptions = {},
): Generator<MempoolVerdict> {
  yield* verdictsOf(trials(name, make, options));
}

/**
 * Registers one `Deno.test` with a step for each law of buffer pools.
 *
 * @example
 * ```ts
 * import { checkedMempool, judgeMempool } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // In a test file: mempoolConformance("my pool", ({ size }) => new MyPool(size));
 * const verdicts = [...judgeMempool("Mempool", (geometry) => checkedMempool(geometry), {
 *   numRuns: 5,
 * })];
 * assertEquals(verdicts.every((verdict) => verdict.outcome === "holds"), true);
 * ```
 */
export function mempoolConformance(
  name: string,
  make: (geometry: MempoolGeometry) => PoolUnderTest,
  options: MempoolConformanceOptions = {},
): void {
  const seed = options.seed ?? seedFromEnvironment();
  const seeded = seed === undefined ? options : { ...options, seed };
  const subject = { kind: "mempool", name } as const;
  registerTrials(subject, "buffer pools", (token) => trials(name, make, seeded, token));
}

function trials(
  name: string,
  make: (geometry: MempoolGeometry) => PoolUnderTest,
  options: MempoolConformanceOptions,
  token?: Token,
): Trial[] {
  const { only, seed = 1 } = options;
  const numRuns = checkRuns(name, options.numRuns ?? 60);
  const sample = make({ size: 4, cacheSize: 2, lcores: 1 });
  const floors = FLOORS.flatMap(([label, share, needs]) =>
    needs === undefined || sample[needs] !== undefined ? [[label, share] as const] : []
  );
  const subject = { kind: "mempool", name } as const;
  const replay = replayOf(options.replay ?? token, subject, readMempoolScenario);
  return chosen(mempoolLaws, only, replay).flatMap((law) => {
    const kit = new MempoolKit(make, seed);
    const { id, needs } = law;
    const unjudged = needs && !offers(sample, needs) ? `the pool does not offer ${needs}` : "";
    const trial = trialOf(subject, law, kit, numRuns, mempoolScenarios(), unjudged, replay);
    if (replay !== undefined || id !== "POOL-2" || numRuns < FLOOR_RUNS) return [trial];
    return [trial, coverageOf(name, COVERAGE, kit, numRuns, floors)];
  });
}
