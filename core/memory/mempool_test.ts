// Aim: a pool conserves its buffers under any mix of operations, keeps its caches within bounds, serves
// hot buffers first, and its ledger names every wrong free. Method: a set as the model, examples for order.
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Observation } from "../machine/observation.ts";
import { Ledger } from "./ledger.ts";
import { Memory, POISON } from "./memory.ts";
import type { CacheAlgorithm } from "./cache_algorithm.ts";
import { Mempool } from "./mempool.ts";

function pool(
  size: number,
  cache: number,
  lcores = 2,
  checked = true,
  algorithm: CacheAlgorithm = "half",
) {
  const observation = new Observation();
  observation.reset(8, "coarse");
  const memory = new Memory(size + 4);
  const ledger = new Ledger(memory, observation, () => 42);
  if (checked) memory.ledger = ledger;
  memory.region("other", 0, 2);
  const places = Array.from({ length: lcores }, (_, l) => observation.addPlace(`lcore ${l}`));
  const mempool = new Mempool(memory, memory.region("pool", 0, size), places, cache, algorithm);
  return { mempool, memory, ledger, observation };
}

const operation = {
  lcore: fc.integer({ min: 0, max: 1 }),
  put: fc.boolean(),
  bulk: fc.boolean(),
  n: fc.integer({ min: 1, max: 12 }),
};

Deno.test("Mempool POOL-1, -2, -4, -5, -6: conserves, never gives twice, bounds caches, whole or not at all", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 0, max: 8 }),
      fc.boolean(),
      fc.constantFrom<CacheAlgorithm>("half", "flush-threshold"),
      fc.array(fc.record(operation), { size: "max", maxLength: 120 }),
      (size, cache, checked, algorithm, operations) => {
        const { mempool, observation } = pool(size, cache, 2, checked, algorithm);
        const limit = algorithm === "half" ? cache : Math.floor(cache * 3 / 2);
        const held: number[] = [];
        const out = new Int32Array(16);
        for (const { lcore, put, bulk, n } of operations) {
          const reachable = mempool.free + mempool.cachedBy(lcore);
          if (put) {
            const back = Int32Array.from(held.splice(0, bulk ? n : 1));
            if (bulk) mempool.putBulk(lcore, back, 0, back.length);
            else if (back.length === 1) mempool.put(lcore, back[0]!);
          } else if (bulk) {
            const got = mempool.getBulk(lcore, out, 2, n);
            assertEquals(
              got,
              n <= reachable,
              "a bulk get fails only if cache and ring cannot serve",
            );
            if (got) held.push(...out.subarray(2, 2 + n));
          } else {
            const b = mempool.get(lcore);
            assertEquals(b >= 0, reachable > 0, "a get fails only if cache and ring are empty");
            if (b >= 0) held.push(b);
          }
          assertEquals(new Set(held).size, held.length, "a buffer was given twice");
          assertEquals(mempool.free + mempool.cached + held.length, size, "buffers got lost");
          assert(
            mempool.cachedBy(0) <= limit && mempool.cachedBy(1) <= limit,
            "a cache overflowed",
          );
        }
        assertEquals(observation.faultCount, 0);
        for (const b of held.splice(0)) mempool.put(0, b);
        assertEquals(mempool.free + mempool.cached, size);
      },
    ),
  );
});

Deno.test("Mempool cache gives the last freed first and does not touch the common ring", () => {
  const { mempool } = pool(32, 8, 1, false);
  const out = new Int32Array(4);
  mempool.getBulk(0, out, 0, 4);
  const before = mempool.free;
  for (const b of out) mempool.put(0, b);
  const again = [mempool.get(0), mempool.get(0), mempool.get(0), mempool.get(0)];
  assertEquals(again, [...out].reverse());
  assertEquals(mempool.free, before);
});

