/**
 * The memory of one machine. A buffer is named by a machine-wide index; host pools, NIC ingress buffers and
 * NIC device memory are regions of it. The bytes of all buffers lie in one arena, metadata in typed arrays
 * beside it. DMA and copies are copies between two indices.
 *
 * Who may do what: a buffer belongs to its holder alone, which may write its bytes and metadata. Where a
 * ledger is kept (always under laws, never flat out) every change of holder is told to it, and bytes of
 * freed buffers are poisoned in every region, so that who reads them late sees nonsense.
 */
import { copyFrame } from "./copy.ts";
import type { HostMemory } from "./host_memory.ts";
import type { Ledger } from "./ledger.ts";
import type { ExternalBuffer } from "./mbuf_external.ts";
import type { PacketMemory } from "./packet_memory.ts";

export type { PacketMemory };

/** Bytes before the frame in a host buffer (RTE_PKTMBUF_HEADROOM). */
export const HEADROOM = 128;
/** Bytes of the arena for each buffer: headroom and the longest frame that a port accepts. */
export const STRIDE = 2048;
/** What freed bytes are overwritten with. */
export const POISON = 0xdb;

/** Packet type bits of a buffer. */
export const FLAG = {
  /** The NIC classified the frame as IPv4 (RTE_PTYPE_L3_IPV4). */
  ipv4: 1,
} as const;

/** A range of buffers in one memory. */
export interface Region {
  /** Name in reports, e.g. `mempool`. */
  readonly name: string;
  /** Node that the memory belongs to: 0 is the host, 1 + i NIC i. */
  readonly node: number;
  /** Its first buffer. */
  readonly first: number;
  /** How many buffers, in sequence. */
  readonly count: number;
}

/**
 * All buffers of a machine.
 *
 * @example
 * ```ts
 * import { FLAG, Memory } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(4);
 * const { first } = memory.region("mempool", 0, 2);
 * memory.length[first] = 60;
 * memory.flags[first] = FLAG.ipv4;
 * memory.copy(first, first + 1);
 * assertEquals([memory.length[first + 1], memory.copiedBytes], [60, 60]);
 * ```
 */
export class Memory implements PacketMemory {
  /** Buffers that the arena holds. */
  readonly capacity: number = 0;
  /** The arena: `STRIDE` bytes for each buffer, headroom included, then what external buffers use. */
  readonly bytes: Uint8Array = new Uint8Array(0);
  /** The arena again: short frames are copied by words. */
  readonly #words: Int32Array = new Int32Array(0);
  /** Bytes that frames were last taken from, and their words if they lie so that there are any. */
  #source: Uint8Array = new Uint8Array(0);
  #sourceWords: Int32Array = new Int32Array(0);
  /** Where the frame of buffer b begins in `bytes`; `b * STRIDE + HEADROOM` when fresh. */
  readonly offset: Int32Array = new Int32Array(0);
  /** Length of its frame in bytes, without FCS. */
  readonly length: Int32Array = new Int32Array(0);
  /** Port it came in on. */
  readonly port: Int32Array = new Int32Array(0);
  /** RSS hash. */
  readonly hash: Uint32Array = new Uint32Array(0);
  /** Bits of {@link FLAG}. */
  readonly flags: Int32Array = new Int32Array(0);
  /** Next segment of the packet, or -1. */
  readonly next: Int32Array = new Int32Array(0);
  /** How many hold it: its own holder and every buffer that shows its bytes; 1 when fresh. */
  readonly references: Int32Array = new Int32Array(0);
  /** The buffer whose bytes it shows: itself, unless it was attached; -1 when to external bytes. */
  readonly owner: Int32Array = new Int32Array(0);
  /** By buffer whose owner is -1, the external bytes that it shows. */
  readonly external: Map<number, ExternalBuffer> = new Map();
  /** Keeps the books in checked mode. */
  ledger: Ledger | null = null;
  /** Cache and channels behind the buffers of the host, where they are modelled. */
  host: HostMemory | null = null;
  /** Bytes that CPUs copied since the last reset. */
  copiedBytes = 0;
  /** Ranges set aside since the last reset, in order. */
  readonly regions: Region[] = [];
  #used = 0;
  /** How far beyond its headroom each buffer was used since the last reset. */
  readonly #extent: Int32Array = new Int32Array(0);

