/**
 * A law is data: an id, one sentence, the clause it comes from, what it needs to see, and a judgement of one
 * run. No law knows which device it judges.
 */
import type { Evidence, Scenario } from "../core/machine/device.ts";
import type { Observation } from "../core/machine/observation.ts";
import type { Policy } from "../core/policy.ts";
import type { Expectation } from "./reference/expectation.ts";

/** One run of a device, with what the reference router says of it. */
export interface Run {
  /** What was run. */
  readonly scenario: Scenario;
  /** What was seen. */
  readonly observation: Observation;
  /** What the device declares. */
  readonly policy: Policy;
  /** What may become of each offered packet. */
  readonly expectation: Expectation;
  /** What the device can show; a law that needs more is not judged. */
  readonly offers: ReadonlySet<Evidence>;
  /**
   * Runs a changed scenario and answers its observation, which the next call overwrites; `fresh` asks for a
   * newly built device. The run is made on a second device of the same kind, so that the observation of this
   * run stays as it is for the laws that are judged after.
   */
  again(change: Partial<Scenario>, fresh?: boolean): Observation;
}

/** What a law says of a run. */
export type Verdict =
  | { readonly kind: "kept" }
  /** The law says nothing about this run, e.g. no packet was dropped; why, in a few words. */
  | { readonly kind: "not-judged"; readonly why: string }
  /** Broken: one sentence with the values, and the identities concerned, the first one first. */
  | { readonly kind: "broken"; readonly sentence: string; readonly packets: readonly number[] };

/** A law of packet forwarding. */
export interface Law {
  /** Short name, e.g. `PKT-1`. */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly statement: string;
  /** RFC clause, data sheet or paper section that says so. */
  readonly clause: string;
  /** What a device must offer for the law to be judged. */
  readonly needs: readonly Evidence[];
  /** Only judged on runs in which TLPs hold credits: of this fidelity, or the finer `link`. */
  readonly fidelity?: "tlp";
  /** Judging it runs the device again, which costs more than all other laws: a caller may sample. */
  readonly reruns?: true;
  /**
   * Labels of the drawn scenarios that give it something to find (`LABEL_NAMES`): a run that has too few of them fails.
   */
  readonly stress?: readonly string[];
  /** Says whether the law holds in a run. Changes nothing. */
  judge(run: Run): Verdict;
}
