// Aim: register writes arrive in the order in which they were made and none is lost when the fabric has no
// room. Method: far more writes at one instant than any credits allow, to two devices.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { createFabric } from "../pcie/create.ts";
import { Clock } from "../time/clock.ts";
import { Mmio } from "./mmio.ts";
import { GEOMETRY } from "../machine/_scenario_for_tests.ts";
import { Machine } from "../machine/machine.ts";
import type { Fabric } from "../pcie/fabric.ts";

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

// Aim: an interrupt of a NIC takes the path of its write-backs, as a message of four bytes, and reaches the
// lcore of its queue after the latency of the machine's profile.
// Method: one cause on a machine at rest, at two latencies; what crossed the link, when it was taken and by whom.

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

// Aim: what a driver tells the device happens at the driver's own time, after what it has charged, not at the
// instant at which its body began; and a register write that waited in a former run never arrives in the next.
// Method: a context that has charged a microsecond; the root complex's count of writes just before and at it.

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
