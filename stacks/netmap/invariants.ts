/** What must hold of netmap's own parts, in the order in which it is written down. */
import type { Invariant } from "../../core/stack.ts";

const RING = "netmap sys/net/netmap.h, at struct netmap_ring";
const SYNC = "netmap sys/dev/netmap/netmap.c";
const IXGBE = "netmap LINUX/ixgbe_netmap_linux.h";

/**
 * Those that an audit of a router can judge, beside the laws.
 *
 * @example
 * ```ts
 * import { netmap, NETMAP_INVARIANTS } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(netmap().invariants, NETMAP_INVARIANTS);
 * assertEquals(NETMAP_INVARIANTS.every(({ id }) => id.startsWith("NETMAP-")), true);
 * ```
 */
export const NETMAP_INVARIANTS: readonly Invariant[] = [
  {
    id: "NETMAP-1",
    statement:
      "A sync changes no slot between head and tail, neither head nor cur, and moves the " +
      "tail only over slots of the kernel.",
    clause: RING,
  },
  {
    id: "NETMAP-2",
    statement: "A tail that the process has changed is the kernel's again after the next sync.",
    clause: `${SYNC}, nm_txsync_prologue`,
  },
  {
    id: "NETMAP-3",
    statement:
      "A head or cur that cannot be, or a bad slot, puts the ring back to what the kernel " +
      "believes; the device is not told anything.",
    clause: `${SYNC}, netmap_ring_reinit`,
  },
  {
    id: "NETMAP-4",
    statement:
      "What a slot asked for by its flags, a new buffer looked at or a report, is done and " +
      "no longer asked for when the slot has been handed over.",
    clause: RING,
  },
  {
    id: "NETMAP-5",
    statement: "Every buffer index of a region is in one slot or free, once.",
    clause: "netmap sys/dev/netmap/netmap_mem2.c",
  },
  {
    id: "NETMAP-6",
    statement: "The descriptor of each receive slot names the buffer of that slot, whatever the " +
      "offset between the two rings.",
    clause: "netmap sys/dev/netmap/netmap_kern.h, netmap_idx_k2n",
  },
  {
    id: "NETMAP-7",
    statement: "A sync rings one doorbell if the process has released slots, and none otherwise.",
    clause: IXGBE,
  },
  {
    id: "NETMAP-8",
    statement: "Transmit slots are free again only up to one that the device has reported as sent.",
    clause: IXGBE,
  },
  {
    id: "NETMAP-9",
    statement: "A process has all slots of a ring but one at most.",
    clause: RING,
  },
  {
    id: "NETMAP-11",
    statement: "No process sleeps in poll while a packet that it waits for is there.",
    clause: `${SYNC}, netmap_poll`,
  },
  {
    id: "NETMAP-12",
    statement: "An interrupt moves no packet.",
    clause: `${SYNC}, netmap_common_irq`,
  },
  {
    id: "NETMAP-13",
    statement:
      "Between ports of one region packets move without a copied byte; in emulated mode each " +
      "is copied on its way in and on its way out.",
    clause: "netmap(4), ZERO COPY",
  },
  {
    id: "NETMAP-20",
    statement: "What came through receive rings was forwarded, refused, or waits in them.",
    clause: "netmap apps/bridge/bridge.c",
  },
];
