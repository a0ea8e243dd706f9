import fc from "fast-check";
import { InputError } from "../fixtures/input_error.ts";
import type { Field } from "./counterexample/_reader.ts";
import { otherKind, replayFromEnvironment, withoutStack } from "./environment.ts";
import { decodeToken, encodeToken, type Token, type TokenKind } from "./replay/token.ts";

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

/** What is judged: a kind of part, and its name in reports. */
export interface PartSubject {
  /** What a token of it is for. */
  readonly kind: TokenKind;
  /** Name in reports. */
  readonly name: string;
}

/**
 * A law on `numRuns` drawn scenarios, on the one of a token, or, without any to draw from, on its one
 * fixed run.
 */
export function trialOf<K extends PartKit, S>(
  subject: PartSubject,
  law: PartLaw<K, S>,
  kit: K,
  numRuns: number,
  scenarios: fc.Arbitrary<S> | undefined,
  unjudged = "",
  replay?: Replay<S>,
): Trial {
  const { id, statement } = law;
  const { name } = subject;
  const judge = (): PartVerdict => {
    const detail = replay !== undefined
      ? runOnce(law, kit, replay.scenario)
      : scenarios
      ? runDrawn(subject, law, kit, numRuns, scenarios)
      : runOnce(law, kit, undefined as never);
    if (detail === "" && kit.operations > 0) {
      return { id, statement, outcome: "holds", message: "" };
    }
    const why = detail || "  no operation was done, so nothing is proved (HARN-1)";
    const message = `${id} broken by ${name}: ${statement} (${law.clause})\n${why}`;
    return { id, statement, outcome: "broken", message };
  };
  return { id, statement, unjudged, judge };
}

/** Whether the runs of a law, once judged, met each label in the share of them given, but for chance. */
export function coverageOf(
  name: string,
  statement: string,
  kit: PartKit,
  numRuns: number,
  floors: readonly (readonly [label: string, share: number])[],
): Trial {
  const judge = (): PartVerdict => {
    const seen = (label: string): number => kit.labels.get(label) ?? 0;
    const lines = floors.map(([label, share]) => ({ label, least: leastOf(share, numRuns) }))
      .filter(({ label, least }) => seen(label) < least)
      .map(({ label, least }) =>
        `  ${label}: expected in at least ${least} of ${numRuns} runs, got ${seen(label)}`
      );
    if (lines.length === 0) return { id: "HARN-3", statement, outcome: "holds", message: "" };
    const message = `HARN-3 broken by the runs of ${name}: ${statement}\n${lines.join("\n")}`;
    return { id: "HARN-3", statement, outcome: "broken", message };
  };
  return { id: "HARN-3", statement, unjudged: "", judge };
}

/**
 * Fewest runs of `numRuns` that what has a share of all has to be seen in: three standard deviations
 * below it, since a seed that draws a little less is no fault, and one.
 */
function leastOf(share: number, numRuns: number): number {
  const deviation = Math.sqrt(share * (1 - share) * numRuns);
  return Math.max(1, Math.ceil(share * numRuns - 3 * deviation));
}

/** Why a trial is not judged, when some before it were `broken`; empty when it is. */
function whyNot({ id, unjudged }: Trial, broken: boolean): string {
  // a run ends where a law breaks, and a faulty part may refuse what labels count
  return id === "HARN-3" && broken ? "a law is broken" : unjudged;
}

/** The verdicts, one at a time as they are asked for. */
export function* verdictsOf(trials: readonly Trial[]): Generator<PartVerdict> {
  let broken = false;
  for (const trial of trials) {
    const { id, statement, judge } = trial;
    const why = whyNot(trial, broken);
    const verdict = why === ""
      ? judge()
      : { id, statement, outcome: "not judged", message: why } as const;
    broken ||= verdict.outcome === "broken";
    yield verdict;
  }
}

/** One law on one scenario, instead of all on drawn ones. */
export interface Replay<S> {
  /** Id of the law. */
  readonly law: string;
  /** What it is judged on. */
  readonly scenario: S;
}

/**
 * The replay that a token asks for.
 * @throws {InputError} when the token is damaged, for another kind of subject, or its scenario is none
 */
export function replayOf<S>(
  token: string | Token | undefined,
  { kind }: PartSubject,
  read: (scenario: Field) => S,
): Replay<S> | undefined {
  if (token === undefined) return undefined;
  const wanted = typeof token === "string" ? decodeToken(token) : token;
  if (wanted.kind !== kind) {
    throw new InputError("token", "kind", `expected ${kind}, got ${wanted.kind}`);
  }
  return { law: wanted.law, scenario: read(wanted.scenario) };
}

/** The laws to judge: those that `only` lets through, or the one that is replayed. */
export function chosen<L extends { readonly id: string }>(
  laws: readonly L[],
  only: RegExp | undefined,
  replay: Replay<unknown> | undefined,
): L[] {
  if (replay === undefined) return laws.filter((law) => only === undefined || only.test(law.id));
  const found = laws.filter((law) => law.id === replay.law);
  if (found.length > 0) return found;
  const ids = laws.map((law) => law.id).join(", ");
  throw new InputError("token", "law", `expected one of ${ids}, got ${replay.law}`);
}

/**
 * Registers one `Deno.test` with a step for each trial. `trials` gets the token that the environment
 * asks to replay; what it is not about is left out, and its name says so.
 */
export function registerTrials(
  { kind, name }: PartSubject,
  laws: string,
  trials: (token: Token | undefined) => readonly Trial[],
): void {
  const token = replayFromEnvironment();
  const title = `${name} keeps the laws of ${laws}`;
  if (token !== undefined && token.kind !== kind) {
    Deno.test({ name: `${title} (${otherKind(token)})`, ignore: true, fn: () => {} });
    return;
  }
  Deno.test(title, async (t) => {
    let judged = 0;
    let broken = false;
    for (const trial of trials(token)) {
      const { id, statement, judge } = trial;
      const why = whyNot(trial, broken);
      await t.step({
        name: `${id} ${statement}${why && ` (not judged: ${why})`}`,
        ignore: why !== "",
        fn: () => {
          judged++;
          const verdict = judge();
          broken ||= verdict.outcome === "broken";
          if (verdict.outcome === "broken") throw withoutStack(new Error(verdict.message));
        },
      });
    }
    if (judged === 0) throw new Error(`No law of ${name} was judged (HARN-1)`);
  });
}

function runOnce<K extends PartKit, S>(law: PartLaw<K, S>, kit: K, scenario: S): string {
  try {
    law.check(kit, scenario);
    return "";
  } catch (error) {
    return explain(kit, error);
  }
}

function runDrawn<K extends PartKit, S>(
  { kind, name }: PartSubject,
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
  if (details.counterexample === null) return `  interrupted after ${details.numRuns} runs`;
  const { seed, numShrinks, errorInstance: error } = details;
  const what = error instanceof Error ? error.message : String(error);
  const found = `seed ${seed}, run ${details.numRuns} of ${numRuns}, shrunk ${numShrinks} times`;
  const token = encodeToken(kind, name, law.id, JSON.stringify(details.counterexample[0]));
  return `${what}\n  ${found}\n  replay: PLANECHECK_REPLAY=${token} deno test -A`;
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
