/** What must hold of AF_XDP beside what holds of XDP. `audit.ts` judges them when a run is over. */
import type { Invariant } from "../../../core/stack.ts";
import { XDP_INVARIANTS } from "../invariants.ts";

/** The invariants, those of XDP first. */
export const AF_XDP_INVARIANTS: readonly Invariant[] = [
  ...XDP_INVARIANTS,
  {
    id: "XDP-12",
    statement: "Each chunk of a UMEM is in exactly one of FILL, kernel, RX, user, TX, COMPLETION.",
    clause: "Documentation/networking/af_xdp.rst",
  },
  {
    id: "XDP-13",
    statement: "No ring holds more than its size, whatever its indices, which wrap at 2^32.",
    clause: "net/xdp/xsk_queue.h",
  },
  {
    id: "XDP-14",
    statement:
      "Every frame offered to a socket was received, or is counted as rx_dropped or rx_ring_full.",
    clause: "include/uapi/linux/if_xdp.h, struct xdp_statistics",
  },
  {
    id: "XDP-15",
    statement:
      "No frame is sent without a slot of the COMPLETION ring, and no slot kept without a frame: what is owed and " +
      "what lies there fit it.",
    clause: "net/xdp/xsk.c, __xsk_generic_xmit: xskq_prod_reserve_addr",
  },
  {
    id: "XDP-17",
    statement:
      "No wake-up is lost: at rest no descriptor waits in TX or RX, and no process sleeps over its completions.",
    clause: "Documentation/networking/af_xdp.rst, XDP_USE_NEED_WAKEUP",
  },
];
