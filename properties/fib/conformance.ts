import fc from "fast-check";
import type { Fib4 } from "../../core/fib/fib.ts";
import { FibKit, type FibLaw, type ReaderOf } from "./law.ts";
import { operationLaws } from "./laws_operation.ts";
import { readerLaws } from "./laws_readers.ts";
import { tableLaws } from "./laws_table.ts";
import { wholeLaws } from "./laws_whole.ts";
import type { FibLedger } from "./ledger.ts";
import { LawViolation } from "./rig.ts";
import { type FibGeometry, fibScenarios } from "./scenario.ts";

/** The laws of IPv4 forwarding tables, in the order of their numbers. */
export const fibLaws: readonly FibLaw[] = [
  ...operationLaws,
  ...readerLaws,
  ...tableLaws,
  ...wholeLaws,
]
  .sort((a, b) => Number(a.id.slice(4)) - Number(b.id.slice(4)));

/** How a table is judged. */
export interface FibConformanceOptions<F extends Fib4> {
  /** What the table consumes. Without it a table may refuse for want of rules only. */
  readonly ledger?: FibLedger<F>;
  /** What looks up while the table changes. Without it LPM-12 is not judged. */
  readonly reader?: ReaderOf<F>;
  /** Scenarios for each drawn law, 60 when left out. */
  readonly numRuns?: number;
  /** Where the drawing starts, 1 when left out: the same scenarios every time. */
  readonly seed?: number;
  /** Only laws whose id matches. */
  readonly only?: RegExp;
  /**
   * No drawn prefix but /0 is shorter: for tables that write 2^(n - depth) entries. 1 when left
   * out.
   */
  readonly shortest?: number;
  /**
   * Depths at which routes are nested exhaustively; the boundaries of 8-bit levels when left out.
   */
  readonly exhaustiveAt?: readonly number[];
}

/** What became of a law. */
export interface FibVerdict {
  /** `LPM-1` ..., or `HARN-3` for the coverage of the drawing itself. */
  readonly id: string;
  /** The law. */
  readonly statement: string;
  /** A law that could not be judged did not hold. */
  readonly outcome: "holds" | "broken" | "not judged";
  /**
   * The law, the operations, the address, expected and got; or why it was not judged. Empty when it
   * holds.
   */
  readonly message: string;
}

/** Least share of the runs of LPM-1 that a label has to be seen in. */
const FLOORS: readonly (readonly [label: string, share: number, needsLedger: boolean])[] = [
  ["deleted", 0.3, false],
  ["refused", 0.2, false],
  ["allocated", 0.5, true],
  ["collapsed", 0.2, true],
];

/** Runs below which the shares say nothing. */
const FLOOR_RUNS = 40;

const COVERAGE =
  "the drawn runs meet what tables get wrong: deletions, refusals, groups that come and go";

/** A law with everything that is needed to judge it. */
interface Trial {
  readonly id: string;
  readonly statement: string;
  /** Why the law cannot be judged; empty when it can. */
  readonly unjudged: string;
  readonly judge: () => FibVerdict;
}

/**
 * Judges a table by each law, one at a time as the verdicts are asked for: for other runners than
 * `Deno.test`.
 * @throws {RangeError} when `numRuns` is not a positive integer
 */
export function* judgeFib<F extends Fib4>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: FibConformanceOptions<F> = {},
): Generator<FibVerdict> {
  for (const { id, statement, unjudged, judge } of trials(name, make, options)) {
    if (unjudged) yield { id, statement, outcome: "not judged", message: unjudged };
    else yield judge();
  }
}

/**
 * Registers one `Deno.test` with a step for each law of forwarding tables.
 *
 * @example
 * ```ts
 * import { LinearFib } from "@planecheck/planecheck/core";
 * import { judgeFib, linearLedger } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // In a test file: fibConformance("my table", (geometry) => new MyFib(geometry));
 * const verdicts = [...judgeFib("linear", (geometry) => new LinearFib(geometry), {
 *   ledger: linearLedger(),
 *   numRuns: 5,
 * })];
 * assertEquals(verdicts.filter(({ outcome }) => outcome === "broken"), []);
 * // Nothing was said to read the table while it changes.
 * assertEquals(verdicts.find(({ outcome }) => outcome === "not judged")?.id, "LPM-12");
 * ```
 */
