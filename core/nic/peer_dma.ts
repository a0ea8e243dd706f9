/** What a trace shows of a DMA that firmware asks for. */

/** One DMA between two nodes, as it is asked for. */
export interface PeerDma {
  /** When, in picoseconds. */
  readonly at: number;
  /** Step of the paper's figures 5 and 6. */
  readonly step: 1 | 2 | 3;
  /** Memory write or memory read request. */
  readonly tlp: "MWr" | "MRd";
  /** Node that issues it: 0 is the host, 1 + i NIC i. */
  readonly initiator: number;
  /** Node whose memory is written or read. */
  readonly target: number;
  /** What it carries. */
  readonly carries: "frame" | "descriptors" | "completions";
  /** How many of them. */
  readonly count: number;
  /** Payload in bytes. */
  readonly bytes: number;
}

/** Takes note of a DMA. */
export type PeerTrace = (dma: PeerDma) => void;

/** Bytes of a descriptor or a completion: slot and length. */
export const ENTRY_BYTES = 8;
