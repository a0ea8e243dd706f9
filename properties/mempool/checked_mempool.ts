import { Observation } from "../../core/machine/observation.ts";
import { Ledger } from "../../core/memory/ledger.ts";
import { Memory, POISON } from "../../core/memory/memory.ts";
import type { CacheAlgorithm } from "../../core/memory/cache_algorithm.ts";
import { Mempool } from "../../core/memory/mempool.ts";
import type { MempoolGeometry, PoolBuffers, PoolUnderTest } from "./subject.ts";

/** Bytes that a user writes into a buffer. */
const FRAME = 24;

/**
 * The project's own {@link Mempool} with a ledger, offering all that laws can ask for. Its buffers begin at
 * 3, so that a wrong offset shows.
 */
export function checkedMempool(
  { cacheSize, lcores, size }: MempoolGeometry,
  algorithm: CacheAlgorithm = "half",
): PoolUnderTest {
  const observation = new Observation();
  observation.reset(0, "coarse");
  const memory = new Memory(size + 3);
  memory.ledger = new Ledger(memory, observation, () => 0);
  memory.region("other", 0, 3);
  const places = Array.from({ length: lcores }, (_, l) => observation.addPlace(`lcore ${l}`));
  const pool = new Mempool(memory, memory.region("pool", 0, size), places, cacheSize, algorithm);
  return {
    get: (lcore) => pool.get(lcore),
    put: (lcore, b) => pool.put(lcore, b),
    getBulk: (lcore, out, at, n) => pool.getBulk(lcore, out, at, n),
    putBulk: (lcore, buffers, at, n) => pool.putBulk(lcore, buffers, at, n),
    get free() {
      return pool.free;
    },
    get cached() {
      return pool.cached;
    },
    cachedBy: (lcore) => pool.cachedBy(lcore),
    cacheLimit: pool.cacheLimit,
    flush: (lcore) => pool.flush(lcore),
    get faults() {
      return observation.faultCount;
    },
    buffers: buffersOf(memory),
  };
}

function buffersOf(memory: Memory): PoolBuffers {
  const { bytes, flags, hash, length, next, offset, owner, port, references } = memory;
  return {
    poison: POISON,
    fields: (b) =>
      [offset, length, port, hash, flags, next, references, owner].map((field) => field[b]!),
    soil: (b) => {
      for (const field of [length, port, hash, flags, next]) field[b] = FRAME;
      bytes.fill(FRAME, offset[b]!, offset[b]! + FRAME);
    },
    bytes: (b) => bytes.subarray(offset[b]!, offset[b]! + FRAME),
  };
}
