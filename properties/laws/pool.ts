/**
 * POOL: buffers are conserved, and nobody touches one that is free.
 */
import type { PoolAccount } from "../../core/machine/observation.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { judgeLedger } from "./_faults.ts";
import { broken, counted, KEPT, notJudged } from "./_text.ts";

function judgeConservation(run: Run): Verdict {
  const { pools, end, waitingAt } = run.observation;
  if (pools.length === 0) return notJudged("the machine has no pool");
  const atRest = end === "quiet" && waitingAt.size === 0;
  for (const pool of pools) {
    let held = 0;
    for (const holder of pool.held) held += holder.count;
    const found = pool.free + pool.cached + held;
    const by = pool.held.map((h) => `${h.count} in ${h.place}`).join(", ");
    if (pool.device && atRest && held > 0) {
      return broken(
        `${pool.name} still has ${
          counted(held, "buffer")
        } in use at rest (${by}), expected none: they never came back`,
        [],
      );
    }
    const fault = atRest ? leaked(pool) : null;
    if (fault !== null) return fault;
    if (found === pool.size) continue;
    return broken(
      `pool ${pool.name} has ${counted(found, "buffer")} at the end, expected ${pool.size}: ` +
        `${pool.free} free, ${pool.cached} cached, ${held} in use${by === "" ? "" : ` (${by})`}`,
      [],
    );
  }
  return KEPT;
}

/** Software that has more buffers in hand than when it was up, though no packet is under way. */
function leaked({ name, inHand = [], inHandAtBoot = 0 }: PoolAccount): Verdict | null {
  let count = 0;
  for (const holder of inHand) count += holder.count;
  if (count <= inHandAtBoot) return null;
  const by = inHand.map((h) => `${h.count} in ${h.place}`).join(", ");
  const before = inHandAtBoot === 0 ? "none" : `${inHandAtBoot} as before the first packet`;
  return broken(
    `pool ${name} still has ${
      counted(count, "buffer")
    } out at rest, posted to no device (${by}), ` +
      `expected ${before}: they were leaked`,
    [],
  );
}

/** POOL-1: buffers are conserved. */
export const POOL_1: Law = {
  id: "POOL-1",
  statement:
    "In every pool, free, cached and held buffers together are its size; at rest a device " +
    "holds none, and software no more than before the first packet.",
  clause: "DPDK Programmer's Guide, Mempool Library; P2PNIC, 3.2",
  needs: ["buffers"],
  stress: ["24 packets or more"],
  judge: judgeConservation,
};

/** POOL-3: frees are right. */
export const POOL_3: Law = {
  id: "POOL-3",
  statement: "No buffer is freed twice, freed into a foreign pool, or used after it was freed.",
  clause: "DPDK Programmer's Guide, Mempool Library: cookies",
  needs: ["buffers"],
  stress: ["congestion drop"],
  judge: ({ observation: o }) => judgeLedger(o, "POOL-3", o.frees, "buffer was freed"),
};
