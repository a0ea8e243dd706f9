import fc from "fast-check";

/**
 * How a part (a ring, a pool, a table) is judged by its laws: what is the same for all of them. Each
 * part has its own laws, scenarios and rig; here a law becomes a verdict, and verdicts a `Deno.test`.
 */

/** A law that does not hold: what was done, what was expected, what came. */
export class LawViolation extends Error {}

/** What became of a law. */
export interface PartVerdict {
  /** `LPM-1`, `RING-1`, ..., or `HARN-3` for the coverage of the drawing itself. */
  readonly id: string;
  /** The law. */
  readonly statement: string;
  /** A law that could not be judged did not hold. */
  readonly outcome: "holds" | "broken" | "not judged";
  /**
   * The law, the operations, expected and got; or why it was not judged. Empty when it holds.
   */
  readonly message: string;
}

/** What a law is judged with, as far as the judge needs it. */
export class PartKit<
  R extends { fail(what: string): never } = { fail(what: string): never },
> {
  /** Steps done; a run without any proves nothing. */
  operations = 0;
  /** How many runs a label was seen in. */
  readonly labels: Map<string, number> = new Map();
  /** The rig that was made last, for faults that end in an exception. */
  rig: R | undefined;

  /** Where the drawing starts. */
  constructor(readonly seed: number) {}

  /** Counts a run for a label. */
  label(name: string): void {
    this.labels.set(name, (this.labels.get(name) ?? 0) + 1);
  }

  /** Ends the run, with the operations that led there, if any were done. */
  fail(what: string): void {
    this.rig?.fail(what);
  }
}

/** A law of a part, as data. */
export interface PartLaw<K, S> {
  /** `LPM-1`, `RING-1`, ... */
  readonly id: string;
  /** The law in one sentence. */
  readonly statement: string;
  /** Where it comes from. */
  readonly clause: string;
  /** Does the run and throws a `LawViolation` when the law does not hold. */
  check(kit: K, scenario: S): void;
}

/** A law with everything that is needed to judge it. */
export interface Trial {
  /** Of the law, or `HARN-3`. */
  readonly id: string;
  /** The law. */
  readonly statement: string;
  /** Why the law cannot be judged; empty when it can. */
  readonly unjudged: string;
  /** Judges it. */
  readonly judge: () => PartVerdict;
}

/** Runs below which the shares of labels say nothing. */
export const FLOOR_RUNS = 40;

/**
 * Answers the number of runs.
 * @throws {RangeError} when it is not a positive integer
 */
export function checkRuns(name: string, numRuns: number): number {
  if (Number.isInteger(numRuns) && numRuns >= 1) return numRuns;
  throw new RangeError(`Cannot judge ${name}: numRuns ${numRuns} is not a positive integer`);
}

/** A law on `numRuns` drawn scenarios, or, without any to draw from, on its one fixed run. */
export function trialOf<K extends PartKit, S>(
  name: string,
  law: PartLaw<K, S>,
  kit: K,
  numRuns: number,
  scenarios: fc.Arbitrary<S> | undefined,
  unjudged = "",
): Trial {
  const { id, statement } = law;
  const judge = (): PartVerdict => {
    const detail = scenarios ? runDrawn(law, kit, numRuns, scenarios) : runOnce(law, kit);
    if (detail === "" && kit.operations > 0) {
      return { id, statement, outcome: "holds", message: "" };
    }
    const why = detail || "  no operation was done, so nothing is proved (HARN-1)";
    const message = `${id} broken by ${name}: ${statement} (${law.clause})\n${why}`;
    return { id, statement, outcome: "broken", message };
  };
  return { id, statement, unjudged, judge };
}

/** Whether the runs of a law, once judged, met each label in at least the share of them given. */
export function coverageOf(
  name: string,
  statement: string,
  kit: PartKit,
  numRuns: number,
  floors: readonly (readonly [label: string, share: number])[],
): Trial {
  const judge = (): PartVerdict => {
    const seen = (label: string): number => kit.labels.get(label) ?? 0;
    const lines = floors.filter(([label, share]) => seen(label) < share * numRuns).map((
      [label, share],
    ) =>
      `  ${label}: expected in at least ${share * numRuns} of ${numRuns} runs, got ${seen(label)}`
    );
    if (lines.length === 0) return { id: "HARN-3", statement, outcome: "holds", message: "" };
    const message = `HARN-3 broken by the runs of ${name}: ${statement}\n${lines.join("\n")}`;
    return { id: "HARN-3", statement, outcome: "broken", message };
  };
  return { id: "HARN-3", statement, unjudged: "", judge };
}

/** The verdicts, one at a time as they are asked for. */
export function* verdictsOf(trials: readonly Trial[]): Generator<PartVerdict> {
  for (const { id, statement, unjudged, judge } of trials) {
    if (unjudged) yield { id, statement, outcome: "not judged", message: unjudged };
    else yield judge();
  }
}

/** Registers one `Deno.test` with a step for each trial. */
export function registerTrials(name: string, laws: string, trials: () => readonly Trial[]): void {
  Deno.test(`${name} keeps the laws of ${laws}`, async (t) => {
    let judged = 0;
    for (const { id, statement, unjudged, judge } of trials()) {
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

function runOnce<K extends PartKit, S>(law: PartLaw<K, S>, kit: K): string {
  try {
    law.check(kit, undefined as never);
    return "";
  } catch (error) {
    return explain(kit, error);
  }
}

function runDrawn<K extends PartKit, S>(
  law: PartLaw<K, S>,
  kit: K,
  numRuns: number,
  scenarios: fc.Arbitrary<S>,
): string {
  const details = fc.check(
    fc.property(scenarios, (scenario) => {
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

/** What went wrong, with the operations that led there even when the part itself threw. */
function explain(kit: PartKit, error: unknown): string {
  if (error instanceof LawViolation) return error.message;
  try {
    kit.fail(`expected no exception, got ${error}`);
  } catch (violation) {
    if (violation instanceof LawViolation) return violation.message;
  }
  return `  expected no exception, got ${error}`;
}
