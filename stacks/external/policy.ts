/** What a forwarder is judged by that is not ours and says nothing of itself. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";

/** RFC 1812, 5.3.7 and 4.2.2.11: this host, loopback, groups, and the limited broadcast. */
export const MARTIANS: readonly string[] = [
  ...["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"],
];

/**
 * RFC 1812, and that it loses nothing. What a router may drop by its own lights it may: frames to another MAC address,
 * martian addresses, tags of VLAN 0, padding.
 *
 * @example
 * ```ts
 * import { ROUTER_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([ROUTER_POLICY.checksum, ROUTER_POLICY.checksDstMac], ["verify", "may"]);
 * ```
 */
export const ROUTER_POLICY: Policy = {
  ...STRICT,
  checksDstMac: "may",
  priorityTags: "may",
  padding: "any",
  martians: "may",
  martianSources: MARTIANS,
  martianDestinations: MARTIANS,
  congestion: [],
};
