// Aim: a shared ring publishes an index by an atomic store, and only when what it announces is in place: items
// before the tail, copies taken before the head. Two threads see a slip only now and then; here every store is
// seen.
// Method: the stores of the ring's indices are watched while one thread uses both ends.
import { assert, assertEquals } from "@std/assert";
import { SpscRing } from "./spsc.ts";
import { HEAD_WORDS, PUBLISHED, TAIL_WORDS } from "./spsc_memory.ts";

const TAIL = TAIL_WORDS + PUBLISHED;
const HEAD = HEAD_WORDS + PUBLISHED;

/** Runs `body` while `seen` is called before each atomic store. */
function watchingStores(seen: (index: number, value: number) => void, body: () => void): void {
  const { store } = Atomics;
  const watched = (array: Int32Array, index: number, value: number): number => {
    seen(index, value);
    return store(array, index, value);
  };
  try {
    Object.assign(Atomics, { store: watched });
    body();
  } finally {
    Object.assign(Atomics, { store });
  }
}

const SIZE = 8;
const OPERATIONS: readonly [
  name: string,
  index: number,
  run: (ring: SpscRing, out: Int32Array) => void,
][] = [
  ["enqueue", TAIL, (ring) => void ring.enqueue(101)],
  ["enqueueBurst", TAIL, (ring) => void ring.enqueueBurst(Int32Array.of(102, 103), 0, 2)],
  ["enqueueBulk", TAIL, (ring) => void ring.enqueueBulk(Int32Array.of(104, 105), 0, 2)],
  ["commit", TAIL, (ring) => {
    assertEquals(ring.reserve(1), 1);
    ring.put(0, 106);
    ring.commit(1);
  }],
  ["dequeueBurst", HEAD, (ring, out) => void ring.dequeueBurst(out, 2)],
  ["dequeueBulk", HEAD, (ring, out) => void ring.dequeueBulk(out, 2)],
  ["release", HEAD, (ring, out) => {
    assertEquals(ring.peekBurst(out, 2), 2);
    ring.release(2);
  }],
];

Deno.test("SpscRing shared publishes once for each operation, after the items are where they belong (RING-6)", () => {
  const bytes = new SharedArrayBuffer(4096);
  const ring = new SpscRing(SIZE, { shared: bytes, startIndex: -3 });
  const words = new Int32Array(bytes);
  let next = 101;
  let taken = 101;
  for (const [name, index, run] of OPERATIONS) {
    const out = new Int32Array(2);
    const stores: number[] = [];
    watchingStores((at, value) => {
      stores.push(at);
      const moved = (value - words[at]!) | 0;
      assert(moved >= 1 && moved <= 2, `${name} moves its index by ${moved}`);
      for (let i = 0; i < moved; i++) {
        if (at === TAIL) {
          assert(words.includes(next), `${name} announces ${next} before it is there`);
        } else assertEquals(out[i], taken, `${name} gives a slot back before it was read`);
        if (at === TAIL) next++;
        else taken++;
      }
    }, () => run(ring, out));
    assertEquals(stores, [index], `${name}: atomic stores`);
  }
  assertEquals([next, taken, ring.count], [107, 107, 0]);
});
