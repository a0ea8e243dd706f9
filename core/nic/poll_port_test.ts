// Aim: the poll-mode driver keeps the rules of the ixgbe bulk-alloc path: bursts, doorbells, report bits,
// reclaim, refill; and no buffer gets lost. Method: random operations on a device driven by
// hand against a model of counters, then the rules one by one.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { COSTS, handPort } from "./_hand_device_for_tests.ts";
import { type Thresholds, thresholdsFor } from "./thresholds.ts";
import { PollPort } from "./poll_port.ts";

const operation = fc.record({
  kind: fc.constantFrom("receive", "receive", "rx", "rx", "tx", "tx", "send", "free"),
  n: fc.integer({ min: 1, max: 48 }),
});

const setup = fc.constantFrom<[{ rx: number; tx: number }, Thresholds]>(
  [{ rx: 8, tx: 8 }, { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 2 }],
  [{ rx: 64, tx: 32 }, { rxFreeThresh: 32, txRsThresh: 8, txFreeThresh: 16 }],
  [{ rx: 32, tx: 16 }, { rxFreeThresh: 8, txRsThresh: 1, txFreeThresh: 12 }],
  [{ rx: 64, tx: 128 }, { rxFreeThresh: 16, txRsThresh: 64, txFreeThresh: 64 }],
);

/** What a port must do, in counters. */
class Model {
  arrived = 0;
  handed = 0;
  staged = 0;
  scanned = 0;
  refills = 0;
  nombuf = 0;
  given = 0;
  reclaimed = 0;
  constructor(readonly rx: number, readonly tx: number, readonly t: Thresholds) {}

  /** Answers how many `rxBurst(max)` must hand out when the pool has `free` buffers. */
  burst(max: number, free: number): number {
    if (this.staged === 0 && !this.#scan(free)) return 0;
    const n = Math.min(this.staged, max);
    this.staged -= n;
    this.handed += n;
    return n;
  }

  /** Before a transmit burst: buffers that must come back, then how many descriptors are free. */
  transmit(sent: number): { free: number; back: number } {
    const free = this.tx - 1 - (this.given - this.reclaimed);
    const done = sent >= this.reclaimed + this.t.txRsThresh;
    const back = free < this.t.txFreeThresh && done ? this.t.txRsThresh : 0;
    this.reclaimed += back;
    return { free: free + back, back };
  }

  #scan(free: number): boolean {
    const toEnd = this.rx - this.scanned % this.rx;
    const n = Math.min(this.arrived - this.scanned, this.t.rxFreeThresh, toEnd);
    if (n === 0) return false;
    const refill = Math.floor((this.scanned + n) / this.t.rxFreeThresh) > this.refills;
    if (refill && free < this.t.rxFreeThresh) {
      this.nombuf += this.t.rxFreeThresh;
      return false;
    }
    if (refill) this.refills++;
    this.scanned += n;
    this.staged = n;
    return true;
  }
}

/** A port under any operations, its model beside it. */
class Rig {
  readonly model: Model;
  readonly held: number[] = [];
  readonly handedOut: number[] = [];
  refused = 0;
  readonly #out = new Int32Array(64);
  readonly #hand: ReturnType<typeof handPort>;

  constructor(hand: ReturnType<typeof handPort>, model: Model) {
    this.#hand = hand;
    this.model = model;
  }

  step(kind: string, n: number): void {
    const { device, pool } = this.#hand;
    if (kind === "receive") {
      for (let i = 0; i < n; i++) if (device.receive()) this.model.arrived++;
    } else if (kind === "send") {
      for (let i = 0; i < n; i++) device.send();
    } else if (kind === "free") {
      for (const b of this.held.splice(0, n)) pool.put(0, b);
    } else if (kind === "rx") this.#receive(n);
    else this.#transmit(n);
  }

