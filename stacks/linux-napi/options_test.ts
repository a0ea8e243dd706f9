// Aim: knobs have the kernel's defaults and refuse nonsense; adaptive moderation follows the driver's table.
// Method: cases from ixgbe_update_itr, then bounds over everything that can be counted.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { ITR_MAX_USECS, ITR_MIN_USECS, nextItr } from "./itr.ts";
import { linuxNapi } from "./mod.ts";
import { settingsOf } from "./options.ts";

Deno.test("settingsOf has the kernel's defaults", () => {
  assertEquals(settingsOf({}), {
    profile: "modern",
    itrUs: -1,
    txqueuelen: 1000,
    budget: 300,
    budgetUsecs: 2000,
  });
  assertEquals(settingsOf({ itrUs: 0 }).itrUs, 0);
});

Deno.test("linuxNapi refuses knobs out of range and names them", () => {
  assertThrows(() => linuxNapi({ itrUs: -1 }), RangeError, "itrUs -1 is not an integer in 0..1000");
  assertThrows(() => linuxNapi({ itrUs: 2.5 }), RangeError, "itrUs 2.5");
  assertThrows(() => linuxNapi({ txqueuelen: 0 }), RangeError, "txqueuelen 0");
  assertThrows(() => linuxNapi({ txqueuelen: 1e9 }), RangeError, "txqueuelen 1000000000");
  assertThrows(() => linuxNapi({ budget: NaN }), RangeError, "budget NaN");
  assertThrows(() => linuxNapi({ budgetUsecs: 0 }), RangeError, "budgetUsecs 0");
  const old = { profile: "2.4" } as unknown as { profile: "legacy" };
  assertThrows(() => linuxNapi(old), TypeError, "profile 2.4 is neither");
});

Deno.test("nextItr follows the steps of ixgbe_update_itr", () => {
  const cases: [now: number, packets: number, bytes: number, next: number][] = [
    [50, 0, 0, 52], // nothing to measure
    [84, 0, 0, 84],
    [50, 23, 12_111, 10], // latency
    [50, 24, 1_440, 52], // slightly too short
    [50, 8, 12_112, 52],
    [50, 48, 2_880, 50], // just right
    [50, 95, 5_700, 50],
    [50, 96, 5_760, 25], // too long: half
    [12, 255, 15_300, 10],
    [84, 256, 256 * 60, 20], // bulk, by the average frame
    [84, 256, 256 * 61, 22],
    [84, 256, 256 * 300, 58],
    [84, 256, 256 * 316, 60],
    [84, 256, 256 * 317, 64],
    [84, 256, 256 * 400, 70],
    [10, 256, 256 * 1500, 84],
  ];
  for (const [now, packets, bytes, next] of cases) {
    assertEquals(
      nextItr(now, packets, bytes),
      next,
      `${packets} packets, ${bytes} bytes at ${now} us`,
    );
  }
});

Deno.test("nextItr stays within 10..84 us, whatever was counted", () => {
  const usecs = fc.integer({ min: ITR_MIN_USECS, max: ITR_MAX_USECS });
  const packets = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 100_000 }));
  const size = fc.integer({ min: 60, max: 1518 });
  fc.assert(fc.property(usecs, packets, size, (now, n, bytes) => {
    const next = nextItr(now, n, n * bytes);
    assert(next >= ITR_MIN_USECS && next <= ITR_MAX_USECS, `${next} us`);
    if (n > 0 && n < 24 && n * bytes < 12_112) assertEquals(next, ITR_MIN_USECS);
  }));
});
