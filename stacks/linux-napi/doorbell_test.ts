// Aim: the driver writes descriptors before the tail that hands them over, and none twice.
// Method: the device's doorbells are watched from outside in whole runs: at each, every descriptor that it
// hands over has to name a buffer that is posted and not done, and no other buffer of the ring.
import { assert, assertEquals } from "@std/assert";
import { Testbed } from "../../core/machine/testbed.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { DescriptorRing } from "../../core/nic/rings.ts";
import type { Stack } from "../../core/stack.ts";
import { LINUX_TEST_PROFILE, scenarioOf, steady } from "./_scenario_for_tests.ts";
import { linuxNapi, type LinuxNapiOptions } from "./mod.ts";

/** Doorbells rung and descriptors handed over. */
interface Seen {
  bells: number;
  descriptors: number;
}

/** The stack with a look at every doorbell at the instant at which the driver rings it. */
function watched(options: LinuxNapiOptions, seen: Seen): Stack {
  const stack = linuxNapi(options);
  const make = (env: Parameters<Stack>[0]) => {
    const { ledger } = env.memory as Memory;
    for (const { queues } of env.hardware.nics) {
      for (const [name, rings] of [["rxTail", queues.rx], ["txTail", queues.tx]] as const) {
        Reflect.deleteProperty(queues, name);
        const ring = queues[name].bind(queues);
        const tails = rings.map(() => 0);
        queues[name] = (cpu, queue, slot) => {
          seen.bells++;
          const of = rings[queue]!;
          for (let at = tails[queue]!; at !== slot; at = (at + 1) & (of.size - 1)) {
            seen.descriptors++;
            ledger!.device(of.buffer[at]!, of.place);
            assertFresh(of, at, name);
          }
          tails[queue] = slot;
          ring(cpu, queue, slot);
        };
      }
    }
    return stack(env);
  };
  return Object.assign(make, { policy: stack.policy! });
}

function assertFresh(ring: DescriptorRing, slot: number, name: string): void {
  assertEquals(ring.done[slot], 0, `${name} hands over descriptor ${slot}, which is done`);
}

Deno.test("linuxNapi rings no doorbell before what it announces is written", () => {
  for (const profile of ["modern", "legacy"] as const) {
    const seen = { bells: 0, descriptors: 0 };
    const testbed = new Testbed(watched({ profile }, seen), LINUX_TEST_PROFILE);
    const frames = steady(300, 500e3);
    const o = testbed.run(scenarioOf(frames, { rxRing: 64, txRing: 64, ingress: 64 }));
    assertEquals(o.faults, [], `${profile}: a descriptor that names no posted buffer`);
    assert(seen.bells > 200, `${seen.bells} doorbells`);
    // what was received was posted, and what was sent was posted again
    const least = 2 * o.outCount;
    assert(seen.descriptors >= least, `${seen.descriptors} descriptors for ${least}`);
  }
});