export function fibConformance<F extends Fib4>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: FibConformanceOptions<F> = {},
): void {
  Deno.test(`${name} keeps the laws of forwarding tables`, async (t) => {
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

function trials<F extends Fib4>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: FibConformanceOptions<F>,
): Trial[] {
  const numRuns = options.numRuns ?? 60;
  if (!Number.isInteger(numRuns) || numRuns < 1) {
    throw new RangeError(`Cannot judge ${name}: numRuns ${numRuns} is not a positive integer`);
  }
  return fibLaws.filter((law) => !options.only || options.only.test(law.id)).flatMap((law) => {
    const kit = new FibKit(
      make,
      options.ledger,
      options.exhaustiveAt ?? [0, 7, 15, 23, 30],
      options.seed ?? 1,
      options.shortest ?? 1,
      options.reader,
    );
    const { id, statement, needs } = law;
    const unjudged = needs === "reads" && !options.ledger?.reads
      ? "the ledger has no reads"
      : needs === "reader" && !options.reader
      ? "nothing is said to read the table while it changes"
      : "";
    const runs = Math.ceil(numRuns / (law.cost ?? 1));
    const trial = { id, statement, unjudged, judge: () => judge(name, law, kit, runs) };
    if (id !== "LPM-1" || numRuns < FLOOR_RUNS) return [trial];
    const cover = () => coverage(name, kit, numRuns);
    return [trial, { id: "HARN-3", statement: COVERAGE, unjudged: "", judge: cover }];
  });
}

function judge<F extends Fib4>(
  name: string,
  law: FibLaw,
  kit: FibKit<F>,
  numRuns: number,
): FibVerdict {
  const { id, statement } = law;
  const detail = law.judged === "once" ? runOnce(law, kit) : runDrawn(law, kit, numRuns);
  if (detail === "" && kit.operations > 0) return { id, statement, outcome: "holds", message: "" };
  const why = detail || "  no operation was done, so nothing is proved (HARN-1)";
  const message = `${id} broken by ${name}: ${statement} (${law.clause})\n${why}`;
  return { id, statement, outcome: "broken", message };
}

function runOnce<F extends Fib4>(law: FibLaw, kit: FibKit<F>): string {
  try {
    law.check(kit, undefined as never);
    return "";
  } catch (error) {
    return explain(kit, error);
  }
}

function runDrawn<F extends Fib4>(law: FibLaw, kit: FibKit<F>, numRuns: number): string {
  const details = fc.check(
    fc.property(fibScenarios(kit.shortest), (scenario) => {
      try {
        law.check(kit, scenario);
      } catch (error) {
        throw new LawViolation(explain(kit, error));
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

/** What went wrong, with the operations that led there even when the table itself threw. */
function explain<F extends Fib4>(kit: FibKit<F>, error: unknown): string {
  if (error instanceof LawViolation) return error.message;
  try {
    kit.rig?.fail(`expected no exception, got ${error}`);
  } catch (violation) {
    if (violation instanceof LawViolation) return violation.message;
  }
  return `  expected no exception, got ${error}`;
}

function coverage<F extends Fib4>(name: string, kit: FibKit<F>, numRuns: number): FibVerdict {
  const counted = FLOORS.filter(([, , needsLedger]) => !needsLedger || (kit.ledger?.touched));
  const poor = counted.filter(([label, share]) => (kit.labels.get(label) ?? 0) < share * numRuns);
  const lines = poor.map(([label, share]) =>
    `  ${label}: expected in at least ${share * numRuns} of ${numRuns} runs, got ${
      kit.labels.get(label) ?? 0
    }`
  );
  const message = poor.length === 0
    ? ""
    : `HARN-3 broken by the runs of ${name}: ${COVERAGE}\n${lines.join("\n")}`;
  const outcome = poor.length === 0 ? "holds" : "broken";
  return { id: "HARN-3", statement: COVERAGE, outcome, message };
}
