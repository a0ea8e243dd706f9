// What the model of the mbuf laws is made of: packets; and external bytes beside their model: which of
// them buffers ought to show, how often their maker ought to have been told that none does any more.
import { assertEquals } from "@std/assert";
import { ExternalBuffer } from "./mbuf_external.ts";
import { type Memory, STRIDE } from "./memory.ts";

/** A buffer and the bytes that it shows. */
export interface Segment {
  readonly buffer: number;
  /** A buffer, or -1, -2, ... for external bytes. */
  readonly owner: number;
  front: number;
  back: number;
  bytes: number[];
}

/** Segments, and how many hold them. */
export interface Packet {
  segments: Segment[];
  holds: number;
}

/** A segment as a pool hands it out. */
export function fresh(b: number): Segment {
  return { buffer: b, owner: b, front: 128, back: 1920, bytes: [] };
}

/** Lengths of the external bytes; 3 bytes of nobody lie between them, and 1 behind. */
export const EXTERNAL: readonly number[] = [40, 2500];
/** Bytes of an arena that all of them need behind its buffers. */
export const EXTERNAL_BYTES = 2544;

/** All external bytes of a memory. */
export class Lent {
  readonly buffers: readonly ExternalBuffer[];
  readonly #told = EXTERNAL.map(() => 0);
  readonly #toTell = EXTERNAL.map(() => 0);
  readonly #shown = EXTERNAL.map(() => false);

  constructor(memory: Memory) {
    this.buffers = EXTERNAL.map((length, i) =>
      new ExternalBuffer(memory, memory.capacity * STRIDE + i * 43, length, () => this.#told[i]!++)
    );
  }

  /** Judges them after a step that left so many buffers showing the `i`-th. */
  check(referencesOf: (i: number) => number): void {
    for (const [i, external] of this.buffers.entries()) {
      const references = referencesOf(i);
      assertEquals(external.references, references, "MBUF-3 references of external bytes");
      if (this.#shown[i] && references === 0) this.#toTell[i]!++;
      this.#shown[i] = references > 0;
      assertEquals(this.#told[i], this.#toTell[i], "MBUF-3 external bytes are freed with the last");
    }
  }
}
