// Aim: MpmcRing refuses what it cannot do and says so, and handles agree about what they share.
// Method: examples; its laws are in properties/ring/conformance_test.ts, between threads in
// mpmc_steps_test.ts and, with Workers, below.
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import {
  mpmcRingBytes,
  type MpmcRingOptions,
  openMpmcMemory,
  type RingSync,
} from "./mpmc_memory.ts";
import { MpmcRing } from "./mpmc.ts";
import { ElementRing } from "./element_ring.ts";
import { RING_SIZE_MAX, spscRingBytes } from "./spsc_memory.ts";
import { SpscRing } from "./spsc.ts";
import { queueViolation } from "../../properties/ring/history.ts";
import { crossings, load, run } from "./_workers_for_tests.ts";

function shared(size: number, options: MpmcRingOptions = {}): [MpmcRing, MpmcRing] {
  const memory = new SharedArrayBuffer(mpmcRingBytes(size, options.exactSize));
  return [new MpmcRing(size, { ...options, shared: memory }), MpmcRing.attach(memory)];
}

Deno.test("MpmcRing handles on one memory are one ring, in the modes it was made with", () => {
  for (const producers of ["st", "mt", "mt-rts", "mt-hts"] as const) {
    const consumers = producers === "st" ? "mt" : "st";
    const [one, other] = shared(3, { exactSize: true, producers, consumers, startIndex: -2 });
    assertEquals([other.size, other.producers, other.consumers], [3, producers, consumers]);
    assertEquals([one.enqueue(7), other.enqueue(8), one.enqueue(9)], [true, true, true]);
    assertEquals([other.enqueue(10), other.count, one.free], [false, 3, 0]);
    assertEquals([other.dequeue(), one.dequeue(), other.dequeue()], [7, 8, 9]);
    assertEquals([one.dequeue(), one.count], [-1, 0]);
  }
});

Deno.test("MpmcRing refuses sizes, modes and limits that are none", () => {
  for (const size of [0, -1, 1.5, NaN, RING_SIZE_MAX + 1]) {
    assertThrows(() => new MpmcRing(size), RangeError, `size is ${size}`);
  }
  assertThrows(() => new MpmcRing(12), RangeError, "size 12 is not a power of two");
  assertThrows(
    () => new MpmcRing(8, { producers: "mp" as RingSync }),
    RangeError,
    'mode "mp" is none of st, mt, mt-rts, mt-hts',
  );
  for (const htdMax of [-1, 9, 0.5]) {
    assertThrows(() => new MpmcRing(8, { htdMax }), RangeError, `htdMax is ${htdMax}, not 0..8`);
  }
  assertThrows(() => new MpmcRing(8, { startIndex: 0.5 }), RangeError, "startIndex 0.5");
});

Deno.test("MpmcRing refuses memory that is too small, or no such ring", () => {
  const small = new SharedArrayBuffer(mpmcRingBytes(8) - 4);
  assertThrows(
    () => new MpmcRing(8, { shared: small }),
    RangeError,
    "668 bytes of shared memory, 672",
  );
  for (const bytes of [0, 100, 4096]) {
    const memory = new SharedArrayBuffer(bytes);
    assertThrows(() => MpmcRing.attach(memory), RangeError, `the ${bytes} bytes of memory hold no`);
  }
  const spsc = new SharedArrayBuffer(spscRingBytes(8));
  new SpscRing(8, { shared: spsc });
  assertThrows(() => MpmcRing.attach(spsc), RangeError, "hold no MPMC ring");
  const mpmc = new SharedArrayBuffer(mpmcRingBytes(8));
  new MpmcRing(8, { shared: mpmc });
  assertThrows(() => SpscRing.attach(mpmc), RangeError, "Cannot attach ring");
  assertThrows(
    () => new MpmcRing(4, { shared: mpmc, attach: true }),
    RangeError,
    "the memory holds no MPMC ring of size 4",
  );
  assertThrows(() => new MpmcRing(4, { attach: true }), RangeError, "no MPMC ring of size 4");
  new Int32Array(mpmc)[2] = 4; // a mode that is none
  assertThrows(() => MpmcRing.attach(mpmc), RangeError, "no MPMC ring of size 8");
});

