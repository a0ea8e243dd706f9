// Aim: a driver may write the RSS key, and a reset brings the default one back. Method: both directions of a flow, on
// one port, under the symmetric key and under the default one; the queue is told by the hash that the driver saw.
import { assert, assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { scenarioOf } from "../machine/_scenario_for_tests.ts";
import { simple } from "../machine/_stacks_for_tests.ts";
import { Testbed } from "../machine/testbed.ts";
import { retaQueue } from "../packet/reta.ts";
import { RSS_KEY_SYMMETRIC, Toeplitz } from "../packet/toeplitz.ts";
import type { Env, Stack } from "../stack.ts";

Deno.test("QueuePairs hash by the key that the driver has written, until they are reset", () => {
  const symmetric = new Toeplitz(RSS_KEY_SYMMETRIC, 12);
  let writes = true;
  const stack: Stack = (env: Env) => {
    const dataplane = simple(env);
    assertEquals(env.ports.length, 2, "booted: what boots queue pairs resets the key");
    if (writes) { for (const nic of env.hardware.nics) nic.queues.setRss(symmetric); }
    return dataplane;
  };
  const pairs = Array.from({ length: 16 }, (_, i) => [0x0a010001 + i, 0x0a000100 + 7 * i]);
  const offers = pairs.flatMap(([a, b], i) => [
    { at: 1e6 * (2 * i + 1), port: 0, src: a!, dst: b! },
    { at: 1e6 * (2 * i + 2), port: 0, src: b!, dst: a! },
  ]);
  const samePorts = (frame: Uint8Array) => frame.set([0, 9, 0, 9], 34);
  const testbed = new Testbed(stack, TEST_PROFILE);
  const hashes = (): number[] => {
    const o = testbed.run(
      scenarioOf(offers.map((one) => ({ ...one, edit: samePorts })), { lcores: 2 }),
    );
    return [...o.seenHash.subarray(0, o.count)];
  };
  const differing = (of: number[]) => pairs.filter((_, i) => of[2 * i] !== of[2 * i + 1]).length;
  const under = hashes();
  assertEquals(differing(under), 0, "both directions have one hash");
  const reta = testbed.machine.nics[0]!.queues.reta;
  assertEquals(new Set(under.map((hash) => retaQueue(reta, hash))).size, 2, "both queues are used");
  writes = false;
  assert(differing(hashes()) > 8, "the default key is not symmetric");
});
