/**
 * A memory region of netmap: the if, ring and buffer pools that the ports attached to it allocate from, and that is
 * mapped whole into every process that has one of these ports open (netmap_mem_d).
 *
 * All hardware ports share region 1, which is what makes moving packets between them an exchange of indices. Each
 * VALE port and each pair of pipe ends that is not on a hardware port has a region of its own, so that who is on one
 * side of a switch cannot reach the buffers of the other; packets are copied from one to the other.
 *
 * A buffer index is an index into one region. 0 and 1 are reserved: no slot of a working ring has them, and an index
 * out of range is taken for 0 (NMB). So a forged index names a buffer of the same region, never one of another.
 *
 * At the limit: a port that asks for more than is left gets nothing at all, ENOMEM, when it is opened; nothing is
 * allocated later.
 *
 * Source: netmap sys/dev/netmap/netmap_mem2.c.
 */
import type { Mempool } from "../../core/memory/mempool.ts";
import type { Memory } from "../../core/memory/memory.ts";
import { NetmapError } from "./errors.ts";
import { NetmapRing } from "./ring.ts";

/** Indices that no slot has: one past the end of a list is 0, and 1 is kept for later. */
export const RESERVED = 2;

/** Sizes of the pools of a region [dev.netmap.if_num, ring_num, ring_size, buf_size]. */
export interface RegionLimits {
  /** Interfaces that can be open at once. */
  readonly ifNum: number;
  /** Rings in all. */
  readonly ringNum: number;
  /** Bytes of a ring with its slots. */
  readonly ringSize: number;
  /** Bytes of a buffer. */
  readonly bufSize: number;
}

/** Bytes of struct netmap_ring before its slots, and of a slot. */
const RING_HEADER_BYTES = 256;
const SLOT_BYTES = 16;

/** A region. */
export class NetmapMem {
  /** Number of the region; 1 is that of the hardware ports. */
  readonly id: number;
  /** Bytes of a buffer (NETMAP_BUF_SIZE). */
  readonly bufSize: number;
  /** Buffer indices are below this (na_lut.objtotal). */
  readonly objtotal: number;
  /** Interfaces and rings in use. */
  ifs = 0;
  rings = 0;
  readonly #memory: Memory;
  readonly #limits: RegionLimits;
  /** Buffer of the machine behind each index. */
  readonly #lut: Int32Array;
  /** Free indices, a stack. */
  readonly #free: Uint32Array;
  #freeCount = 0;
  readonly #isFree: Uint8Array;

  /**
   * Takes all `buffers` buffers of the region, and the two reserved ones, from `pool` for good.
   * @throws {NetmapError} ENOMEM when the pool has fewer
   */
  constructor(
    id: number,
    memory: Memory,
    pool: Mempool,
    buffers: number,
    limits: RegionLimits,
    lcore = 0,
  ) {
    this.id = id;
    this.#memory = memory;
    this.#limits = limits;
    this.bufSize = limits.bufSize;
    const total = buffers + RESERVED;
    this.objtotal = total;
    this.#lut = new Int32Array(total);
    if (!pool.getBulk(lcore, this.#lut, 0, total)) {
      throw new NetmapError(
        "ENOMEM",
        `Cannot make region ${id}: it needs ${total} buffers, ${pool.name} has ${pool.free} left`,
      );
    }
    this.#free = new Uint32Array(buffers);
    this.#isFree = new Uint8Array(total);
    for (let i = 0; i < buffers; i++) this.#free[i] = total - 1 - i;
    this.#isFree.fill(1, RESERVED);
    this.#freeCount = buffers;
  }

  /** Buffers that no slot has. */
  get freeBuffers(): number {
    return this.#freeCount;
  }

  /** Whether no slot has the buffer of an index. */
  isFree(idx: number): boolean {
    return this.#isFree[idx] === 1;
  }

  /** Whether an index may stand in a slot. */
  valid(idx: number): boolean {
    return idx >= RESERVED && idx < this.objtotal;
  }

  /** The buffer behind an index; what is out of range is buffer 0 of this region (NMB). */
  buffer(idx: number): number {
    return this.#lut[idx < this.objtotal ? idx : 0]!;
  }

  /** Puts the length of a slot where the machine looks for it; what was longer before will still be wiped. */
  setLength(b: number, length: number): void {
    if (length < this.#memory.length[b]!) this.#memory.note(b);
    this.#memory.length[b] = length;
  }

  /** Sets an interface aside. @throws {NetmapError} ENOMEM when there is none left */
  ifNew(): void {
    if (this.ifs === this.#limits.ifNum) {
      throw new NetmapError("ENOMEM", `Cannot open a port: all ${this.ifs} interfaces are in use`);
    }
    this.ifs++;
  }

  /** Gives an interface back. */
  ifDelete(): void {
    this.ifs--;
  }

  /**
   * Makes a ring with a buffer in each slot.
   * @throws {NetmapError} ENOMEM when rings, bytes of a ring or buffers do not suffice; nothing is taken then
   */
  ringNew(slots: number): NetmapRing {
    const { ringNum, ringSize } = this.#limits;
    const bytes = RING_HEADER_BYTES + slots * SLOT_BYTES;
    const why = this.rings === ringNum
      ? `all ${ringNum} rings are in use`
      : bytes > ringSize
      ? `it takes ${bytes} bytes, a ring has ${ringSize}`
      : slots > this.#freeCount
      ? `it needs ${slots} buffers, region ${this.id} has ${this.#freeCount} left`
      : null;
    if (why !== null) {
      throw new NetmapError("ENOMEM", `Cannot make a ring of ${slots} slots: ${why}`);
    }
    this.rings++;
    const ring = new NetmapRing(slots, this.bufSize);
    for (let i = 0; i < slots; i++) ring.bufIdx[i] = this.bufferNew();
    return ring;
  }

  /** Takes the buffers of a ring back, each index once, whatever the process left in its slots. */
  ringDelete(ring: NetmapRing): void {
    for (let i = 0; i < ring.bufIdx.length; i++) {
      const idx = ring.bufIdx[i]!;
      if (this.valid(idx) && this.#isFree[idx] === 0) this.bufferFree(idx);
      ring.bufIdx[i] = 0;
    }
    this.rings--;
  }

  /** Takes a free buffer, or 0 when there is none. */
  bufferNew(): number {
    if (this.#freeCount === 0) return 0;
    const idx = this.#free[--this.#freeCount]!;
    this.#isFree[idx] = 0;
    return idx;
  }

  /** Gives a buffer back. */
  bufferFree(idx: number): void {
    this.#isFree[idx] = 1;
    this.#free[this.#freeCount++] = idx;
  }
}
