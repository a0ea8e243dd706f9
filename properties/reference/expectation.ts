/**
 * What may become of each packet of a scenario. The reference router fills it; laws read it. The outcome
 * of a packet is a set: it must be forwarded so, or it must be dropped for one of some reasons; when it has
 * several defects, each of them is a right reason.
 */

/** The outcomes that are allowed for the packets of one scenario. */
export interface Expectation {
  readonly count: number;
  /** 1: packet i must be forwarded (but for legal congestion); 0: it must be dropped. */
  readonly forward: Uint8Array;
  /** Egress port of packet i if it is forwarded. */
  readonly port: Uint8Array;
  /** Bit r set: reason r (index into REASONS) is a right reason to drop packet i. */
  readonly reasons: Uint32Array;
  /** Expected bytes of packet i, if it is forwarded, lie at `offset[i]` of `bytes`; their number is `length[i]`. */
  readonly offset: Uint32Array;
  readonly length: Uint32Array;
  readonly bytes: Uint8Array;
}
