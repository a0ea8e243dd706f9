// Aim: SpscRing keeps RING-1 to RING-5, RING-9 and RING-11 for every size, start index and kind of
// memory; its slots take and give bursts of any length, place and array. Method: a plain array is the
// model; random operations on live state, in a geometry drawn for each run.

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Slots } from "./_slots.ts";
import { SpscRing } from "./spsc.ts";
import { RING_SIZE_MAX, spscRingBytes } from "./spsc_memory.ts";

interface Geometry {
  readonly size: number;
  readonly exactSize: boolean;
  readonly startIndex: number;
  readonly shared: boolean;
}

interface Operation {
  readonly kind: typeof KINDS[number];
  /** How many: counted from 0, or from the size of the ring. */
  readonly n: number;
  readonly fromSize: boolean;
  /** Of what was reserved or peeked, the part that is committed or released, in eighths. */
  readonly eighths: number;
}

const KINDS = [
  "enqueue",
  "enqueueBurst",
  "enqueueBulk",
  "dequeue",
  "dequeueBurst",
  "dequeueBulk",
  "peek",
  "reserve",
  "reset",
] as const;

const geometry: fc.Arbitrary<Geometry> = fc.record({
  size: fc.integer({ min: 1, max: 9 }),
  exactSize: fc.boolean(),
  startIndex: fc.oneof(
    fc.integer({ min: 2 ** 31 - 12, max: 2 ** 31 + 2 }),
    fc.integer({ min: 2 ** 32 - 12, max: 2 ** 32 + 2 }),
    fc.integer({ min: -8, max: 8 }),
  ),
  shared: fc.boolean(),
}).map((g) => g.exactSize ? g : { ...g, size: [1, 2, 4, 8][g.size & 3]! });

const operations = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS.slice(0, 8), ...KINDS.slice(0, 8), ...KINDS),
    n: fc.integer({ min: 0, max: 4 }),
    fromSize: fc.boolean(),
    eighths: fc.integer({ min: 0, max: 8 }),
  }),
  { maxLength: 60, size: "max" },
);

/** A bijection of the 32-bit numbers, so that items are distinct and use every bit (RING-11). */
function itemOf(id: number): number {
  return Math.imul(id, 0x9e3779b1) | 0;
}

class Checked {
  readonly model: number[] = [];
  readonly seen = { full: 0, empty: 0, partial: 0, refused: 0, moved: 0, aborted: 0 };
  readonly ring: SpscRing;
  #id = 0;

  constructor(readonly geometry: Geometry) {
    const { size, exactSize, startIndex, shared } = geometry;
    this.ring = new SpscRing(size, {
      exactSize,
      startIndex,
      shared: shared ? new SharedArrayBuffer(spscRingBytes(size, exactSize)) : undefined,
    });
  }

  #next(n: number): Int32Array {
    return Int32Array.from({ length: n }, () => itemOf(++this.#id));
  }

  #enqueue(kind: string, n: number): void {
    const room = this.geometry.size - this.model.length;
    const items = this.#next(n);
    const padded = Int32Array.of(111, ...items, 222);
    const expected = kind === "enqueueBulk" ? (n <= room ? n : 0) : Math.min(n, room);
    const moved = kind === "enqueue"
      ? Number(this.ring.enqueue(items[0]!))
      : kind === "enqueueBulk"
      ? this.ring.enqueueBulk(padded, 1, n)
      : this.ring.enqueueBurst(padded, 1, n);
    assertEquals(moved, expected, `RING-3: ${kind} ${n} with ${room} free`);
    this.model.push(...items.subarray(0, expected));
    if (expected < n) this.seen[expected > 0 ? "partial" : "refused"]++;
    this.seen.moved += moved;
  }

