/** The form of `reproduce.json`: what the model says to each claim, and what was drawn from it. */
import type { Claim } from "../../fixtures/mod.ts";

/** Raised when a field changes its meaning or goes. */
export const REPRODUCE_REPORT_VERSION = 1;

/**
 * What became of a claim: `pass` and `miss` at its tolerance; `not-modelled` when the project does not have the
 * system; `not-judged` when the claim is not for the model.
 */
export type ClaimVerdict = "pass" | "miss" | "not-modelled" | "not-judged";

/** A claim, and what the model says to it. */
export interface ClaimRecord extends Omit<Claim, "suspect"> {
  /** Why the model misses it, as far as that can be told; null where nobody has said. */
  readonly suspect: string | null;
  /** The model's number; null where it has none. */
  readonly model: number | null;
  /** How far it is off, as a share of the paper's; null where that says nothing. */
  readonly error: number | null;
  /** What the number is made of, or why there is none. */
  readonly detail: string;
  /** What became of it. */
  readonly verdict: ClaimVerdict;
}

/** A number of the profile that was calibrated. */
export interface CalibratedRecord {
  /** Its name in the profile, e.g. `nic.residenceNs`. */
  readonly name: string;
  /** Its value. */
  readonly value: number;
  /** Its unit. */
  readonly unit: string;
  /** Publication, section, and the rows that it was found from. */
  readonly source: string;
}

/** One question beyond the paper's measurements. */
export interface WhatIfRecord {
  /** Short name, also of its plot. */
  readonly id: string;
  /** The question. */
  readonly question: string;
  /** What the model says, and what it cannot say. */
  readonly answer: string;
  /** Names of the columns. */
  readonly head: readonly string[];
  /** Its figures. */
  readonly rows: readonly (readonly string[])[];
}

/** The whole report. The same command gives the same report. */
export interface ReproduceReport {
  /** {@link REPRODUCE_REPORT_VERSION}. */
  readonly version: typeof REPRODUCE_REPORT_VERSION;
  /** What made it. */
  readonly tool: { readonly name: string; readonly version: string };
  /** The command line. */
  readonly command: string;
  /** What kind of figures these are and what they rest on. */
  readonly basis: readonly string[];
  /** Model of PCIe. */
  readonly fidelity: "coarse" | "tlp" | "link";
  /** How the frames of a background are spaced: an input, since the paper does not say. */
  readonly background: "poisson" | "cbr";
  /** The claims asked for, in order. */
  readonly claims: readonly ClaimRecord[];
  /** The calibrated numbers of the paper's host. */
  readonly calibrated: readonly CalibratedRecord[];
  /** Answers to further questions; null when they were not asked. */
  readonly whatIf: readonly WhatIfRecord[] | null;
}
