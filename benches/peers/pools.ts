/**
 * Our mempool beside rte_mempool, one thread, a cache of 512. `rte_mempool` hands out an object as it is;
 * `rte_pktmbuf` resets the buffer it hands out, and so does ours: so ours has both beside it.
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
    const memory = new Memory(BUFFERS);
    const pool = new Mempool(memory, memory.region("pool", 0, BUFFERS), [0], CACHE, algorithm);
    for (const burst of [1, 32]) {
      const items = burst === 1 ? 2_000_000 : 6_400_000;
      const held = new Int32Array(burst);
      const one = fresh(getAndPut);
      const bulk = fresh(getAndPutBulk);
      for (const what of ["object", "mbuf"]) {
        rows.push(
          await inTurn({
            subject: "mempool",
            what: `Mempool, ${algorithm}, burst ${burst}`,
            theirs: what === "mbuf" ? "rte_pktmbuf" : "rte_mempool",
            unit: "buffers got and put",
            goal: what === "mbuf" ? undefined : burst === 1 ? 1 : 0.5,
            items,
            rounds,
            timeOurs: () =>
              cpuSeconds(() => {
                if (burst === 1) one(pool, items);
                else bulk(pool, held, items);
              }),
            timeTheirs: () => dpdk.seconds(`pool ${what} ${burst} ${items}`),
          }),
        );
      }
    }
  }
  await dpdk.stop();
  return rows;
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
