import fc from "fast-check";
import type { BurstRing, RingGeometry, RingPart } from "./burst_ring.ts";
import { RingKit, type RingLaw } from "./law.ts";
import { ringLaws } from "./laws.ts";
import { RingViolation } from "./rig.ts";
import { ringScenarios } from "./scenario.ts";

/** How a ring is judged. */
export interface RingConformanceOptions {
  /** Whether any size can be made, not powers of two only; true. */
  readonly exactSizes?: boolean;
  /** Scenarios for each drawn law, 100 when left out. */
  readonly numRuns?: number;
  /** Where the drawing starts, 1 when left out: the same scenarios every time. */
  readonly seed?: number;
  /** Only laws whose id matches. */
  readonly only?: RegExp;
  /** Parts that the ring has methods for, but does not offer as it is made here; none. */
  readonly without?: readonly RingPart[];
}

/** What became of a law. */
export interface RingVerdict {
  /** `RING-1` ..., or `HARN-3` for the coverage of the drawing itself. */
  readonly id: string;
  /** The law. */
  readonly statement: string;
  /** A law that could not be judged did not hold. */
  readonly outcome: "holds" | "broken" | "not judged";
  /** The law, the operations, expected and got; or why it was not judged. Empty when it holds. */
  readonly message: string;
}

/** A law and the least share of its runs that a label has to be seen in. */
const FLOORS: readonly (readonly [law: string, label: string, share: number])[] = [
  ["RING-3", "partial", 0.3],
  ["RING-3", "refused", 0.3],
  ["RING-3", "full", 0.3],
  ["RING-3", "around", 0.3],
  ["RING-5", "past the wrap", 0.3],
];

/** Runs below which the shares say nothing. */
const FLOOR_RUNS = 40;

const COVERAGE =
  "the drawn runs meet what rings get wrong: full, empty, part of a burst, the wraps";

/** A law with everything that is needed to judge it. */
interface Trial {
  readonly id: string;
  readonly statement: string;
  /** Why the law cannot be judged; empty when it can. */
  readonly unjudged: string;
  readonly judge: () => RingVerdict;
}

/**
 * Judges a ring by each law that one thread can judge, one at a time as the verdicts are asked for:
 * for other runners than `Deno.test`. What happens between threads (RING-6 to RING-8) is for
 * {@link queueViolation} on their history.
 *
 * @throws {RangeError} when `numRuns` is not a positive integer
 */
export function* judgeRing(
  name: string,
  make: (geometry: RingGeometry) => BurstRing,
  options: RingConformanceOptions = {},
): Generator<RingVerdict> {
  for (const { id, statement, unjudged, judge } of trials(name, make, options)) {
    if (unjudged) yield { id, statement, outcome: "not judged", message: unjudged };
    else yield judge();
  }
}

/**
 * Registers one `Deno.test` with a step for each law of rings that one thread can judge.
 *
 * @throws {RangeError} when `numRuns` is not a positive integer
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
  checkRuns(name, options.numRuns);
  Deno.test(`${name} keeps the laws of rings`, async (t) => {
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

function checkRuns(name: string, numRuns = 100): number {
  if (Number.isInteger(numRuns) && numRuns >= 1) return numRuns;
  throw new RangeError(`Cannot judge ${name}: numRuns ${numRuns} is not a positive integer`);
}

function trials(
  name: string,
  make: (geometry: RingGeometry) => BurstRing,
  options: RingConformanceOptions,
): Trial[] {
  const numRuns = checkRuns(name, options.numRuns);
  const exactSizes = options.exactSizes ?? true;
  const laws = ringLaws.filter((law) => !options.only || options.only.test(law.id));
  return laws.flatMap((law) => {
    const kit = new RingKit(make, exactSizes, options.seed ?? 1, options.without ?? []);
    const { id, statement } = law;
    const unjudged = missing(law, kit);
    const trial = { id, statement, unjudged, judge: () => judge(name, law, kit, numRuns) };
    if (numRuns < FLOOR_RUNS || !FLOORS.some(([of]) => of === id)) return [trial];
    const cover = () => coverage(name, law, kit, numRuns);
    return [trial, { id: "HARN-3", statement: `${id}: ${COVERAGE}`, unjudged: "", judge: cover }];
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

function judge(name: string, law: RingLaw, kit: RingKit, numRuns: number): RingVerdict {
  const { id, statement } = law;
  const detail = law.judged === "once" ? runOnce(law, kit) : runDrawn(law, kit, numRuns);
  if (detail === "" && kit.operations > 0) return { id, statement, outcome: "holds", message: "" };
  const why = detail || "  no operation was done, so nothing is proved (HARN-1)";
  const message = `${id} broken by ${name}: ${statement} (${law.clause})\n${why}`;
  return { id, statement, outcome: "broken", message };
}

function runOnce(law: RingLaw, kit: RingKit): string {
  try {
    law.check(kit, undefined as never);
    return "";
  } catch (error) {
    return explain(kit, error);
  }
}

function runDrawn(law: RingLaw, kit: RingKit, numRuns: number): string {
  const start = law.judged === "wrap" ? "wrap" : "zero";
  const details = fc.check(
    fc.property(ringScenarios(start, kit.exactSizes), (scenario) => {
      try {
        law.check(kit, scenario);
      } catch (error) {
        throw new RingViolation(explain(kit, error));
      }
    }),
    { numRuns, seed: kit.seed },
  );
  if (!details.failed && !details.interrupted && details.numRuns === numRuns) return "";
  const token =
    `  seed ${details.seed}, path "${details.counterexamplePath}", run ${details.numRuns} of ${numRuns}`;
  const error = details.errorInstance;
  const what = error instanceof Error
    ? error.message
    : `  interrupted after ${details.numRuns} runs`;
  return `${what}\n${token}, shrunk ${details.numShrinks} times`;
}

/** What went wrong, with the operations that led there even when the ring itself threw. */
function explain(kit: RingKit, error: unknown): string {
  if (error instanceof RingViolation) return error.message;
  try {
    kit.rig?.fail(`expected no exception, got ${error}`);
  } catch (violation) {
    if (violation instanceof RingViolation) return violation.message;
  }
  return `  expected no exception, got ${error}`;
}

function coverage(name: string, law: RingLaw, kit: RingKit, numRuns: number): RingVerdict {
  const poor = FLOORS.filter(([of, label, share]) =>
    of === law.id && (kit.labels.get(label) ?? 0) < share * numRuns
  );
  const lines = poor.map(([, label, share]) =>
    `  ${label}: expected in at least ${share * numRuns} of ${numRuns} runs, got ${
      kit.labels.get(label) ?? 0
    }`
  );
  const statement = `${law.id}: ${COVERAGE}`;
  const message = poor.length === 0
    ? ""
    : `HARN-3 broken by the runs of ${name}: ${statement}\n${lines.join("\n")}`;
  return { id: "HARN-3", statement, outcome: poor.length === 0 ? "holds" : "broken", message };
}
