import type { ReportRow } from "../../core/stack.ts";
import type { Machinery, SnabbProcess } from "./process.ts";
export function snabbReport(_p: readonly SnabbProcess[], _m: Machinery): ReportRow[] {
  return [];
}
