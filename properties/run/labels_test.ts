// Aim: floors are due where the drawing could have met them, and nowhere else. Method: the floors of a long run, by what
// was drawn and what the policy declares.
import { assert, assertEquals } from "@std/assert";
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { Labels } from "./labels.ts";

/** The labels that are due in 1000 runs. */
function due(drawsRoutes: boolean, policy: Policy = STRICT): string[] {
  const context = { policy, offers: new Set(["occupancy"] as const), fixed: {}, drawsRoutes };
  return new Labels().counts(1000, context).flatMap(({ label, floor }) => floor > 0 ? [label] : []);
}

Deno.test("Labels: with routes that are not drawn only what packets contain is due", () => {
  const policy = { ...STRICT, congestion: ["rx-missed"], routeTypes: true } as const;
  assertEquals(due(false, policy), [
    ...["ttl 0 or 1", "options", "vlan", "arp or ipv6", "wrong checksum", "corner checksum"],
    ...["bad header", "bad length", "padded", "other mac", "fragment", "runt", "oversize"],
    ...["wrong fcs", "tcp or icmp"],
  ]);
  for (const label of ["tlp", "deviations", "nested routes hit", "several next hops", "hairpin"]) {
    assert(due(true, policy).includes(label), label);
  }
});

Deno.test("Labels: where sources are filtered, runs that are forwarded whole are not due", () => {
  const more = (policy: Policy) => due(true).filter((label) => !due(true, policy).includes(label));
  for (const reversePath of ["strict", "loose"] as const) {
    assertEquals(more({ ...STRICT, reversePath }), ["all to be forwarded"]);
  }
});
