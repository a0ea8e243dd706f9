/**
 * What a machine is made of, in plain numbers. The sources of the numbers stand where the profile is
 * written down (fixtures); a virtual-time figure is a prediction from them.
 */
import type { DmaProfile } from "../nic/dma.ts";
import type { HostMemoryProfile } from "../memory/host_memory.ts";
import type { NicMemory } from "../nic/nic_memory.ts";
import type { PauseProfile } from "../nic/pause.ts";
import type { QueueProfile } from "../nic/write_back.ts";
import type { FabricProfile } from "../pcie/fabric.ts";
import type { Costs } from "../stack.ts";

/** What firmware between port and queue pairs does to the packets that it moves. */
export interface HostPathProfile {
  /** From the last bit of a received frame until the firmware moves it, in ps. */
  readonly residencePs: number;
  /** Rate at which it moves bytes, both directions together, in Gb/s. */
  readonly gbps: number;
  /** Write-backs of received packets that it holds at most (a count, at least 1). */
  readonly writeBacksHeld: number;
}

/** A machine: CPUs, NICs, fabric, and what operations cost in cycles. */
export interface MachineProfile {
  /** Name in reports and error messages. */
  readonly name: string;
  /** Clock of an lcore in MHz. */
  readonly cpuMhz: number;
  /** Rate of each Ethernet port in Gb/s. */
  readonly linkGbps: number;
  /** Frames that a NIC's transmit FIFO holds. */
  readonly txFifo: number;
  /** From the arrival of an MSI-X message until the first instruction of its handler, in ps. */
  readonly interruptPs: number;
  /** What host memory forwards at most, each byte counted once, in Gb/s: charged by rings that lie in it. */
  readonly hostMemoryGbps: number;
  /** Clock of a NIC's processors in MHz. */
  readonly nicMhz: number;
  /** Threads that they run. */
  readonly nicThreads: number;
  /** Packet buffers that a NIC's memory holds for peers' frames. */
  readonly nicBuffers: number;
  /** Its memories, from the fastest on; none where nothing is known of them. */
  readonly nicMemories?: readonly NicMemory[];
  /** Maximum read request size in bytes. */
  readonly mrrsBytes: number;
  /** Rates and delays of links, switch and root complex. */
  readonly fabric: FabricProfile;
  /** Cache, channels and distances of host memory; without it, all of it is as near as the fabric says. */
  readonly hostMemory?: HostMemoryProfile;
  /** When ports send pause frames; without it, never. */
  readonly pause?: PauseProfile;
  /** How NICs read and report descriptors; without it, as an 82599 does by default. */
  readonly queues?: QueueProfile;
  /** Constants of each NIC's DMA engine. */
  readonly dma: DmaProfile;
  /** Firmware between ports and queue pairs; none on a NIC of fixed function. */
  readonly hostPath?: HostPathProfile;
  /** Cycles of named operations. */
  readonly costs: Costs;
}
