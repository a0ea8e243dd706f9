/** Buffers, their ledger, and pools of them. */
export { HostMemory, type HostMemoryCounts, type HostMemoryProfile } from "./host_memory.ts";
export { Iotlb } from "./iotlb.ts";
export { CLEAN, LINE_BYTES, Llc } from "./llc.ts";
export { Ledger } from "./ledger.ts";
export { OutsideCopies } from "./outside.ts";
export {
  FLAG,
  HEADROOM,
  Memory,
  type PacketMemory,
  POISON,
  type Region,
  STRIDE,
} from "./memory.ts";
export {
  mbufAdjust,
  mbufAppend,
  mbufChain,
  mbufHeadroom,
  mbufLast,
  mbufLength,
  mbufPrepend,
  mbufRead,
  mbufSegments,
  mbufTailroom,
  mbufTrim,
  SEGMENTS_MAX,
} from "./mbuf.ts";
export { checkMbuf } from "./mbuf_check.ts";
export { ExternalBuffer, mbufAttachExternal } from "./mbuf_external.ts";
export { mbufCopy, mbufLinearise } from "./mbuf_copy.ts";
export {
  freeBulk,
  freeChain,
  freeSegment,
  mbufAttach,
  mbufClone,
  mbufDetach,
  type MbufHome,
  mbufRetain,
  mempoolsOf,
  REFERENCES_MAX,
  releaseSegment,
} from "./mbuf_share.ts";
export type { CacheAlgorithm } from "./cache_algorithm.ts";
export { FailingMempool } from "./failing_mempool.ts";
export { Mempool } from "./mempool.ts";
