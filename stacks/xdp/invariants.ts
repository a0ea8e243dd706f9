/** What must hold of XDP beside the laws of all forwarders. `audit.ts` judges them when a run is over. */
import type { Invariant } from "../../core/stack.ts";

/** The invariants. */
export const XDP_INVARIANTS: readonly Invariant[] = [
  {
    id: "XDP-1",
    statement:
      "Every frame that a port received got exactly one verdict, or came while no program was attached.",
    clause: "include/uapi/linux/bpf.h, enum xdp_action",
  },
  {
    id: "XDP-2",
    statement:
      "An skb is built for what a program passed, on this CPU or behind a cpumap, and for nothing else.",
    clause: "CoNEXT 2018, The eXpress Data Path, 3.1; Documentation/bpf/map_cpumap.rst",
  },
  {
    id: "XDP-3",
    statement:
      "Every frame that left by XDP_TX or a devmap came back once when it was sent; no page is in flight.",
    clause: "net/core/xdp.c, xdp_return_frame; net/core/page_pool.c",
  },
  {
    id: "XDP-4",
    statement:
      "What a poll has redirected is flushed before it completes: no frame waits across polls.",
    clause: "net/core/filter.c, xdp_do_flush",
  },
  {
    id: "XDP-5",
    statement:
      "A devmap sends at most 16 frames at once, a cpumap thread takes at most 8 of a queue that " +
      "holds no more than its size, and neither loses count.",
    clause: "kernel/bpf/devmap.c, DEV_MAP_BULK_SIZE; kernel/bpf/cpumap.c, CPUMAP_BATCH, qsize",
  },
  {
    id: "XDP-7",
    statement:
      "Each frame was seen by one whole program: the runs of all programs are the verdicts there were.",
    clause: "net/core/dev.c, dev_xdp_install; RCU",
  },
  {
    id: "XDP-11",
    statement: "A redirect succeeds, or is counted as xdp_redirect_err and its frame freed.",
    clause: "net/core/filter.c, xdp_do_redirect",
  },
];