Deno.test("Mempool flushes the coldest half of a full cache, and bypasses it with large puts", () => {
  const { mempool } = pool(64, 8, 1, false);
  const out = new Int32Array(20);
  for (let i = 0; i < 20; i++) out[i] = mempool.get(0);
  while (mempool.cachedBy(0) > 0) mempool.get(0);
  const ring = mempool.free;
  mempool.putBulk(0, out, 0, 8);
  assertEquals([mempool.cachedBy(0), mempool.free], [8, ring]);
  mempool.put(0, out[8]!);
  assertEquals([mempool.cachedBy(0), mempool.free], [5, ring + 4]);
  mempool.putBulk(0, out, 9, 6);
  assertEquals([mempool.cachedBy(0), mempool.free], [5, ring + 10]);
});

Deno.test("Mempool with a flush threshold refills all, and flushes all when 1.5 caches would be crossed", () => {
  const { mempool } = pool(64, 8, 1, false, "flush-threshold");
  const out = new Int32Array(40);
  const at = () => [mempool.cachedBy(0), mempool.free];
  assertEquals(mempool.cacheLimit, 12);
  out[0] = mempool.get(0);
  // the ring gave 0..7 to the cache and 8 to the caller
  assertEquals([out[0], ...at()], [10, 8, 55]);
  mempool.getBulk(0, out, 1, 10);
  // first the cache from its top, then the two that were fetched last, in reverse
  assertEquals([...out.subarray(1, 11)], [9, 8, 7, 6, 5, 4, 3, 2, 20, 19]);
  assertEquals(at(), [8, 45]);
  mempool.putBulk(0, out, 0, 4);
  assertEquals(at(), [12, 45]);
  mempool.put(0, out[4]!);
  assertEquals(at(), [1, 57]);
  mempool.getBulk(0, out, 11, 20);
  assertEquals(at(), [8, 30]);
  mempool.putBulk(0, out, 11, 6);
  assertEquals(at(), [6, 38]);
  mempool.putBulk(0, out, 17, 13);
  assertEquals(at(), [6, 51]);
  mempool.putBulk(0, out, 30, 1);
  mempool.get(0);
  assertEquals(at(), [6, 51]);
  const rest = new Int32Array(50);
  assertEquals(mempool.getBulk(0, rest, 0, 50), true);
  // six from the cache; the ring has the other 44 but not eight more
  assertEquals(at(), [0, 7]);
});

// What a pool is asked is the same in each way; what it does must be: by buffers as new or raw, with a
// ledger or none, from arrays that are new each time (copied word by word) or one and the same (in pairs).
const WAYS = [
  { raw: false, checked: false, sameArray: false },
  { raw: false, checked: true, sameArray: false },
  { raw: true, checked: false, sameArray: true },
  { raw: true, checked: true, sameArray: true },
];

