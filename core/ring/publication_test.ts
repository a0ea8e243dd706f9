// Aim: a shared ring publishes an index by an atomic write, and only when what it announces is in place: items
// before the tail, copies taken before the head; and who has to wait does. Two threads see a slip only now and
// then; here every write is seen.
// Method: the atomic writes of the published indices are watched while one thread uses both ends; a wait, which
// one thread would never leave, is made an exception.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CONSUMER_WORDS,
  mpmcRingBytes,
  openMpmcMemory,
  PRODUCER_WORDS,
  SIDE_HEAD,
  SIDE_TAIL,
} from "./mpmc_memory.ts";
import { MpmcRing } from "./mpmc.ts";
import { SpscRing } from "./spsc.ts";
import { PUBLISHED } from "./_spsc_end.ts";
import { HEAD_WORDS, TAIL_WORDS } from "./spsc_memory.ts";

/** Where in its memory a word is. */
function wordOf(array: Int32Array, index: number): number {
  return array.byteOffset / 4 + index;
}

/** Runs `body` while `seen` is called before each atomic write, with the word of the memory. */
function watchingWrites(seen: (index: number, value: number) => void, body: () => void): void {
  const { store, compareExchange } = Atomics;
  const watched = {
    store(array: Int32Array, index: number, value: number): number {
      seen(wordOf(array, index), value);
      return store(array, index, value);
    },
    compareExchange(array: Int32Array, index: number, expected: number, value: number): number {
      if (Atomics.load(array, index) === expected) seen(wordOf(array, index), value);
      return compareExchange(array, index, expected, value);
    },
  };
  try {
    Object.assign(Atomics, watched);
    body();
  } finally {
    Object.assign(Atomics, { store, compareExchange });
  }
}

const SIZE = 8;
type Ring = SpscRing | MpmcRing;
type Run = (ring: Ring, out: Int32Array) => void;

const ENQUEUE: readonly [name: string, run: Run][] = [
  ["enqueue", (ring) => void ring.enqueue(101)],
  ["enqueueBurst", (ring) => void ring.enqueueBurst(Int32Array.of(102, 103), 0, 2)],
  ["enqueueBulk", (ring) => void ring.enqueueBulk(Int32Array.of(104, 105), 0, 2)],
];
const COMMIT: readonly [name: string, run: Run][] = [["commit", (ring) => {
  assertEquals(ring.reserve(1), 1);
  ring.put(0, 106);
  ring.commit(1);
}]];
const DEQUEUE: readonly [name: string, run: Run][] = [
  ["dequeueBurst", (ring, out) => void ring.dequeueBurst(out, 2)],
  ["dequeueBulk", (ring, out) => void ring.dequeueBulk(out, 2)],
];
const RELEASE: readonly [name: string, run: Run][] = [["release", (ring, out) => {
  assertEquals(ring.peekBurst(out, 1), 1);
  ring.release(1);
}]];

/** Every operation publishes once, by words `tail` and `head`, what is in place by then. */
function publishes(
  ring: Ring,
  memory: SharedArrayBuffer,
  tail: number,
  head: number,
  parts: boolean,
) {
  const words = new Int32Array(memory);
  let next = 101;
  let taken = 101;
  const operations = [...ENQUEUE, ...(parts ? COMMIT : []), ...DEQUEUE, ...(parts ? RELEASE : [])];
  for (const [name, run] of operations) {
    const out = new Int32Array(2);
    const writes: number[] = [];
    watchingWrites((at, value) => {
      if (at !== tail && at !== head) return;
      writes.push(at);
      const moved = (value - words[at]!) | 0;
      assert(moved >= 1 && moved <= 2, `${name} moves its index by ${moved}`);
      for (let i = 0; i < moved; i++) {
        if (at === tail) {
          assert(words.includes(next), `${name} announces ${next} before it is there`);
          next++;
        } else assertEquals(out[i], taken++, `${name} gives a slot back before it was read`);
      }
    }, () => run(ring, out));
    const into = ENQUEUE.concat(COMMIT).some(([enqueues]) => enqueues === name);
    assertEquals(writes, [into ? tail : head], `${name}: atomic writes of published indices`);
  }
  assertEquals([next - 101, taken - 101, ring.count], parts ? [6, 5, 1] : [5, 4, 1]);
}

Deno.test("SpscRing shared publishes once for each operation, after the items are where they belong (RING-6)", () => {
  const shared = new SharedArrayBuffer(4096);
  const ring = new SpscRing(SIZE, { shared, startIndex: -3 });
  publishes(ring, shared, TAIL_WORDS + PUBLISHED, HEAD_WORDS + PUBLISHED, true);
});

Deno.test("SpscRing with a batch publishes once for it, or when it falls short (RING-7)", () => {
  const shared = new SharedArrayBuffer(4096);
  const ring = new SpscRing(SIZE, { shared, startIndex: -3, batch: 4 });
  const out = new Int32Array(SIZE);
  const writes: number[] = [];
  watchingWrites((_, value) => writes.push(value), () => {
    for (let i = 0; i < 9; i++) ring.enqueue(i); // the last one does not fit
    assertEquals(writes.splice(0), [1, 5]);
    for (let i = 0; i < 7; i++) ring.dequeue();
    assertEquals(ring.dequeueBurst(out, 2), 1);
    assertEquals(writes.splice(0), [1, 5]);
    ring.enqueueBurst(out, 0, 2);
    assertEquals([ring.dequeueBulk(out, 1), ring.peekBurst(out, 1)], [0, 0]);
    ring.flushEnqueued();
    ring.flushEnqueued();
    assertEquals([writes.splice(0), ring.dequeueBurst(out, 2), ring.peekBurst(out, 1)], [
      [7],
      2,
      0,
    ]);
    assertEquals(writes.splice(0), [7]);
    ring.enqueue(1);
    assertEquals([ring.reserve(SIZE), writes.splice(0)], [7, [8]]);
    ring.commit(0);
    assertEquals([ring.dequeue(), writes.splice(0)], [1, []]);
    ring.flushDequeued();
    ring.flushDequeued();
    assertEquals(writes, [8]);
  });
});

