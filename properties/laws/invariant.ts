/** The invariants that a device declares of its own parts, as laws beside those that are about all. */
import type { Invariant } from "../../core/stack.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { broken, KEPT, notJudged } from "./_text.ts";
import { LAWS } from "./laws.ts";

/**
 * The laws that judge a device: {@link LAWS}, then the invariants that it declares. What is said of an invariant is
 * the device's own finding.
 *
 * @example
 * ```ts
 * import { LAWS, lawsOf } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const invariants = [{ id: "MINE-1", statement: "The queue is short.", clause: "its design" }];
 * const [own, none] = lawsOf({ invariants }).slice(LAWS.length);
 * assertEquals([own!.id, none], ["MINE-1", undefined]);
 * assertEquals(lawsOf({}), LAWS);
 * ```
 */
export function lawsOf(
  { invariants = [] }: { readonly invariants?: readonly Invariant[] },
): readonly Law[] {
  return invariants.length === 0 ? LAWS : [...LAWS, ...invariants.map(lawOf)];
}

function lawOf({ id, statement, clause }: Invariant): Law {
  return { id, statement, clause, needs: [], judge: (run) => judge(id, run) };
}

function judge(id: string, { observation }: Run): Verdict {
  const { end, findings } = observation;
  if (end !== "quiet") return notJudged("the run did not become quiet");
  const said = findings.filter((finding) => finding.id === id);
  if (said.length === 0) return notJudged("the run gave it nothing to say");
  const wrong = said.find((finding) => finding.broken !== null);
  return wrong === undefined ? KEPT : broken(wrong.broken!, []);
}
