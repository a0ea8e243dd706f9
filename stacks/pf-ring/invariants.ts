/** What vanilla PF_RING promises of its own parts, as laws of it. */
import type { Invariant } from "../../core/stack.ts";

const CLAUSE = "PF_RING 8.9.0, kernel/pf_ring.c";

/** What vanilla PF_RING promises of its own parts. */
export const VANILLA_INVARIANTS: readonly Invariant[] = [
  {
    id: "PFRING-1",
    statement:
      "Tot Packets is Tot Insert and Tot Pkt Lost together, and Tot Insert without Tot Read what is in the ring.",
    clause: `${CLAUSE} (ring_proc_get_info)`,
  },
  {
    id: "PFRING-2",
    statement:
      "No slot is written over one that has not been read, each that is read ends in the magic, and slots are " +
      "read where and in the order in which they were written, round the end of the ring too.",
    clause: `${CLAUSE} (copy_data_to_ring)`,
  },
  {
    id: "PFRING-3",
    statement:
      "The bytes captured are the first bucket_len of the frame or all of them, the header's length is the " +
      "frame's, and the times of one interface and queue do not go back.",
    clause: `${CLAUSE} (copy_data_to_ring, set_skb_time)`,
  },
  {
    id: "PFRING-4",
    statement:
      "A packet is lost only where fewer bytes are free than two slots of full length take.",
    clause: `${CLAUSE} (check_free_ring_slot)`,
  },
  {
    id: "PFRING-6",
    statement:
      "A cluster gives each packet to one of its sockets, and of the type with duplicates to two at most.",
    clause: `${CLAUSE} (pf_ring_skb_ring_handler)`,
  },
  {
    id: "PFRING-7",
    statement:
      "While nobody joins or leaves, a cluster by flows gives both directions of a flow to the same socket, " +
      "and with a fragment cache all fragments of a packet from the first one on.",
    clause: `${CLAUSE} (hash_pkt_cluster, get_fragment_app_id)`,
  },
];