  #dequeue(kind: string, n: number): void {
    const there = this.model.length;
    const out = new Int32Array(n + 1).fill(333);
    const expected = kind === "dequeueBulk" ? (n <= there ? n : 0) : Math.min(n, there);
    if (kind === "dequeue") {
      const item = this.ring.dequeue();
      assertEquals(item, there === 0 ? -1 : this.model.shift()!, "RING-1: dequeue");
      return;
    }
    const moved = kind === "dequeueBulk"
      ? this.ring.dequeueBulk(out, n)
      : this.ring.dequeueBurst(out, n);
    assertEquals(moved, expected, `RING-3: ${kind} ${n} of ${there}`);
    const items = this.model.splice(0, expected);
    assertEquals([...out], [...items, ...Array(n + 1 - expected).fill(333)], `RING-1: ${kind}`);
  }

  #peek(n: number, eighths: number): void {
    const out = new Int32Array(n);
    const peeked = this.ring.peekBurst(out, n);
    assertEquals([...out.subarray(0, peeked)], this.model.slice(0, n), "RING-9: peek");
    assertEquals(this.ring.count, this.model.length, "RING-9: a peek takes nothing");
    const taken = Math.floor(peeked * eighths / 8);
    this.ring.release(taken);
    this.model.splice(0, taken);
    if (taken === 0) this.seen.aborted++;
  }

  #reserve(n: number, eighths: number): void {
    const reserved = this.ring.reserve(n);
    assertEquals(reserved, Math.min(n, this.geometry.size - this.model.length), "RING-9: reserve");
    const items = this.#next(reserved);
    items.forEach((item, i) => this.ring.put(i, item));
    assertEquals(this.ring.count, this.model.length, "RING-9: a reservation publishes nothing");
    const kept = Math.floor(reserved * eighths / 8);
    if (kept === 0) this.ring.abort();
    else this.ring.commit(kept);
    this.model.push(...items.subarray(0, kept));
    if (kept === 0) this.seen.aborted++;
  }

  run(op: Operation): void {
    const n = op.fromSize ? Math.max(0, this.geometry.size + op.n - 2) : op.n;
    if (op.kind === "peek") this.#peek(n, op.eighths);
    else if (op.kind === "reserve") this.#reserve(n, op.eighths);
    else if (op.kind === "enqueue") this.#enqueue(op.kind, 1);
    else if (op.kind === "reset") {
      this.ring.reset(this.geometry.startIndex);
      this.model.length = 0;
    } else if (op.kind.startsWith("enqueue")) this.#enqueue(op.kind, n);
    else this.#dequeue(op.kind, n);
    assertEquals(this.ring.count, this.model.length, `RING-2: count after ${op.kind}`);
    assertEquals(this.ring.count + this.ring.free, this.geometry.size, "RING-2: count + free");
    if (this.ring.free === 0) this.seen.full++;
    if (this.ring.count === 0) this.seen.empty++;
  }
}

Deno.test("SpscRing equals a queue after every operation (RING-1, 2, 3, 4, 5, 9, 11)", () => {
  const total = { full: 0, empty: 0, partial: 0, refused: 0, moved: 0, aborted: 0 };
  fc.assert(
    fc.property(geometry, operations, (g, ops) => {
      const checked = new Checked(g);
      for (const op of ops) checked.run(op);
      for (const name of Object.keys(total) as (keyof typeof total)[]) {
        total[name] += checked.seen[name];
      }
    }),
    { seed: 1, numRuns: 300 },
  );
  for (const [name, count] of Object.entries(total)) {
    assertGreater(count, 100, `HARN-3: "${name}" was met too seldom`);
  }
});

Deno.test("SpscRing passes every size many times over through the wrap of its indices (RING-5)", () => {
  for (const startIndex of [2 ** 31 - 9, 2 ** 32 - 9, 0]) {
    for (let size = 1; size <= 9; size++) {
      const ring = new SpscRing(size, { exactSize: true, startIndex });
      const out = new Int32Array(size);
      for (let lap = 0; lap < 20; lap++) {
        const items = Int32Array.from({ length: size }, (_, i) => lap * size + i);
        assertEquals(ring.enqueueBurst(items, 0, size), size);
        assertEquals([ring.enqueue(-5), ring.count, ring.free], [false, size, 0]);
        assertEquals(ring.dequeueBurst(out, size), size);
        assertEquals([...out], [...items], `size ${size}, lap ${lap} from ${startIndex}`);
      }
    }
  }
});

Deno.test("SpscRing holds all of its size, and any size when exact (RING-4)", () => {
  assertEquals(new SpscRing(8).size, 8);
  assertEquals(new SpscRing(8).free, 8);
  assertEquals(new SpscRing(1000, { exactSize: true }).free, 1000);
  assertEquals(spscRingBytes(1000, true) - spscRingBytes(1), 1023 * 4);
});

