import fc from "fast-check";
import type { Fib6 } from "../../core/fib/fib6.ts";
import type { FibVerdict } from "../fib/conformance.ts";
import { LawViolation } from "../fib/rig.ts";
import type { FibGeometry } from "../fib/scenario.ts";
import { Fib6Kit, type Fib6Law } from "./law.ts";
import { operationLaws6 } from "./laws_operation.ts";
import { tableLaws6 } from "./laws_table.ts";
import { wholeLaws6 } from "./laws_whole.ts";
import type { Fib6Ledger } from "./ledger.ts";
import { fib6Scenarios } from "./scenario.ts";

/** The laws of IPv6 forwarding tables, in the order of their numbers. */
export const fib6Laws: readonly Fib6Law[] = [...operationLaws6, ...tableLaws6, ...wholeLaws6]
  .sort((a, b) => Number(a.id.slice(4)) - Number(b.id.slice(4)));

/** How a table is judged. */
export interface Fib6ConformanceOptions<F extends Fib6> {
  /** What the table consumes. Without it a table may refuse for want of rules only. */
  readonly ledger?: Fib6Ledger<F>;
  /** Scenarios for each drawn law, 40 when left out. */
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
   * Depths at which routes are nested exhaustively; where levels and words end when left out.
   */
  readonly exhaustiveAt?: readonly number[];
}

/** Least share of the runs of LPM-1 that a label has to be seen in. */
const FLOORS: readonly (readonly [label: string, share: number, needsLedger: boolean])[] = [
  ["deleted", 0.25, false],
  ["beyond 64", 0.4, false],
  ["refused", 0.2, false],
  ["allocated", 0.5, true],
  ["collapsed", 0.2, true],
];

/** Runs below which the shares say nothing. */
const FLOOR_RUNS = 40;

const COVERAGE =
  "the drawn runs meet what tables get wrong: deletions, refusals, groups that come and go, depths beyond 64";

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
export function* judgeFib6<F extends Fib6>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: Fib6ConformanceOptions<F> = {},
): Generator<FibVerdict> {
  for (const { id, statement, unjudged, judge } of trials(name, make, options)) {
    if (unjudged) yield { id, statement, outcome: "not judged", message: unjudged };
    else yield judge();
  }
}

/**
 * Registers one `Deno.test` with a step for each law of IPv6 forwarding tables.
 *
 * @example
 * ```ts
 * import { LinearFib6 } from "@planecheck/planecheck/core";
 * import { judgeFib6, linear6Ledger } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // In a test file: fib6Conformance("my table", (geometry) => new MyFib(geometry));
 * const verdicts = [...judgeFib6("linear", (geometry) => new LinearFib6(geometry), {
 *   ledger: linear6Ledger(),
 *   only: /^LPM-[1-9]$/,
 *   numRuns: 5,
 * })];
 * assertEquals(verdicts.every((verdict) => verdict.outcome === "holds"), true);
 * ```
 */
export function fib6Conformance<F extends Fib6>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: Fib6ConformanceOptions<F> = {},
): void {
  Deno.test(`${name} keeps the laws of IPv6 forwarding tables`, async (t) => {
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

function trials<F extends Fib6>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: Fib6ConformanceOptions<F>,
): Trial[] {
  const numRuns = options.numRuns ?? 40;
  if (!Number.isInteger(numRuns) || numRuns < 1) {
    throw new RangeError(`Cannot judge ${name}: numRuns ${numRuns} is not a positive integer`);
  }
  return fib6Laws.filter((law) => !options.only || options.only.test(law.id)).flatMap((law) => {
    const kit = new Fib6Kit(
      make,
      options.ledger,
      options.exhaustiveAt ?? [0, 31, 63, 126],
      options.seed ?? 1,
      options.shortest ?? 1,
    );
    const { id, statement, needs } = law;
    const unjudged = needs && !options.ledger?.[needs] ? `the ledger has no ${needs}` : "";
    const trial = { id, statement, unjudged, judge: () => judge(name, law, kit, numRuns) };
    if (id !== "LPM-1" || numRuns < FLOOR_RUNS) return [trial];
    const cover = () => coverage(name, kit, numRuns);
    return [trial, { id: "HARN-3", statement: COVERAGE, unjudged: "", judge: cover }];
  });
}

function judge<F extends Fib6>(
  name: string,
  law: Fib6Law,
  kit: Fib6Kit<F>,
  numRuns: number,
): FibVerdict {
  const { id, statement } = law;
  const detail = law.judged === "once" ? runOnce(law, kit) : runDrawn(law, kit, numRuns);
  if (detail === "" && kit.operations > 0) return { id, statement, outcome: "holds", message: "" };
  const why = detail || "  no operation was done, so nothing is proved (HARN-1)";
  const message = `${id} broken by ${name}: ${statement} (${law.clause})\n${why}`;
  return { id, statement, outcome: "broken", message };
}

function runOnce<F extends Fib6>(law: Fib6Law, kit: Fib6Kit<F>): string {
  try {
    law.check(kit, undefined as never);
    return "";
  } catch (error) {
    return explain(kit, error);
  }
}

function runDrawn<F extends Fib6>(law: Fib6Law, kit: Fib6Kit<F>, numRuns: number): string {
  const details = fc.check(
    fc.property(fib6Scenarios(kit.shortest), (scenario) => {
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
function explain<F extends Fib6>(kit: Fib6Kit<F>, error: unknown): string {
  if (error instanceof LawViolation) return error.message;
  try {
    kit.rig?.fail(`expected no exception, got ${error}`);
  } catch (violation) {
    if (violation instanceof LawViolation) return violation.message;
  }
  return `  expected no exception, got ${error}`;
}

function coverage<F extends Fib6>(name: string, kit: Fib6Kit<F>, numRuns: number): FibVerdict {
  const counted = FLOORS.filter(([, , needsLedger]) => !needsLedger || kit.ledger?.limited);
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