  /**
   * A memory whose buffers belong to no region yet.
   * @param capacity buffers
   * @param buffer where the arena lies, e.g. a SharedArrayBuffer, and whatever external buffers are to
   * use behind its `capacity * STRIDE` bytes; by default a new ArrayBuffer without any
   */
  constructor(capacity: number, buffer: ArrayBufferLike = new ArrayBuffer(capacity * STRIDE)) {
    this.capacity = capacity;
    this.bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.offset = new Int32Array(capacity);
    this.length = new Int32Array(capacity);
    this.port = new Int32Array(capacity);
    this.hash = new Uint32Array(capacity);
    this.flags = new Int32Array(capacity);
    this.next = new Int32Array(capacity).fill(-1);
    this.references = new Int32Array(capacity).fill(1);
    this.owner = new Int32Array(capacity);
    this.#extent = new Int32Array(capacity);
    for (let b = 0; b < capacity; b++) {
      this.offset[b] = b * STRIDE + HEADROOM;
      this.owner[b] = b;
    }
  }

  /** Buffers that belong to regions. */
  get used(): number {
    return this.#used;
  }

  /**
   * Sets `count` buffers aside.
   * @throws {RangeError} when the memory has not so many left
   */
  region(name: string, node: number, count: number): Region {
    if (this.#used + count > this.capacity) {
      throw new RangeError(
        `Cannot reserve ${count} buffers for ${name}: ${this.capacity - this.#used} of ` +
          `${this.capacity} are left`,
      );
    }
    const region = { name, node, first: this.#used, count };
    this.#used += count;
    this.regions.push(region);
    return region;
  }

  /** Gives all regions back; every buffer equals a new one. Nobody is told of external bytes. */
  reset(): void {
    const used = this.#used;
    for (let b = 0; b < used; b++) {
      this.note(b);
      if (this.#extent[b]! > 0) this.#wipe(b);
      this.offset[b] = b * STRIDE + HEADROOM;
      this.owner[b] = b;
    }
    this.#extent.fill(0, 0, used);
    this.length.fill(0, 0, used);
    this.port.fill(0, 0, used);
    this.hash.fill(0, 0, used);
    this.flags.fill(0, 0, used);
    this.next.fill(-1, 0, used);
    this.references.fill(1, 0, used);
    for (const one of this.external.values()) one.references = 0;
    this.external.clear();
    this.regions.length = 0;
    this.#used = 0;
    this.copiedBytes = 0;
  }

  /**
   * Makes a buffer as new: fresh metadata, no frame. Its references and owner are as new already, since
   * whoever shares a buffer leaves it so when giving it back.
   */
  refresh(b: number): void {
    if (this.length[b]! > this.#extent[b]!) this.#extent[b] = this.length[b]!;
    this.offset[b] = b * STRIDE + HEADROOM;
    this.length[b] = 0;
    this.port[b] = 0;
    this.hash[b] = 0;
    this.flags[b] = 0;
    this.next[b] = -1;
  }

  /** As `refresh`, for the `n` buffers from `buffers[from]` on; arrays are looked up once. */
  refreshBulk(buffers: Int32Array, from: number, n: number): void {
    const extent = this.#extent;
    const { offset, length, port, hash, flags, next } = this;
    for (let i = from; i < from + n; i++) {
      const b = buffers[i]!;
      if (length[b]! > extent[b]!) extent[b] = length[b]!;
      offset[b] = b * STRIDE + HEADROOM;
      length[b] = 0;
      port[b] = 0;
      hash[b] = 0;
      flags[b] = 0;
      next[b] = -1;
    }
  }

  /** Overwrites the frame of a buffer with poison, unless the bytes are another buffer's. */
  poison(b: number): void {
    if (this.owner[b] !== b) return;
    const start = this.offset[b]!;
    this.bytes.fill(POISON, start, start + this.length[b]!);
  }

  /** Copies a frame with its metadata and counts its bytes in `copiedBytes`; O(length). */
  copy(from: number, to: number): void {
    this.copiedBytes += this.length[from]!;
    this.transfer(from, to);
    this.copied(from, to);
  }

  /** Copies `n` bytes of the arena and counts them in `copiedBytes`. */
  copyWithin(from: number, to: number, n: number): void {
    this.copiedBytes += n;
    this.bytes.copyWithin(to, from, from + n);
  }

  /** Tells the ledger that the packet in one buffer is carried by another from now on. */
  copied(from: number, to: number): void {
    if (this.ledger !== null) this.ledger.moved(from, to);
  }

  /** Tells the ledger that the packet in a buffer was copied to memory that is no buffer's. */
  copiedOut(from: number, place: number): number {
    return this.ledger === null ? -1 : this.ledger.movedOut(from, place);
  }

  /** Tells the ledger that such a copy was copied to a buffer. */
  copiedIn(copy: number, to: number): void {
    if (this.ledger !== null) this.ledger.movedIn(copy, to);
  }

  /** Tells the ledger that such a copy is given up. */
  copyEnds(copy: number): void {
    if (this.ledger !== null) this.ledger.outside.end(copy, this.ledger.now);
  }

  /** Tells the ledger that `to` shows the packet in `from`, which stays its carrier. */
  shown(from: number, to: number): void {
    if (this.ledger === null) return;
    this.ledger.packet[to] = this.ledger.packet[from]!;
    this.ledger.dataAt[to] = this.ledger.dataAt[from]!;
  }

  /** Tells the ledger that a buffer shows no packet any more, unless it carries it. */
  hidden(b: number): void {
    if (this.ledger !== null) this.ledger.hidden(b);
  }

  /** Copies a frame with its metadata, as DMA does: no CPU touches it. */
  transfer(from: number, to: number): void {
    const start = this.offset[from]!;
    const length = this.length[from]!;
    const words = this.#words;
    copyFrame(this.bytes, words, start, this.bytes, words, this.offset[to]!, length);
    this.length[to] = length;
    this.port[to] = this.port[from]!;
    this.hash[to] = this.hash[from]!;
    this.flags[to] = this.flags[from]!;
  }

  /** Puts a frame of `length` bytes into a buffer. */
  fill(b: number, bytes: Uint8Array, at: number, length: number): void {
    if (bytes !== this.#source) {
      this.#source = bytes;
      const { buffer, byteOffset, byteLength } = bytes;
      const words = byteOffset % 4 === 0 ? byteLength >> 2 : 0;
      this.#sourceWords = new Int32Array(buffer, words === 0 ? 0 : byteOffset, words);
    }
    copyFrame(bytes, this.#sourceWords, at, this.bytes, this.#words, this.offset[b]!, length);
    this.length[b] = length;
  }

  /**
   * Notes how far the frame of a buffer reaches, so that a reset wipes it. Whoever shortens a frame from
   * which bytes may be left in the arena calls it before.
   */
  note(b: number): void {
    if (this.owner[b] !== b) return;
    const length = this.length[b]!;
    if (length <= 0) return;
    // a frame that lies in the headroom alone counts as well: the headroom is wiped with what is behind it
    const extent = Math.max(1, this.offset[b]! + length - b * STRIDE - HEADROOM);
    if (extent > this.#extent[b]!) this.#extent[b] = extent;
  }

  /** Zeroes what a run left in a buffer, so that the next run cannot read it. */
  #wipe(b: number): void {
    const end = Math.min(HEADROOM + this.#extent[b]!, STRIDE);
    this.bytes.fill(0, b * STRIDE, b * STRIDE + end);
  }
}
