import { STRICT } from "../../core/stack.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged, INGRESS } from "./_observations_for_tests.ts";
import { PKT_5 } from "./pkt_drop.ts";

const frames = [frame(), frame({ ttl: 1, dst: "11.0.0.1" })];

Deno.test("PKT-5 is kept by any right reason", () => {
  assertKept(PKT_5, { frames });
  assertKept(PKT_5, { frames, fates: { 1: { reason: "ttl" } } });
  assertKept(PKT_5, { frames, fates: { 1: { reason: "no-route" } } });
});

Deno.test("PKT-5 leaves declared congestion to LOSS-1a", () => {
  const fates = { 1: { reason: "rx-missed", place: INGRESS, occupancy: 4 } } as const;
  assertKept(PKT_5, { frames, fates });
  assertBroken(
    PKT_5,
    { frames, fates, policy: { ...STRICT, congestion: [] } },
    "packet 1 was dropped at 600 ns by ingress buffer of port 0 for rx-missed, " +
      "expected ttl or no-route",
    [1],
  );
});

Deno.test("PKT-5 names a wrong reason", () => {
  assertBroken(
    PKT_5,
    { frames, fates: { 1: { reason: "bad-checksum" } } },
    "packet 1 was dropped at 600 ns by lcore 0 for bad-checksum, expected ttl or no-route",
    [1],
  );
});

Deno.test("PKT-5 names a packet that was forwarded", () => {
  assertBroken(
    PKT_5,
    { frames, fates: { 1: "emitted" } },
    "packet 1 was forwarded at 1.1672 us, expected to be dropped for ttl or no-route",
    [1],
  );
});

Deno.test("PKT-5 is not judged where all packets are good", () => {
  assertNotJudged(PKT_5, { frames: [frame()] }, "no packet had to be dropped");
});
