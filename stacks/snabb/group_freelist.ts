/**
 * The group freelist: packets that processes of a group pass on to each other, in chunks, when some of them free what
 * others allocate.
 *
 * A bounded ring of chunks for many producers and many consumers, without locks. Each chunk has a sequence number:
 * equal to a producer's position, the chunk is free for it; one more, it is full and for the consumer at that position.
 * Who takes a position owns the chunk until `finish`. So a chunk that is being filled is seen by nobody, and one that is
 * being emptied is not filled.
 *
 * Source: core/group_freelist.lua, after Vyukov's bounded MPMC queue.
 */
import type { Freelist } from "./freelist.ts";

/** Packets of a chunk, and chunks, as the source has them. */
export const CHUNK_SIZE = 2048;
export const CHUNKS = 1024;

/** Chunks that are shared by all processes. */
export class GroupFreelist {
  /** Packets of a full chunk. */
  readonly chunksize: number;
  /** Packets that went in, and that came out, since the start. */
  added = 0;
  removed = 0;
  readonly #mask: number;
  readonly #sequence: Uint32Array;
  readonly #nfree: Int32Array;
  readonly #list: Int32Array;
  #enqueue = 0;
  #dequeue = 0;

  /** An empty ring of `chunks`, a power of two. */
  constructor(chunks: number, chunksize: number) {
    this.chunksize = chunksize;
    this.#mask = chunks - 1;
    this.#sequence = Uint32Array.from({ length: chunks }, (_, i) => i);
    this.#nfree = new Int32Array(chunks);
    this.#list = new Int32Array(chunks * chunksize);
  }

  /** Packets in it. */
  get nfree(): number {
    return this.#nfree.reduce((sum, n) => sum + n, 0);
  }

  /** Every packet in it. */
  *packets(): Iterable<number> {
    for (let c = 0; c <= this.#mask; c++) {
      for (let i = 0; i < this.#nfree[c]!; i++) yield this.#list[c * this.chunksize + i]!;
    }
  }

  /** Moves up to a chunk of packets from a process's list into the ring; answers how many: 0 when it is full. */
  add(from: Freelist): number {
    const at = this.#enqueue & this.#mask;
    // signed difference: positions wrap at 2^32
    if ((this.#sequence[at]! - this.#enqueue | 0) !== 0) return 0;
    const n = Math.min(this.chunksize, from.nfree);
    for (let i = 0; i < n; i++) this.#list[at * this.chunksize + i] = from.remove();
    this.#nfree[at] = n;
    this.added += n;
    this.#enqueue = (this.#enqueue + 1) >>> 0;
    this.#sequence[at] = this.#enqueue;
    return n;
  }

  /** Moves one chunk of packets into a process's list; answers how many: 0 when there is none, or no room for it. */
  remove(to: Freelist): number {
    const at = this.#dequeue & this.#mask;
    if ((this.#sequence[at]! - this.#dequeue - 1 | 0) !== 0) return 0;
    const n = this.#nfree[at]!;
    if (to.nfree + n > to.max) return 0;
    for (let i = 0; i < n; i++) to.add(this.#list[at * this.chunksize + i]!);
    this.#nfree[at] = 0;
    this.removed += n;
    this.#sequence[at] = (this.#dequeue + this.#mask + 1) >>> 0;
    this.#dequeue = (this.#dequeue + 1) >>> 0;
    return n;
  }
}
