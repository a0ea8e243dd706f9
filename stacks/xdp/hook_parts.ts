/** What the hook of a CPU is built on, and what it needs of AF_XDP. */
import type { Cpu } from "../../core/stack.ts";
import type { CpuMapEntry } from "./cpumap.ts";
import type { XdpDevices } from "./devices.ts";
import type { XdpDump } from "./xdpdump.ts";

/** Where frames for a socket go. */
export interface XskReceiver {
  /** Takes a frame for socket `socket`, or drops it with a reason of its own; answers whether it could. */
  receive(cpu: Cpu, page: number, port: number, queue: number, socket: number): boolean;
  /** Publishes what came in this poll. */
  flush(cpu: Cpu): void;
  /** Ends a packet, also one in memory of a process. */
  drop(cpu: Cpu, page: number, reason: number, place?: number, occupancy?: number): void;
  /** The page of the kernel's that a frame is in when it is not for the process; -1 where there is none. */
  leave(cpu: Cpu, page: number): number;
}

/** What the hooks of all CPUs share. */
export interface HookParts {
  readonly devices: XdpDevices;
  /** Kernel cycles that a frame has cost when the generic hook sees it, and of freeing its skb. */
  readonly skbCycles: {
    readonly rx: number;
    readonly before: number;
    readonly free: number;
    readonly xmit: number;
  };
  /** By key of a cpumap, its entries by CPU. */
  readonly cpus: (CpuMapEntry | undefined)[];
  readonly xsk: XskReceiver | null;
  readonly dump: XdpDump | null;
  /** Bytes of metadata in front of pages that have some. */
  readonly meta: Map<number, number>;
}
