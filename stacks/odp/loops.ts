/** What went through loop interfaces, for the checker: the bytes as they were sent, and as they were received. */
import type { PacketMemory } from "../../core/memory/memory.ts";

/** Packets looked at, at most. */
const KEPT_MAX = 16384;

/** FNV-1a over a frame: a second opinion on its bytes. */
function digest(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[at + i]!, 0x01000193);
  return hash >>> 0;
}

/** Passes through loop interfaces. */
export class Loops {
  /** Packets sent, received, and received with other bytes than were sent. */
  sentCount = 0;
  receivedCount = 0;
  readonly changed: number[] = [];
  readonly #memory: PacketMemory;
  readonly #inside = new Map<number, number>();

  constructor(memory: PacketMemory) {
    this.#memory = memory;
  }

  /** The packet in `b` went in. */
  sent(b: number): void {
    if (++this.sentCount > KEPT_MAX) return;
    const { bytes, offset, length } = this.#memory;
    this.#inside.set(b, digest(bytes, offset[b]!, length[b]!));
  }

  /** It came out. */
  received(b: number): void {
    this.receivedCount++;
    const before = this.#inside.get(b);
    if (before === undefined) return;
    this.#inside.delete(b);
    const { bytes, offset, length } = this.#memory;
    if (digest(bytes, offset[b]!, length[b]!) !== before) this.changed.push(b);
  }
}
