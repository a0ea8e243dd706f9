/**
 * The invariants of ZC as laws, judged when a run has become quiet. The checker asks holders for their buffers one by
 * one and counts them itself; it uses no counter of theirs.
 */
import type { Memory } from "../../core/memory/memory.ts";
import type { Finding, Invariant } from "../../core/stack.ts";
import type { ZcCluster } from "./zc_cluster.ts";
import type { ZcQueue } from "./zc_queue.ts";

const CLAUSE = "PF_RING 8.9.0, userland/lib/pfring_zc.h";

/** What ZC promises of its own parts. */
export const ZC_INVARIANTS: readonly Invariant[] = [
  {
    id: "PFRING-12",
    statement:
      "Every buffer of the cluster has one holder: the pool, a descriptor ring, a queue or an application; " +
      "and a ring or queue holds as many as when it was opened.",
    clause: `${CLAUSE}, pfring_zc_create_cluster`,
  },
  {
    id: "PFRING-13",
    statement:
      "A queue gives packets out in the order in which they were pushed, each once; a push is refused only " +
      "by a queue that is full.",
    clause: `${CLAUSE}, pfring_zc_create_queue`,
  },
  {
    id: "PFRING-14",
    statement:
      "No byte of a packet is copied by a CPU between the NIC that received it and the one that sends it.",
    clause: `${CLAUSE}, pfring_zc_send_pkt`,
  },
];

/**
 * The findings of a run.
 * @param zeroCopy whether no kernel had a part in it
 */
export function auditZc(
  cluster: ZcCluster,
  queues: readonly ZcQueue[],
  zeroCopy: boolean,
): Finding[] {
  // what a kernel of its own takes from the pool is not the cluster's to count
  const findings: Finding[] = zeroCopy ? [{ id: "PFRING-12", broken: unconserved(cluster) }] : [];
  for (const queue of queues) findings.push({ id: "PFRING-13", broken: queue.watch.broken });
  if (!zeroCopy) return findings;
  const { copiedBytes } = cluster.env.memory as Memory;
  findings.push({
    id: "PFRING-14",
    broken: copiedBytes === 0 ? null : `CPUs copied ${copiedBytes} bytes of packets, expected none`,
  });
  return findings;
}

function unconserved({ pool, holders }: ZcCluster): string | null {
  const holderOf = new Map<number, string>();
  for (const holder of holders) {
    const held = holder.held();
    for (const b of held) {
      if (!(b >= pool.first && b < pool.first + pool.size)) {
        return `${holder.name} holds ${b}, which is no buffer of the cluster`;
      }
      const other = holderOf.get(b);
      if (other !== undefined) return `buffer ${b} is held by ${other} and by ${holder.name}`;
      holderOf.set(b, holder.name);
    }
    const missing = "missing" in holder ? holder.missing as number : 0;
    if (held.length + missing !== holder.entitled) {
      return `${holder.name} holds ${held.length} buffers, expected ${holder.entitled - missing}`;
    }
  }
  const inPool = pool.free + pool.cached;
  if (holderOf.size + inPool === pool.size) return null;
  return `the cluster has ${pool.size} buffers, but ${inPool} in its pool and ${holderOf.size} elsewhere`;
}