Deno.test("Mempool hands out the same buffers and keeps the same caches, raw or as new, checked or not (POOL-8)", () => {
  const long = { puts: 0, gets: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom<CacheAlgorithm>("half", "flush-threshold"),
      fc.integer({ min: 3, max: 60 }),
      fc.array(fc.record({ ...operation, n: fc.integer({ min: 1, max: 40 }), at: fc.nat(3) }), {
        size: "max",
        maxLength: 60,
      }),
      (algorithm, cache, operations) => {
        const traces = WAYS.map(({ raw, checked, sameArray }) => {
          const { mempool, memory, observation } = pool(160, cache, 2, checked, algorithm);
          const held: number[] = [];
          const used = new Set<number>();
          const hold = (b: number) => {
            const { length, port, hash, flags, next } = memory;
            const words = [length[b], port[b], hash[b], flags[b], next[b]].join();
            const expected = raw && used.has(b) ? "9,1,7,1,3" : "0,0,0,0,-1";
            if (words !== expected) assertEquals(words, expected, `POOL-8: words of buffer ${b}`);
            [length[b], port[b], hash[b], flags[b], next[b]] = [9, 1, 7, 1, 3];
            used.add(b);
            held.push(b);
          };
          const out = new Int32Array(44);
          const given = new Int32Array(44);
          const trace = operations.map(({ lcore, put, bulk, n, at }) => {
            if (put && bulk) {
              const array = sameArray ? given : new Int32Array(44);
              const back = held.splice(0, n);
              array.set(back, at);
              mempool.putBulk(lcore, array, at, back.length);
              if (sameArray && back.length >= 16 && (at | back.length) % 2 === 0) long.puts++;
            } else if (put) {
              if (held.length > 0) mempool.put(lcore, held.shift()!);
            } else if (bulk) {
              const into = sameArray ? out : new Int32Array(44);
              const cached = mempool.cachedBy(lcore);
              const got = raw
                ? mempool.getRawBulk(lcore, into, at, n)
                : mempool.getBulk(lcore, into, at, n);
              if (got) into.subarray(at, at + n).forEach(hold);
              const isEven = (at | n | cached) % 2 === 0;
              if (got && sameArray && n >= 16 && n <= cached && isEven) long.gets++;
            } else {
              const b = raw ? mempool.getRaw(lcore) : mempool.get(lcore);
              if (b >= 0) hold(b);
            }
            return `${mempool.free} + ${mempool.cachedBy(0)} + ${mempool.cachedBy(1)}, ${held}`;
          });
          assertEquals(observation.faultCount, 0);
          return trace;
        });
        for (const [i, trace] of traces.entries()) {
          assertEquals(trace, traces[0], JSON.stringify(WAYS[i]));
        }
      },
    ),
    { seed: 1, numRuns: 40 },
  );
  assertGreater(long.puts, 10, "HARN-3: too few long puts that begin and end on even words");
  assertGreater(long.gets, 10, "HARN-3: too few long gets that begin and end on even words");
});

Deno.test("Mempool POOL-8: a raw get leaves a buffer's words alone and tells the ledger of its new holder", () => {
  const { mempool, memory, ledger, observation } = pool(2, 2, 2);
  const out = new Int32Array(2);
  assertEquals(mempool.getBulk(0, out, 0, 2), true);
  for (const b of out) {
    memory.length[b] = 40 + b;
    memory.hash[b] = b;
    ledger.enter(b, b, 0);
  }
  mempool.putBulk(0, out, 0, 2);
  const one = mempool.getRaw(0);
  assertEquals([mempool.getRawBulk(1, out, 0, 1), mempool.refusals], [false, 1]);
  mempool.flush(0);
  assertEquals(mempool.getRawBulk(1, out, 0, 1), true);
  for (const [b, holder] of [[one, "lcore 0"], [out[0]!, "lcore 1"]] as const) {
    assertEquals([memory.length[b], memory.hash[b], ledger.packet[b]], [40 + b, b, -1]);
    assertEquals([observation.places[ledger.holder[b]!]!.name, ledger.isFree(b)], [holder, false]);
  }
  mempool.put(0, one);
  assertEquals([mempool.get(0), memory.length[one], memory.hash[one]], [one, 0, 0]);
});

Deno.test("Mempool flush gives a cache back to the ring and wakes who was refused", () => {
  const { mempool } = pool(8, 8, 2, false);
  const out = new Int32Array(8);
  mempool.getBulk(0, out, 0, 8);
  mempool.putBulk(0, out, 0, 8);
  let told = 0;
  mempool.onRefill = () => told++;
  assertEquals([mempool.get(1), mempool.cachedBy(0)], [-1, 8]);
  mempool.flush(0);
  assertEquals([mempool.free, mempool.cached, told], [8, 0, 1]);
  // half a cache moves from the ring to lcore 1, and the top of it to the caller
  assertEquals([mempool.get(1), mempool.cachedBy(1)], [out[3], 3]);
});

