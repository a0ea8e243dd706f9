/** DMA between NICs, and between NICs and host, as firmware asks for it. */

/** Bytes of a descriptor or a completion: slot and length. */
export const ENTRY_BYTES = 8;

/**
 * Takes note of a DMA when it is asked for.
 *
 * @param at when, in picoseconds
 * @param step of the P2PNIC paper's figures 5 and 6
 * @param tlp memory write, or memory read request
 * @param initiator node that issues it: 0 is the host, 1 + i NIC i
 * @param target node whose memory is written or read
 * @param carries what it moves
 * @param count how many of them
 * @param bytes payload
 */
export type DmaTrace = (
  at: number,
  step: 1 | 2 | 3,
  tlp: "MWr" | "MRd",
  initiator: number,
  target: number,
  carries: "frame" | "descriptors" | "completions",
  count: number,
  bytes: number,
) => void;
