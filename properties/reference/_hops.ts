/** What routes lead to, and how long a packet may be there. Imports nothing but types. */
import type { Scenario } from "../../core/machine/device.ts";
import type { SpecialHop } from "../../core/machine/scenario.ts";
import type { Policy } from "../../core/policy.ts";
import { longestMatch } from "./longest_match.ts";

/** The neighbours of a next hop: itself, several of which any is right, or none where it leads nowhere. */
export function membersOf({ neighbours }: Scenario, hop: number): readonly number[] {
  const special: SpecialHop = neighbours.special?.get(hop) ?? [hop];
  return typeof special === "string" ? [] : special;
}

/** Next hop of the route to an address, or -1. */
export function hopTo({ routes }: Scenario, policy: Policy, address: number): number {
  const route = longestMatch(routes, address, policy.defaultRoute ? 0 : 1);
  return route < 0 ? -1 : routes.nextHop[route]!;
}

/** Longest IPv4 packet that leaves by a port. */
export function mtuOf({ mtu = Infinity }: Policy, port: number): number {
  return typeof mtu === "number" ? mtu : mtu[port] ?? Infinity;
}
