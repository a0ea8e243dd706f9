import type { Fib6 } from "../../core/fib/fib6.ts";
import type { FibVerdict } from "../fib/conformance.ts";
import { type FibGeometry, readFibScenario } from "../fib/scenario.ts";
import { fibTrials } from "../fib/trials.ts";
import { seedFromEnvironment } from "../environment.ts";
import { registerTrials, type Trial, verdictsOf } from "../part.ts";
import type { Token } from "../replay/token.ts";
import { fib6Laws, IPV6, needsOf6, tableOf6 } from "./ipv6.ts";
import type { Fib6Ledger } from "./ledger.ts";
import { fib6Scenarios } from "./scenario.ts";

/** How a table is judged. */
export interface Fib6ConformanceOptions<F extends Fib6> {
  /** What the table consumes. Without it a table may refuse for want of rules only. */
  readonly ledger?: Fib6Ledger<F>;
  /** Scenarios for each drawn law, 40 when left out. */
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
   * Depths at which routes are nested exhaustively; where levels and words end when left out.
   */
  readonly exhaustiveAt?: readonly number[];
}

/** Least share of the runs of LPM-1 that a label has to be seen in. */
const FLOORS: readonly (readonly [label: string, share: number])[] = [
  ["deleted", 0.25],
  ["beyond 64", 0.4],
  ["refused", 0.2],
];

const COVERAGE =
  "the drawn runs meet what tables get wrong: deletions, refusals, groups that come and go, depths beyond 64";

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
  yield* verdictsOf(trials(name, make, options));
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
  const seed = options.seed ?? seedFromEnvironment();
  const seeded = seed === undefined ? options : { ...options, seed };
  const subject = { kind: "fib6", name } as const;
  registerTrials(subject, "IPv6 forwarding tables", (token) => trials(name, make, seeded, token));
}

function trials<F extends Fib6>(
  name: string,
  make: (geometry: FibGeometry) => F,
  options: Fib6ConformanceOptions<F>,
  token?: Token,
): Trial[] {
  return fibTrials(
    { kind: "fib6", name },
    {
      family: IPV6,
      laws: fib6Laws,
      make: (geometry) => tableOf6(make(geometry), options.ledger),
      ledger: needsOf6(options.ledger),
      hasReader: false,
      windows: options.exhaustiveAt ?? [0, 31, 63, 126],
      read: (field) => readFibScenario(field, 128, (base) => base.digits(128)),
      scenarios: fib6Scenarios,
      floors: FLOORS,
      coverage: COVERAGE,
    },
    { numRuns: 40, ...options },
    token,
  );
}
