/** What VPP declares. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import type { VppSettings } from "./options.ts";

/** The longest IPv4 packet of a frame that a port accepts; an MTU from here on binds nobody. */
const MTU_UNBOUND = 1504;

/**
 * What VPP declares as it is set up by default: RFC 1812, but for options, which are punted and end there, fragments at
 * offset 8, and what a full transmit ring refuses.
 *
 * @example
 * ```ts
 * import { VPP_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([VPP_POLICY.options, VPP_POLICY.tinyFragments], ["punt", "drop"]);
 * ```
 */
export const VPP_POLICY: Policy = {
  ...STRICT,
  checksDstMac: "unicast",
  options: "punt",
  tinyFragments: "drop",
  congestion: ["rx-missed", "tx-full"],
};

/** What it declares with these settings. */
export function policyOf({ addresses, neighbours, mtu, startup }: VppSettings): Policy {
  const { congestion } = VPP_POLICY;
  const asks = neighbours.length > 0;
  const hands = startup.some((command) => command.do === "handoff");
  return {
    ...VPP_POLICY,
    ...mtu < MTU_UNBOUND ? { mtu } : {},
    congestion: [
      ...congestion,
      ...asks ? ["unresolved" as const] : [],
      ...hands ? ["ring-full" as const] : [],
    ],
    ...addresses.length === 0 ? {} : {
      originates: {
        addresses,
        icmpBurst: Infinity,
        icmpPerSecond: Infinity,
        icmpHeader: { source: "ingress", tos: 0, ttl: 254 },
        ...asks ? { arp: neighbours } : {},
      },
    },
  };
}
