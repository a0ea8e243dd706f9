/** Holds what is left at the end of a run against the invariants. */
import type { Env, Finding } from "../../core/stack.ts";
import type { XdpSystem } from "./system.ts";

/** Findings of a run. */
export function auditXdp(_system: XdpSystem, _env: Env): Finding[] {
  return [];
}