Deno.test("MpmcRing refuses bursts that are not in their array, and moves nothing", () => {
  const ring = new MpmcRing(4);
  const items = Int32Array.of(1, 2, 3);
  for (const [at, n] of [[0, 4], [-1, 1], [2, 2], [0, -1], [0, 0.5]] as const) {
    assertThrows(() => ring.enqueueBurst(items, at, n), RangeError, `Cannot enqueue ${n} items`);
    assertThrows(() => ring.enqueueBulk(items, at, n), RangeError, `Cannot enqueue ${n} items`);
  }
  ring.enqueueBurst(items, 0, 3);
  assertThrows(() => ring.dequeueBurst(items, 4), RangeError, "Cannot dequeue 4 items");
  assertThrows(() => ring.dequeueBulk(items, 4), RangeError, "the array holds 3");
  assertEquals(ring.count, 3);
});

Deno.test("MpmcRing gives part of a claim back in st and mt-hts only (RING-9)", () => {
  for (const sync of ["mt", "mt-rts"] as const) {
    const ring = new MpmcRing(4, { producers: sync, consumers: sync });
    assertThrows(() => ring.reserve(1), RangeError, `producers are ${sync}, not st or mt-hts`);
    assertThrows(() => ring.peekBurst(new Int32Array(1), 1), RangeError, `consumers are ${sync}`);
  }
  for (const sync of ["st", "mt-hts"] as const) {
    const [ring] = shared(4, { producers: sync, consumers: sync });
    assertEquals(ring.reserve(3), 3);
    assertThrows(() => ring.put(3, 1), RangeError, "Cannot write slot 3: 3 are reserved");
    assertThrows(() => ring.commit(4), RangeError, "Cannot commit 4 slots: 3 are reserved");
    assertThrows(() => ring.enqueue(1), RangeError, "3 slots are reserved, not committed");
    assertThrows(() => ring.reserve(1), RangeError, "3 slots are reserved, not committed");
    ring.put(0, 5);
    ring.put(1, 6);
    ring.commit(2);
    assertThrows(() => ring.put(0, 1), RangeError, "0 are reserved");
    const out = new Int32Array(4);
    assertEquals(ring.peekBurst(out, 4), 2);
    assertThrows(() => ring.release(3), RangeError, "Cannot release 3 items: 2 are peeked");
    assertEquals([ring.dequeueBurst(out, 1), out[0]], [1, 5]);
    assertThrows(() => ring.release(1), RangeError, "0 are peeked");
    assertEquals([ring.peekBurst(out, 4), ring.peekBurst(out, 4), out[0]], [1, 1, 6]);
    assertEquals([ring.dequeue(), ring.dequeue()], [6, -1]);
    assertThrows(() => ring.release(1), RangeError, "0 are peeked");
    assertEquals([ring.enqueue(6), ring.count], [true, 1]);
    assertEquals([ring.reserve(9), ring.count], [3, 1]);
    ring.abort();
    assertThrows(() => ring.reserve(-1), RangeError, "Cannot reserve -1 slots");
    assertEquals([ring.enqueue(7), ring.dequeueBurst(out, 4), out[0], out[1]], [true, 2, 6, 7]);
  }
});

Deno.test("MpmcRing mt-rts with no distance allowed serves one claim after the other", () => {
  const [one, other] = shared(4, { producers: "mt-rts", consumers: "mt-rts", htdMax: 0 });
  const out = new Int32Array(4);
  for (let i = 0; i < 20; i++) {
    assertEquals(one.enqueueBulk(Int32Array.of(i, i + 1), 0, 2), 2);
    assertEquals([other.dequeueBurst(out, 4), out[0], out[1]], [2, i, i + 1]);
  }
});

Deno.test("MpmcRing mt-rts: heads may run an eighth of the ring ahead of the tail where nothing else is said", () => {
  for (const size of [8, 64, 1024]) {
    assertEquals(openMpmcMemory(size, {}).htdMax, size / 8);
    assertEquals(openMpmcMemory(size, { htdMax: 3 }).htdMax, 3);
  }
});

