/** What the classifier decided, and the first bytes of the packets that it decided on, for the checkers. */
import type { PacketMemory } from "../../core/memory/memory.ts";

/** Bytes kept of a packet, and packets. */
export const KEPT_BYTES = 96;
const KEPT_MAX = 4096;

/** One decision. */
export interface Classified {
  readonly pktio: number;
  readonly cos: number;
  /** Queue of a group, or -1. */
  readonly queue: number;
  /** Length of the whole frame. */
  readonly length: number;
  /** Its first bytes. */
  readonly frame: Uint8Array;
}

/** Keeps decisions. */
export class ClsWitness {
  readonly decisions: Classified[] = [];
  /** Whether some were not kept. */
  isFull = false;
  readonly #memory: PacketMemory;

  constructor(memory: PacketMemory) {
    this.#memory = memory;
  }

  /** The packet in `b`, received on an interface, got a class. */
  classified(pktio: number, b: number, cos: number): void {
    this.#keep(pktio, b, cos, -1);
  }

  /** The packet in `b` got a queue of its class's group. */
  hashed(cos: number, b: number, queue: number): void {
    this.#keep(-1, b, cos, queue);
  }

  #keep(pktio: number, b: number, cos: number, queue: number): void {
    if (this.decisions.length === KEPT_MAX) {
      this.isFull = true;
      return;
    }
    const { bytes, offset, length: { [b]: length = 0 } } = this.#memory;
    const at = offset[b]!;
    const frame = bytes.slice(at, at + Math.min(length, KEPT_BYTES));
    this.decisions.push({ pktio, cos, queue, length, frame });
  }
}
