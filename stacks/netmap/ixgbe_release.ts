/** The end of netmap mode on a queue pair of an ixgbe. Source: netmap sys/dev/netmap/netmap.c, netmap_hw_krings_delete. */
import type { Memory } from "../../core/memory/memory.ts";
import { takeReceived } from "../../core/nic/driver.ts";
import type { DescriptorRing } from "../../core/nic/rings.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapKring } from "./kring.ts";

/** A ring of netmap and the device's behind it. */
interface RingPair {
  readonly kring: NetmapKring;
  readonly descriptors: DescriptorRing;
}

/**
 * Takes all buffers back once the device is done with both rings, which are as new then. What was received and not
 * read, and what was to be sent and not handed over, is lost with the port. O(descriptors).
 */
export function releaseIxgbe(cpu: Cpu, env: Env, tx: RingPair, rx: RingPair, place: number): void {
  const memory = env.memory as Memory;
  // what the process did last counts, if it can be
  for (const { kring } of [tx, rx]) kring.prologue();
  const lose = (kring: NetmapKring, at: number): void => {
    env.end(cpu, kring.mem.buffer(kring.ring.bufIdx[at]!), REASON.other);
  };
  const { kring, descriptors } = rx;
  for (let at = kring.rhead; at !== kring.hwtail; at = kring.next(at)) lose(kring, at);
  for (let at = kring.hwtail; descriptors.done[kring.toNic(at)] === 1; at = kring.next(at)) {
    takeReceived(memory, descriptors, kring.toNic(at), place);
    lose(kring, at);
  }
  const { hwcur, rhead } = tx.kring;
  for (let at = hwcur; at !== rhead; at = tx.kring.next(at)) lose(tx.kring, at);
  for (const { descriptors: ring } of [tx, rx]) {
    for (const b of ring.buffer.subarray(0, ring.size)) {
      if (b >= 0 && memory.ledger !== null) memory.ledger.complete(b, place);
    }
    ring.reset(ring.size, ring.place);
  }
}
