// Aim: a requester never has more reads outstanding than it has tags, and uses all that it has.
// Method: many reads at one instant; the requests that have crossed its link by the time at which the first
// answer can be there, and then one more for each answer.
import { assertEquals } from "@std/assert";
import { Clock } from "../time/clock.ts";
import { GEOMETRY, PROFILE } from "./_testbed_for_tests.ts";
import { TlpFabric } from "./tlp.ts";

Deno.test("TlpFabric PCIE-4: as many requests are outstanding as there are tags, no more", () => {
  for (const tags of [1, 3, 8]) {
    const clock = new Clock();
    const fabric = new TlpFabric(clock, PROFILE, 2, { tags, reads: 64, waiting: 64 });
    fabric.reset(2, GEOMETRY);
    const requests = () => fabric.links().find((link) => link.name === "nic0>switch")!.tlps[1];
    let answered = 0;
    let most = 0;
    const handler = clock.register(() => {
      answered++;
      // the tag of this answer may be in use again by now
      most = Math.max(most, requests() - answered);
    });
    const count = 20;
    for (let i = 0; i < count; i++) fabric.read(1, 0, 512, handler, i);
    // no answer is back before the request has crossed twice and the host has read
    clock.run({ horizonPs: PROFILE.hostReadPs + 2 * PROFILE.switchPs, events: 10_000 });
    assertEquals([requests(), answered], [tags, 0], `${tags} tags`);
    clock.run({ horizonPs: 1e9, events: 100_000 });
    assertEquals([requests(), answered, most], [count, count, tags], `${tags} tags`);
  }
});
