// Aim: the transmit side serves its queues in turn, one frame each, however many wait in one of them; and a
// driver that takes a buffer back before the device has read it is found out.
// Method: descriptors posted by hand on a machine that no stack drives.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { GEOMETRY, left } from "../machine/_scenario_for_tests.ts";
import { Machine } from "../machine/machine.ts";
import { postFull, takeSent } from "./driver.ts";

const LIMITS = { horizonPs: 1e10, events: 100_000 };

/** A machine whose NIC 0 has a host driver's rings and takes `txFifo` frames on ahead of the wire, and a way to post packets on them. */
function posting(packets: number, txFifo = 4) {
  const machine = new Machine({ ...TEST_PROFILE, txFifo }, {
    ports: 1,
    lcores: 2,
    ring: 64,
    ingress: 64,
    buffers: 1024,
  });
  const sizes = { ports: 1, lcores: 2, rxRing: 64, txRing: 64, ingress: 64 };
  machine.reset({ ...GEOMETRY, ...sizes }, packets, [], () => {});
  const { memory, ledger, observation } = machine;
  const place = observation.addPlace("driver");
  const queues = machine.nics[0]!.bootQueues();
  const { first } = memory.region("pool", 0, packets);
  const cpu = machine.lcores[0]!.irq;
  const post = (packet: number, queue: number, slot: number): void => {
    const b = first + packet;
    ledger.enter(packet, b, place);
    memory.length[b] = 60;
    postFull(memory, queues.tx[queue]!, slot, b, true, cpu);
  };
  return { machine, observation, queues, cpu, post, place };
}

Deno.test("TransmitSide FAIR-1: sends one frame of each queue in turn", () => {
  const each = 12;
  for (const fifo of [1, 4]) {
    const { machine, observation, queues, cpu, post } = posting(2 * each, fifo);
    // even packets on queue 0, odd ones on queue 1
    for (let packet = 0; packet < 2 * each; packet++) post(packet, packet & 1, packet >> 1);
    queues.txTail(cpu, 0, each);
    queues.txTail(cpu, 1, each);
    machine.clock.run(LIMITS);
    assertEquals(observation.faults, []);
    // queue 0, whose descriptors are there first, fills the FIFO; from then on a frame that leaves makes room
    const first = Array.from({ length: fifo }, (_, i) => 2 * i);
    const turns = Array.from({ length: each - fifo }, (_, i) => [2 * i + 1, 2 * (i + fifo)]);
    const last = Array.from({ length: fifo }, (_, i) => 2 * (each - fifo + i) + 1);
    assertEquals(left(observation, 0), [...first, ...turns.flat(), ...last], `FIFO of ${fifo}`);
  }
});

Deno.test("TransmitSide has its whole FIFO again when it has sent everything", () => {
  const { machine, observation, queues, cpu, post } = posting(24);
  const ring = queues.tx[0]!;
  for (let batch = 0; batch < 3; batch++) {
    for (let packet = 8 * batch; packet < 8 * batch + 8; packet++) post(packet, 0, packet);
    cpu.begin(machine.clock.now);
    queues.txTail(cpu, 0, 8 * batch + 8);
    while (observation.outCount === 8 * batch) {
      assertEquals(ring.head - 8 * batch <= 4, true, `batch ${batch}: more than the FIFO holds`);
      machine.clock.run({ ...LIMITS, events: 1 });
    }
    assertEquals(ring.head - 8 * batch, 4 + 1, `batch ${batch}: taken on when the first left`);
    machine.clock.run(LIMITS);
    assertEquals(observation.outCount, 8 * batch + 8);
  }
});

Deno.test("TransmitSide NIC-3: reads only what is still the device's", () => {
  const { machine, observation, queues, cpu, post, place } = posting(2);
  post(0, 0, 0);
  post(1, 0, 1);
  queues.txTail(cpu, 0, 2);
  takeSent(machine.memory, queues.tx[0]!, 1, place, cpu);
  queues.tx[0]!.buffer[1] = queues.tx[0]!.buffer[0]! + 1;
  machine.clock.run(LIMITS);
  const [fault] = observation.faults;
  assertEquals([observation.faultCount, fault?.kind, fault?.packet], [1, "freed-posted", 1]);
});
