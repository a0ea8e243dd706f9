import type { Fib4 } from "../../core/fib/fib.ts";
import { seedFromEnvironment } from "../environment.ts";
import { type PartVerdict, registerTrials, type Trial, verdictsOf } from "../part.ts";
import type { Token } from "../replay/token.ts";
import { IPV4, needsOf4, tableOf4 } from "./ipv4.ts";
import type { ReaderOf } from "./law.ts";
import { fibLaws } from "./laws.ts";
import type { FibLedger } from "./ledger.ts";
import { type FibGeometry, fibScenarios, readFibScenario } from "./scenario.ts";
import { fibTrials } from "./trials.ts";

/** How a table is judged. */
export interface FibConformanceOptions<F extends Fib4> {
  /** What the table consumes. Without it a table may refuse for want of rules only. */
  readonly ledger?: FibLedger<F>;
  /** What looks up while the table changes. Without it LPM-12 is not judged. */
  readonly reader?: ReaderOf<F>;
  /** Scenarios for each drawn law, 60 when left out. */
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
  /**
   * No drawn prefix but /0 is shorter: for tables that write 2^(n - depth) entries. 1 when left
   * out.
   */
  readonly shortest?: number;
  /** Whether the table can hold a route of depth 0, true when left out; rte_lpm's cannot. */
  readonly defaultRoute?: boolean;
  /**
   * Depths at which routes are nested exhaustively; the boundaries of 8-bit levels when left out.
   */
  readonly exhaustiveAt?: readonly number[];
}

/** What became of a law. */
export type FibVerdict = PartVerdict;

/** Least share of the runs of LPM-1 that a label has to be seen in. */
const FLOORS: readonly (readonly [label: string, share: number])[] = [
  ["deleted", 0.3],
  ["refused", 0.2],
];

const COVERAGE =
  "the drawn runs meet what tables get wrong: deletions, refusals, groups that come and go";

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
  yield* verdictsOf(trials(name, make, options));
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
  const seed = options.seed ?? seedFromEnvironment();
  const seeded = seed === undefined ? options : { ...options, seed };
  const subject = { kind: "fib4", name } as const;
  registerTrials(subject, "forwarding tables", (token) => trials(name, make, seeded, token));
}

function trials<F extends Fib4>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: FibConformanceOptions<F>,
  token?: Token,
): Trial[] {
  return fibTrials(
    { kind: "fib4", name },
    {
      family: IPV4,
      laws: fibLaws,
      make: (geometry) => tableOf4(make(geometry), options.ledger, options.reader),
      ledger: needsOf4(options.ledger),
      hasReader: options.reader !== undefined,
      windows: options.exhaustiveAt ?? [0, 7, 15, 23, 30],
      read: (field) => readFibScenario(field, 32, (base) => base.integer(0, 2 ** 32 - 1)),
      scenarios: fibScenarios,
      floors: FLOORS,
      coverage: COVERAGE,
    },
    { numRuns: 60, ...options },
    token,
  );
}
