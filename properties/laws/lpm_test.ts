import { STRICT } from "../../core/stack.ts";
import { frame, L3FWD } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged } from "./_observations_for_tests.ts";
import { LPM_1 } from "./lpm.ts";

const frames = [frame({ dst: "10.1.2.3" }), frame({ dst: "10.2.0.1" })];

Deno.test("LPM-1 is kept by the longest prefix", () => {
  assertKept(LPM_1, { frames });
  assertKept(LPM_1, { frames, policy: L3FWD });
});

Deno.test("LPM-1 names the prefix that was missed and the one that was followed", () => {
  assertBroken(
    LPM_1,
    { frames, out: { 1: { port: 3, edit: (b) => void (b[5] = 3) } } },
    "packet 1 to 10.2.0.1 left port 3 at 1.1 us by next hop 3 of 10.0.0.0/8, " +
      "expected next hop 2 on port 2 by 10.2.0.0/16",
    [1],
  );
  assertBroken(
    LPM_1,
    { frames, out: { 1: { port: 3 } } },
    "packet 1 to 10.2.0.1 left port 3 at 1.1 us by no known next hop, " +
      "expected next hop 2 on port 2 by 10.2.0.0/16",
    [1],
  );
});

Deno.test("LPM-1 tells next hops behind one port apart by their MAC address", () => {
  assertBroken(
    LPM_1,
    { frames, out: { 0: { edit: (b) => void (b[5] = 4) } } },
    "packet 0 to 10.1.2.3 left port 1 at 1 us by next hop 4, " +
      "expected next hop 1 on port 1 by 10.1.0.0/16",
    [0],
  );
  assertBroken(
    LPM_1,
    { frames, out: { 0: { edit: (b) => void (b[5] = 99) } } },
    "packet 0 to 10.1.2.3 left port 1 at 1 us by no known next hop, " +
      "expected next hop 1 on port 1 by 10.1.0.0/16",
    [0],
  );
});

Deno.test("LPM-1 names a packet that no prefix covers", () => {
  const lost = [frame({ dst: "11.0.0.1" })];
  assertBroken(
    LPM_1,
    { frames: lost, fates: { 0: "emitted" }, out: { 0: { port: 2 } } },
    "packet 0 to 11.0.0.1 left port 2 at 1 us, expected none: " +
      "no prefix covers the destination",
    [0],
  );
  assertKept(LPM_1, { frames: lost, policy: L3FWD });
  assertBroken(
    LPM_1,
    { frames: lost, policy: L3FWD, out: { 0: { port: 2 } } },
    "packet 0 to 11.0.0.1 left port 2 at 1 us, expected port 0: " +
      "no prefix covers the destination",
    [0],
  );
});

Deno.test("LPM-1 heeds a table that cannot hold the default route", () => {
  const routes = ["0.0.0.0/0 2"];
  assertKept(LPM_1, { frames: [frame()], routes });
  assertBroken(
    LPM_1,
    {
      frames: [frame()],
      routes,
      policy: { ...STRICT, defaultRoute: false },
      fates: { 0: "emitted" },
      out: { 0: { port: 2 } },
    },
    "packet 0 to 10.1.2.3 left port 2 at 1 us, expected none: no prefix covers the destination",
    [0],
  );
});

Deno.test("LPM-1 is not judged where nothing leaves", () => {
  assertNotJudged(LPM_1, { frames: [frame({ ttl: 1 })] }, "no IPv4 packet was emitted");
});
