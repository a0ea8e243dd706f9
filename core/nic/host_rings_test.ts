// Aim: by way of host memory, a buffer is owned by one party at a time and is not used again before the NIC was
// told of it; descriptors follow their frames, also through host memory's own rate; nothing is lost when rings
// are full. Method: a firmware and an lcore that are lazy at random, a set of owned buffers as the model; times
// worked out by hand; what is refused.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { scenarioOf, stream } from "../machine/_scenario_for_tests.ts";
import type { Geometry } from "../machine/device.ts";
import { Machine } from "../machine/machine.ts";
import type { Context } from "../host/context.ts";
import type { Nic } from "./nic.ts";
import { COMPLETION, DESCRIPTOR, FETCHED, type Firmware, POLLED, SENT } from "./threads.ts";

const MAXIMA = { ports: 3, lcores: 2, ring: 64, ingress: 64, buffers: 1024 };

/** Sends everything from NIC i to one other NIC by the queue that its number says. */
class RandomFirmware implements Firmware {
  readonly owned = new Set<number>();
  reused = 0;
  waits = 0;
  readonly #machine: Machine;
  readonly #coin: () => boolean;
  readonly #egressOf: (ingress: number) => number;
  readonly #waiting: number[][] = [[], [], []];

  constructor(machine: Machine, egressOf: (ingress: number) => number, coin: () => boolean) {
    this.#machine = machine;
    this.#egressOf = egressOf;
    this.#coin = coin;
  }

  packet(): number {
    return 100;
  }

  done(nic: Nic, _thread: number, b: number): void {
    this.#waiting[nic.port]!.push(b);
    this.#post(nic.port);
  }

  #post(ingress: number): void {
    const { hostRings } = this.#machine;
    const queue = ingress % hostRings.queues;
    const waiting = this.#waiting[ingress]!;
    while (waiting.length > 0) {
      const buffer = hostRings.reserve(ingress, queue);
      if (buffer < 0) {
        this.waits++;
        break;
      }
      if (this.owned.has(buffer)) this.reused++;
      this.owned.add(buffer);
      hostRings.writeFrame(ingress, this.#egressOf(ingress), waiting.shift()!, buffer);
      const pending = hostRings.append(ingress, queue, buffer);
      assertEquals(pending, hostRings.pending(ingress, queue));
      if (this.#coin()) hostRings.flush(ingress, queue);
    }
    hostRings.flush(ingress, queue);
  }

  signal(nic: Nic, kind: number, arg: number): void {
    const { hostRings, ledger } = this.#machine;
    const { tx } = hostRings;
    if (kind === COMPLETION) {
      for (const buffer of this.owned) if (ledger.isFree(buffer)) this.owned.delete(buffer);
      this.#post(nic.port);
    } else if (kind === DESCRIPTOR) tx.poll(nic.port, arg);
    else if (kind === POLLED) {
      assert(tx.waiting(nic.port, arg) <= 8, "a read carries eight descriptors at most");
      for (let slot; (slot = tx.fetch(nic.port, arg)) >= 0;) assertEquals(tx.queueOf(slot), arg);
      tx.poll(nic.port, arg);
    } else if (kind === FETCHED) nic.macOut.send(arg);
    else if (kind === SENT) {
      const queue = tx.queueOf(arg);
      if (tx.complete(arg) > 3 || this.#coin()) tx.flushCompletions(nic.port, queue);
      // none waits for ever: with nothing left to send, those of all queues go
      if (nic.macOut.pending > 0) return;
      for (let q = 0; q < hostRings.queues; q++) tx.flushCompletions(nic.port, q);
    }
  }
}

function play(
  packets: number,
  gapPs: number,
  geometry: Partial<Geometry>,
  flips: boolean[],
  merge: boolean,
) {
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  const scenario = scenarioOf(
    stream(packets, gapPs, (i) => ({ port: i % (geometry.ports ?? 2), size: 60 + i % 200 })),
    { ingress: 64, ...geometry },
  );
  const { ports, lcores, peerSlots } = scenario.geometry;
  machine.reset(scenario.geometry, packets, [], () => {});
  const nics = machine.nics.slice(0, ports);
  const { hostRings } = machine;
  let flip = 0;
  const coin = () => flips[flip++ % flips.length]!;
  const contexts = machine.lcores.slice(0, lcores).map((lcore) =>
    lcore.spawn("thread", (cpu: Context) => {
      const queue = cpu.lcore;
      let n = hostRings.reclaim(cpu, queue);
      for (let i = 0; i < ports; i++) n += hostRings.forward(cpu, i, queue, coin() ? 1 : 8);
      cpu.charge(100 + n * 100);
      hostRings.tx.publish(cpu, queue);
      return n;
    }, true)
  );
  hostRings.boot(nics, contexts, peerSlots, TEST_PROFILE.nicBuffers);
  // all to NIC 0, so that rings towards it fill up, or round the circle
  const egressOf = (i: number) => merge ? (i === 0 ? 1 : 0) : (i + 1) % ports;
  const firmware = new RandomFirmware(machine, egressOf, coin);
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(scenario.traffic);
  const end = machine.clock.run({ horizonPs: 1e12, events: 1e6 });
  return { machine, firmware, end, o: machine.observation, nics };
}

Deno.test("HostRings NIC-3: no buffer is used before its NIC was told of it, whoever is lazy", () => {
  let waits = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom<Geometry["fidelity"]>("coarse", "tlp"),
      fc.constantFrom(5_000, 20_000, 200_000),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 2 }),
      fc.boolean(),
      (ports, peerSlots, fidelity, gapPs, flips, lcores, merge) => {
        const packets = 60;
        const run = play(packets, gapPs, { ports, peerSlots, fidelity, lcores }, flips, merge);
        const { o, firmware, machine, end, nics } = run;
        assertEquals([end, firmware.reused, o.faults, o.unresolved], ["quiet", 0, [], 0]);
        for (let p = 0; p < packets; p++) {
          const walk = [o.dataAt[p]!, o.descAt[p]!, o.seenAt[p]!, o.txAt[p]!, o.doneAt[p]!];
          assert(walk[0]! > 0, `packet ${p} never landed`);
          assertEquals([...walk].sort((a, b) => a - b), walk, `packet ${p}: ${walk}`);
        }
        for (const { port, macIn, counters } of nics) {
          assertEquals(macIn.occupancy, 0);
          const batches = machine.hostRings.batches(port, port % lcores);
          const carried = batches.reduce((sum, n, k) => sum + n * k, 0);
          assertEquals(carried, counters.rxFrames, `descriptors of nic${port}`);
        }
        for (const region of machine.memory.regions) {
          for (let b = region.first; b < region.first + region.count; b++) {
            assert(machine.ledger.isFree(b), `a buffer of ${region.name} is still in use`);
          }
        }
        for (let port = 0; port < ports; port++) {
          for (let n = 0; n <= peerSlots; n++) {
            const buffer = machine.hostRings.reserve(port, port % lcores);
            assertEquals(buffer >= 0, n < peerSlots, `nic${port} has not got all buffers back`);
          }
        }
        waits += firmware.waits;
      },
    ),
    { numRuns: 80 },
  );
  assert(waits > 50, `an ingress NIC had to wait for buffers ${waits} times only`);
});