Deno.test("SpscRing refuses what it cannot be", () => {
  for (const size of [0, -1, 1.5, NaN, RING_SIZE_MAX + 1, 2 ** 32]) {
    assertThrows(() => new SpscRing(size), RangeError, `Cannot create ring: size is ${size}`);
  }
  assertThrows(() => new SpscRing(6), RangeError, "size 6 is not a power of two");
  assertThrows(() => new SpscRing(4, { startIndex: 0.5 }), RangeError, "startIndex 0.5");
  assertThrows(
    () => new SpscRing(4, { shared: new SharedArrayBuffer(655) }),
    RangeError,
    "655 bytes of shared memory, 656 needed",
  );
});

Deno.test("SpscRing refuses bursts that do not lie in their array, and changes nothing", () => {
  const ring = new SpscRing(4);
  const three = new Int32Array(3);
  for (const [at, n] of [[0, 4], [1, 3], [-1, 1], [0, -1], [0, 1.5], [0.5, 1], [0, NaN]] as const) {
    assertThrows(() => ring.enqueueBurst(three, at, n), RangeError, `Cannot enqueue ${n} items`);
    assertThrows(() => ring.enqueueBulk(three, at, n), RangeError, `Cannot enqueue ${n} items`);
  }
  for (const n of [4, -1, 0.5, NaN]) {
    assertThrows(() => ring.dequeueBurst(three, n), RangeError, `Cannot dequeue ${n} items`);
    assertThrows(() => ring.dequeueBulk(three, n), RangeError, `Cannot dequeue ${n} items`);
    assertThrows(() => ring.peekBurst(three, n), RangeError, `Cannot dequeue ${n} items`);
  }
  assertThrows(() => ring.reserve(-1), RangeError, "Cannot reserve -1 slots");
  assertEquals([ring.count, ring.free], [0, 4]);
});

Deno.test("SpscRing keeps a reservation apart until it is committed (RING-9)", () => {
  const ring = new SpscRing(4);
  assertEquals(ring.reserve(3), 3);
  assertThrows(() => ring.enqueue(1), RangeError, "3 slots are reserved, not committed");
  assertThrows(
    () => ring.enqueueBurst(new Int32Array(1), 0, 1),
    RangeError,
    "3 slots are reserved",
  );
  assertThrows(() => ring.enqueueBulk(new Int32Array(1), 0, 1), RangeError, "3 slots are reserved");
  assertThrows(() => ring.reserve(1), RangeError, "3 slots are reserved");
  assertThrows(() => ring.put(3, 9), RangeError, "Cannot write slot 3: 3 are reserved");
  assertThrows(() => ring.commit(4), RangeError, "Cannot commit 4 slots: 3 are reserved");
  ring.abort();
  assertThrows(() => ring.commit(1), RangeError, "Cannot commit 1 slots: 0 are reserved");
  assert(ring.enqueue(1));
});

Deno.test("SpscRing forgets a peek at the next dequeue (RING-9)", () => {
  const ring = new SpscRing(4);
  ring.enqueueBurst(Int32Array.of(1, 2, 3), 0, 3);
  const out = new Int32Array(4);
  assertEquals(ring.peekBurst(out, 2), 2);
  assertThrows(() => ring.release(3), RangeError, "Cannot release 3 items: 2 are peeked");
  ring.dequeue();
  assertThrows(() => ring.release(1), RangeError, "Cannot release 1 items: 0 are peeked");
  ring.peekBurst(out, 2);
  ring.dequeueBurst(out, 1);
  assertThrows(() => ring.release(1), RangeError, "Cannot release 1 items: 0 are peeked");
  assertEquals(ring.dequeue(), 3);
});

