// Aim: an interrupt of a NIC takes the path of its write-backs, as a message of four bytes, and reaches the
// lcore of its queue after the latency of the machine's profile.
// Method: one cause on a machine at rest, at two latencies; what crossed the link, when it was taken and by whom.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { GEOMETRY } from "../machine/_scenario_for_tests.ts";
import { Machine } from "../machine/machine.ts";

/** Raises vector 1 of NIC 0 at once; answers who took which vector when, and what crossed the link. */
function raise(interruptPs: number) {
  const machine = new Machine({ ...TEST_PROFILE, interruptPs });
  const taken: { lcore: number; vector: number; at: number }[] = [];
  machine.reset({ ...GEOMETRY, lcores: 2 }, 0, [], (cpu, vector) => {
    taken.push({ lcore: cpu.lcore, vector, at: machine.clock.now });
  });
  const nic = machine.nics[0]!;
  nic.bootQueues();
  const vector = nic.vectors[1]!;
  vector.enable();
  vector.cause();
  machine.clock.run({ horizonPs: 1e9, events: 1000 });
  const link = machine.fabric("coarse").links().find(({ name }) => name === "nic0>switch")!;
  return { taken, id: vector.id, link };
}

Deno.test("Nic interrupts the lcore of the queue by a posted write of 4 bytes and the profile's latency", () => {
  const { dma, fabric } = TEST_PROFILE;
  const path = dma.write64Ps + Math.round((4 + 24) * 8000 / fabric.deviceLinkGbps) +
    fabric.switchPs + Math.round((4 + 24) * 8000 / fabric.hostLinkGbps) + fabric.hostWritePs;
  for (const interruptPs of [0, 1_000_000, 2_500_000]) {
    const { taken, id, link } = raise(interruptPs);
    assertEquals(taken, [{ lcore: 1, vector: id, at: path + interruptPs }]);
    assertEquals([[...link.tlps], link.payloadBytes], [[1, 0, 0], 4]);
  }
});
