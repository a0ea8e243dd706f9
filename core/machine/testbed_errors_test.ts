// Aim: whatever a user's stack or scenario does wrong is said in one clear line, or ends the run in a way that
// can be seen; nothing hangs. Method: one mistake at a time.
import { assertEquals, assertThrows } from "@std/assert";
import { REASON } from "../policy.ts";
import type { Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import { fates, left, scenarioOf, stream } from "./_scenario_for_tests.ts";
import { simple } from "./_stacks_for_tests.ts";
import type { Geometry, Scenario } from "./device.ts";
import { Testbed } from "./testbed.ts";

Deno.test("Testbed refuses a poll that takes no time, whichever way it stands still", () => {
  const idle: Stack = () => ({ name: "idle", poll: () => 0 });
  assertThrows(
    () => new Testbed(idle, TEST_PROFILE).run(scenarioOf(stream(1, 0))),
    RangeError,
    "Cannot poll for ever in no time: an empty poll of lcore 0 charged nothing",
  );
  const busy: Stack = () => ({ name: "busy", poll: () => 1 });
  const o = new Testbed(busy, TEST_PROFILE).run(scenarioOf([]));
  assertEquals([o.end, o.endPs], ["limit", 0], "a loop ends by the number of its events");
});

Deno.test("Testbed names a cost that the profile lacks", () => {
  const stack: Stack = (env) => {
    env.cost("tea.brew");
    return { name: "thirsty" };
  };
  assertThrows(
    () => new Testbed(stack, TEST_PROFILE).run(scenarioOf([])),
    RangeError,
    'Cannot charge "tea.brew": profile test has no such cost',
  );
});

Deno.test("Testbed shows where packets wait when a stack does not look at its ports", () => {
  let runs = 0;
  const blind: Stack = (env) => runs++ === 1 ? simple(env) : { name: "blind" };
  const testbed = new Testbed(blind, TEST_PROFILE);
  for (const sees of [false, true, false]) {
    const o = testbed.run(scenarioOf(stream(3, 1e6), { ingress: 2 }));
    if (sees) {
      assertEquals(fates(o).emitted, 3);
      continue;
    }
    assertEquals([o.end, fates(o).none, o.reason[2]], ["quiet", 2, REASON["rx-missed"]]);
    assertEquals([...o.waitingAt], [[0, "nic0 ingress buffer"], [1, "nic0 ingress buffer"]]);
  }
});

Deno.test("Testbed refuses a geometry that is larger than its machine, or none", () => {
  const maxima = { ports: 2, lcores: 2, ring: 64, ingress: 16, buffers: 600 };
  const testbed = new Testbed(simple, TEST_PROFILE, { maxima });
  const small = { rxRing: 16, txRing: 16, ingress: 16, peerSlots: 8, poolCache: 0 };
  const cases: [Partial<Geometry>, string][] = [
    [{ ports: 3 }, "a scenario with 3 ports and 1 lcores: the machine was built for 2 and 2"],
    [{ lcores: 3 }, "a scenario with 2 ports and 3 lcores"],
    [{ rxRing: 128 }, "rxRing is 128, and the machine was built for 1..64"],
    [{ txRing: 0 }, "txRing is 0, and the machine was built for 1..64"],
    [{ ingress: 17 }, "ingress is 17, and the machine was built for 1..16"],
    [{ peerSlots: NaN }, "peerSlots is NaN, and the machine was built for 1..64"],
    [{ rxRing: 24 }, "size 24 is not a power of two"],
    [{ spareBuffers: 600 }, "buffers for mempool: 504 of 600 are left"],
    [{ poolCache: 513 }, "cache of 513 is not in 0..512"],
    [{ dataCredits: 15 }, "dataCredits is 15"],
  ];
  for (const [change, message] of cases) {
    const { poolCache, ...rest } = change;
    const buffers = poolCache === undefined ? {} : { poolCache };
    const g = { ...small, ...rest, ...buffers };
    const device = poolCache === undefined ? testbed : new Testbed(simple, TEST_PROFILE);
    assertThrows(() => device.run(scenarioOf([], g)), RangeError, message, JSON.stringify(change));
  }
  const o = testbed.run(scenarioOf(stream(4, 1e6), small));
  assertEquals(fates(o).emitted, 4, "and works after all that");
});

Deno.test("Testbed refuses routes that do not fit, and does not keep half of them", () => {
  const testbed = new Testbed(simple, TEST_PROFILE);
  const good = scenarioOf(stream(4, 1e6));
  testbed.run(good);
  const count = 5000;
  const bad: Scenario = {
    ...good,
    routes: {
      count,
      prefix: Uint32Array.from({ length: count }, (_, i) => (i << 8) >>> 0),
      depth: new Uint8Array(count).fill(24),
      nextHop: new Uint32Array(count),
    },
  };
  assertThrows(
    () => testbed.run(bad),
    RangeError,
    "Cannot install route 4096 of 5000: the table is full",
  );
  const o = testbed.run(good);
  assertEquals([fates(o).emitted, left(o, 1).length], [4, 4]);
});
