/** Mempools: a burst got and put, with both algorithms of the cache and without one. */
import { Memory, Mempool } from "../core/mod.ts";
import { type Benchmark, BURSTS, fresh, ITEMS } from "./benchmark.ts";

const BUFFERS = 2048;
/** Burst from which on pools copy in pairs. */
const PAIRED_FROM = 16;

type Pairs = BigUint64Array<ArrayBuffer>;

function pairsOf({ buffer, length }: Int32Array<ArrayBuffer>): Pairs {
  return new BigUint64Array(buffer, 0, length >> 1);
}

/** By burst: a stack of indices in one array, then every pool, raw and as new. */
export function mempools(): Benchmark[] {
  return BURSTS.flatMap((burst) => {
    const group = `mempool, burst ${burst}, get and put`;
    const stack = Int32Array.from({ length: BUFFERS }, (_, i) => i);
    const buffers = new Int32Array(burst);
    const [inPairs, buffersInPairs] = [stack, buffers].map(pairsOf) as [Pairs, Pairs];
    const plain = fresh(popAndPush);
    const paired = fresh(popAndPushPairs);
    return [
      {
        group,
        name: "a stack in an array",
        items: ITEMS,
        run: () =>
          burst < PAIRED_FROM
            ? plain(stack, buffers, ITEMS)
            : paired(buffers, inPairs, buffersInPairs, ITEMS),
      },
      ...variants().map(([name, pool, raw]) => {
        const held = new Int32Array(burst);
        const one = fresh(raw ? getRawAndPut : getAndPut);
        const bulk = fresh(raw ? getRawAndPutBulk : getAndPutBulk);
        const run = burst === 1 ? () => one(pool, ITEMS) : () => bulk(pool, held, ITEMS);
        return { group, name, items: ITEMS, run };
      }),
    ];
  });
}

function variants(): [string, Mempool, boolean][] {
  const pool = (cache: number, algorithm: "half" | "flush-threshold"): Mempool => {
    const memory = new Memory(BUFFERS);
    return new Mempool(memory, memory.region("pool", 0, BUFFERS), [0], cache, algorithm);
  };
  return [
    ["cache of 512, half, raw", pool(512, "half"), true],
    ["cache of 512, flush-threshold, raw", pool(512, "flush-threshold"), true],
    ["cache of 512, half", pool(512, "half"), false],
    ["cache of 512, flush-threshold", pool(512, "flush-threshold"), false],
    ["no cache", pool(0, "half"), false],
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

/** The same, two at a time, whose order is exchanged as they are popped. */
function popAndPushPairs(held: Int32Array, stack: Pairs, pairs: Pairs, count: number): number {
  let top = stack.length;
  let sum = 0;
  for (let at = 0; at < count; at += held.length) {
    for (let i = 0; i < pairs.length; i++) {
      const pair = stack[--top]!;
      pairs[i] = BigInt.asUintN(64, (pair << 32n) | (pair >> 32n));
    }
    sum += held[0]!;
    for (let i = 0; i < pairs.length; i++) stack[top++] = pairs[i]!;
  }
  return sum;
}

function getRawAndPut(pool: Mempool, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const b = pool.getRaw(0);
    sum += b;
    pool.put(0, b);
  }
  return sum;
}

function getRawAndPutBulk(pool: Mempool, held: Int32Array, count: number): number {
  const n = held.length;
  let sum = 0;
  for (let at = 0; at < count; at += n) {
    pool.getRawBulk(0, held, 0, n);
    sum += held[0]!;
    pool.putBulk(0, held, 0, n);
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
