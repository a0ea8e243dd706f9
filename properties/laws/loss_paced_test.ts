import { assertEquals } from "@std/assert";
import type { Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  INGRESS,
  run,
  type RunFields,
} from "./_observations_for_tests.ts";
import { LOSS_1B, LOSS_1C } from "./loss_paced.ts";

const frames = [frame(), frame(), frame()];
const missed = { reason: "rx-missed", place: INGRESS, occupancy: 4 } as const;
const lossy: RunFields = { frames, fates: { 2: missed } };

/** A device whose further runs go as `fields` says, with the times and the geometry that are asked for. */
function again(fields: RunFields, asked: Partial<Scenario>[] = []) {
  return (change: Partial<Scenario>): Observation => {
    asked.push(change);
    const at = change.traffic === undefined ? undefined : { at: [...change.traffic.at] };
    const geometry = change.geometry === undefined ? undefined : { geometry: change.geometry };
    return run({ frames, ...at, ...geometry, ...fields }).observation;
  };
}

Deno.test("LOSS-1b tries the quiet machine also where the crowd lost nothing", () => {
  assertKept(LOSS_1B, { frames, again: again({}) });
  assertBroken(
    LOSS_1B,
    { frames, again: again({ fates: { 2: missed } }) },
    "with frames 20 us apart, each into a quiet machine, packet 2 was lost at 40.5 us in " +
      "ingress buffer of port 0, expected it to be forwarded",
    [2],
  );
});

Deno.test("LOSS-1b runs lossy traffic again, one packet at a time", () => {
  const asked: Partial<Scenario>[] = [];
  assertKept(LOSS_1B, { ...lossy, again: again({}, asked) });
  assertEquals(asked.map((a) => [...a.traffic!.at]), [[0, 20e6, 40e6]]);
});

Deno.test("LOSS-1b names a packet that is lost in a quiet machine", () => {
  assertBroken(
    LOSS_1B,
    { ...lossy, again: again({ fates: { 1: missed } }) },
    "with frames 20 us apart, each into a quiet machine, packet 1 was lost at 20.5 us in " +
      "ingress buffer of port 0, expected it to be forwarded",
    [1],
  );
  assertBroken(
    LOSS_1B,
    { ...lossy, again: again({ fates: { 0: "waits" } }) },
    "with frames 20 us apart, each into a quiet machine, packet 0 never left " +
      "rx ring 0 of port 0, expected it to be forwarded",
    [0],
  );
});

Deno.test("LOSS-1b gives the machine as long as the whole run took, then longer", () => {
  const asked: Partial<Scenario>[] = [];
  const slow = (o: Observation) => void (o.endPs = 30e6);
  assertKept(LOSS_1B, { ...lossy, change: slow, again: again({}, asked) });
  // The first packet leaves only after 200 us.
  const late = again({ change: (o) => void (o.endAt[0] = 200e6) }, asked);
  assertKept(LOSS_1B, { ...lossy, change: slow, again: late });
  assertEquals(asked.map((a) => a.traffic!.at[1]), [30e6, 30e6, 240e6]);
});

Deno.test("LOSS-1b does not call a loss illegal that came before the machine was quiet", () => {
  assertNotJudged(
    LOSS_1B,
    { ...lossy, again: again({ fates: { 1: missed }, change: (o) => void (o.endAt[0] = 200e6) }) },
    "packet 0 was still under way 160 us after its arrival",
  );
});

Deno.test("LOSS-1b is not judged where the paced run was cut short", () => {
  const cut = again({ fates: { 1: "waits" }, change: (o) => void (o.end = "limit") });
  assertNotJudged(LOSS_1B, { ...lossy, again: cut }, "the paced run ended by limit");
  assertNotJudged(LOSS_1B, { frames: [] }, "no packet was offered");
});

Deno.test("LOSS-1c runs again with the smallest legal credits", () => {
  const asked: Partial<Scenario>[] = [];
  assertKept(LOSS_1C, { frames, again: again({}, asked) });
  assertEquals(asked.length, 2, "with the crowd, and one packet at a time");
  assertEquals([asked[0]!.geometry!.headerCredits, asked[0]!.geometry!.dataCredits], [1, 8]);
});

Deno.test("LOSS-1c judges the run itself where its credits are the smallest", () => {
  const geometry = { headerCredits: 1, dataCredits: 8 };
  assertKept(LOSS_1C, { frames, geometry, again: again({}) });
  assertBroken(
    LOSS_1C,
    { frames, geometry, fates: { 1: { ...missed, occupancy: 3 } } },
    "with 1 header credit and 8 data credits: packet 1 was dropped at 600 ns by ingress " +
      "buffer of port 0 for rx-missed with 3 in it, expected 4: full",
    [1],
  );
});

Deno.test("LOSS-1c names a packet that the smallest credits lose", () => {
  assertBroken(
    LOSS_1C,
    { frames, again: again({ fates: { 1: missed } }) },
    "with 1 header credit and 8 data credits: with frames 20 us apart, each into a quiet " +
      "machine, packet 1 was lost at 20.5 us in ingress buffer of port 0, " +
      "expected it to be forwarded",
    [1],
  );
});

Deno.test("LOSS-1c keeps the smallest credits in the paced run", () => {
  const asked: Partial<Scenario>[] = [];
  const tight = again({ fates: { 1: missed } }, asked);
  const paced = again({}, asked);
  assertKept(LOSS_1C, {
    frames,
    again: (change) => change.traffic === undefined ? tight(change) : paced(change),
  });
  assertEquals(asked.map((a) => a.geometry!.headerCredits), [1, 1]);
});

Deno.test("LOSS-1c names what the smallest credits block for ever", () => {
  assertBroken(
    LOSS_1C,
    { frames, again: again({ fates: { 1: "waits" } }) },
    "with 1 header credit and 8 data credits: packet 1 in rx ring 0 of port 0 still waited " +
      "when the machine had gone quiet at 1.2672 us",
    [1],
  );
});

Deno.test("LOSS-1c is not judged where nothing was offered", () => {
  const nothing = (): Observation => run({ frames: [] }).observation;
  assertNotJudged(LOSS_1C, { frames: [], again: nothing }, "no packet was offered");
});