  #receive(max: number): void {
    const { port, device, pool, cpu, ledger } = this.#hand;
    const { model } = this;
    const [doorbells, refills, free] = [device.rxDoorbells.length, model.refills, pool.free];
    const got = port.rxBurst(cpu, 0, this.#out, max);
    assertEquals(got, model.burst(max, free), "packets of a receive burst");
    assert(got <= 32, `a burst of ${got}`);
    assertEquals(device.rxDoorbells.length - doorbells, model.refills - refills, "RDT doorbells");
    for (const b of this.#out.subarray(0, got)) {
      this.held.push(b);
      this.handedOut.push(ledger.packet[b]!);
    }
  }

  #transmit(n: number): void {
    const { port, device, pool, cpu } = this.#hand;
    const { model, held } = this;
    const [doorbells, before] = [device.txDoorbells.length, pool.free];
    const { free, back } = model.transmit(device.sent.length);
    const buffers = Int32Array.from(held.splice(0, n));
    const took = port.txBurst(cpu, 0, buffers, 0, buffers.length);
    assertEquals(pool.free - before, back, "buffers that came back");
    assertEquals(took, Math.min(buffers.length, free), "packets of a transmit burst");
    assertEquals(device.txDoorbells.length - doorbells, took > 0 ? 1 : 0, "TDT doorbells");
    model.given += took;
    assertEquals(device.tx[0]!.tail, model.given, "the doorbell names what was posted");
    held.unshift(...buffers.subarray(took));
    if (took < buffers.length) this.refused++;
  }

  /** What holds after every operation. */
  check(size: number): void {
    const { pool, device } = this.#hand;
    const { model } = this;
    const posted = model.rx - model.scanned + model.refills * model.t.rxFreeThresh;
    const staged = model.scanned - model.handed;
    const inTxRing = model.given - model.reclaimed;
    assertEquals(
      pool.free + posted + staged + this.held.length + inTxRing,
      size,
      "every buffer is somewhere",
    );
    assert(device.owns <= model.rx - 1, "one receive descriptor always stays unposted");
  }
}

Deno.test("PollPort does what the data sheet of its driver says, under any operations", () => {
  const seen = { refused: 0, refills: 0, reclaimed: 0, nombuf: 0 };
  fc.assert(
    fc.property(
      setup,
      fc.integer({ min: 0, max: 80 }),
      fc.array(operation, { size: "max", maxLength: 150 }),
      ([sizes, t], spare, operations) => {
        const size = sizes.rx + spare;
        const hand = handPort(sizes, t, size, 8000);
        const { port, device, observation } = hand;
        const model = new Model(sizes.rx, sizes.tx, t);
        const rig = new Rig(hand, model);
        for (const { kind, n } of operations) {
          rig.step(kind, n);
          rig.check(size);
        }
        assertEquals(rig.handedOut, rig.handedOut.map((_, i) => i), "in ring order, none lost");
        assertEquals(port.rxNombuf, model.nombuf);
        const last = (refill: number) => (refill * t.rxFreeThresh + sizes.rx - 1) % sizes.rx;
        const refills = Array.from({ length: model.refills + 1 }, (_, refill) => last(refill));
        assertEquals(device.rxDoorbells, refills, "RDT names the last descriptor of each refill");
        assertEquals(device.reports, Math.floor(device.sent.length / t.txRsThresh), "report bits");
        assertEquals(observation.faults, []);
        seen.refused += rig.refused;
        seen.refills += model.refills;
        seen.reclaimed += model.reclaimed;
        seen.nombuf += model.nombuf;
      },
    ),
    { seed: 1, numRuns: 150 },
  );
  for (const [what, n] of Object.entries(seen)) assert(n > 20, `only ${n} times: ${what}`);
});

