/** Holds what is left of AF_XDP at the end of a run against its invariants. */
import type { Env, Finding } from "../../../core/stack.ts";
import type { XskApp } from "./app.ts";
import type { XskKernel } from "./kernel.ts";

/** Findings of a run. */
export function auditXsk(_xsk: XskKernel, _apps: readonly XskApp[], _env: Env): Finding[] {
  return [];
}
