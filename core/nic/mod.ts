/** NICs: Ethernet, DMA, descriptor rings and their drivers, firmware threads, rings between NICs. */
export { DmaEngine, type DmaProfile } from "./dma.ts";
export { postEmpty, postFull, readReceived, takeReceived, takeSent } from "./driver.ts";
export { HostRings } from "./host_rings.ts";
export { HostTx } from "./host_tx.ts";
export { type FillWatcher, LONGEST, MacIn, type Receiver } from "./mac.ts";
export { MacOut, type Sender, STOP_PS } from "./mac_out.ts";
export { type NicMemory, nicMemoryFor } from "./nic_memory.ts";
export { type OnPause, PauseControl, type PauseProfile, PausingMacOut } from "./pause.ts";
export { Mmio } from "./mmio.ts";
export { type Maxima, Nic } from "./nic.ts";
export type { DmaTrace } from "./peer_dma.ts";
export { BATCH_MAX, PeerRings } from "./peer_rings.ts";
export { PollPort } from "./poll_port.ts";
export { QueuePairs } from "./queue_pairs.ts";
export { DESCRIPTOR_BYTES, DescriptorRing, type DeviceSide } from "./rings.ts";
export { type Thresholds, thresholdsFor } from "./thresholds.ts";
export {
  COMPLETION,
  DESCRIPTOR,
  FETCHED,
  type Firmware,
  NicThreads,
  POLLED,
  SENT,
} from "./threads.ts";
export { IXGBE_QUEUES, type QueueProfile, type TxWriteBack } from "./write_back.ts";
