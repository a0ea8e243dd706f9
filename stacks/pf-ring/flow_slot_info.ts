/**
 * The first two pages of the memory that kernel and application share. The kernel alone writes the first, the
 * application alone the second, so that neither takes a cache line from the other.
 *
 * Source: PF_RING 8.9.0, kernel/linux/pf_ring.h (FlowSlotInfo), kernel/pf_ring.c (ring_alloc_mem).
 */

/** Bytes of the two pages. */
export const FLOW_SLOT_INFO_BYTES = 8192;
const PAGE_BYTES = 4096;
/** Slots begin at whole words of this many bytes. */
export const SLOT_ALIGN = 8;
/** What ends a slot (RING_MAGIC_VALUE), and its bytes. */
export const RING_MAGIC = 0x88;
export const RING_MAGIC_BYTES = 2;

/** The page that the kernel writes. */
export interface KernelPage {
  readonly version: number;
  sampleRate: number;
  /** Slots of the largest size that there is room for, and what such a slot takes: header and `dataLen` bytes. */
  readonly minNumSlots: number;
  readonly slotLen: number;
  readonly dataLen: number;
  /** Bytes of the shared memory with these pages. */
  readonly totMem: number;
  insertOff: number;
  totPkts: number;
  totLost: number;
  totInsert: number;
  totFwdOk: number;
  totFwdNotok: number;
  goodPktSent: number;
  pktSendError: number;
}

/** The page that the application writes. */
export interface UserPage {
  totRead: number;
  removeOff: number;
}

/** Version of the layout (RING_FLOWSLOT_VERSION). */
export const RING_FLOWSLOT_VERSION = 19;

/** Both pages. */
export interface FlowSlotInfo {
  readonly kernel: KernelPage;
  readonly user: UserPage;
}

/** `n` rounded up to whole units. */
export function align(n: number, unit: number): number {
  return Math.ceil(n / unit) * unit;
}

/** Pages of a ring for `minNumSlots` packets of `bucketLen` bytes behind headers of `headerBytes`. */
export function newFlowSlotInfo(
  minNumSlots: number,
  bucketLen: number,
  headerBytes: number,
): FlowSlotInfo {
  const slotLen = align(headerBytes + bucketLen + RING_MAGIC_BYTES, SLOT_ALIGN);
  const totMem = align(FLOW_SLOT_INFO_BYTES + minNumSlots * slotLen, PAGE_BYTES);
  return {
    kernel: {
      version: RING_FLOWSLOT_VERSION,
      sampleRate: 1,
      minNumSlots: Math.floor((totMem - FLOW_SLOT_INFO_BYTES) / slotLen),
      slotLen,
      dataLen: bucketLen,
      totMem,
      insertOff: 0,
      totPkts: 0,
      totLost: 0,
      totInsert: 0,
      totFwdOk: 0,
      totFwdNotok: 0,
      goodPktSent: 0,
      pktSendError: 0,
    },
    user: { totRead: 0, removeOff: 0 },
  };
}
