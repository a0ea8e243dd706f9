/** What must hold of AF_XDP. */
import type { Invariant } from "../../../core/stack.ts";
import { XDP_INVARIANTS } from "../invariants.ts";

/** The invariants, those of XDP first. */
export const AF_XDP_INVARIANTS: readonly Invariant[] = [
  ...XDP_INVARIANTS,
];
