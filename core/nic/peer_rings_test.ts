// Aim: by writes and by reads, a slot of a peer is owned by one NIC at a time, is not used again before its completion is visible,
// and rings never overtake. Method: a firmware that flushes whenever it is told to at random, a set of owned
// slots as the model; then the walk of one packet, and what is refused.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { scenarioOf, stream } from "../machine/_scenario_for_tests.ts";
import type { Geometry } from "../machine/device.ts";
import { Machine } from "../machine/machine.ts";
import type { Nic } from "./nic.ts";
import { COMPLETION, DESCRIPTOR, FETCHED, type Firmware, SENT } from "./threads.ts";

/** Sends everything from NIC i to NIC (i + 1) mod n, by writes or by reads; `coin` decides when to flush. */
class RandomFirmware implements Firmware {
  readonly owned = new Set<number>();
  reused = 0;
  waits = 0;
  readonly #waiting: number[][];
  readonly #completing: number[][];
  readonly #machine: Machine;
  readonly #coin: () => boolean;
  readonly #ports: number;
  readonly #reads: boolean;

  constructor(machine: Machine, ports: number, reads: boolean, coin: () => boolean) {
    this.#machine = machine;
    this.#ports = ports;
    this.#reads = reads;
    this.#coin = coin;
    this.#waiting = Array.from({ length: ports }, () => []);
    this.#completing = Array.from({ length: ports }, () => []);
  }

  packet(): number {
    return 100;
  }

  done(nic: Nic, _thread: number, b: number): void {
    this.#waiting[nic.port]!.push(b);
    this.#post(nic.port);
  }