Deno.test("ElementRing refuses sizes that make no element, and bursts that would tear one (RING-11)", () => {
  const words = new SpscRing(12, { exactSize: true });
  for (const n of [0, -1, 1.5, NaN, 257]) {
    assertThrows(
      () => new ElementRing(words, n),
      RangeError,
      `Cannot create ring: elementWords is ${n}, not 1..256`,
    );
  }
  assertThrows(
    () => new ElementRing(words, 5),
    RangeError,
    "Cannot create ring: 12 words are no whole number of elements of 5 words",
  );
  const ring = new ElementRing(words, 3);
  const out = new Int32Array(8);
  const torn = "Cannot enqueue 3 elements of 3 words at 0: the array holds 8 words";
  assertThrows(() => ring.enqueueBurst(out, 0, 3), RangeError, torn);
  assertThrows(() => ring.enqueueBulk(out, 3, 2), RangeError, "at 3: the array holds 8 words");
  assertThrows(() => ring.enqueueBulk(out, -1, 1), RangeError, "at -1");
  // A third of an element is a word: the ring below would take it.
  assertThrows(() => ring.enqueueBurst(out, 0, 1 / 3), RangeError, "elements: not a count");
  assertThrows(() => ring.reserve(2 / 3), RangeError, "elements: not a count");
  assertThrows(() => ring.dequeueBurst(out, 2 ** 31), RangeError, "Cannot dequeue 2147483648");
  assertThrows(() => ring.peekBulk(out, 3), RangeError, "Cannot peek at 3 elements of 3 words");
  assertEquals([ring.size, ring.count, ring.free, words.count], [4, 0, 4, 0]);
});

Deno.test("ElementRing ends peeks and reservations as the ring below (RING-9)", () => {
  for (const sync of ["st", "mt-hts"] as const) {
    const modes = { producers: sync, consumers: sync, exactSize: true };
    const ring = new ElementRing(new MpmcRing(6, modes), 2);
    const out = new Int32Array(6);
    assertEquals([ring.reserveBulk(4), ring.reserve(9)], [0, 3]);
    assertThrows(() => ring.put(6, 1), RangeError, "Cannot write slot 6: 6 are reserved");
    assertThrows(() => ring.enqueueBurst(out, 0, 1), RangeError, "6 slots are reserved");
    for (let i = 0; i < 6; i++) ring.put(i, 10 + i);
    assertThrows(() => ring.commit(4), RangeError, "Cannot commit 4 elements: 3 are reserved");
    ring.commit(2);
    assertEquals([ring.peekBurst(out, 3), ...out], [2, 10, 11, 12, 13, 0, 0]);
    assertThrows(() => ring.release(3), RangeError, "Cannot release 3 elements: 2 are peeked");
    assertEquals([ring.dequeueBurst(out, 1), ring.count], [1, 1]);
    assertThrows(() => ring.release(1), RangeError, "0 are peeked");
    assertEquals([ring.reserve(1), ring.abort(), ring.count, ring.free], [1, undefined, 1, 2]);
    assertEquals([ring.enqueueBurst(Int32Array.of(20, 21, 30, 31), 0, 2), ring.count], [2, 3]);
    // of three that were looked at two go, and the third is the next
    assertEquals([ring.peekBurst(out, 3), ring.release(2), ring.count], [3, undefined, 1]);
    assertEquals([ring.dequeueBurst(out, 3), out[0], out[1]], [1, 30, 31]);
  }
  const mt = new ElementRing(new MpmcRing(6, { exactSize: true }), 2);
  assertThrows(() => mt.peekBurst(new Int32Array(2), 1), RangeError, "consumers are mt");
});

// Aim: the ring is a queue between real threads, in every mode (RING-6, RING-5). Method: two
// Workers enqueue and dequeue; the monitor of queues judges what they write down. More of them for
// longer are in properties/ring/threads.real.ts.

// A Worker loads the ring from its file, for which plain `deno test` has no permission.
const mayRead = Deno.permissions.querySync({ name: "read", path: import.meta.dirname! }).state ===
  "granted";

Deno.test({
  name: "MpmcRing is a queue between two Workers, in every mode, across the wrap (RING-5, RING-6)",
  ignore: !mayRead,
}, async () => {
  const workers = await load(2);
  try {
    for (const sync of ["mt", "mt-rts", "mt-hts"] as const) {
      const ring = { size: 24, producers: sync, consumers: sync };
      const calls = await run(workers, { ...ring, items: 2000, burstMax: 5 });
      const late = sync === "mt-rts";
      const options = { size: 24, lateItems: late, lateSlots: late };
      assertEquals(queueViolation(calls, options), undefined, sync);
      assertGreater(crossings(calls), 100, `HARN-1: ${sync}: hardly an item changed threads`);
    }
  } finally {
    for (const worker of workers) worker.terminate();
  }
});
