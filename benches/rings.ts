/** Rings on one thread: a burst in, a burst out. Two threads are in `two_threads.ts`. */
import { MpmcRing, mpmcRingBytes, SpscRing, spscRingBytes } from "../core/mod.ts";
import { type Benchmark, BURSTS, fresh, ITEMS } from "./benchmark.ts";

const SLOTS = 1024;

interface Ring {
  enqueueBurst(items: Int32Array, at: number, n: number): number;
  dequeueBurst(out: Int32Array, n: number): number;
}

/** By burst: a plain copy in and out of an array, then every ring and mode. */
export function rings(): Benchmark[] {
  return BURSTS.flatMap((burst) => {
    const items = Int32Array.from({ length: burst }, (_, i) => i);
    const slots = new Int32Array(SLOTS);
    const copy = fresh(copyInAndOut);
    const group = `ring, burst ${burst}, in and out`;
    return [
      { group, name: "a plain copy", items: ITEMS, run: () => copy(slots, items, ITEMS) },
      ...variants().map(([name, ring]) => {
        const pass = fresh(inAndOut);
        return { group, name, items: ITEMS, run: () => pass(ring, items, ITEMS) };
      }),
    ];
  });
}

function variants(): [string, Ring][] {
  const mpmc = (["st", "mt", "mt-rts", "mt-hts"] as const).map((sync): [string, Ring] => {
    const shared = new SharedArrayBuffer(mpmcRingBytes(SLOTS));
    return [
      `MPMC in shared memory, ${sync}`,
      new MpmcRing(SLOTS, { shared, producers: sync, consumers: sync }),
    ];
  });
  const shared = new SharedArrayBuffer(spscRingBytes(SLOTS));
  return [
    ["SPSC", new SpscRing(SLOTS)],
    ["SPSC in shared memory", new SpscRing(SLOTS, { shared })],
    ["MPMC", new MpmcRing(SLOTS)],
    ...mpmc,
  ];
}

function copyInAndOut(slots: Int32Array, items: Int32Array, count: number): number {
  const n = items.length;
  let sum = 0;
  for (let at = 0; at < count; at += n) {
    const from = at & (slots.length - 1);
    for (let i = 0; i < n; i++) slots[from + i] = items[i]!;
    for (let i = 0; i < n; i++) items[i] = slots[from + i]!;
    sum += items[0]!;
  }
  return sum;
}

function inAndOut(ring: Ring, items: Int32Array, count: number): number {
  const n = items.length;
  let moved = 0;
  for (let at = 0; at < count; at += n) {
    ring.enqueueBurst(items, 0, n);
    moved += ring.dequeueBurst(items, n);
  }
  return moved;
}
