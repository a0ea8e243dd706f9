/** What ZC declares, as it is set up. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import type { PfRingZcSettings } from "./zc_options.ts";

/**
 * What ZC declares: RFC 1812 in the application, loss at the NIC and where a transmit ring has no descriptor.
 *
 * @example
 * ```ts
 * import { pfRingZc, ZC_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pfRingZc().policy, ZC_POLICY);
 * assertEquals(pfRingZc({ application: "zcount" }).policy!.topology, "sink");
 * ```
 */
export const ZC_POLICY: Policy = { ...STRICT, congestion: ["rx-missed", "tx-full"] };

/** The policy of an application on ZC. */
export function zcPolicyOf({ application, count, distribution, driver }: PfRingZcSettings): Policy {
  const balances = application === "zbalance";
  const copies = driver === "standard";
  const policy: Policy = {
    ...ZC_POLICY,
    congestion: [
      ...ZC_POLICY.congestion,
      ...balances || copies ? ["ring-full" as const] : [],
      ...copies ? ["qdisc-full" as const] : [],
    ],
  };
  if (application === "zbounce") return { ...policy, topology: "paired" };
  if (application === "zcount" || balances && count) return { ...policy, topology: "sink" };
  return balances && distribution === "round-robin" ? { ...policy, order: "none" } : policy;
}
