// Aim: what a stack that declares nothing is judged by is RFC 1812 and nothing weaker, and reasons keep apart.
// Method: both spelled out, so that a change has to be made twice.
import { assertEquals } from "@std/assert";
import { REASON, REASONS } from "./policy.ts";
import { STRICT } from "./stack.ts";

Deno.test("STRICT is RFC 1812 with loss at the NIC's ingress buffer alone", () => {
  assertEquals(STRICT, {
    onMiss: "drop",
    ttl: "drop",
    checksum: "verify",
    header: "full",
    hairpin: "forward",
    dstMac: "next-hop",
    checksDstMac: false,
    defaultRoute: true,
    congestion: ["rx-missed"],
  });
});

Deno.test("REASON numbers each reason by its place, none first", () => {
  assertEquals(Object.keys(REASON), [...REASONS]);
  assertEquals(Object.values(REASON), REASONS.map((_, index) => index));
  assertEquals([REASONS[0], new Set(REASONS).size], ["none", REASONS.length]);
  // sets of reasons are kept as bits of one integer
  assertEquals(REASONS.length <= 31, true);
});
