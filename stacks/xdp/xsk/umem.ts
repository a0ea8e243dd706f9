/**
 * UMEM: memory that a process has registered, in chunks of 2,048 bytes. A chunk is a packet buffer of the machine; its
 * number times the size of a chunk is its address, as the process and the rings name it.
 *
 * A buffer that the kernel frees with its packet goes to the machine's pool; the chunk then gets another one at once
 * (`rebind`), so that the process always has its memory. Aligned mode: an address means its chunk, whatever its low bits.
 * Source: net/xdp/xdp_umem.c, xsk_buff_pool.c.
 */
import type { Mempool } from "../../../core/memory/mempool.ts";
import { type PacketMemory, STRIDE } from "../../../core/memory/memory.ts";

/** Bytes of a chunk. */
export const CHUNK_BYTES = STRIDE;

/** Attempts at a buffer. */
const ATTEMPTS = 64;

/** Registered memory. */
export class Umem {
  /** Chunks. */
  readonly count: number;
  readonly #memory: PacketMemory;
  readonly #pool: Mempool;
  readonly #buffer: Int32Array;
  readonly #chunkOf = new Map<number, number>();

  /**
   * Registers `count` chunks.
   * @throws {RangeError} when the pool has not so many buffers
   */
  constructor(memory: PacketMemory, pool: Mempool, lcore: number, count: number) {
    this.#memory = memory;
    this.#pool = pool;
    this.count = count;
    this.#buffer = new Int32Array(count);
    for (let chunk = 0; chunk < count; chunk++) this.#bind(chunk, lcore);
  }

  /** Bytes: addresses are below. */
  get size(): number {
    return this.count * CHUNK_BYTES;
  }

  /** Chunk of an address, or -1 where it is none. */
  chunkAt(addr: number): number {
    return addr >= 0 && addr < this.size ? Math.floor(addr / CHUNK_BYTES) : -1;
  }

  /** Buffer of a chunk. */
  bufferOf(chunk: number): number {
    return this.#buffer[chunk]!;
  }

  /** Chunk of a buffer, or -1. */
  chunkOf(buffer: number): number {
    return this.#chunkOf.get(buffer) ?? -1;
  }

  /** Where the frame in a chunk begins. */
  addrOf(chunk: number): number {
    const b = this.#buffer[chunk]!;
    return chunk * CHUNK_BYTES + this.#memory.offset[b]! - b * STRIDE;
  }

  /** Whether a transmit descriptor lies in one chunk (xp_aligned_validate_desc). */
  holds(addr: number, len: number): boolean {
    const chunk = this.chunkAt(addr);
    return chunk >= 0 && len > 0 && addr + len <= (chunk + 1) * CHUNK_BYTES;
  }

  /** The buffer of a chunk was freed with its packet: the chunk gets another. */
  rebind(chunk: number, lcore: number): void {
    this.#chunkOf.delete(this.#buffer[chunk]!);
    this.#bind(chunk, lcore);
  }

  #bind(chunk: number, lcore: number): void {
    // one that was just freed is there, though an allocation may fail now and then
    let b = this.#pool.get(lcore);
    for (let i = 1; b < 0 && i < ATTEMPTS; i++) b = this.#pool.get(lcore);
    if (b < 0) {
      throw new RangeError(
        `Cannot register ${this.count} chunks: the machine has ${chunk} buffers`,
      );
    }
    this.#buffer[chunk] = b;
    this.#chunkOf.set(b, chunk);
  }
}
