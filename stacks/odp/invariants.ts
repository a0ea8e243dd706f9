/** What must hold of ODP's own parts besides the laws about all stacks. */
import type { Invariant } from "../../core/stack.ts";

const SCHED = "ODP API specification, schedule.h; odp_schedule_basic.c";
const CLS = "ODP API specification, classification.h; odp_classification.c";
const TM = "ODP API specification, traffic_mngr.h; odp_traffic_mngr.c";
const PKTIO = "ODP API specification, packet_io.h; odp_packet_io.c";

/**
 * By number as they are judged.
 *
 * @example
 * ```ts
 * import { odp, ODP_INVARIANTS } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(odp().invariants, ODP_INVARIANTS);
 * assertEquals(ODP_INVARIANTS[0]!.id, "ODP-1");
 * ```
 */
export const ODP_INVARIANTS: readonly Invariant[] = [
  {
    id: "ODP-1",
    statement:
      "One thread at a time holds the context of an atomic queue, and its events are handed out in order.",
    clause: SCHED,
  },
  {
    id: "ODP-2",
    statement:
      "What is put out in the context of an ordered queue comes in the order of its tickets.",
    clause: SCHED,
  },
  {
    id: "ODP-4",
    statement:
      "The critical sections of an order lock are run one at a time, in the order of their tickets.",
    clause: SCHED,
  },
  {
    id: "ODP-5",
    statement:
      "Every ticket of an ordered queue is given back, also where nothing was put out in its context.",
    clause: SCHED,
  },
  {
    id: "ODP-7",
    statement: "No thread takes from a queue while a more urgent one of the same group is ready.",
    clause: SCHED,
  },
  {
    id: "ODP-8",
    statement:
      "A spread that has something is looked at first at least once for each time that another was, times the weight.",
    clause: "config/odp-linux-generic.conf, sched_basic.prio_spread_weight",
  },
  {
    id: "ODP-9",
    statement: "A thread is handed events only of queues of groups that it is in.",
    clause: SCHED,
  },
  {
    id: "ODP-10",
    statement:
      "The class of service of each packet is the one that a walk over the rules leads to.",
    clause: CLS,
  },
  {
    id: "ODP-11",
    statement: "Packets of one flow go to one queue of a group.",
    clause: CLS,
  },
  {
    id: "ODP-12",
    statement: "What of a pool is neither free nor cached lies in a queue, a ring or an interface.",
    clause: "ODP API specification, pool.h",
  },
  {
    id: "ODP-13",
    statement: "An interface sends exactly the packets that its send call took.",
    clause: PKTIO,
  },
  {
    id: "ODP-14",
    statement:
      "What goes into the loop interface comes out of it once, with the same bytes, and is classified as its input.",
    clause: "platform/linux-generic/pktio/loop.c",
  },
  {
    id: "ODP-15",
    statement:
      "In no interval does a shaped node send more than its rate allows, its burst and one packet.",
    clause: TM,
  },
  {
    id: "ODP-16",
    statement:
      "Children of one priority that are backlogged share by their weights, within a packet of each.",
    clause: `${TM}; Golestani, INFOCOM 1994, theorem 1`,
  },
  {
    id: "ODP-17",
    statement: "No child is served while a more urgent one has a packet that its shaper lets go.",
    clause: TM,
  },
  {
    id: "ODP-18",
    statement: "Every packet handed to a tm_queue was dropped at its entry, or was sent, or waits.",
    clause: TM,
  },
  {
    id: "ODP-19",
    statement:
      "WRED drops nothing below its least threshold, and above it as often as the line between thresholds says.",
    clause: TM,
  },
  {
    id: "ODP-20",
    statement:
      "After an idle time a shaped node sends at once no more than its burst and one packet.",
    clause: TM,
  },
  {
    id: "ODP-22",
    statement: "A class loses packets for want of buffers only when its own pool is empty.",
    clause: CLS,
  },
];
