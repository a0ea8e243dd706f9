/**
 * What copying a frame costs a CPU. netmap copies whole cache lines where it may (pkt_copy): 64 bytes at a time, the
 * last ones beyond the end of the frame.
 *
 * Source: netmap sys/net/netmap_user.h (nm_pkt_copy), sys/dev/netmap/netmap_vale.c (pkt_copy).
 */

const LINE_BYTES = 64;

/** Cycles of a copy. */
export interface CopyCosts {
  /** Beginning one. */
  readonly copy: number;
  /** Each line. */
  readonly copyLine: number;
}

/** Cycles of copying a frame of `length` bytes. */
export function copyCycles({ copy, copyLine }: CopyCosts, length: number): number {
  return copy + copyLine * Math.ceil(length / LINE_BYTES);
}
