/** Asks a stack about its own invariants. */
import type { Dataplane, Finding, Invariant } from "../stack.ts";

/**
 * What the stack found.
 * @throws {RangeError} when it answers for what it does not declare
 */
export function audit(
  name: string,
  dataplane: Dataplane,
  declared: readonly Invariant[],
): readonly Finding[] {
  const findings = dataplane.audit?.() ?? [];
  for (const { id } of findings) {
    if (declared.some((one) => one.id === id)) continue;
    throw new RangeError(`Cannot audit ${name}: it declares no invariant ${id}`);
  }
  return findings;
}
