/** What all CPUs share: the interfaces with their programs, the maps behind redirects, the kernel. */
import type { Bpf, Program } from "../../core/bpf/mod.ts";
import type { Kernel } from "../../core/linux/kernel.ts";
import type { TxRing } from "../../core/linux/ixgbe_tx.ts";
import type { Env } from "../../core/stack.ts";
import type { XdpCosts } from "./costs.ts";

/** Where a program is attached: in the driver, or behind the skb. */
export type XdpMode = "native" | "generic";

/** An interface as XDP sees it. */
export interface XdpDevice {
  readonly port: number;
  /** The program, or null: every frame goes to the stack. */
  program: Program | null;
  /** Its driver can send frames that are no skbs (NETDEV_XDP_ACT_NDO_XMIT). */
  readonly ndoXdpXmit: boolean;
  /** ip link set up. */
  up: boolean;
  /** Bytes of a frame beyond its Ethernet header. */
  readonly mtu: number;
}

/** Interfaces, maps, kernel. */
export interface XdpDevices {
  readonly env: Env;
  readonly costs: XdpCosts;
  readonly mode: XdpMode;
  readonly bpf: Bpf;
  readonly list: readonly XdpDevice[];
  kernel: Kernel;
  /** Room for an Ethernet header. */
  readonly header: Uint8Array;
}

/** Transmit ring of a port that a CPU may use. */
export function txRingOf({ kernel, list }: XdpDevices, port: number, lcore: number): TxRing {
  return kernel.vectors[lcore * list.length + port]!.tx;
}
