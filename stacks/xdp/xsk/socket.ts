/**
 * An AF_XDP socket: bound to one queue of one port, with a receive and a transmit ring, and its own FILL and COMPLETION
 * ring on a UMEM that others may share. Source: net/xdp/xsk.c, include/uapi/linux/if_xdp.h (struct xdp_statistics).
 */
import { XskRing } from "./ring.ts";
import type { Umem } from "./umem.ts";

/** getsockopt XDP_STATISTICS. */
export interface XdpStatistics {
  /** Dropped: too long, or for want of a chunk. */
  rxDropped: number;
  /** Addresses of the FILL ring that are none. */
  rxInvalidDescs: number;
  /** Descriptors of the TX ring that do not lie in a chunk. */
  txInvalidDescs: number;
  /** Dropped because the RX ring was full. */
  rxRingFull: number;
  /** Looks at an empty FILL ring. */
  rxFillRingEmptyDescs: number;
  /** Looks at an empty TX ring. */
  txRingEmptyDescs: number;
}

/** Sizes of the four rings. */
export interface RingSizes {
  readonly fill: number;
  readonly completion: number;
  readonly rx: number;
  readonly tx: number;
}

/** One socket. */
export class XskSocket {
  readonly port: number;
  readonly queue: number;
  readonly umem: Umem;
  readonly zeroCopy: boolean;
  readonly fill: XskRing;
  readonly completion: XskRing;
  readonly rx: XskRing;
  readonly tx: XskRing;
  readonly statistics: XdpStatistics = {
    ...{ rxDropped: 0, rxInvalidDescs: 0, txInvalidDescs: 0, rxRingFull: 0 },
    ...{ rxFillRingEmptyDescs: 0, txRingEmptyDescs: 0 },
  };
  /** Frames that a redirect has offered it, received and sent. */
  offered = 0;
  received = 0;
  sent = 0;
  /** Chunks that the kernel took from FILL and did not need (the free list of xsk_buff_pool). */
  readonly spare: number[] = [];
  /** The last look at FILL found nothing: who fills it has to wake the driver. */
  dry = false;
  /** Chunks whose frame the transmit path has, with or without a copy. */
  readonly inFlight: Set<number> = new Set();
  /** Chunks in the driver's receive ring, zero copy. */
  readonly posted: Set<number> = new Set();
  /** Most completions that were owed for frames in flight, or lay in the ring, at once. */
  owedMost = 0;

  constructor(
    port: number,
    queue: number,
    umem: Umem,
    zeroCopy: boolean,
    sizes: RingSizes,
    start: number,
  ) {
    this.port = port;
    this.queue = queue;
    this.umem = umem;
    this.zeroCopy = zeroCopy;
    this.fill = new XskRing(sizes.fill, start);
    this.completion = new XskRing(sizes.completion, start);
    this.rx = new XskRing(sizes.rx, start);
    this.tx = new XskRing(sizes.tx, start);
  }

  /** The next chunk to receive into, or -1 (xp_alloc); addresses that are none are counted and skipped. */
  alloc(): number {
    if (this.spare.length > 0) return this.spare.pop()!;
    for (;;) {
      const at = this.fill.peek();
      if (at < 0) {
        this.statistics.rxFillRingEmptyDescs++;
        this.dry = true;
        return -1;
      }
      const chunk = this.umem.chunkAt(this.fill.addr[at]!);
      this.fill.release();
      if (chunk >= 0) {
        this.dry = false;
        return chunk;
      }
      this.statistics.rxInvalidDescs++;
    }
  }

  /** Slot of the next descriptor to send that is one, or -1; others are counted and skipped. */
  nextTx(): number {
    for (;;) {
      const at = this.tx.peek();
      if (at < 0) {
        this.statistics.txRingEmptyDescs++;
        return -1;
      }
      if (this.umem.holds(this.tx.addr[at]!, this.tx.len[at]!)) return at;
      this.statistics.txInvalidDescs++;
      this.tx.release();
    }
  }
}
