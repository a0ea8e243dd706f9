// Aim: a pool that has refused somebody says so once when buffers are back, whatever was asked for and by
// whichever way they come back; and the ledger knows when the bytes of a buffer landed.
// Method: every kind of refusal with every kind of return, in pools with and without a cache.
import { assertEquals } from "@std/assert";
import { Observation } from "../machine/observation.ts";
import { Ledger } from "./ledger.ts";
import { Memory } from "./memory.ts";
import { Mempool } from "./mempool.ts";

const SIZE = 8;

function emptied(cacheSize: number, checked: boolean) {
  const memory = new Memory(SIZE);
  const observation = new Observation();
  observation.reset(1, "coarse");
  const place = observation.addPlace("lcore 0");
  if (checked) memory.ledger = new Ledger(memory, observation, () => 0);
  const pool = new Mempool(memory, memory.region("pool", 0, SIZE), [place], cacheSize);
  let told = 0;
  pool.onRefill = () => void told++;
  const out = new Int32Array(SIZE);
  for (let i = 0; i < SIZE; i++) out[i] = pool.get(0);
  return { pool, out, told: () => told };
}

const ASKED: Readonly<Record<string, (pool: Mempool) => boolean>> = {
  get: (pool) => pool.get(0) >= 0,
  getBulk: (pool) => pool.getBulk(0, new Int32Array(SIZE), 0, 2),
};
const RETURNED: Readonly<Record<string, (pool: Mempool, held: Int32Array) => void>> = {
  put: (pool, held) => pool.put(0, held[0]!),
  "putBulk of a few": (pool, held) => pool.putBulk(0, held, 0, 2),
  "putBulk of all": (pool, held) => pool.putBulk(0, held, 0, SIZE),
};

Deno.test("Mempool tells once of buffers that are back, after a refusal of any kind", () => {
  for (const [asked, ask] of Object.entries(ASKED)) {
    for (const [returned, give] of Object.entries(RETURNED)) {
      for (const cacheSize of [0, 4]) {
        for (const checked of [false, true]) {
          const { pool, out, told } = emptied(cacheSize, checked);
          const what = `${asked}, then ${returned}, cache of ${cacheSize}, checked ${checked}`;
          assertEquals([ask(pool), ask(pool), pool.refusals, told()], [false, false, 2, 0], what);
          give(pool, out);
          assertEquals(told(), 1, what);
          const rest = returned === "put" ? 1 : returned === "putBulk of a few" ? 2 : SIZE;
          for (let i = rest; i < SIZE; i++) pool.put(0, out[i]!);
          assertEquals([told(), pool.free + pool.cached], [1, SIZE], `${what}: once`);
        }
      }
    }
  }
});

Deno.test("Mempool refuses a bulk by one buffer, takes none for it, and then gives exactly what is left", () => {
  const { pool, out, told } = emptied(4, true);
  pool.putBulk(0, out, 0, 3);
  assertEquals(told(), 0, "nobody was refused");
  assertEquals(pool.getBulk(0, out, 0, 4), false);
  assertEquals([pool.refusals, pool.free + pool.cached], [1, 3]);
  assertEquals(pool.getBulk(0, out, 0, 3), true);
  assertEquals([pool.refusals, pool.free + pool.cached], [1, 0]);
});

Deno.test("Mempool that is set up anew has refused nobody", () => {
  const memory = new Memory(SIZE);
  const region = memory.region("pool", 0, SIZE);
  const pool = new Mempool(memory, region, [0], 0);
  const held = Array.from({ length: SIZE }, () => pool.get(0));
  assertEquals([held.includes(-1), pool.get(0)], [false, -1]);
  pool.setUp(region, [0], 0);
  let told = 0;
  pool.onRefill = () => void told++;
  assertEquals([pool.refusals, pool.free], [0, SIZE]);
  pool.put(0, pool.get(0));
  assertEquals(told, 0, "the run before must not wake this one");
  pool.setUp(region, [0], 4);
  const [b, c] = [pool.get(0), pool.get(0)];
  pool.put(0, b);
  pool.put(0, c);
  pool.setUp(region, [0], 4);
  assertEquals([pool.free, pool.cached], [SIZE, 0], "nothing is cached that is free as well");
  const all = Array.from({ length: SIZE }, () => pool.get(0));
  assertEquals(new Set(all).size, SIZE, `${all}`);
});

Deno.test("Ledger notes when the bytes of a buffer landed: at entry, by DMA, and never for a new one", () => {
  let now = 0;
  const memory = new Memory(4);
  const observation = new Observation();
  observation.reset(1, "coarse");
  const ledger = memory.ledger = new Ledger(memory, observation, () => now);
  memory.region("all", 0, 4);
  now = 5;
  ledger.enter(0, 1, 0);
  ledger.alloc(2, 0);
  assertEquals([ledger.dataAt[1], ledger.dataAt[2]], [5, -1]);
  now = 9;
  ledger.moved(1, 2);
  assertEquals([ledger.dataAt[1], ledger.dataAt[2]], [5, 9]);
  ledger.free(2, 0);
  ledger.alloc(2, 0);
  assertEquals(ledger.dataAt[2], -1);
});

Deno.test("Ledger reset equals a new one: nobody holds anything, and no buffer carries a packet", () => {
  const memory = new Memory(4);
  const observation = new Observation();
  observation.reset(2, "coarse");
  const ledger = memory.ledger = new Ledger(memory, observation, () => 3);
  memory.region("all", 0, 4);
  ledger.enter(0, 1, 0);
  ledger.enter(1, 2, 0);
  ledger.post(2, 0);
  ledger.alloc(3, 0);
  ledger.reset();
  const fresh = new Ledger(memory, observation, () => 3);
  for (let b = 0; b < 4; b++) {
    const view = (of: Ledger) => [of.packet[b], of.holder[b], of.dataAt[b], of.isFree(b)];
    assertEquals(view(ledger), view(fresh), `buffer ${b}`);
  }
  ledger.enter(0, 1, 0);
  ledger.free(1, 0);
  ledger.alloc(1, 0);
  assertEquals(ledger.packet[1], -1, "a new buffer carries nothing");
});

Deno.test("Mempool flushes the buffers that were freed first, and keeps the last", () => {
  const memory = new Memory(SIZE);
  const pool = new Mempool(memory, memory.region("pool", 0, SIZE), [0], 4);
  const held = Array.from({ length: SIZE }, () => pool.get(0));
  for (const b of held.slice(0, 5)) pool.put(0, b);
  assertEquals([pool.free, pool.cached], [2, 3]);
  const next = Array.from({ length: 3 }, () => pool.get(0));
  assertEquals(next, [held[4]!, held[3]!, held[2]!], "hot ones first");
  assertEquals([pool.get(0), pool.get(0)].sort(), [held[0]!, held[1]!].sort());
});
