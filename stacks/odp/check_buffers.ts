/** Checks pools, sends and loops: every buffer is looked for where it may lie, and counted. */
import type { Mempool } from "../../core/memory/mempool.ts";
import type { Odp } from "./odp.ts";
import { PktioDpdk } from "./pktio_dpdk.ts";
import { PktioLoop } from "./pktio_loop.ts";
import type { Worker } from "./worker.ts";

/** Every buffer that is named by a descriptor, waits in a queue, or is in a thread's hands. */
function lying(odp: Odp, workers: readonly Worker[]): number[] {
  const found: number[] = [];
  for (const { events } of odp.scheduler.queues) {
    for (let i = 0; i < events.count; i++) found.push(events.at(i));
  }
  for (const { local } of odp.threads) {
    for (let i = 0; i < local.stashed; i++) found.push(local.stash[local.stashAt + i]!);
  }
  for (const worker of workers) found.push(...worker.holding);
  for (const pktio of odp.pktios) {
    if (pktio instanceof PktioLoop) {
      for (let i = 0; i < pktio.waiting.count; i++) found.push(pktio.waiting.at(i));
    } else if (pktio instanceof PktioDpdk) {
      const { rx, tx } = odp.env.hardware.nics[pktio.port.id]!.queues;
      const { lcores } = odp.env;
      for (const { buffer, size } of [...rx.slice(0, lcores), ...tx.slice(0, lcores)]) {
        for (let slot = 0; slot < size; slot++) if (buffer[slot]! >= 0) found.push(buffer[slot]!);
      }
      found.push(...pktio.kernelHolds);
    }
  }
  for (const system of odp.tm) if (system !== undefined) found.push(...system.holding);
  return found;
}

/** ODP-12. */
export function checkPools(odp: Odp, workers: readonly Worker[]): string | null {
  const found = lying(odp, workers);
  const seen = new Set<number>();
  const twice = found.find((b) => seen.has(b) || !seen.add(b));
  if (twice !== undefined) return `buffer ${twice} lies in two places`;
  const wrong = (pool: Mempool): string | null => {
    const inUse = pool.size - pool.free - pool.cached;
    const of = found.filter((b) => b >= pool.first && b < pool.first + pool.size).length;
    if (of === inUse) return null;
    return `${pool.name} has ${inUse} of ${pool.size} packets in use, but ${of} lie in queues, rings and interfaces`;
  };
  for (const pool of [odp.env.pool, ...odp.pools]) {
    const sentence = wrong(pool);
    if (sentence !== null) return sentence;
  }
  return null;
}

/** ODP-13. */
export function checkSends(odp: Odp): string | null | undefined {
  let judged = false;
  for (const pktio of odp.pktios) {
    if (!(pktio instanceof PktioDpdk)) continue;
    judged = true;
    const { txFrames } = odp.env.hardware.nics[pktio.port.id]!.counters;
    const taken = pktio.pktout.reduce((sum, { packets }) => sum + packets, 0);
    if (taken !== txFrames) {
      return `${pktio.name} took ${taken} packets in all sends, but its port sent ${txFrames}`;
    }
  }
  return judged ? null : undefined;
}

/** ODP-14. */
export function checkLoops(odp: Odp): string | null | undefined {
  const { sentCount, receivedCount, changed } = odp.loops;
  if (sentCount === 0) return undefined;
  const waiting = odp.pktios.reduce(
    (sum, pktio) => pktio instanceof PktioLoop ? sum + pktio.waiting.count : sum,
    0,
  );
  if (changed.length > 0) {
    return `the packet in buffer ${changed[0]} changed inside the loop interface`;
  }
  if (sentCount !== receivedCount + waiting) {
    return `${sentCount} packets went into the loop interface, ${receivedCount} came out and ${waiting} wait`;
  }
  const { decisions } = odp.clsWitness;
  if (odp.loop < 0 || odp.clsWitness.isFull) return null;
  const second = decisions.filter(({ pktio }) => pktio === odp.loop).length;
  const lost = odp.pktios[odp.loop]!.in.errors;
  if (second + lost === receivedCount) return null;
  return `${receivedCount} packets came out of the loop interface, but ${second} were classified as its input`;
}

/** ODP-22. */
export function checkClassPools(odp: Odp): string | null | undefined {
  const own = odp.cos.filter(({ pool }) => pool !== null);
  if (own.length === 0) return undefined;
  for (const { name, poolDiscards, pool } of odp.cos) {
    const refusals = pool?.refusals ?? 0;
    if (poolDiscards === refusals) continue;
    return `class ${name} lost ${poolDiscards} packets for want of buffers, but its pool refused ${refusals}`;
  }
  return null;
}
