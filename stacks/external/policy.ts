/** What a forwarder is judged by that is not ours and says nothing of itself. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";

/**
 * What RFC 1812, 5.3.7, lets a router drop, by source or by destination: this host, loopback, groups, and class E with
 * the limited broadcast.
 */
export const MARTIANS: readonly string[] = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/**
 * What a forwarder is judged by that declares nothing: RFC 1812, with each choice that it leaves to a router. It loses
 * nothing.
 *
 * @example
 * ```ts
 * import { ANY_ROUTER } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([ANY_ROUTER.checksum, ANY_ROUTER.mayDropAs?.checksDstMac], ["verify", true]);
 * ```
 */
export const ANY_ROUTER: Policy = {
  ...STRICT,
  padding: "any",
  priorityTags: "may",
  originates: { icmpBurst: Infinity, icmpPerSecond: Infinity },
  mayDropAs: {
    checksDstMac: true,
    options: "parse",
    tinyFragments: "drop",
    martianSources: MARTIANS,
    martianDestinations: MARTIANS,
  },
  congestion: [],
};
