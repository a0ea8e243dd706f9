/** Holds an answer against its claim. */
import type { Claim } from "../../fixtures/mod.ts";
import type { Answer } from "./answers.ts";
import type { ClaimRecord } from "./types.ts";

/**
 * The record of a claim: the model's number, how far it is off, and the verdict. A row whose system the project
 * does not have is neither passed nor missed, and a row that is not judged says so.
 */
export function judge(claim: Claim, answer: Answer | null): ClaimRecord {
  const value = answer?.value ?? null;
  const { tolerance } = claim;
  // beside an edge or a yes-or-no a distance says nothing
  const near = claim.unit !== "yes" && tolerance.kind !== "at-least" && claim.value !== 0;
  return {
    ...claim,
    suspect: claim.suspect ?? null,
    model: value,
    error: near && value !== null && Number.isFinite(value) ? value / claim.value - 1 : null,
    detail: answer?.detail ?? "",
    verdict: tolerance.kind === "none" || answer === null
      ? "not-judged"
      : value === null
      ? "not-modelled"
      : holds(claim, value)
      ? "pass"
      : "miss",
  };
}

function holds({ value, tolerance }: Claim, model: number): boolean {
  switch (tolerance.kind) {
    case "within":
      return Math.abs(model - value) <= tolerance.share * Math.abs(value);
    case "rounded":
      return Math.abs(model - value) <= tolerance.by;
    case "at-least":
      return model >= tolerance.least;
    case "factor":
      return model <= value * tolerance.factor && model >= value / tolerance.factor;
    case "exact":
      return model === value;
    case "none":
      return false;
  }
}

/** How near a claim asks the model to come, in a few words. */
export function toleranceText({ tolerance }: Pick<Claim, "tolerance">): string {
  switch (tolerance.kind) {
    case "within":
      return `${+(tolerance.share * 100).toFixed(2)} %`;
    case "rounded":
      return `+-${tolerance.by}`;
    case "at-least":
      return `>= ${tolerance.least}`;
    case "factor":
      return `factor ${tolerance.factor}`;
    case "exact":
      return "exact";
    case "none":
      return "-";
  }
}