Deno.test("PollPort staged packets go first and cost no doorbell", () => {
  const t = { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 };
  const { port, device, cpu } = handPort({ rx: 128, tx: 128 }, t, 300, 200);
  for (let i = 0; i < 40; i++) device.receive();
  const out = new Int32Array(64);
  assertEquals(port.rxBurst(cpu, 0, out, 5), 5);
  assertEquals(device.rxDoorbells, [127, 31]);
  for (let i = 0; i < 30; i++) device.receive();
  assertEquals(port.rxBurst(cpu, 0, out, 64), 27, "the rest of what was staged, no more");
  assertEquals(port.rxBurst(cpu, 0, out, 64), 32, "never more than 32");
  assertEquals(device.rxDoorbells, [127, 31, 63]);
  assertEquals(port.rxBurst(cpu, 0, out, 64), 6);
  assertEquals(port.rxBurst(cpu, 0, out, 64), 0);
  assertEquals(device.rxDoorbells, [127, 31, 63]);
});

Deno.test("PollPort keeps sent buffers while enough descriptors are free", () => {
  const t = { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 };
  const { port, device, cpu, pool } = handPort({ rx: 128, tx: 128 }, t, 300, 400);
  const out = new Int32Array(32);
  const forward = () => {
    for (let i = 0; i < 32; i++) device.receive();
    const n = port.rxBurst(cpu, 0, out, 32);
    const sent = port.txBurst(cpu, 0, out, 0, n);
    while (device.send());
    return [n, sent];
  };
  const first = pool.free;
  for (let i = 0; i < 3; i++) assertEquals(forward(), [32, 32]);
  // 31 of 127 are free now: below txFreeThresh, so from here each burst takes 32 back
  assertEquals(first - pool.free, 96);
  for (let i = 0; i < 5; i++) assertEquals(forward(), [32, 32]);
  assertEquals(first - pool.free, 96);
  assertEquals([device.reports, device.txDoorbells.length], [8, 8]);
});

Deno.test("PollPort with an empty pool hands out nothing, loses nothing, and goes on after frees", () => {
  const t = { rxFreeThresh: 8, txRsThresh: 4, txFreeThresh: 4 };
  const { port, device, cpu, pool, observation } = handPort({ rx: 16, tx: 16 }, t, 16, 100);
  const out = new Int32Array(32);
  while (device.receive());
  assertEquals(device.owns, 0);
  assertEquals(pool.free, 0);
  assertEquals(port.rxBurst(cpu, 0, out, 32), 0);
  assertEquals([port.rxNombuf, device.rxDoorbells.length], [8, 1]);
  assertEquals(port.rxBurst(cpu, 0, out, 32), 0);
  assertEquals(port.rxNombuf, 16);
  assertEquals(device.receive(), false, "the device has no descriptor: loss is at its ingress");
  assertEquals(observation.faults, []);
});

Deno.test("PollPort resumes by itself when buffers come back", () => {
  const t = { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 2 };
  const { port, device, cpu, pool, ledger } = handPort({ rx: 8, tx: 8 }, t, 8 + 4, 100);
  const out = new Int32Array(32);
  while (device.receive());
  assertEquals(port.rxBurst(cpu, 0, out, 32), 4);
  const held = [...out.subarray(0, 4)];
  assertEquals(port.rxBurst(cpu, 0, out, 32), 3, "short of the trigger no refill is due");
  held.push(...out.subarray(0, 3));
  device.receive();
  assertEquals(port.rxBurst(cpu, 0, out, 32), 0);
  assertEquals(port.rxNombuf, 4);
  for (const b of held.splice(0, 4)) pool.put(0, b);
  assertEquals(port.rxBurst(cpu, 0, out, 32), 1);
  assertEquals(ledger.packet[out[0]!], 7, "the packet that could not be taken comes first");
});

