// Aim: what a driver tells the device happens at the driver's own time, after what it has charged, not at the
// instant at which its body began; and a register write that waited in a former run never arrives in the next.
// Method: a context that has charged a microsecond; the root complex's count of writes just before and at it.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { GEOMETRY } from "../machine/_scenario_for_tests.ts";
import { Machine } from "../machine/machine.ts";
import type { Fabric } from "../pcie/fabric.ts";
import { Clock } from "../time/clock.ts";
import { Mmio } from "./mmio.ts";

const EVENTS = 1000;
/** One microsecond of the test's CPU. */
const CHARGED = TEST_PROFILE.cpuMhz;

for (const what of ["rxTail", "txTail"] as const) {
  Deno.test(`QueuePairs ${what} leaves at the driver's own time`, () => {
    const machine = new Machine(TEST_PROFILE);
    machine.reset(GEOMETRY, 0, [], () => {});
    const queues = machine.nics[0]!.bootQueues();
    const cpu = machine.lcores[0]!.irq;
    cpu.begin(0);
    cpu.charge(CHARGED);
    queues[what](cpu, 0, 5);
    machine.clock.run({ horizonPs: 999_999, events: EVENTS });
    assertEquals(machine.mmio.count, 0, "the driver was not there yet");
    machine.clock.run({ horizonPs: 1_000_000, events: EVENTS });
    assertEquals(machine.mmio.count, 1);
    const ring = what === "rxTail" ? queues.rx[0]! : queues.tx[0]!;
    assertEquals(ring.tail, 0, "and the write is on its way");
    // switch and device take 0.25 us; the descriptors that the device then reads are not there
    machine.clock.run({ horizonPs: 1_300_000, events: EVENTS });
    assertEquals(ring.tail, 5);
  });
}

Deno.test("Mmio forgets what waited when it is reset", () => {
  const clock = new Clock();
  const made: number[] = [];
  let open = false;
  let roomHandler = -1;
  const fabric = {
    room: () => open,
    onRoom: (_node: number, handler: number) => void (roomHandler = handler),
    write: (_src: number, _dst: number, _bytes: number, _handler: number, arg: number) =>
      void made.push(arg),
  } as unknown as Fabric;
  const mmio = new Mmio(clock);
  const handler = clock.register(() => {});
  mmio.reset(fabric);
  mmio.write(1, 4, handler, 7);
  assertEquals([made, mmio.count], [[], 1]);
  clock.reset();
  mmio.reset(fabric);
  open = true;
  clock.at(5, roomHandler, 0);
  clock.run({ horizonPs: 10, events: EVENTS });
  assertEquals([made, mmio.count], [[], 0]);
  mmio.write(1, 4, handler, 8);
  assertEquals([made, mmio.count], [[8], 1]);
});
