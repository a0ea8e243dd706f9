// Aim: RSS-4 names two packets of one flow on two queues, and nothing else. Method: runs written by hand.
import { frame } from "../reference/_scenario_for_tests.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  type RunFields,
} from "./_observations_for_tests.ts";
import { RSS_4 } from "./rss.ts";

const frames = [frame(), frame({ ports: [7, 7] }), frame()];

/** The place of the ring that each packet came by; places 0 to 2 stand for rings here. */
const came = (...rings: number[]): RunFields => ({
  frames,
  change: (o) => rings.forEach((ring, p) => o.seenRing[p] = ring),
});

Deno.test("RSS-4 is kept by a flow that stays on its queue, wherever others are", () => {
  assertKept(RSS_4, came(1, 0, 1));
  assertNotJudged(RSS_4, came(1, 0, -1), "no driver took two packets of a flow");
  assertNotJudged(RSS_4, { frames }, "no driver took two packets of a flow");
});

Deno.test("RSS-4 names the packets of one flow that came by two queues", () => {
  assertBroken(
    RSS_4,
    came(1, 0, 2),
    "packet 2 came by MAC of port 1, expected lcore 0 as packet 0 of the same flow",
    [2, 0],
  );
});

Deno.test("RSS-4 is about one port: alike packets of two ports are two flows", () => {
  assertNotJudged(
    RSS_4,
    { ...came(1, 0, 2), ports: [0, 0, 1] },
    "no driver took two packets of a flow",
  );
});
