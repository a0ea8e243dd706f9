/** One scenario, run once and judged by every law. */
import type { Evidence, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { Policy } from "../../core/policy.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { judgeAll } from "../laws/judge.ts";
import type { Expectation } from "../reference/expectation.ts";
import { referenceRouter } from "../reference/router.ts";
import { DeviceError, type Subject } from "./subject.ts";

/**
 * The law that the harness itself judges, before all others: a device that fails shows nothing to
 * judge. Its place in a list of verdicts is the first.
 */
export const RUN_1: Law = {
  id: "RUN-1",
  statement:
    "The device runs every scenario to its end: it neither throws nor crashes nor hangs, and writes only frames.",
  clause: "the contract of DeviceUnderTest.run",
  needs: [],
  judge: () => ({ kind: "kept" }),
};

/** A scenario that was run, and what each law says of it. */
export interface Judged {
  /** The run; null when the device failed. */
  readonly run: Run | null;
  /** What the reference router says of the scenario. */
  readonly expectation: Expectation;
  /** The verdict of {@link RUN_1}, then one for each law in the order in which they were given. */
  readonly verdicts: readonly Verdict[];
}

class SubjectRun implements Run {
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly offers: ReadonlySet<Evidence>;
  readonly expectation: Expectation;
  readonly #subject: Subject;
  #observation: Observation;
  #overwritten = false;

  constructor(subject: Subject, scenario: Scenario, expectation: Expectation) {
    this.#subject = subject;
    this.scenario = scenario;
    this.policy = subject.policy;
    this.offers = subject.offers;
    this.expectation = expectation;
    this.#observation = subject.run(scenario);
  }

  /** Run once more if a law has had the only device run something else meanwhile. */
  get observation(): Observation {
    if (this.#overwritten) {
      this.#overwritten = false;
      this.#observation = this.#subject.run(this.scenario);
    }
    return this.#observation;
  }

  again(change: Partial<Scenario>, fresh = false): Observation {
    if (!this.#subject.hasSpare) this.#overwritten = true;
    return this.#subject.again({ ...this.scenario, ...change }, fresh);
  }
}

/**
 * Runs `scenario` on the subject and lets each of `laws` judge it. The run's observation belongs to
 * the device and lasts until its next run.
 */
export function judgeScenario(
  subject: Subject,
  scenario: Scenario,
  laws: readonly Law[],
): Judged {
  const expectation = referenceRouter(scenario, subject.policy);
  try {
    const run = new SubjectRun(subject, scenario, expectation);
    const verdicts: Verdict[] = [{ kind: "kept" }];
    for (const { verdict } of judgeAll(run, laws)) verdicts.push(verdict);
    return { run, expectation, verdicts };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const thrown: Verdict = { kind: "broken", sentence: error.message, packets: [] };
    const why: Verdict = { kind: "not-judged", why: "the device failed" };
    return { run: null, expectation, verdicts: [thrown, ...laws.map(() => why)] };
  }
}

/** The verdict of one law, {@link RUN_1} or another, on a scenario. */
export function verdictOf(
  subject: Subject,
  law: Law,
  one: Scenario,
): { readonly run: Run | null; readonly verdict: Verdict } {
  // RUN-1 is judged by the harness; it needs no other law.
  const { run, verdicts } = judgeScenario(subject, one, law === RUN_1 ? [] : [law]);
  const verdict: Verdict = verdicts[law === RUN_1 ? 0 : 1]!;
  return { run, verdict };
}