Deno.test("SpscRing attaches to what another one made, and to nothing else", () => {
  const shared = new SharedArrayBuffer(spscRingBytes(5, true));
  assertThrows(() => SpscRing.attach(shared), RangeError, "hold no ring");
  assertThrows(() => SpscRing.attach(new SharedArrayBuffer(8)), RangeError, "hold no ring");
  const producer = new SpscRing(5, { exactSize: true, shared, startIndex: 2 ** 32 - 2 });
  producer.enqueueBurst(Int32Array.of(1, 2, 3), 0, 3);
  const consumer = SpscRing.attach(shared);
  assertEquals([consumer.size, consumer.count], [5, 3]);
  const out = new Int32Array(5);
  assertEquals(consumer.dequeueBurst(out, 5), 3);
  assertEquals([...out], [1, 2, 3, 0, 0]);
  assertEquals(producer.enqueueBurst(Int32Array.of(4, 5, 6, 7, 8), 0, 5), 5);
  assertThrows(
    () => new SpscRing(4, { shared, attach: true }),
    RangeError,
    "the memory holds no ring of size 4",
  );
  assertThrows(() => new SpscRing(4, { attach: true }), RangeError, "holds no ring of size 4");
});

Deno.test("SpscRing with a batch shows the other end whole batches, and all once it falls short (RING-7)", () => {
  const op = fc.record({
    into: fc.boolean(),
    n: fc.integer({ min: 0, max: 7 }),
    kind: fc.constantFrom("burst", "bulk", "single", "part", "flush"),
  });
  const seen = { held: 0, short: 0 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(op, { minLength: 10, maxLength: 60, size: "max" }),
      (size, most, ops) => {
        const batch = Math.min(size, most);
        const shared = new SharedArrayBuffer(spscRingBytes(size, true));
        const producer = new SpscRing(size, { exactSize: true, shared, batch, startIndex: -9 });
        const consumer = SpscRing.attach(shared);
        assertEquals(consumer.batch, batch);
        const ends = { in: { done: 0, told: 0 }, out: { done: 0, told: 0 } };
        for (const { into, n, kind } of ops) {
          const [mine, other] = into ? [ends.in, ends.out] : [ends.out, ends.in];
          const ring = into ? producer : consumer;
          const room = into ? size + other.told - mine.done : other.told - mine.done;
          const want = kind === "single" ? 1 : n;
          const whole = kind === "bulk" || kind === "single";
          const expected = kind === "flush" ? 0 : want <= room ? want : whole ? 0 : room;
          const items = Int32Array.from({ length: want }, (_, i) => mine.done + i + 1);
          const got = kind === "flush" ? 0 : move(ring, into, kind, items);
          assertEquals(got, expected, `${kind} of ${want}, ${room} possible`);
          if (!into) {
            const ids = Array.from({ length: got }, (_, i) => mine.done + i + 1);
            assertEquals([...items.subarray(0, got)], ids);
          }
          if (kind === "flush") into ? producer.flushEnqueued() : consumer.flushDequeued();
          const short = kind === "flush" || got < want && kind !== "part";
          // What was done before a part fell short is told at its beginning.
          if (kind === "part" && got < want) mine.told = mine.done;
          mine.done += got;
          if (short || mine.done - mine.told >= batch) mine.told = mine.done;
          if (mine.done > mine.told) seen.held++;
          if (short) seen.short++;
          assertEquals(producer.count, ends.in.told - ends.out.told);
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
  assertGreater(Math.min(seen.held, seen.short), 200, `HARN-3: ${JSON.stringify(seen)}`);
});

/** Moves items by the operation that `kind` stands for; how many. */
function move(ring: SpscRing, into: boolean, kind: string, items: Int32Array): number {
  const n = items.length;
  if (kind === "single") {
    if (into) return ring.enqueue(items[0]!) ? 1 : 0;
    items[0] = ring.dequeue();
    return items[0] === -1 ? 0 : 1;
  }
  if (kind === "part") {
    const got = into ? ring.reserve(n) : ring.peekBurst(items, n);
    for (let i = 0; into && i < got; i++) ring.put(i, items[i]!);
    into ? ring.commit(got) : ring.release(got);
    return got;
  }
  if (kind === "bulk") return into ? ring.enqueueBulk(items, 0, n) : ring.dequeueBulk(items, n);
  return into ? ring.enqueueBurst(items, 0, n) : ring.dequeueBurst(items, n);
}

Deno.test("SpscRing refuses a batch that is none", () => {
  for (const batch of [0, 5, 1.5, NaN]) {
    assertThrows(() => new SpscRing(4, { batch }), RangeError, `batch is ${batch}, not 1..4`);
  }
});

/** Arrays of 64 words as callers have them; the second does not begin at a multiple of 8 bytes. */
function callersArrays(): Int32Array[] {
  return [
    new Int32Array(64),
    new Int32Array(new ArrayBuffer(260), 4),
    new Int32Array(new SharedArrayBuffer(260), 0, 64),
    new Int32Array(new ArrayBuffer(264), 8),
  ];
}

Deno.test("Slots copy a burst as item after item would, through any array and past the last slot (RING-1, 11)", () => {
  const copy = fc.record({
    into: fc.boolean(),
    array: fc.nat({ max: 3 }),
    same: fc.boolean(),
    index: fc.oneof(fc.nat({ max: 16 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    at: fc.nat({ max: 9 }),
    n: fc.oneof(fc.nat({ max: 15 }), fc.integer({ min: 16, max: 48 })),
    even: fc.boolean(),
  });
  const met = { again: 0, turning: 0, odd: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 2, 3, 4, 5, 5, 6, 6),
      fc.array(copy, { maxLength: 40, size: "max" }),
      (log, copies) => {
        const size = 1 << log;
        const words = new Int32Array(new ArrayBuffer(16 + 4 * size), 16, size);
        const slots = new Slots(words);
        const model: number[] = Array(size).fill(0);
        const arrays = callersArrays();
        let [last, id] = [0, 0];
        for (const { into, array, same, index, at, n, even } of copies) {
          const which = same ? last : array;
          const [first, from, count] = even ? [index & ~1, at & ~1, n & ~1] : [index, at, n];
          const moved = Math.min(count, size);
          const given = arrays[which]!;
          for (let i = 0; i < 64; i++) given[i] = itemOf(++id);
          const expected = [...given];
          if (into) {
            slots.copyIn(first, given, from, moved);
            for (let i = 0; i < moved; i++) model[(first + i) & (size - 1)] = given[from + i]!;
          } else {
            slots.copyOut(first, given, moved);
            for (let i = 0; i < moved; i++) expected[i] = model[(first + i) & (size - 1)]!;
          }
          const what = `${moved} ${into ? `in from ${from}` : "out"}, slot ${first & (size - 1)}`;
          assertEquals([...given], expected, `the array after ${what} of ${size}`);
          assertEquals([...words], model, `the slots after ${what} of ${size}`);
          const turning = (first & (size - 1)) + moved > size;
          if (moved >= 16 && which === last && which !== 1) {
            met[turning ? "turning" : even ? "again" : "odd"]++;
          }
          last = which;
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
  for (const [name, count] of Object.entries(met)) {
    assertGreater(count, 20, `HARN-3: ${name} met too seldom`);
  }
});

Deno.test("Slots make a view of an array that comes twice in a row, and do without when it shrinks", () => {
  const made: number[] = [];
  const original = BigUint64Array;
  const slots = new Slots(new Int32Array(64));
  const [one, other] = [new Int32Array(64), new Int32Array(64)];
  const buffer = new ArrayBuffer(256, { maxByteLength: 256 });
  const shrinking = new Int32Array(buffer);
  shrinking.set(range(64));
  try {
    globalThis.BigUint64Array = class extends original {
      constructor(of: ArrayBufferLike, at: number, length: number) {
        super(of as ArrayBuffer, at, length);
        made.push(length);
      }
    } as unknown as typeof original;
    for (const array of [one, other, one, other]) slots.copyIn(0, array, 0, 32);
    for (let i = 0; i < 3; i++) slots.copyIn(0, one, 0, 15);
    assertEquals(made, [], "views of arrays that alternate, or for short bursts");
    for (let i = 0; i < 4; i++) slots.copyOut(0, one, 32);
    for (let i = 0; i < 3; i++) slots.copyIn(0, shrinking, 0, 64);
    buffer.resize(128);
    slots.copyIn(32, shrinking, 0, 32);
  } finally {
    globalThis.BigUint64Array = original;
  }
  assertEquals(made, [32, 32], "one view of each array");
  assertEquals(Array.from({ length: 64 }, (_, i) => slots.read(i)), [...range(32), ...range(32)]);
});

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
