/** Mempools: a burst got and put, with both algorithms of the cache and without one. */
import { Memory, Mempool } from "../core/mod.ts";
import { type Benchmark, BURSTS, fresh, ITEMS } from "./benchmark.ts";

const BUFFERS = 2048;

/** By burst: a stack of indices in one array, then every pool. */
export function mempools(): Benchmark[] {
  return BURSTS.flatMap((burst) => {
    const group = `mempool, burst ${burst}, get and put`;
    const stack = Int32Array.from({ length: BUFFERS }, (_, i) => i);
    const plain = fresh(popAndPush);
    return [
      {
        group,
        name: "a stack in an array",
        items: ITEMS,
        run: () => plain(stack, new Int32Array(burst), ITEMS),
      },
      ...variants().map(([name, pool]) => {
        const held = new Int32Array(burst);
        const one = fresh(getAndPut);
        const bulk = fresh(getAndPutBulk);
        const run = burst === 1 ? () => one(pool, ITEMS) : () => bulk(pool, held, ITEMS);
        return { group, name, items: ITEMS, run };
      }),
    ];
  });
}

function variants(): [string, Mempool][] {
  const pool = (cache: number, algorithm: "half" | "flush-threshold"): Mempool => {
    const memory = new Memory(BUFFERS);
    return new Mempool(memory, memory.region("pool", 0, BUFFERS), [0], cache, algorithm);
  };
  return [
    ["cache of 512, half", pool(512, "half")],
    ["cache of 512, flush-threshold", pool(512, "flush-threshold")],
    ["no cache", pool(0, "half")],
  ];
}

function popAndPush(stack: Int32Array, held: Int32Array, count: number): number {
  let top = stack.length;
  let sum = 0;
  for (let at = 0; at < count; at += held.length) {
    for (let i = 0; i < held.length; i++) held[i] = stack[--top]!;
    sum += held[0]!;
    for (let i = 0; i < held.length; i++) stack[top++] = held[i]!;
  }
  return sum;
}

function getAndPut(pool: Mempool, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const b = pool.get(0);
    sum += b;
    pool.put(0, b);
  }
  return sum;
}

function getAndPutBulk(pool: Mempool, held: Int32Array, count: number): number {
  const n = held.length;
  let sum = 0;
  for (let at = 0; at < count; at += n) {
    pool.getBulk(0, held, 0, n);
    sum += held[0]!;
    pool.putBulk(0, held, 0, n);
  }
  return sum;
}
