/**
 * Our mempool beside rte_mempool, one thread, a cache of 512. `rte_mempool` hands out an object as it is,
 * as our raw gets do; `rte_pktmbuf` resets the buffer it hands out, as our other gets do.
 */
import { Memory, Mempool } from "../../core/mod.ts";
import { fresh } from "../benchmark.ts";
import { Dpdk } from "./dpdk.ts";
import { cpuSeconds, inTurn, type Row } from "./in_turn.ts";
import { PROGRAM } from "./place.ts";

const BUFFERS = 8191;
const CACHE = 512;

/** All rows. */
export async function comparePools(files: readonly string[], rounds: number): Promise<Row[]> {
  const dpdk = await Dpdk.start(PROGRAM, files);
  const rows: Row[] = [];
  for (const algorithm of ["flush-threshold", "half"] as const) {
    for (const burst of [1, 32]) {
      const items = burst === 1 ? 2_000_000 : 6_400_000;
      const held = new Int32Array(burst);
      for (const raw of [true, false]) {
        const memory = new Memory(BUFFERS);
        const pool = new Mempool(memory, memory.region("pool", 0, BUFFERS), [0], CACHE, algorithm);
        const one = fresh(raw ? getRawAndPut : getAndPut);
        const bulk = fresh(raw ? getRawAndPutBulk : getAndPutBulk);
        rows.push(
          await inTurn({
            subject: "mempool",
            what: `Mempool, ${algorithm}, ${raw ? "raw, " : ""}burst ${burst}`,
            theirs: raw ? "rte_mempool" : "rte_pktmbuf",
            unit: "buffers got and put",
            goal: raw ? (burst === 1 ? 1 : 0.5) : undefined,
            items,
            rounds,
            timeOurs: () =>
              cpuSeconds(() => {
                if (burst === 1) one(pool, items);
                else bulk(pool, held, items);
              }),
            timeTheirs: () => dpdk.seconds(`pool ${raw ? "object" : "mbuf"} ${burst} ${items}`),
          }),
        );
      }
    }
  }
  await dpdk.stop();
  return rows;
}

function getRawAndPut(pool: Mempool, items: number): void {
  for (let done = 0; done < items; done++) {
    const b = pool.getRaw(0);
    if (b < 0) throw new Error("the pool is empty");
    pool.put(0, b);
  }
}

function getRawAndPutBulk(pool: Mempool, held: Int32Array, items: number): void {
  const burst = held.length;
  for (let done = 0; done < items; done += burst) {
    if (!pool.getRawBulk(0, held, 0, burst)) throw new Error("the pool is empty");
    pool.putBulk(0, held, 0, burst);
  }
}

function getAndPut(pool: Mempool, items: number): void {
  for (let done = 0; done < items; done++) {
    const b = pool.get(0);
    if (b < 0) throw new Error("the pool is empty");
    pool.put(0, b);
  }
}

function getAndPutBulk(pool: Mempool, held: Int32Array, items: number): void {
  const burst = held.length;
  for (let done = 0; done < items; done += burst) {
    if (!pool.getBulk(0, held, 0, burst)) throw new Error("the pool is empty");
    pool.putBulk(0, held, 0, burst);
  }
}