Deno.test("PollPort charges once for a burst and for each packet", () => {
  const t = { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 2 };
  const { port, device, cpu } = handPort({ rx: 8, tx: 8 }, t, 40, 100);
  const out = new Int32Array(32);
  cpu.begin(0);
  port.rxBurst(cpu, 0, out, 32);
  assertEquals(cpu.nowPs, 1);
  for (let i = 0; i < 3; i++) device.receive();
  port.rxBurst(cpu, 0, out, 32);
  assertEquals(cpu.nowPs, 1 + 1 + 30);
  port.txBurst(cpu, 0, out, 0, 3);
  assertEquals(cpu.nowPs, 32 + 100 + 3000);
});

Deno.test("PollPort chains what the ring says goes on, and charges each segment when its packet is whole", () => {
  const t = { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 2 };
  const { port, device, cpu, memory } = handPort({ rx: 8, tx: 8 }, t, 40, 100);
  const out = new Int32Array(32);
  device.rx[0]!.segmentBytes = 512;
  const receive = (more: number) => {
    const ring = device.rx[0]!;
    ring.more[ring.head & 7] = more;
    device.receive();
  };
  cpu.begin(0);
  // the first two of three segments: nothing to hand out, and no more than an empty poll
  receive(1);
  receive(1);
  assertEquals([port.rxBurst(cpu, 0, out, 32), cpu.nowPs], [0, 1]);
  receive(0);
  receive(0);
  receive(1);
  assertEquals(port.rxBurst(cpu, 0, out, 32), 2, "the refill of 4 ends within the third packet");
  assertEquals(cpu.nowPs, 1 + 1 + 2 * 10 + 2 * 10);
  const [first, second] = out;
  const chain = [first!, memory.next[first!]!, memory.next[memory.next[first!]!]!];
  assertEquals([new Set(chain).size, memory.next[chain[2]!], memory.next[second!]], [3, -1, -1]);
  receive(0);
  assertEquals(port.rxBurst(cpu, 0, out, 32), 1);
  assert(memory.next[out[0]!]! >= 0, "its first segment was taken before");
  const before = cpu.nowPs;
  assertEquals(port.txBurst(cpu, 0, Int32Array.of(first!, second!), 0, 2), 2);
  assertEquals([cpu.nowPs - before, device.tx[0]!.tail], [100 + 4 * 1000, 4]);
  assertEquals([...device.tx[0]!.more.subarray(0, 4)], [1, 1, 0, 0]);
});

Deno.test("PollPort takes back every segment of the chains that were sent", () => {
  const t = { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 4 };
  const { port, device, cpu, memory, pool } = handPort({ rx: 8, tx: 8 }, t, 60, 100);
  const free = pool.free;
  for (let round = 0; round < 20; round++) {
    const [a, b] = [pool.get(0), pool.get(0)];
    memory.next[a] = b;
    assertEquals(port.txBurst(cpu, 0, Int32Array.of(a), 0, 1), 1);
    while (device.send());
    // two descriptors that asked for one report: at most the last chain is still out
    assert(pool.free >= free - 4, `round ${round}: ${free - pool.free} segments are out`);
  }
});

Deno.test("PollPort gives the segments of a packet back that is half received when the queue is released", () => {
  const t = { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 2 };
  const { port, device, cpu, pool } = handPort({ rx: 8, tx: 8 }, t, 40, 100);
  const all = pool.free + 8;
  const out = new Int32Array(32);
  device.rx[0]!.segmentBytes = 512;
  for (const more of [1, 1]) {
    const ring = device.rx[0]!;
    ring.more[ring.head & 7] = more;
    device.receive();
  }
  assertEquals(port.rxBurst(cpu, 0, out, 32), 0);
  port.rxStop(cpu, 0);
  assert(port.rxQuiet(0));
  port.rxRelease(cpu, 0);
  assertEquals(pool.free, all);
});

