// Aim: the receive side gives the DMA engine no more than keeps it busy: what waits longer waits in the ingress
// buffer, whose occupancy is the evidence of a loss, and an interrupt message finds a short queue.
// Method: frames faster than the engine writes them; the engine's queue after each write that it is asked for.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { fates, scenarioOf, stream, wirePs } from "../machine/_scenario_for_tests.ts";
import { POLICY, simple } from "../machine/_stacks_for_tests.ts";
import { Testbed } from "../machine/testbed.ts";
import type { Env, Stack } from "../stack.ts";

Deno.test("ReceiveSide hands on a packet only while fewer than two writes wait", () => {
  let most = 0;
  const watched: Stack = Object.assign((env: Env) => {
    const { dma } = env.hardware.nics[0]!;
    Reflect.deleteProperty(dma, "write");
    const write = dma.write.bind(dma);
    dma.write = (...operation) => {
      write(...operation);
      most = Math.max(most, dma.writesPending);
    };
    return simple(env);
  }, { policy: POLICY });
  const o = new Testbed(watched, TEST_PROFILE).run(scenarioOf(stream(200, wirePs(60))));
  assertEquals([o.end, fates(o).emitted], ["quiet", 200]);
  // one that waits, and the frame and the descriptor of one packet more
  assertEquals(most, 3);
});
