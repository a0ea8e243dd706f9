/**
 * What may become of each packet of a scenario. The reference router fills it; laws read it. The outcome
 * of a packet is a set: it must be forwarded so, or it must be dropped for one of some reasons; when it has
 * several defects, each of them is a right reason. Where a router has a choice the packet may be forwarded, and
 * may be dropped for one of some reasons.
 */

/** The outcomes that are allowed for the packets of one scenario. */
export interface Expectation {
  /** Packets, as in the scenario's traffic. */
  readonly count: number;
  /**
   * 1: packet i must be forwarded (but for legal congestion), or may be where it has `reasons` too; 0: it must be
   * dropped.
   */
  readonly forward: Uint8Array;
  /** Egress port of packet i if it is forwarded. */
  readonly port: Uint8Array;
  /** Bit r set: reason r (index into REASONS) is a right reason to drop packet i; 0: there is none. */
  readonly reasons: Uint32Array;
  /** Where the expected bytes of packet i, if it is forwarded, begin in `bytes`. */
  readonly offset: Uint32Array;
  /** Length of the expected frame of packet i in bytes, without FCS. */
  readonly length: Uint32Array;
  /** The bytes of all expected frames. */
  readonly bytes: Uint8Array;
  /**
   * Next hops any one of which is right, of packets that have such; `port` and `bytes` are those of the first. Left out
   * where no packet has.
   */
  readonly oneOf?: ReadonlyMap<number, readonly number[]>;
  /** Packets longer than the MTU of a port by which they may leave: as fragments there. Left out where there are none. */
  readonly cut?: ReadonlySet<number>;
  /** Packets of which nobody can say what their bytes become if they are forwarded. Left out where there are none. */
  readonly untold?: ReadonlySet<number>;
}

/** Whether the bytes of packet `p` are told if it is forwarded. */
export function isTold({ forward, untold }: Expectation, p: number): boolean {
  return forward[p] === 1 && untold?.has(p) !== true;
}

/** The frame that is expected of packet `p` if it is forwarded; a view. */
export function frameOf({ offset, length, bytes }: Expectation, p: number): Uint8Array {
  return bytes.subarray(offset[p]!, offset[p]! + length[p]!);
}
