// Aim: of several next hops any is right, and a flow keeps to one. Method: runs written by hand.
import { frame, hopMac, portMac } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged } from "./_observations_for_tests.ts";
import { LPM_1 } from "./lpm.ts";
import { LPM_2 } from "./lpm_flow.ts";
import { PKT_1, PKT_7 } from "./pkt.ts";

const ROUTES = { routes: ["10.0.0.0/8 6"], special: [[1, 3]] };
const frames = [frame(), frame({ ttl: 9 }), frame({ src: "10.9.9.8" })];
/** As it has to look at next hop 3. */
const byThird = {
  port: 3,
  edit: (b: Uint8Array) => b.set([...hopMac(3), ...portMac(3)]),
};

Deno.test("LPM-2 is kept while each flow keeps to its next hop, and any of the route's is right", () => {
  for (const law of [LPM_1, LPM_2, PKT_1, PKT_7]) {
    assertKept(law, { ...ROUTES, frames });
    assertKept(law, { ...ROUTES, frames, out: { 2: byThird } });
    assertKept(law, { ...ROUTES, frames, out: { 0: byThird, 1: byThird } });
  }
});

Deno.test("PKT-1 says of a frame without room for an address what is wrong with it, and LPM-1 that its port is right", () => {
  const short = { port: 3, edit: (b: Uint8Array) => b.slice(0, 5) };
  assertKept(LPM_1, { ...ROUTES, frames, out: { 2: short } });
  const sentence = "packet 2 left port 3 at 1.2 us with length 5, expected 60";
  assertBroken(PKT_1, { ...ROUTES, frames, out: { 2: short } }, sentence, [2]);
});

Deno.test("LPM-2 names the packet whose flow had gone elsewhere", () => {
  const run = { ...ROUTES, frames, out: { 1: byThird } };
  assertKept(PKT_1, run);
  assertBroken(
    LPM_2,
    run,
    "packet 1 went to next hop 3 at 1.1 us, expected 1, as packet 0 of the same flow 10.9.9.9 > 10.1.2.3",
    [0, 1],
  );
});

Deno.test("LPM-2 says nothing where a route has one next hop", () => {
  assertNotJudged(LPM_2, { frames }, "no packet had several next hops");
});

Deno.test("PKT-1 and LPM-1 name the next hops of a route that a frame went to none of", () => {
  const wrong = { ...ROUTES, frames: [frame()], out: { 0: { port: 2 } } };
  assertBroken(
    PKT_1,
    wrong,
    "packet 0 left port 2 at 1 us to aa:00:00:00:00:01, expected next hop 1 on port 1 or 3 on port 3",
    [0],
  );
  assertBroken(
    LPM_1,
    wrong,
    "packet 0 to 10.1.2.3 left port 2 at 1 us by no known next hop, " +
      "expected next hop 1 on port 1 or 3 on port 3 by 10.0.0.0/8",
    [0],
  );
  const changed = {
    ...ROUTES,
    frames: [frame()],
    out: { 0: { edit: (b: Uint8Array) => void b[22]!-- } },
  };
  assertBroken(PKT_1, changed, "packet 0 left port 1 at 1 us with TTL 62, expected 63", [0]);
});

Deno.test("LPM-1 names a route that leads nowhere", () => {
  assertBroken(
    LPM_1,
    {
      ...{ routes: ["10.0.0.0/8 6"], special: ["unreachable"] as const, frames: [frame()] },
      ...{ fates: { 0: "emitted" as const }, out: { 0: { port: 2 } } },
    },
    "packet 0 to 10.1.2.3 left port 2 at 1 us by no known next hop, " +
      "expected none: unreachable by 10.0.0.0/8",
    [0],
  );
});
