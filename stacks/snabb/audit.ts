import type { Finding, Invariant } from "../../core/stack.ts";
import type { Machinery, SnabbProcess } from "./process.ts";
export const SNABB_INVARIANTS: readonly Invariant[] = [];
export function auditOf(_p: readonly SnabbProcess[], _m: Machinery): Finding[] {
  return [];
}
