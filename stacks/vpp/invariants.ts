/** What must hold of VPP's own parts; `audit.ts` says whether it did. */
import type { Invariant } from "../../core/stack.ts";

/**
 * The invariants that a run can be judged by. Those that compare runs (vectors a call, vector sizes, overload) are
 * tests of this folder.
 *
 * @example
 * ```ts
 * import { vpp, VPP_INVARIANTS } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(VPP_INVARIANTS[0]!.id, "VPP-1");
 * assertEquals(vpp().invariants, VPP_INVARIANTS);
 * ```
 */
export const VPP_INVARIANTS: readonly Invariant[] = [
  {
    id: "VPP-1",
    statement:
      "A frame holds 1 to 256 vectors, none of them twice; what a node is given it passes " +
      "on to one next each, unless ending packets is its task.",
    clause: "src/vlib/node.h (VLIB_FRAME_SIZE), src/vlib/main.c (dispatch_pending_node)",
  },
  {
    id: "VPP-2",
    statement:
      "Vectors of dpdk-input, and buffers that nodes made, are those of the tx nodes, of the " +
      "drop nodes, and those that other nodes ended.",
    clause: "src/vlib/node_cli.c (show runtime: in, out, drop, punt)",
  },
  {
    id: "VPP-3",
    statement: "Vectors of a frame that go on to the same next keep their order.",
    clause: "src/vlib/buffer_node.h (vlib_buffer_enqueue_to_next)",
  },
  {
    id: "VPP-4",
    statement: "Pending frames are dispatched until none is left before an input node runs again.",
    clause: "src/vlib/main.c (vlib_main_or_worker_loop)",
  },
  {
    id: "VPP-7",
    statement:
      "An input node in adaptive mode polls after more than 10 vectors in a window of 128 " +
      "main loops, and waits for interrupts after fewer than 5.",
    clause: "src/vlib/main.c (dispatch_node)",
  },
  {
    id: "VPP-9",
    statement: "The mtrie answers at every prefix's edges what a scan of all routes answers.",
    clause: "src/vnet/ip/ip4_mtrie.c",
  },
  {
    id: "VPP-10",
    statement:
      "Buckets of a load balance are a power of two, and paths have their shares of them but for " +
      "the error of normalisation.",
    clause: "src/vnet/dpo/load_balance.c (ip_multipath_normalize_next_hops)",
  },
  {
    id: "VPP-11",
    statement: "No packet that was looked up before a barrier is rewritten after it.",
    clause: "src/vlib/threads.c (vlib_worker_thread_barrier_sync_int)",
  },
  {
    id: "VPP-13",
    statement: "At rest the buffers that are free, cached, and in rings are all that there are.",
    clause: "src/vlib/buffer.c (show buffers)",
  },
  {
    id: "VPP-14",
    statement:
      "The sum over threads of an interface's rx packets is what was taken from its rings.",
    clause: "src/vlib/counter.h (per-thread combined counters)",
  },
  {
    id: "VPP-15",
    statement:
      "No more packets are traced than were asked for; a trace begins at an input node and " +
      "each record follows an arc of the graph.",
    clause: "src/vlib/trace.c",
  },
  {
    id: "VPP-16",
    statement: "Nothing is sent on an interface that is down.",
    clause: "src/vnet/interface_output.c (VNET_INTERFACE_OUTPUT_ERROR_INTERFACE_DOWN)",
  },
  {
    id: "VPP-17",
    statement: "No adjacency is used for a rewrite before it is complete.",
    clause: "src/vnet/adj/adj_nbr.c, src/vnet/ip-neighbor/ip4_neighbor.c",
  },
  {
    id: "VPP-19",
    statement:
      "Features on an interface run in an order that keeps every runs_before and runs_after, " +
      "and end where their arc ends.",
    clause: "src/vnet/feature/registration.c",
  },
];
