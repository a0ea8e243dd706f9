// Aim: a stack may have pools beside that of its ports: what is in them is sent, dropped and counted like any
// packet, and goes back where it came from. Method: a forwarder that copies every second packet to a second pool.
import { assertEquals, assertThrows } from "@std/assert";
import type { Mempool } from "../memory/mempool.ts";
import { REASON } from "../policy.ts";
import type { Dataplane, Env, Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import { fates, scenarioOf, stream } from "./_scenario_for_tests.ts";
import { Testbed } from "./testbed.ts";

/** Sends what it receives out of the other port, every second packet as a copy, and drops every fourth. */
function copying(mbufs: number, seen: { second?: Mempool; refused: number }): Stack {
  return ({ ports, memory, pool, drop, addPool }: Env): Dataplane => {
    const second = seen.second = addPool("second", mbufs);
    const burst = new Int32Array(1);
    let count = 0;
    return {
      name: "copying",
      idlePollIsStateless: true,
      poll(cpu) {
        const n = ports[0]!.rxBurst(cpu, cpu.lcore, burst, 1);
        if (n === 0) return 0;
        if (count++ % 2 === 1) {
          const copy = second.get(cpu.lcore);
          if (copy < 0) seen.refused++;
          else {
            memory.copy(burst[0]!, copy);
            pool.put(cpu.lcore, burst[0]!);
            burst[0] = copy;
          }
        }
        if (count % 4 === 0) drop(cpu, burst[0]!, REASON.consumed);
        else ports[1]!.txBurst(cpu, cpu.lcore, burst, 0, 1);
        return 1;
      },
    };
  };
}

Deno.test("Env.addPool: sent and dropped buffers go back to the pool that they are of", () => {
  const seen: { second?: Mempool; refused: number } = { refused: 0 };
  const testbed = new Testbed(copying(200, seen), TEST_PROFILE);
  const o = testbed.run(scenarioOf(stream(400, 100_000), { txRing: 64 }));
  assertEquals(o.faults, []);
  assertEquals(fates(o), { none: 0, emitted: 300, dropped: 100, freed: 0 });
  assertEquals([o.copiedBytes, seen.refused], [200 * 60, 0]);
  const [first, second] = o.pools;
  assertEquals([first!.name, second!.name, second!.size], ["mempool", "second", 200]);
  // what was sent and not yet taken back waits in one transmit ring
  const held = second!.held.reduce((sum, { count }) => sum + count, 0);
  assertEquals([second!.free + second!.cached + held, second!.held.length], [200, 1]);
  assertEquals(second!.inHand, []);
});

Deno.test("Env.addPool refuses what is no count and what the memory does not hold", () => {
  for (
    const [mbufs, message] of [[0, "0 mbufs, expected 1 or more"], [1e6, "Cannot reserve"]] as const
  ) {
    const testbed = new Testbed(copying(mbufs, { refused: 0 }), TEST_PROFILE);
    assertThrows(() => testbed.run(scenarioOf([])), RangeError, message);
  }
});
