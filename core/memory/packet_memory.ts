import type { ExternalBuffer } from "./mbuf_external.ts";

/** What a stack sees of the memory: never who a packet is. */
export interface PacketMemory {
  /** The arena: `STRIDE` bytes for each buffer, headroom included, then what external buffers use. */
  readonly bytes: Uint8Array;
  /** Where the frame of buffer b begins in `bytes`. */
  readonly offset: Int32Array;
  /** Its length in bytes. */
  readonly length: Int32Array;
  /** Port it came in on. */
  readonly port: Int32Array;
  /** RSS hash. */
  readonly hash: Uint32Array;
  /** Bits of `FLAG`. */
  readonly flags: Int32Array;
  /** Next segment of the packet, or -1. */
  readonly next: Int32Array;
  /** How many hold it: its own holder and every buffer that shows its bytes; 1 when fresh. */
  readonly references: Int32Array;
  /** The buffer whose bytes it shows: itself, unless it was attached; -1 when to external bytes. */
  readonly owner: Int32Array;
  /** By buffer whose owner is -1, the external bytes that it shows. */
  readonly external: Map<number, ExternalBuffer>;
  /** A CPU copies a frame: bytes, length, port, hash and flags. */
  copy(from: number, to: number): void;
  /** A CPU copies `n` bytes within the arena. */
  copyWithin(from: number, to: number, n: number): void;
  /** Notes how far the frame of a buffer reaches; to be called before a frame is made shorter. */
  note(b: number): void;
  /** Notes that buffer `to` shows the packet in `from` too, which carries it as before. */
  shown(from: number, to: number): void;
  /** Notes that a buffer shows nothing any more. */
  hidden(b: number): void;
  /** Notes that the packet in one buffer was copied to another, which carries it from now on. */
  copied(from: number, to: number): void;
  /**
   * Notes that the packet in a buffer was copied to memory that is no buffer's, at a place: a socket's ring, an array
   * of a process. Answers a number for that copy, which carries the packet from now on; -1 where no books are kept.
   */
  copiedOut(from: number, place: number): number;
  /** Notes that such a copy was copied to a buffer, which carries its packet from now on. */
  copiedIn(copy: number, to: number): void;
  /** Notes that the bytes of such a copy are given up; each is, once. */
  copyEnds(copy: number): void;
}
