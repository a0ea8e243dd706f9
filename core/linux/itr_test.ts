// Aim: an adaptive interval moves as the driver's comments say and stays within its bounds.
// Method: the edges of each of its cases, worked out by hand.
import { assertEquals } from "@std/assert";
import { ITR_MAX_USECS, ITR_MIN_USECS, nextItr } from "./itr.ts";

Deno.test("nextItr by packets: grows, is latency driven, grows, stays, is halved", () => {
  const small = 23 * 60;
  for (
    const [now, packets, bytes, next] of [
      [50, 0, 0, 52],
      [84, 0, 0, 84],
      [83, 0, 0, 84],
      [50, 1, 60, 10],
      [50, 23, small, 10],
      [50, 23, 12_112, 52],
      [50, 24, 24 * 60, 52],
      [84, 47, 47 * 60, 84],
      [50, 48, 48 * 60, 50],
      [50, 95, 95 * 60, 50],
      [50, 96, 96 * 60, 25],
      [12, 255, 255 * 60, 10],
    ] as const
  ) assertEquals(nextItr(now, packets, bytes), next, `${now} us, ${packets} packets`);
});

Deno.test("nextItr of many packets follows the average frame, within the bounds", () => {
  const of = (average: number) => nextItr(10, 300, 300 * average);
  assertEquals([60, 64, 316, 512, 1084, 1518, 2000].map(of), [20, 22, 60, 76, 84, 84, 84]);
  for (let average = 1; average < 9000; average += 7) {
    const next = of(average);
    assertEquals(next >= ITR_MIN_USECS && next <= ITR_MAX_USECS, true, `${average}: ${next}`);
  }
});
