/**
 * Metadata of buffers: what vlib_buffer_t carries from node to node. Length and place of the data are those of the
 * machine's memory (current_length, current_data); the rest is a row of words for each buffer of the pool, made once.
 * dpdk-input writes a row from the buffer template of its queue; every other node changes what is its own.
 *
 * Source: VPP src/vlib/buffer.h, src/vnet/buffer.h (vnet_buffer(b)->sw_if_index, ip, l2).
 */
import type { Mempool } from "../../core/memory/mempool.ts";

/** Words of a row. */
const ROW_WORDS = 16;
/** log2 of them. */
const ROW_SHIFT = 4;

/** sw_if_index[VLIB_RX]. */
export const RX_IF = 0;
/** sw_if_index[VLIB_TX]; in nodes before a look-up the FIB that it is to be in, or -1. */
export const TX_IF = 1;
/** Index of the error, for whoever drops the buffer. */
export const ERROR = 2;
/** Bits of `BUFFER`. */
export const FLAGS = 3;
/** ip.adj_index: the load balance after a look-up's miss or hit, then the adjacency. */
export const ADJ = 4;
/** ip.flow_hash. */
export const FLOW_HASH = 5;
/** current_config_index: how far the buffer is on its feature arc. */
export const CONFIG = 6;
/** trace_handle: index of its trace. */
export const TRACE = 7;
/** Where its Ethernet header begins, in the arena (l2_hdr_offset). */
export const L2_HDR = 8;
/** ip.icmp: type, code. */
export const ICMP_TYPE = 9;
/** ip.icmp.data. */
export const ICMP_DATA = 10;
/** Barriers that had been released when the buffer was looked up; no part of VPP, read by the audit alone. */
export const EPOCH = 11;
/** sw_if_index that L2 forwards to, and the split horizon group's place (l2.). */
export const L2_OUT = 12;
/** Bytes of the L2 header (l2.l2_len). */
export const L2_LEN = 13;

/** Flags of a buffer. */
export const BUFFER = {
  /** VLIB_BUFFER_IS_TRACED. */
  traced: 1,
  /** VNET_BUFFER_F_LOCALLY_ORIGINATED: its TTL is not decremented. */
  locallyOriginated: 2,
} as const;

/** The rows of a pool. */
export class VlibBuffers {
  /** All rows. */
  readonly words: Int32Array;
  readonly #first: number;

  /** Rows for every buffer of a pool. */
  constructor(pool: Mempool) {
    this.#first = pool.first;
    this.words = new Int32Array(pool.size * ROW_WORDS);
  }

  /** Where the row of buffer `b` begins. */
  row(b: number): number {
    return (b - this.#first) << ROW_SHIFT;
  }

  /** A row as dpdk-input's buffer template has it. */
  template(b: number, rxIf: number): void {
    const at = this.row(b);
    const { words } = this;
    words[at + RX_IF] = rxIf;
    words[at + TX_IF] = -1;
    words[at + ERROR] = 0;
    words[at + FLAGS] = 0;
    words[at + EPOCH] = -1;
  }
}
