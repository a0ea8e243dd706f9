// Aim: the indices of a descriptor ring stay within the ring and tell the truth, also where they wrap.
// Method: unbounded counts as the model, start indices near 2^32, examples for the limits.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bareContext } from "./_hand_device_for_tests.ts";
import { DescriptorRing, key, queueOf, slotOf } from "./rings.ts";
import { Observation } from "../machine/observation.ts";
import { Ledger } from "../memory/ledger.ts";
import type { HostMemoryProfile } from "../memory/host_memory.ts";
import { Memory } from "../memory/memory.ts";
import { postEmpty, postFull, takeReceived, takeSent } from "./driver.ts";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import {
  fates,
  GEOMETRY,
  left,
  scenarioOf,
  stream,
  wirePs,
} from "../machine/_scenario_for_tests.ts";
import { POLICY, simple } from "../machine/_stacks_for_tests.ts";
import { Testbed } from "../machine/testbed.ts";
import type { Env, Stack } from "../stack.ts";
import { Machine } from "../machine/machine.ts";
import type { MachineProfile } from "../machine/profile.ts";
import { checkThresholds, thresholdsFor } from "./thresholds.ts";
import { IXGBE_QUEUES, type TxWriteBack } from "./write_back.ts";

Deno.test("key keeps queue and slot apart up to 65535 slots", () => {
  fc.assert(fc.property(fc.nat(1023), fc.nat(0xffff), (queue, slot) => {
    assertEquals([queueOf(key(queue, slot)), slotOf(key(queue, slot))], [queue, slot]);
  }));
});

Deno.test("DescriptorRing NIC-2: tail, unread and ready count what a model counts, across 2^32", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom(0, 2 ** 31 - 64, 2 ** 32 - 64),
    fc.array(fc.tuple(fc.nat(63), fc.nat(63), fc.nat(63)), { size: "max", maxLength: 40 }),
    (bits, start, steps) => {
      const size = 1 << bits;
      const ring = new DescriptorRing(64);
      ring.reset(size, 0);
      ring.head =
        ring.fetched =
        ring.fetching =
        ring.tail =
          start;
      const model = { posted: 0, asked: 0, read: 0, used: 0 };
      for (const [post, ask, use] of steps) {
        // a driver may not post the descriptor that would make head and tail equal
        model.posted += post % (size - (model.posted - model.used));
        ring.moveTail((start + model.posted) & (size - 1));
        assertEquals(ring.unread, model.posted - model.asked);
        const n = ask % (ring.unread + 1);
        model.asked += n;
        ring.fetching = (ring.fetching + n) >>> 0;
        model.read = model.asked;
        ring.fetched = ring.fetching;
        assertEquals(ring.ready, model.read - model.used);
        const used = use % (ring.ready + 1);
        model.used += used;
        ring.head = (ring.head + used) >>> 0;
        assertEquals(ring.tail, (start + model.posted) % 2 ** 32);
        assertEquals([ring.unread, ring.ready], [
          model.posted - model.asked,
          model.read - model.used,
        ]);
      }
    },
  ));
});

Deno.test("DescriptorRing moveTail to where the tail is posts nothing", () => {
  const ring = new DescriptorRing(8);
  ring.reset(8, 0);
  ring.moveTail(7);
  ring.moveTail(7);
  assertEquals([ring.tail, ring.unread], [7, 7]);
  ring.fetching = 7;
  ring.moveTail(6);
  assertEquals([ring.tail, ring.unread], [14, 7]);
});

Deno.test("DescriptorRing refuses sizes that are no power of two or do not fit", () => {
  const ring = new DescriptorRing(64);
  for (const size of [0, 1, 3, 48, 128, -8, 2.5, NaN]) {
    assertThrows(
      () => ring.reset(size, 0),
      RangeError,
      `Cannot set up a descriptor ring: size ${size} is not a power of two in 2..64`,
    );
  }
});