Deno.test("Mempool refills half a cache at a time", () => {
  const { mempool } = pool(64, 8, 1, false);
  mempool.get(0);
  assertEquals([mempool.cachedBy(0), mempool.free], [3, 60]);
});

Deno.test("Mempool POOL-3: double and foreign frees are named and change nothing", () => {
  const { mempool, observation, memory } = pool(8, 0);
  const b = mempool.get(0);
  mempool.put(0, b);
  mempool.put(1, b);
  mempool.put(1, 0);
  mempool.put(1, 9999);
  assertEquals(observation.faults.map((f) => f.kind), [
    "double-free",
    "foreign-free",
    "foreign-free",
  ]);
  assertEquals(observation.faults[0], {
    kind: "double-free",
    at: 42,
    buffer: b,
    packet: -1,
    place: 1,
    other: 0,
  });
  assertEquals(mempool.free, 8);
  assertEquals(memory.used, 10);
});

Deno.test("Mempool POOL-7, -8: freed bytes are poisoned, a recycled buffer has fresh fields", () => {
  const { mempool, memory } = pool(1, 0);
  const b = mempool.get(0);
  memory.length[b] = 3;
  memory.port[b] = 2;
  memory.hash[b] = 77;
  memory.flags[b] = 1;
  memory.next[b] = 5;
  const at = memory.offset[b]!;
  memory.bytes.set([1, 2, 3], at);
  memory.offset[b] = at + 1;
  mempool.put(0, b);
  assertEquals([...memory.bytes.subarray(at, at + 4)], [1, POISON, POISON, POISON]);
  assertEquals(mempool.get(0), b);
  assertEquals(
    [memory.length[b], memory.port[b], memory.hash[b], memory.flags[b], memory.next[b]],
    [0, 0, 0, 0, -1],
  );
  assertEquals(memory.offset[b], at);
});

Deno.test("Mempool tells of a refill only after somebody was refused", () => {
  const { mempool } = pool(1, 0);
  let told = 0;
  mempool.onRefill = () => told++;
  const b = mempool.get(0);
  mempool.put(0, b);
  assertEquals(told, 0);
  mempool.get(0);
  assertEquals(mempool.get(1), -1);
  mempool.put(0, b);
  assertEquals([told, mempool.refusals], [1, 1]);
});

Deno.test("Mempool that is set up anew has all buffers free and all caches empty, whatever was out or cached", () => {
  const { mempool, memory } = pool(16, 4);
  const held = [0, 1].flatMap((lcore) => Array.from({ length: 6 }, () => mempool.get(lcore)));
  for (const b of held.slice(0, 4)) mempool.put(b % 2, b);
  for (const [places, cache] of [[[0, 1], 4], [[0], 2], [[0, 1, 2], 0]] as const) {
    mempool.setUp({ name: "pool", node: 0, first: mempool.first, count: 16 }, places, cache);
    for (const lcore of places.keys()) assertEquals(mempool.cachedBy(lcore), 0);
    assertEquals(mempool.free, 16);
    memory.ledger = null;
    const all = Array.from({ length: 16 }, () => mempool.get(0));
    assertEquals([new Set(all).size, Math.min(...all), mempool.get(0)], [16, mempool.first, -1]);
    for (const b of all) mempool.put(0, b);
  }
});

Deno.test("Mempool refuses a cache beyond 512", () => {
  assertThrows(
    () => pool(4, 513),
    RangeError,
    "Cannot make mempool pool: cache of 513 is not in 0..512",
  );
});

Deno.test("Mempool get and getBulk name the lcore that took as the holder in the ledger", () => {
  const { mempool, ledger, observation } = pool(8, 4, 2);
  const out = new Int32Array(4);
  mempool.getBulk(1, out, 0, 4);
  const one = mempool.get(0);
  const holders = [...out, one].map((b) => observation.places[ledger.holder[b]!]!.name);
  assertEquals(holders, ["lcore 1", "lcore 1", "lcore 1", "lcore 1", "lcore 0"]);
});
