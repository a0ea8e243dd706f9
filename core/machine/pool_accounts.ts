/** The state of every pool of buffers at the end of a run, for the laws that look at it. */
import type { Mempool } from "../memory/mempool.ts";
import type { Held, PoolAccount } from "./accounts.ts";
import type { Machine } from "./machine.ts";

/** What of a mempool is free, cached, and held by whom. O(buffers). */
export function poolAccount(machine: Machine, pool: Mempool, inHandAtBoot: number): PoolAccount {
  const { places } = machine.observation;
  const counts = new Int32Array(places.length);
  countHeld(machine, pool.first, pool.size, counts);
  const inHand = new Int32Array(places.length);
  countInHand(machine, pool, inHand);
  const { name, size, free, cached } = pool;
  const held = named(machine, counts);
  return { name, size, free, cached, held, inHand: named(machine, inHand), inHandAtBoot };
}

/**
 * Counts the buffers of a mempool that software has in hand, by holder too; answers how many. One that is held by
 * nothing but the indirect buffers that show it goes where they go, and is not counted. O(buffers).
 */
export function countInHand(machine: Machine, pool: Mempool, counts?: Int32Array): number {
  const { ledger, memory: { owner, references } } = machine;
  const end = pool.first + pool.size;
  const shownBy = new Map<number, number>();
  for (let b = pool.first; b < end; b++) {
    if (owner[b] !== b) shownBy.set(owner[b]!, (shownBy.get(owner[b]!) ?? 0) + 1);
  }
  let inHand = 0;
  for (let b = pool.first; b < end; b++) {
    if (!ledger.isInHand(b) || shownBy.get(b) === references[b]) continue;
    inHand++;
    if (counts !== undefined) counts[ledger.holder[b]!]!++;
  }
  return inHand;
}

/** What of a NIC's own memory (ingress buffer, transmit FIFO, slots for its peers) is in use. O(buffers). */
export function deviceAccount(machine: Machine, port: number): PoolAccount {
  const counts = new Int32Array(machine.observation.places.length);
  let size = 0;
  let used = 0;
  for (const region of machine.memory.regions) {
    if (region.node !== port + 1) continue;
    size += region.count;
    used += countHeld(machine, region.first, region.count, counts);
  }
  const held = named(machine, counts);
  return { name: `memory of nic${port}`, size, free: size - used, cached: 0, device: true, held };
}

/** Adds the buffers in use of a range to the counts of their holders; answers how many there are. */
function countHeld(machine: Machine, first: number, size: number, counts: Int32Array): number {
  const { ledger } = machine;
  let used = 0;
  for (let b = first; b < first + size; b++) {
    if (ledger.isFree(b)) continue;
    counts[ledger.holder[b]!]!++;
    used++;
  }
  return used;
}

function named(machine: Machine, counts: Int32Array): Held[] {
  const { places } = machine.observation;
  const held: Held[] = [];
  counts.forEach((count, place) => {
    if (count > 0) held.push({ place: places[place]!.name, count });
  });
  return held;
}