Deno.test("DescriptorRing reset equals a new ring of that size, in every field that it has", () => {
  const used = new DescriptorRing(16);
  used.reset(16, 3);
  const kept = ["capacity", "address"];
  const fields = used as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(used)) {
    if (ArrayBuffer.isView(value)) (value as Uint8Array).fill(1);
    else if (typeof value === "boolean") fields[name] = !value;
    else if (typeof value === "number" && !kept.includes(name)) fields[name] = 5;
  }
  used.waiter = bareContext();
  used.reset(8, 1);
  const fresh = new DescriptorRing(16);
  fresh.reset(8, 1);
  const view = (ring: DescriptorRing) =>
    Object.entries(ring).map(([name, value]) => [
      name,
      ArrayBuffer.isView(value) ? [...(value as Uint8Array).subarray(0, 8)] : value,
    ]);
  assertEquals(view(used), view(fresh));
});

// Aim: each of the four things that a driver does with a descriptor leaves it as the device has to find it, and
// changes the owner of its buffer once.
// Method: every field of a descriptor before and after; wrong orders are named by the ledger.

const SLOT = 3;
const BUFFER = 2;

function rig() {
  const memory = new Memory(4);
  const observation = new Observation();
  observation.reset(1, "coarse");
  const [driver, place] = [observation.addPlace("driver"), observation.addPlace("ring")];
  const ledger = memory.ledger = new Ledger(memory, observation, () => 50);
  memory.region("pool", 0, 4);
  const ring = new DescriptorRing(8);
  ring.reset(8, place);
  // what a former turn of the ring may have left
  ring.done[SLOT] = 1;
  ring.reportStatus[SLOT] = 1;
  const descriptor = () => [ring.buffer[SLOT], ring.done[SLOT], ring.reportStatus[SLOT]];
  const kinds = () => observation.faults.map(({ kind }) => kind);
  const cpu = bareContext();
  cpu.begin(70);
  return { memory, observation, ledger, ring, driver, place, cpu, descriptor, kinds };
}

Deno.test("postEmpty hands a buffer over with a clear done bit; takeReceived takes it back and clears it again", () => {
  const { memory, observation: o, ledger, ring, driver, place, descriptor, kinds } = rig();
  ledger.alloc(BUFFER, driver);
  postEmpty(memory, ring, SLOT, BUFFER);
  assertEquals(descriptor().slice(0, 2), [BUFFER, 0]);
  assertEquals(ledger.holder[BUFFER], place);
  ledger.enter(0, 1, driver);
  ledger.moved(1, BUFFER);
  ring.done[SLOT] = 1;
  assertEquals(takeReceived(memory, ring, SLOT, driver), BUFFER);
  assertEquals([ring.done[SLOT], ledger.holder[BUFFER], o.seenAt[0]], [0, driver, 50]);
  assertEquals(kinds(), []);
  takeReceived(memory, ring, SLOT, driver);
  assertEquals(kinds(), ["completed-unposted"], "once is enough");
});

Deno.test("postFull hands a frame over with its report bit; takeSent takes it back and empties the descriptor", () => {
  for (const report of [true, false]) {
    const { memory, observation: o, ledger, ring, driver, place, cpu, descriptor, kinds } = rig();
    ledger.enter(0, BUFFER, driver);
    postFull(memory, ring, SLOT, BUFFER, report, cpu);
    assertEquals(descriptor(), [BUFFER, 0, report ? 1 : 0]);
    assertEquals([ledger.holder[BUFFER], o.txAt[0]], [place, 70]);
    ring.done[SLOT] = 1;
    cpu.begin(90);
    assertEquals(takeSent(memory, ring, SLOT, driver, cpu), BUFFER);
    assertEquals(descriptor().slice(0, 2), [-1, 0]);
    assertEquals([ledger.holder[BUFFER], o.doneAt[0], kinds().length], [driver, 90, 0]);
  }
});

