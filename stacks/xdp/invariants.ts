/** What must hold of XDP beside the laws of all forwarders. */
import type { Invariant } from "../../core/stack.ts";

const PAPER = "Hoiland-Jorgensen et al., CoNEXT 2018";

/** The invariants. */
export const XDP_INVARIANTS: readonly Invariant[] = [
  {
    id: "XDP-1",
    statement:
      "every frame that a program saw got one verdict, and each verdict was carried out once",
    clause: "include/uapi/linux/bpf.h, enum xdp_action",
  },
];