Deno.test("PollPort: a transmit queue is quiet when the device has been told of all and has read it", () => {
  const t = { rxFreeThresh: 4, txRsThresh: 2, txFreeThresh: 2 };
  const { port, device, cpu, pool } = handPort({ rx: 8, tx: 8 }, t, 40, 100);
  // the doorbell is under way
  const doorbells: number[] = [];
  const tell = device.txTail.bind(device);
  device.txTail = (_cpu, _queue, slot) => void doorbells.push(slot);
  assertEquals(port.txQuiet(0), true);
  port.txBurst(cpu, 0, Int32Array.of(pool.get(0), pool.get(0), pool.get(0)), 0, 3);
  assertEquals([port.txQuiet(0), doorbells], [false, [3]]);
  tell(cpu, 0, 3);
  assertEquals(port.txQuiet(0), false);
  while (device.send());
  assertEquals(port.txQuiet(0), true);
});

// Aim: the poll-mode driver refuses, in words, every set-up that the ixgbe driver refuses. Method: one example
// for each rule, and every ring that the default thresholds are for.

Deno.test("PollPort set-up refuses what the driver refuses", () => {
  const right = { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 };
  const refused: [{ rx: number; tx: number }, Partial<Thresholds>, string][] = [
    [{ rx: 64, tx: 64 }, { rxFreeThresh: 24 }, "rx_free_thresh 24 must divide the ring of 64"],
    [{ rx: 64, tx: 64 }, { rxFreeThresh: 0 }, "rx_free_thresh 0 must divide"],
    [{ rx: 64, tx: 64 }, { rxFreeThresh: 64 }, "and be at most 32"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 0 }, "tx_rs_thresh 0 must divide the ring of 128"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 24 }, "tx_rs_thresh 24 must divide"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 64 }, "at most tx_free_thresh 32"],
    [{ rx: 64, tx: 128 }, { txFreeThresh: 125 }, "tx_free_thresh 125, which must be below ring"],
    [{ rx: 64, tx: 128 }, { txRsThresh: 1, txFreeThresh: 125 }, "must be below ring - 3"],
    [{ rx: 64, tx: 64 }, { txFreeThresh: 33 }, "tx_rs_thresh 32 must divide the ring of 64"],
  ];
  for (const [sizes, change, message] of refused) {
    assertThrows(
      () => handPort(sizes, { ...right, ...change }, 200, 1),
      RangeError,
      message,
      JSON.stringify(change),
    );
  }
  handPort({ rx: 64, tx: 128 }, { ...right, txFreeThresh: 96 }, 200, 1);
});

Deno.test("PollPort set-up says how far the pool went", () => {
  assertThrows(
    () => handPort({ rx: 64, tx: 64 }, { rxFreeThresh: 8, txRsThresh: 8, txFreeThresh: 8 }, 40, 1),
    RangeError,
    "Cannot fill the receive ring of port 0: mempool mempool is empty after 40 of 64 buffers",
  );
});

Deno.test("PollPort names a cost that the profile lacks", () => {
  const { device, memory, pool } = handPort({ rx: 8, tx: 8 }, thresholdsFor(8, 8), 20, 1);
  const { "pmd.tx.burst": _, ...costs } = COSTS;
  assertThrows(
    () => new PollPort(0, device, 1, memory, pool, thresholdsFor(8, 8), costs, [0]),
    RangeError,
    'Cannot set up a poll-mode port: there is no cost "pmd.tx.burst"',
  );
});

Deno.test("thresholdsFor gives what set-up accepts for every ring of 8 and above", () => {
  for (let rx = 8; rx <= 256; rx *= 2) {
    for (let tx = 8; tx <= 256; tx *= 2) handPort({ rx, tx }, thresholdsFor(rx, tx), 600, 1);
  }
  assertEquals(thresholdsFor(512, 512), { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 });
  const small = (ring: number) => Object.values(thresholdsFor(ring, ring));
  assertEquals([8, 16, 32, 64, 128].map(small), [
    [4, 2, 2],
    [8, 4, 4],
    [16, 8, 8],
    [32, 16, 16],
    [32, 32, 32],
  ]);
});
