/** The two profiles of l3fwd and what each declares. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";

/** Which l3fwd. */
export type L3fwdProfile = "faithful" | "strict";

/**
 * What the faithful l3fwd declares.
 *
 * @example
 * ```ts
 * import { FAITHFUL, l3fwd } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(l3fwd("faithful").policy, FAITHFUL);
 * ```
 */
export const FAITHFUL: Policy = {
  onMiss: "reflect",
  ttl: "ignore",
  checksum: "trust",
  checksumUpdate: "increment",
  header: "minimal",
  hairpin: "forward",
  dstMac: "port",
  checksDstMac: false,
  defaultRoute: false,
  congestion: ["rx-missed", "tx-full"],
};

/**
 * What the strict l3fwd declares.
 *
 * @example
 * ```ts
 * import { l3fwd, STRICT_L3FWD } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(l3fwd("strict").policy, STRICT_L3FWD);
 * ```
 */
export const STRICT_L3FWD: Policy = {
  ...STRICT,
  defaultRoute: false,
  congestion: ["rx-missed", "tx-full"],
};
