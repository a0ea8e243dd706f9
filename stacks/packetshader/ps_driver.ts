/** What ps_ixgbe has for all who open it: its interfaces and their rings, and who has attached which. */
import type { DeviceSide } from "../../core/nic/rings.ts";
import type { Auditor } from "./audit.ts";
import type { PsCosts } from "./costs.ts";
import type { PsContext } from "./ps_context.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";

/** What an ioctl answers when it refuses. */
export const ERRNO = {
  ENOENT: -2,
  EWOULDBLOCK: -11,
  EBUSY: -16,
  ENODEV: -19,
  EINVAL: -22,
} as const;
/** Receive queues that a context attaches at most. */
export const ATTACHED_MAX = 64;

/** One interface as LIST_DEVICES tells it. */
export interface PsDevice {
  readonly ifindex: number;
  readonly name: string;
  readonly numRxQueues: number;
  readonly numTxQueues: number;
  /** NUMA node of its slot. */
  readonly node: number;
}

/** What the driver has for all contexts. */
export interface PsDriver {
  readonly devices: readonly PsDevice[];
  /** By interface: what moves its tails and unmasks its vectors. */
  readonly sides: readonly DeviceSide[];
  /** Rings by interface and queue; null where no cells were set aside. */
  readonly rx: readonly (readonly (PsRxRing | null)[])[];
  readonly tx: readonly (readonly (PsTxRing | null)[])[];
  /** The context that has each receive queue, by `ifindex * 64 + qidx`. */
  readonly attached: Map<number, PsContext>;
  readonly costs: PsCosts;
  readonly audit: Auditor;
  /** Whether all queues count in one line of the cache. */
  readonly sharedStatistics: boolean;
}

/** What ps_handle counts for a device. */
export interface PsCounters {
  rxChunks: number;
  rxPackets: number;
  rxBytes: number;
  txChunks: number;
  txPackets: number;
  txBytes: number;
}