  signal(nic: Nic, kind: number, arg: number): void {
    const { peers } = this.#machine;
    if (kind === DESCRIPTOR) {
      assert(peers.waiting(arg, nic.port) > 0);
      for (let slot; (slot = peers.take(arg, nic.port)) >= 0;) {
        if (this.#reads) peers.fetch(arg, nic.port, slot);
        else nic.macOut.send(slot);
      }
      assertEquals(peers.waiting(arg, nic.port), 0);
    } else if (kind === FETCHED) nic.macOut.send(arg);
    else if (kind === SENT) {
      const from = this.#machine.memory.port[arg]!;
      this.#completing[from]!.push(arg);
      const waiting = peers.complete(from, nic.port, arg);
      assertEquals(waiting, this.#completing[from]!.length);
      if (nic.macOut.pending === 0 || this.#coin()) {
        this.#completing[from]!.length = 0;
        peers.flushCompletions(from, nic.port);
      }
    } else if (kind === COMPLETION) {
      for (const slot of this.owned) if (this.#machine.ledger.isFree(slot)) this.owned.delete(slot);
      this.#post(nic.port);
    }
  }

  #post(ingress: number): void {
    const { peers } = this.#machine;
    const egress = (ingress + 1) % this.#ports;
    const waiting = this.#waiting[ingress]!;
    while (waiting.length > 0) {
      const slot = peers.reserve(ingress, egress);
      if (slot < 0) {
        this.waits++;
        break;
      }
      if (this.owned.has(slot)) this.reused++;
      this.owned.add(slot);
      const b = waiting.shift()!;
      if (this.#reads) peers.offerFrame(b, slot);
      else peers.writeFrame(ingress, egress, b, slot);
      const pending = peers.append(ingress, egress, slot);
      assertEquals(pending, peers.pending(ingress, egress));
      if (this.#coin()) peers.flush(ingress, egress);
    }
    peers.flush(ingress, egress);
  }
}

function play(
  packets: number,
  gapPs: number,
  geometry: Partial<Geometry>,
  flips: readonly boolean[],
  reads: boolean,
  machine = new Machine(TEST_PROFILE, { ...MAXIMA }),
  events = 1e6,
) {
  const scenario = scenarioOf(
    stream(packets, gapPs, (i) => ({ port: i % (geometry.ports ?? 2), size: 60 + i % 200 })),
    { ingress: 64, ...geometry },
  );
  const { ports, peerSlots } = scenario.geometry;
  machine.reset(scenario.geometry, packets, [], () => {});
  const nics = machine.nics.slice(0, ports);
  machine.peers.boot(nics, peerSlots, TEST_PROFILE.nicBuffers);
  let flip = 0;
  const firmware = new RandomFirmware(machine, ports, reads, () => flips[flip++ % flips.length]!);
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(scenario.traffic);
  const end = machine.clock.run({ horizonPs: 1e12, events });
  return { machine, firmware, end, o: machine.observation, nics };
}

const MAXIMA = { ports: 4, lcores: 1, ring: 64, ingress: 64, buffers: 1024 };

Deno.test("PeerRings NIC-3: no slot is used before its completion, whenever one flushes", () => {
  let waits = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom<Geometry["fidelity"]>("coarse", "tlp"),
      fc.constantFrom(5_000, 20_000, 200_000),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      // whether the machine has run before, one way or the other, to its end or not
      fc.constantFrom("new", "writes", "reads"),
      fc.constantFrom(300, 1e6),
      (ports, peerSlots, fidelity, gapPs, flips, reads, before, events) => {
        const packets = 60;
        const machine = new Machine(TEST_PROFILE, { ...MAXIMA });
        if (before !== "new") {
          play(packets, gapPs, { ports, peerSlots }, flips, before === "reads", machine, events);
        }
        const { o, firmware, end, nics } = play(
          packets,
          gapPs,
          {
            ports,
            peerSlots,
            fidelity,
          },
          flips,
          reads,
          machine,
        );
        assertEquals(end, "quiet");
        assertEquals([firmware.reused, o.faults], [0, []]);
        assertEquals(o.unresolved, 0, "nothing waits for ever");
        for (let p = 0; p < packets; p++) {
          const walk = [o.dataAt[p]!, o.descAt[p]!, o.seenAt[p]!, o.doneAt[p]!];
          assert(walk[0]! > 0, `packet ${p} never landed`);
          assertEquals([...walk].sort((a, b) => a - b), walk, `packet ${p}: ${walk}`);
        }
        for (let i = 0; i < ports; i++) {
          const e = (i + 1) % ports;
          const carried = machine.peers.batches(i, e).reduce((sum, n, size) => sum + n * size, 0);
          assertEquals(nics[i]!.macIn.occupancy, 0, "every ingress buffer is free again");
          assertEquals(machine.peers.missing(i, e), 0);
          const again = Array.from({ length: peerSlots + 1 }, () => machine.peers.reserve(i, e));
          assertEquals(
            [new Set(again.slice(0, peerSlots)).size, again.indexOf(-1)],
            [peerSlots, peerSlots],
            `every slot from ${i} to ${e} is free again`,
          );
          assertEquals(carried, nics[i]!.counters.rxFrames, `descriptors from ${i} to ${e}`);
        }
        waits += firmware.waits;
      },
    ),
    { numRuns: 60 },
  );
  assert(waits > 50, `an ingress NIC had to wait for slots ${waits} times only`);
});

Deno.test("PeerRings passes a slot from ingress to egress and back", () => {
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  const { geometry, traffic } = scenarioOf(stream(1, 0), { peerSlots: 1, ingress: 4 });
  machine.reset(geometry, 1, [], () => {});
  const nics = machine.nics.slice(0, 2);
  const { peers, memory, ledger, clock, observation: o } = machine;
  peers.boot(nics, 1, 1);
  const seen: string[] = [];
  let slot = -1;
  const holder = () => o.places[ledger.holder[slot]!]?.name ?? "nobody";
  const firmware: Firmware = {
    packet: () => 80,
    done(nic, _thread, b) {
      assertEquals(peers.take(0, 1), -1, "nothing is visible yet");
      slot = peers.reserve(0, 1);
      seen.push(`reserved by ${holder()}`);
      assertEquals(peers.reserve(nic.port, 1), -1, "the only slot is taken");
      peers.writeFrame(0, 1, b, slot);
      peers.append(0, 1, slot);
      assertEquals([peers.pending(0, 1), peers.pending(1, 0)], [1, 0]);
      peers.flush(0, 1);
      assertEquals(peers.pending(0, 1), 0);
    },
    signal(nic, kind, arg) {
      if (kind === DESCRIPTOR) {
        seen.push(`nic${nic.port} sees a descriptor of nic${arg}, ${memory.length[slot]} bytes`);
        assertEquals([peers.take(0, 1), peers.take(0, 1)], [slot, -1]);
        nic.macOut.send(slot);
      } else if (kind === SENT) {
        seen.push(`nic${nic.port} has sent`);
        memory.next[slot] = 3;
        memory.flags[slot] = 7;
        assertEquals(peers.complete(0, 1, slot), 1);
        assertEquals(peers.reserve(0, 1), -1, "not before the completion is visible");
        peers.flushCompletions(0, 1);
        assertEquals(peers.reserve(0, 1), -1, "not before the completion is visible");
      } else {
        seen.push(`nic${nic.port} gets the slot back from nic${arg}`);
        assertEquals([ledger.isFree(slot), peers.reserve(0, 1)], [true, slot]);
        const { length, flags, next } = memory;
        assertEquals([length[slot], flags[slot], next[slot]], [0, 0, -1], "as new (NIC-7)");
      }
    },
  };
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(traffic);
  clock.run({ horizonPs: 1e12, events: 1e5 });
  assertEquals(seen, [
    "reserved by nic1 slots from nic0",
    "nic1 sees a descriptor of nic0, 60 bytes",
    "nic1 has sent",
    "nic0 gets the slot back from nic1",
  ]);
  assertEquals([...peers.batches(0, 1)], [0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(o.faults, []);
});

Deno.test("PeerRings writes at most eight descriptors or completions with a DMA", () => {
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  const packets = 21;
  const scenario = scenarioOf(stream(packets, 17_000), {
    peerSlots: 32,
    ingress: 64,
    fidelity: "tlp",
  });
  machine.reset(scenario.geometry, packets, [], () => {});
  const nics = machine.nics.slice(0, 2);
  const { peers, clock, observation: o } = machine;
  peers.boot(nics, 32, 32);
  const waiting: number[] = [];
  let sent = 0;
  const completions: number[] = [];
  const firmware: Firmware = {
    packet: () => 80,
    done(_nic, _thread, b) {
      if (waiting.push(b) < packets) return;
      for (const ingress of waiting) {
        const slot = peers.reserve(0, 1);
        peers.writeFrame(0, 1, ingress, slot);
        peers.append(0, 1, slot);
      }
      peers.flush(0, 1);
    },
    signal(nic, kind, arg) {
      if (kind === DESCRIPTOR) {
        for (let slot; (slot = peers.take(arg, 1)) >= 0;) nic.macOut.send(slot);
      } else if (kind === SENT) {
        peers.complete(0, 1, arg);
        if (++sent === packets) peers.flushCompletions(0, 1);
      } else completions.push(clock.now);
    },
  };
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(scenario.traffic);
  clock.run({ horizonPs: 1e12, events: 1e5 });
  assertEquals([...peers.batches(0, 1)], [0, 0, 0, 0, 0, 1, 0, 0, 2]);
  assertEquals(completions.length, 3);
  const links = machine.fabric("tlp").links();
  const up = (name: string) => links.find((link) => link.name === name)!;
  // 8 bytes for each descriptor and each completion
  assertEquals(up("nic0>switch").payloadBytes, packets * (60 + 8));
  assertEquals(up("nic1>switch").payloadBytes, packets * 8);
  assertEquals(up("nic1>switch").tlps, [3, 0, 0]);
  assertEquals([o.faults, o.unresolved], [[], 0]);
});

Deno.test("PeerRings boot refuses more slots than a NIC's memory or a ring holds", () => {
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  machine.reset(scenarioOf([], { ports: 4, ingress: 4 }).geometry, 0, [], () => {});
  const nics = machine.nics.slice(0, 4);
  assertThrows(
    () => machine.peers.boot(nics, 10, 29),
    RangeError,
    "Cannot boot 4 NICs with 10 slots for each peer: 30 buffers are needed in each NIC's memory, " +
      "which holds 29",
  );
  assertThrows(
    () => machine.peers.boot(nics, 65, 16384),
    RangeError,
    "Cannot boot NICs with 65 slots for each peer: rings hold 64",
  );
  machine.peers.boot(nics, 10, 30);
  const mine = machine.memory.regions.filter((region) => region.name.includes("slots from"));
  assertEquals(mine.length, 12, "a ring for each ordered pair of four NICs");
  for (const nic of nics) {
    const held = mine.filter((region) => region.node === nic.node);
    assertEquals(held.reduce((sum, region) => sum + region.count, 0), 30);
  }
});

Deno.test("PeerRings by reads keep the frame in its ingress buffer until its completion is visible", () => {
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  const { geometry, traffic } = scenarioOf(stream(1, 0), { peerSlots: 1, ingress: 4 });
  machine.reset(geometry, 1, [], () => {});
  const nics = machine.nics.slice(0, 2);
  const { peers, clock, observation: o } = machine;
  peers.boot(nics, 1, 1);
  const held: number[] = [];
  const firmware: Firmware = {
    packet: () => 80,
    done(_nic, _thread, b) {
      const slot = peers.reserve(0, 1);
      peers.offerFrame(b, slot);
      peers.append(0, 1, slot);
      peers.flush(0, 1);
    },
    signal(nic, kind, arg) {
      held.push(nics[0]!.macIn.occupancy);
      if (kind === DESCRIPTOR) peers.fetch(0, 1, peers.take(0, 1));
      else if (kind === FETCHED) nic.macOut.send(arg);
      else if (kind === SENT) {
        peers.complete(0, 1, arg);
        peers.flushCompletions(0, 1);
      }
    },
  };
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(traffic);
  clock.run({ horizonPs: 1e12, events: 1e5 });
  assertEquals(held, [1, 1, 1, 0], "descriptor, fetched, sent, completion");
  assertEquals([o.faults, o.unresolved], [[], 0]);
  // 60 bytes out of nic0, two entries of 8, and one read request
  const links = machine.fabric("coarse").links();
  const up = (name: string) => links.find((link) => link.name === name)!;
  assertEquals([up("nic0>switch").payloadBytes, up("nic1>switch").payloadBytes], [68, 8]);
  assertEquals([up("nic0>switch").tlps, up("nic1>switch").tlps], [[1, 0, 1], [1, 1, 0]]);
});

Deno.test("PeerRings count entries whose write was lost, and take none for another", () => {
  const packets = 12;
  const machine = new Machine(TEST_PROFILE, MAXIMA);
  const { geometry, traffic } = scenarioOf(stream(packets, 2_000_000), {
    peerSlots: 16,
    ingress: 16,
  });
  machine.reset(geometry, packets, [], () => {});
  const nics = machine.nics.slice(0, 2);
  const { peers, clock, ledger } = machine;
  peers.boot(nics, 16, 16);
  const taken: number[] = [];
  let [offered, losing] = [0, false];
  const { dma } = nics[0]!;
  const write = dma.write.bind(dma);
  dma.write = (...args) => {
    if (!losing) write(...args);
  };
  const firmware: Firmware = {
    packet: () => 80,
    done(_nic, _thread, b) {
      const slot = peers.reserve(0, 1);
      peers.writeFrame(0, 1, b, slot);
      peers.append(0, 1, slot);
      // the descriptors of packets 2 and 3 go out together and are lost, and so is that of packet 7
      losing = offered === 3 || offered === 7;
      if (offered++ !== 2) peers.flush(0, 1);
      losing = false;
    },
    signal(_nic, kind, arg) {
      if (kind !== DESCRIPTOR) return;
      for (let slot; (slot = peers.take(arg, 1)) >= 0;) taken.push(ledger.packet[slot]!);
    },
  };
  for (const nic of nics) nic.threads.boot(firmware);
  machine.offer(traffic);
  clock.run({ horizonPs: 1e12, events: 1e5 });
  assertEquals(taken, [0, 1, 4, 5, 6, 8, 9, 10, 11]);
  assertEquals([peers.missing(0, 1), peers.missing(1, 0)], [3, 0]);
});