for (const sync of ["st", "mt", "mt-rts", "mt-hts"] as const) {
  Deno.test(`MpmcRing ${sync} publishes once for each operation, after the items are where they belong (RING-6)`, () => {
    const shared = new SharedArrayBuffer(mpmcRingBytes(SIZE));
    const ring = new MpmcRing(SIZE, { shared, startIndex: -3, producers: sync, consumers: sync });
    const parts = sync === "st" || sync === "mt-hts";
    publishes(ring, shared, PRODUCER_WORDS + SIDE_TAIL, CONSUMER_WORDS + SIDE_TAIL, parts);
  });
}

/** Throws where `body` would wait. */
function withoutWaiting(body: () => void): void {
  const { pause } = Atomics;
  try {
    Object.assign(Atomics, {
      pause() {
        throw new Error("it waits");
      },
    });
    body();
  } finally {
    Object.assign(Atomics, { pause });
  }
}

Deno.test("MpmcRing mt-hts lets nobody claim while a reservation or peek is open (RING-7)", () => {
  const shared = new SharedArrayBuffer(mpmcRingBytes(SIZE));
  const one = new MpmcRing(SIZE, { shared, producers: "mt-hts", consumers: "mt-hts" });
  const other = MpmcRing.attach(shared);
  one.enqueueBurst(new Int32Array(4), 0, 4);
  const out = new Int32Array(1);
  assertEquals([one.reserve(1), one.peekBurst(out, 1)], [1, 1]);
  assertThrows(() => withoutWaiting(() => other.enqueue(1)), Error, "it waits");
  assertThrows(() => withoutWaiting(() => other.dequeue()), Error, "it waits");
  one.commit(0);
  one.release(0);
  withoutWaiting(() => assertEquals([other.enqueue(1), other.dequeue()], [true, 0]));
});

/** Runs `body` with `load` in place of Atomics.load, which it is given. */
function withLoad(
  load: (original: typeof Atomics.load, array: Int32Array, index: number) => number,
  body: () => void,
): void {
  const original = Atomics.load;
  try {
    const replaced = (array: Int32Array, index: number) => load(original, array, index);
    Object.assign(Atomics, { load: replaced });
    body();
  } finally {
    Object.assign(Atomics, { load: original });
  }
}

Deno.test("SpscRing loads the other end's index only when its copy says too few", () => {
  const shared = new SharedArrayBuffer(4096);
  const ring = new SpscRing(SIZE, { shared });
  const loads: number[] = [];
  const [tail, head] = [TAIL_WORDS + PUBLISHED, HEAD_WORDS + PUBLISHED];
  withLoad((load, array, index) => {
    loads.push(wordOf(array, index));
    return load(array, index);
  }, () => {
    for (let i = 0; i < SIZE; i++) ring.enqueue(i);
    assertEquals(loads.splice(0), []);
    for (let i = 0; i < SIZE; i++) ring.dequeue();
    assertEquals(loads.splice(0), [tail]);
    for (let i = 0; i < SIZE; i++) ring.enqueue(i);
    assertEquals(loads, [head]);
  });
});

Deno.test("MpmcRing says empty or full only by a head that was loaded before the opposite tail (RING-6)", () => {
  for (const sync of ["mt", "mt-rts", "mt-hts"] as const) {
    const shared = new SharedArrayBuffer(mpmcRingBytes(SIZE));
    const ring = new MpmcRing(SIZE, { shared, producers: sync, consumers: sync });
    const [tails, heads] = [PRODUCER_WORDS + SIDE_TAIL, CONSUMER_WORDS + SIDE_HEAD];
    const loads: number[] = [];
    ring.enqueueBurst(Int32Array.of(5, 6), 0, 2);
    assertEquals(ring.dequeue(), 5);
    withLoad(
      (load, array, index) => {
        if (index === CONSUMER_WORDS + SIDE_TAIL) return load(array, index); // its own turn
        loads.push(index);
        // The first time as if it had been loaded before the head: when 6 was not in yet.
        return load(array, index) - (loads.length === 1 ? 1 : 0);
      },
      () => assertEquals(ring.dequeue(), 6, `${sync}: 5 left after 6 came, so it never was empty`),
    );
    assertEquals(loads.slice(0, 3), [tails, heads, tails], sync);
  }
});

Deno.test("Rings keep what two threads write 128 bytes apart, and their limits where rte_ring does", () => {
  const spsc = [TAIL_WORDS, TAIL_WORDS + PUBLISHED, HEAD_WORDS, HEAD_WORDS + PUBLISHED];
  const sides = [PRODUCER_WORDS, CONSUMER_WORDS];
  const mpmc = sides.flatMap((side) => [side + SIDE_HEAD, side + SIDE_TAIL]);
  for (const words of [spsc, mpmc]) {
    for (const [i, word] of words.entries()) assert(word - (words[i - 1] ?? 0) >= 32, `${words}`);
  }
  const slots = (mpmcRingBytes(SIZE) - 4 * SIZE) / 4;
  assert(slots - mpmc.at(-1)! >= 32, "slots lie on the line of an index");
  for (const [size, htdMax] of [[64, 8], [8, 1], [4, 0]] as const) {
    assertEquals(openMpmcMemory(size, { producers: "mt-rts" }).htdMax, htdMax);
  }
});