Deno.test("HostRings show frames at the rate of host memory, and each descriptor after its frame", () => {
  // 1514 bytes at line rate of two ports are 79 Gb/s, and host memory forwards 68.1
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  const packets = 80;
  const offers = stream(packets, 153_900, (i) => ({ port: i & 1, size: 1514 }));
  const scenario = scenarioOf(offers, { ingress: 64, lcores: 1, peerSlots: 64 });
  machine.reset(scenario.geometry, packets, [], () => {});
  const { hostRings, observation: o } = machine;
  const seen: number[] = [];
  const context = machine.lcores[0]!.spawn("thread", (cpu: Context) => {
    cpu.charge(50);
    const n = hostRings.forward(cpu, 0, 0, 8) + hostRings.forward(cpu, 1, 0, 8);
    for (let i = 0; i < n; i++) seen.push(machine.clock.now);
    return n;
  }, true);
  const nics = machine.nics.slice(0, 2);
  hostRings.boot(nics, [context], 64, 64);
  const firmware: Firmware = {
    packet: () => 80,
    done(nic, _thread, b) {
      const buffer = hostRings.reserve(nic.port, 0);
      hostRings.writeFrame(nic.port, 1 - nic.port, b, buffer);
      hostRings.append(nic.port, 0, buffer);
      hostRings.flush(nic.port, 0);
    },
    signal() {},
  };
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(scenario.traffic);
  machine.clock.run({ horizonPs: 1e12, events: 1e6 });
  assertEquals([seen.length, o.faults], [packets, []]);
  const each = Math.round(1514 * 8000 / 68.1);
  assertEquals(hostRings.memoryBusyPs, packets * each);
  const shown = [...o.dataAt.subarray(0, packets)].sort((a, b) => a - b);
  for (let p = 1; p < packets; p++) {
    const apart = shown[p]! - shown[p - 1]!;
    assert(apart >= each && (p < 10 || apart === each), `frame ${p} ${apart} ps after the last`);
  }
  for (let p = 0; p < packets; p++) assert(o.descAt[p]! >= o.dataAt[p]!);
});

Deno.test("HostRings boot refuses more slots than a NIC's memory holds", () => {
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  machine.reset(scenarioOf([], { lcores: 2, ingress: 4 }).geometry, 0, [], () => {});
  const contexts = [0, 1].map((q) => machine.lcores[q]!.spawn("thread", () => 0, true));
  const nics = machine.nics.slice(0, 2);
  assertThrows(
    () => machine.hostRings.boot(nics, contexts, 10, 19),
    RangeError,
    "Cannot boot NICs with 10 slots for each of 2 queues: 20 buffers are needed in each NIC's " +
      "memory, which holds 19",
  );
  machine.hostRings.boot(nics, contexts, 10, 20);
  const sizes = machine.memory.regions.filter(({ name }) => name.includes("queue"))
    .map(({ node, count }) => `${count} at ${node}`);
  assertEquals(sizes.sort(), [
    ...Array(4).fill("10 at 0"),
    "10 at 1",
    "10 at 1",
    "10 at 2",
    "10 at 2",
  ]);
});