Deno.test("postEmpty and postFull of a buffer that is free or posted already are named", () => {
  const { memory, ledger, ring, driver, cpu, kinds } = rig();
  postEmpty(memory, ring, SLOT, BUFFER);
  postFull(memory, ring, SLOT, BUFFER, true, cpu);
  ledger.alloc(BUFFER, driver);
  postEmpty(memory, ring, SLOT, BUFFER);
  postFull(memory, ring, SLOT, BUFFER, true, cpu);
  assertEquals(kinds(), ["use-after-free", "use-after-free", "posted-twice"]);
});

// Aim: the receive side gives the DMA engine no more than keeps it busy: what waits longer waits in the ingress
// buffer, whose occupancy is the evidence of a loss, and an interrupt message finds a short queue.
// Method: frames faster than the engine writes them; the engine's queue after each write that it is asked for.

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

// Aim: the transmit side serves its queues in turn, one frame each, however many wait in one of them; and a
// driver that takes a buffer back before the device has read it is found out.
// Method: descriptors posted by hand on a machine that no stack drives.

const LIMITS = { horizonPs: 1e10, events: 100_000 };

/** A machine whose NIC 0 has a host driver's rings and takes `txFifo` frames on ahead of the wire, and a way to post packets on them. */
function posting(packets: number, txFifo = 4, change: Partial<MachineProfile> = {}) {
  const machine = new Machine({ ...TEST_PROFILE, txFifo, ...change }, {
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
  const post = (packet: number, queue: number, slot: number, report = true): void => {
    const b = first + packet;
    ledger.enter(packet, b, place);
    memory.length[b] = 60;
    postFull(memory, queues.tx[queue]!, slot, b, report, cpu);
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

Deno.test("TransmitSide NIC-4: a frame of several buffers is on the wire when all of them have been read", () => {
  for (const parts of [2, 3, 12]) {
    const { machine, observation, queues, cpu, place } = posting(parts);
    const { clock, memory, ledger } = machine;
    const { dma } = machine.nics[0]!;
    const read = dma.read.bind(dma);
    const ends: number[] = [];
    dma.read = (node, bytes, handler, arg, address) => {
      const noted = clock.register((arg) => {
        ends.push(clock.now);
        clock.dispatch(handler, arg);
      });
      read(node, bytes, noted, arg, address);
    };
    const { first } = machine.memory.regions.find(({ name }) => name === "pool")!;
    for (let b = first; b < first + parts; b++) {
      if (b === first) ledger.enter(0, b, place);
      else ledger.alloc(b, place);
      memory.length[b] = 100;
      postFull(memory, queues.tx[0]!, b - first, b, true, cpu, b + 1 < first + parts);
    }
    queues.txTail(cpu, 0, parts);
    clock.run(LIMITS);
    assertEquals([observation.faults, observation.outLength[0]], [[], 100 * parts]);
    // the descriptors in one read, then each buffer
    assertEquals(ends.length, 1 + parts);
    const last = Math.max(...ends);
    assert(observation.outStart[0]! >= last, `it began at ${observation.outStart[0]}, not ${last}`);
  }
});

Deno.test("A ring is quiet only when its write-backs have landed", () => {
  let waited = 0;
  for (const txWriteBack of ["report", "head", 4] as const) {
    const change = { queues: { ...IXGBE_QUEUES, txWriteBack } };
    const { machine, queues, cpu, post } = posting(8, 4, change);
    const ring = queues.tx[0]!;
    for (let slot = 0; slot < 8; slot++) post(slot, 0, slot);
    queues.txTail(cpu, 0, 8);
    for (let ps = 0; ps < 1e7; ps += 5_000) {
      machine.clock.run({ horizonPs: ps, events: 1e5 });
      const told = ring.done.subarray(0, 8).reduce((sum, done) => sum + done, 0);
      if (ring.tail !== 8 || told === 8) continue;
      if (ring.head === 8) waited++;
      assert(!ring.quiet, `quiet with ${told} of 8 told`);
    }
    assert(ring.quiet, "and it is quiet in the end");
  }
  assert(waited > 0, "no write-back was ever under way alone");
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

/** Memory in which a read past the cache takes 900 ns more. */
const hostMemory: HostMemoryProfile = {
  llcSets: 64,
  llcWays: 4,
  ddioWays: 2,
  missPs: 900_000,
  cpuMissPs: 0,
  channels: 1,
  channelGBps: 20,
  queueLines: 64,
  remotePs: 0,
  remotePorts: [],
  iotlbEntries: 0,
  pageBytes: 4096,
  iotlbMissPs: 0,
  bufferBytes: 2048 + 64,
};

/** Every write of a NIC's DMA engine to the host, in bytes, and where it goes. */
function writesOf(machine: Machine, addresses: number[] = []): number[] {
  const { dma } = machine.nics[0]!;
  const write = dma.write.bind(dma);
  const bytes: number[] = [];
  dma.write = (...args) => {
    bytes.push(args[1]);
    addresses.push(args[4]!);
    write(...args);
  };
  return bytes;
}

Deno.test("TransmitSide writes back as it is told: each report, the head, or so many together", () => {
  const modes: [TxWriteBack, number[]][] = [
    ["report", [16, 16, 16, 16, 16, 16, 16, 16, 16, 16]],
    ["head", [4, 4, 4, 4, 4, 4, 4, 4, 4, 4]],
    [4, [64, 64, 32]], // what is left goes when the queue has nothing more
    [1, [16, 16, 16, 16, 16, 16, 16, 16, 16, 16]],
    [64, [160]],
  ];
  for (const [txWriteBack, expected] of modes) {
    const queues = { ...IXGBE_QUEUES, txWriteBack };
    const { machine, observation, queues: pairs, cpu, post } = posting(10, 4, { queues });
    const writes = writesOf(machine);
    for (let packet = 0; packet < 10; packet++) post(packet, 0, packet);
    pairs.txTail(cpu, 0, 10);
    machine.clock.run(LIMITS);
    // the messages of interrupts, 4 bytes, come only once a vector is unmasked
    assertEquals(writes, expected, `${txWriteBack}`);
    assertEquals([...pairs.tx[0]!.done.subarray(0, 11)], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    assertEquals(observation.faults, [], `${txWriteBack}`);
  }
});

Deno.test("TransmitSide gathers up to the end of a ring, and across bursts announces each descriptor once", () => {
  const bursts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 9 });
  const mode = fc.constantFrom<TxWriteBack>("head", 2, 7, 8, 16);
  fc.assert(
    fc.property(bursts, mode, (sizes, txWriteBack) => {
      const total = sizes.reduce((a, b) => a + b);
      const queues = { ...IXGBE_QUEUES, txWriteBack };
      const { machine, observation, queues: pairs, cpu, post, place } = posting(total, 4, {
        queues,
        hostMemory,
      });
      const addresses: number[] = [];
      const writes = writesOf(machine, addresses);
      const ring = pairs.tx[0]!;
      let next = 0;
      for (const size of sizes) {
        for (let i = 0; i < size; i++) post(next + i, 0, (next + i) & 63);
        cpu.begin(machine.clock.now);
        pairs.txTail(cpu, 0, (next + size) & 63);
        machine.clock.run(LIMITS);
        for (let i = next; i < next + size; i++) {
          assertEquals(ring.done[i & 63], 1, `descriptor ${i}`);
          takeSent(machine.memory, ring, i & 63, place, cpu);
        }
        next += size;
      }
      assertEquals([observation.outCount, observation.faults.length], [total, 0]);
      if (typeof txWriteBack !== "number") return;
      assertEquals(writes.reduce((a, b) => a + b, 0), 16 * total);
      let slot = 0;
      writes.forEach((bytes, i) => {
        assertEquals(bytes <= 16 * txWriteBack, true, `${bytes} bytes`);
        assertEquals(addresses[i], ring.address + 16 * slot, `write ${i} goes where it belongs`);
        slot = (slot + bytes / 16) & 63;
        assertEquals(addresses[i]! + bytes <= ring.address + 16 * 64, true, "within the ring");
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("TransmitSide NIC-3: a report says that all frames before are read, whatever order reads end in", () => {
  const { machine, queues, cpu, post } = posting(4, 4, { hostMemory });
  const { memory } = machine;
  for (let packet = 0; packet < 4; packet++) {
    post(packet, 0, packet, packet === 3);
    if (packet > 0) continue;
    // the first frame is in memory only: lines of its set push it out of the cache
    const line = memory.host!.addressOf(queues.tx[0]!.buffer[0]!);
    for (let way = 1; way <= 4; way++) memory.host!.cpuWrite(line + way * 64 * 64, 64);
  }
  const order: string[] = [];
  const transfer = memory.transfer.bind(memory);
  memory.transfer = (from, to) => {
    transfer(from, to);
    order.push(`frame ${machine.ledger.packet[from]}`);
  };
  const { dma } = machine.nics[0]!;
  const write = dma.write.bind(dma);
  dma.write = (...args) => {
    order.push("report");
    write(...args);
  };
  queues.txTail(cpu, 0, 4);
  machine.clock.run(LIMITS);
  assertEquals(order, ["frame 1", "frame 2", "frame 3", "frame 0", "report"]);
});

Deno.test("A driver forwards at the same rate however the device reports what is done", () => {
  const rates = (["report", "head", 8] as const).map((txWriteBack) => {
    const queues = { ...IXGBE_QUEUES, txWriteBack };
    const bed = new Testbed(simple, { ...TEST_PROFILE, queues });
    const o = bed.run(scenarioOf(stream(600, wirePs(60)), { rxRing: 64, txRing: 64, ingress: 64 }));
    assertEquals([o.end, o.faults, o.outCount > 150], ["quiet", [], true]);
    return (o.outCount - 1) / (o.outEnd[o.outCount - 1]! - o.outEnd[0]!) * 1e6;
  });
  for (const rate of rates) assertAlmostEquals(rate / rates[0]!, 1, 0.1, `${rates} Mpps`);
});

Deno.test("Queues refuse what no device has, and thresholds that would wait for each other", () => {
  const queues = { ...IXGBE_QUEUES, txWriteBack: 0 };
  assertThrows(
    () => posting(1, 4, { queues }),
    RangeError,
    "txWriteBack is 0, not an integer in 1",
  );
  const fetch = { ...IXGBE_QUEUES, rxFetch: 0.5 };
  assertThrows(() => posting(1, 4, { queues: fetch }), RangeError, "rxFetch is 0.5");
  const both = { rxFreeThresh: 8, txRsThresh: 8, txFreeThresh: 8, txWthresh: 8 };
  assertThrows(() => checkThresholds(both, 64, 64), RangeError, "tx_rs_thresh 8 must be 1 where");
  assertEquals(thresholdsFor(64, 64, 8).txRsThresh, 1);
});

Deno.test("TransmitSide NIC-3: reads only what is still the device's", () => {
  const { machine, observation, queues, cpu, post, place } = posting(2);
  post(0, 0, 0);
  post(1, 0, 1);
  queues.txTail(cpu, 0, 2);
  takeSent(machine.memory, queues.tx[0]!, 1, place, cpu);
  queues.tx[0]!.buffer[1] = queues.tx[0]!.buffer[0]! + 1;
  machine.clock.run(LIMITS);
  // once when it reads the descriptor, and once when it reads the frame
  assertEquals(observation.faults.map(({ kind, packet }) => [kind, packet]), [
    ["read-unposted", 1],
    ["freed-posted", 1],
  ]);
});
