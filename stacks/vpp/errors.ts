/** Errors of nodes, as their registrations list them. */
import { REASON, type ReasonName } from "../../core/policy.ts";
import type { ErrorDesc } from "./vlib_node.ts";

/** An error that drops packets. */
export function error(text: string, reason: ReasonName): ErrorDesc {
  return { text, severity: "error", reason: REASON[reason] };
}

/** An event that is counted and drops nothing. */
export function info(text: string): ErrorDesc {
  return { text, severity: "info", reason: REASON.other };
}
