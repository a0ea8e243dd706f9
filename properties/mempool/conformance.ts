import fc from "fast-check";
import { LawViolation } from "../part.ts";
import { MempoolKit, type MempoolLaw, mempoolLaws } from "./laws.ts";
import { type MempoolScenario, mempoolScenarios } from "./scenario.ts";
import { type MempoolGeometry, offers, type PoolUnderTest } from "./subject.ts";

/** How a pool is judged. */
export interface MempoolConformanceOptions {
  /** Scenarios for each law, 60 when left out. */
  readonly numRuns?: number;
  /** Where the drawing starts, 1 when left out: the same scenarios every time. */
  readonly seed?: number;
  /** Only laws whose id matches. */
  readonly only?: RegExp;
}

/** What became of a law. */
export interface MempoolVerdict {
  /** `POOL-1` ..., or `HARN-3` for the coverage of the drawing itself. */
  readonly id: string;
  /** The law. */
  readonly statement: string;
  /** A law that could not be judged did not hold. */
  readonly outcome: "holds" | "broken" | "not judged";
  /** The law, the operations, expected and got; or why it was not judged. Empty when it holds. */
  readonly message: string;
}

/** Least share of the runs of POOL-2 that a label has to be seen in. */
const FLOORS: readonly (readonly [label: string, share: number, needs?: "getBulk" | "flush"])[] = [
  ["put", 0.3],
  ["refused", 0.3],
  ["bulk", 0.2, "getBulk"],
  ["bulk refused", 0.2, "getBulk"],
  ["flush", 0.2, "flush"],
];

/** Runs below which the shares say nothing. */
const FLOOR_RUNS = 40;

const COVERAGE =
  "the drawn runs meet what pools get wrong: refusals, bulks that do not fit, flushes";

/** A law with everything that is needed to judge it. */
interface Trial {
  readonly id: string;
  readonly statement: string;
  /** Why the law cannot be judged; empty when it can. */
  readonly unjudged: string;
  readonly judge: () => MempoolVerdict;
}

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
  for (const { id, statement, unjudged, judge } of trials(name, make, options)) {
    if (unjudged) yield { id, statement, outcome: "not judged", message: unjudged };
    else yield judge();
  }
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
  Deno.test(`${name} keeps the laws of buffer pools`, async (t) => {
    let judged = 0;
    for (const { id, statement, unjudged, judge } of trials(name, make, options)) {
      await t.step({
        name: `${id} ${statement}${unjudged && ` (not judged: ${unjudged})`}`,
        ignore: unjudged !== "",
        fn: () => {
          judged++;
          const verdict = judge();
          if (verdict.outcome === "broken") throw new Error(verdict.message);
        },
      });
    }
    if (judged === 0) throw new Error(`No law of ${name} was judged (HARN-1)`);
  });
}

function trials(
  name: string,
  make: (geometry: MempoolGeometry) => PoolUnderTest,
  options: MempoolConformanceOptions,
): Trial[] {
  const { numRuns = 60, only, seed = 1 } = options;
  if (!Number.isInteger(numRuns) || numRuns < 1) {
    throw new RangeError(`Cannot judge ${name}: numRuns ${numRuns} is not a positive integer`);
  }
  const sample = make({ size: 4, cacheSize: 2, lcores: 1 });
  return mempoolLaws.filter((law) => !only || only.test(law.id)).flatMap((law) => {
    const kit = new MempoolKit(make);
    const { id, needs, statement } = law;
    const unjudged = needs && !offers(sample, needs) ? `the pool does not offer ${needs}` : "";
    const trial = { id, statement, unjudged, judge: () => judge(name, law, kit, numRuns, seed) };
    if (id !== "POOL-2" || numRuns < FLOOR_RUNS) return [trial];
    const cover = () => coverage(name, kit, sample, numRuns);
    return [trial, { id: "HARN-3", statement: COVERAGE, unjudged: "", judge: cover }];
  });
}

function judge(
  name: string,
  law: MempoolLaw,
  kit: MempoolKit,
  numRuns: number,
  seed: number,
): MempoolVerdict {
  const { clause, id, statement } = law;
  const details = fc.check(
    fc.property(mempoolScenarios(), (scenario) => attempt(law, kit, scenario)),
    { numRuns, seed },
  );
  const whole = !details.failed && !details.interrupted && details.numRuns === numRuns;
  if (whole && kit.steps > 0) return { id, statement, outcome: "holds", message: "" };
  const error = details.errorInstance;
  const what = error instanceof Error
    ? error.message
    : `  ${details.numRuns} runs with ${kit.steps} steps prove nothing (HARN-1)`;
  const token = `  seed ${details.seed}, path "${details.counterexamplePath}", ` +
    `run ${details.numRuns} of ${numRuns}, shrunk ${details.numShrinks} times`;
  const message = `${id} broken by ${name}: ${statement} (${clause})\n${what}\n${token}`;
  return { id, statement, outcome: "broken", message };
}

/** Judges one scenario; an exception of the pool is a violation too, told with what led to it. */
function attempt(law: MempoolLaw, kit: MempoolKit, scenario: MempoolScenario): void {
  try {
    law.check(kit, scenario);
  } catch (error) {
    if (error instanceof LawViolation) throw error;
    const log = (kit.rig?.log ?? []).map((line, i) => `  ${String(i + 1).padStart(3)}. ${line}`);
    throw new LawViolation([...log, `  expected no exception, got ${error}`].join("\n"));
  }
}

function coverage(
  name: string,
  kit: MempoolKit,
  sample: PoolUnderTest,
  numRuns: number,
): MempoolVerdict {
  const lines = FLOORS.filter(([, , needs]) => needs === undefined || sample[needs] !== undefined)
    .filter(([label, share]) => (kit.labels.get(label) ?? 0) < share * numRuns)
    .map(([label, share]) =>
      `  ${label}: expected in at least ${share * numRuns} of ${numRuns} runs, got ${
        kit.labels.get(label) ?? 0
      }`
    );
  const message = lines.length === 0
    ? ""
    : `HARN-3 broken by the runs of ${name}: ${COVERAGE}\n${lines.join("\n")}`;
  const outcome = lines.length === 0 ? "holds" : "broken";
  return { id: "HARN-3", statement: COVERAGE, outcome, message };
}
