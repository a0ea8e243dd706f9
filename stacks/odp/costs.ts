/** What ODP charges, by the names of a machine profile: `odp.NAME`. */
import type { Env } from "../../core/stack.ts";

/** Operations with a cost of their own. */
export const ODP_COSTS = [
  /** A call of the scheduler: a queue index popped from one ring of a priority. */
  "schedule",
  /** A queue index put back into its ring. */
  "requeue",
  /** The event queue's lock and indices, for a burst. */
  "queue.burst",
  /** One event in or out of a queue. */
  "queue.event",
  /** The line of an atomic queue that was last another thread's. */
  "atomic",
  /** A ticket of an ordered queue: fetch-and-add, and later the release. */
  "order",
  /** One look at a turn or a lock that is not there yet. */
  "spin",
  /** Parsing of a packet to layer 4. */
  "parse",
  /** One packet matching rule held against a packet. */
  "cls.rule",
  /** A packet's way through the classifier beside its rules. */
  "cls.packet",
  /** A packet into another pool, for each 64 bytes. */
  "copy.line",
  /** odp_l2fwd: two addresses. */
  "l2fwd",
  /** l3fwd: check, look-up, rewriting. */
  "l3fwd",
  /** The lock of a pktout queue (op_mode MT). */
  "pktout.lock",
  /** A send on the loop interface, for a packet. */
  "loop.packet",
  /** Removal of an outer header. */
  "decap",
  /** recvmmsg or sendmmsg, for a call. */
  "socket.call",
  /** The kernel's share of a packet on a socket, beside the copy. */
  "socket.packet",
  /** odp_tm_enq: threshold and WRED check, input work ring. */
  "tm.enq",
  /** The Traffic Manager's thread: a packet from its work ring into its tm_queue. */
  "tm.input",
  /** The same: a packet through one level of the tree. */
  "tm.level",
  /** The same: a turn that finds nothing. */
  "tm.idle",
] as const;

/** Cycles of each operation. */
export type OdpCosts = { readonly [name in typeof ODP_COSTS[number]]: number };

/** Reads all costs from the machine's profile. */
export function odpCosts(env: Env): OdpCosts {
  return Object.fromEntries(ODP_COSTS.map((name) => [name, env.cost(`odp.${name}`)])) as OdpCosts;
}
