// Aim: flat out a stack may drive the queues of its NICs by itself. Method: a stack that takes what arrives in a receive
// ring and posts it again.
import { assertEquals } from "@std/assert";
import { postEmpty, takeReceived } from "../nic/driver.ts";
import type { Context } from "../host/context.ts";
import type { Memory } from "../memory/memory.ts";
import type { Stack } from "../stack.ts";
import { FlatOut, type FlatOutInput } from "./flat_out.ts";
import { scenarioOf } from "./_scenario_for_tests.ts";

function input(): FlatOutInput {
  const { routes, neighbours } = scenarioOf([]);
  return { ports: 1, ring: 8, routes, neighbours, frames: [new Uint8Array(64)] };
}

Deno.test("FlatOut refills a ring that a stack drives by itself, without a poll-mode driver beside it", () => {
  let taken = 0;
  const driver: Stack = ({ hardware, memory, pool }) => {
    const [nic] = hardware.nics;
    const { rx } = nic!.bootQueues();
    const ring = rx[0]!;
    for (let slot = 0; slot < ring.size; slot++) {
      postEmpty(memory as Memory, ring, slot, pool.get(0));
    }
    let next = 0;
    return {
      name: "driver",
      poll(cpu) {
        if (taken === 0) nic!.queues.rxTail(cpu as Context, 0, ring.size - 1);
        const from = taken;
        for (; ring.done[next] === 1; next = (next + 1) & (ring.size - 1), taken++) {
          postEmpty(memory as Memory, ring, next, takeReceived(memory as Memory, ring, next, -1));
        }
        nic!.queues.rxTail(cpu as Context, 0, (next + ring.size - 1) & (ring.size - 1));
        return taken - from;
      },
    };
  };
  const flat = new FlatOut(driver, input());
  assertEquals([flat.run(3), taken], [0, 7 * 3]);
});
