// Aim: register writes arrive in the order in which they were made and none is lost when the fabric has no
// room. Method: far more writes at one instant than any credits allow, to two devices.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { createFabric } from "../pcie/create.ts";
import { Clock } from "../time/clock.ts";
import { Mmio } from "./mmio.ts";

for (const fidelity of ["coarse", "tlp"] as const) {
  Deno.test(`Mmio keeps order and loses nothing without room, ${fidelity}`, () => {
    const clock = new Clock();
    const fabric = createFabric(fidelity, clock, TEST_PROFILE.fabric, 2);
    fabric.reset(2, { headerCredits: 1, dataCredits: 16, mps: 256, mrrs: 512 });
    const mmio = new Mmio(clock);
    mmio.reset(fabric);
    const arrived: number[][] = [[], []];
    const handlers = [0, 1].map((d) => clock.register((arg) => void arrived[d]!.push(arg)));
    const burst = clock.register(() => {
      for (let i = 0; i < 200; i++) mmio.write(1 + (i % 2), 4, handlers[i % 2]!, i);
    });
    clock.at(0, burst, 0);
    clock.run({ horizonPs: 1e12, events: 1e6 });
    const all = Array.from({ length: 200 }, (_, i) => i);
    assertEquals(arrived, [all.filter((i) => i % 2 === 0), all.filter((i) => i % 2 === 1)]);
    assertEquals(mmio.count, 200);
  });
}
