/**
 * Packets, as core/packet.lua has them: a length and bytes in one piece of DMA memory, no more. A packet is named by the
 * number of its buffer where the original has a pointer; its data begin at `memory.offset[p]` of `memory.bytes`.
 *
 * Ownership: a packet is in exactly one place, a freelist, a link, a NIC's ring or an app. Whoever has it passes it on
 * or frees it, once.
 * A freed packet has length 0 and the default headroom again.
 */
import { STRIDE } from "../../core/memory/memory.ts";
import type { Counter } from "./counter.ts";
import { Freelist } from "./freelist.ts";
import type { GroupFreelist } from "./group_freelist.ts";
import { DEFAULT_HEADROOM, type PacketBytes, PacketData } from "./packet_data.ts";

/** Packets of the first preallocation step; each next one has twice as many. */
const ALLOCATION_STEP = 1000;
/** Shortest frame that a packet is accounted as in freebits, and what Ethernet adds: FCS, preamble, gap. */
const LEAST_BYTES = 60;
const L1_BYTES = 24;

/** What the packets of a process need of it. */
export interface PacketSource extends PacketBytes {
  /** Takes up to `n` buffers of DMA memory that no process has; answers how many. */
  dmaAlloc(out: Int32Array, n: number): number;
  /** Says that the packet is of the process's own making. */
  originate(p: number): void;
  /** Pays for one chunk of the group freelist. */
  chargeChunk(): void;
  readonly frees: Counter;
  readonly freebytes: Counter;
  readonly freebits: Counter;
}

/** The packet module of one process. */
export class Packets extends PacketData {
  /** Its free packets. */
  readonly freelist: Freelist;
  /** Packets that it has taken from DMA memory. */
  allocated = 0;
  /** Chunks given to and taken from the group freelist. */
  chunksReturned = 0;
  chunksReclaimed = 0;
  readonly #source: PacketSource;
  readonly #max: number;
  readonly #group: GroupFreelist | null;
  #step = ALLOCATION_STEP;

  /**
   * No packets yet; at most `max` will be allocated.
   * @param total packets of the machine, which may all come to be here by the group freelist
   */
  constructor(source: PacketSource, max: number, total: number, group: GroupFreelist | null) {
    super(source);
    this.#source = source;
    this.#max = max;
    this.#group = group;
    this.freelist = new Freelist(total);
  }

  /** Takes the next step of packets from DMA memory; answers how many. */
  preallocateStep(): number {
    const wanted = Math.min(this.#step, this.#max - this.allocated);
    const fresh = new Int32Array(wanted);
    const n = this.#source.dmaAlloc(fresh, wanted);
    for (let i = 0; i < n; i++) this.#reset(fresh[i]!);
    for (let i = 0; i < n; i++) this.freelist.add(fresh[i]!);
    this.allocated += n;
    this.#step *= 2;
    return n;
  }

  /**
   * An empty packet: from the freelist, else of a chunk of the group, else of new memory.
   * @throws {RangeError} when all of these are exhausted: the process cannot go on
   */
  allocate(): number {
    const { freelist } = this;
    if (freelist.nfree === 0 && !this.#reclaim() && this.preallocateStep() === 0) {
      throw new RangeError(
        `packet allocation overflow: all ${this.allocated} packets of the process are in use, expected at most ` +
          `${this.#max} (max_packets)`,
      );
    }
    return freelist.remove();
  }

  /** Frees a packet and counts it. */
  free(p: number): void {
    this.accountFree(p);
    this.#source.memory.note(p);
    this.#reset(p);
    this.freelist.add(p);
  }

  /** Counts a packet as freed that goes to another process: a breath that moved it was not idle. */
  accountFree(p: number): void {
    const { memory, frees, freebytes, freebits } = this.#source;
    const length = memory.length[p]!;
    frees.value++;
    freebytes.value += length;
    freebits.value += (Math.max(length, LEAST_BYTES) + L1_BYTES) * 8;
  }

  /** Passes chunks on while the process has one more than it allocated itself. Called every 100 breaths. */
  rebalanceFreelists(): void {
    const group = this.#group;
    while (group !== null && this.freelist.nfree >= this.allocated + group.chunksize) {
      this.#source.chargeChunk();
      if (group.add(this.freelist) === 0) return;
      this.chunksReturned++;
    }
  }

  /** Gives all free packets to the group: what a worker does when it ends. */
  shutdown(): void {
    const group = this.#group;
    while (group !== null && this.freelist.nfree > 0 && group.add(this.freelist) > 0) {
      this.chunksReturned++;
    }
  }

  #reclaim(): boolean {
    if (this.#group === null || this.#group.remove(this.freelist) === 0) return false;
    this.#source.chargeChunk();
    this.chunksReclaimed++;
    return true;
  }

  #reset(p: number): void {
    const { memory } = this.#source;
    memory.offset[p] = p * STRIDE + DEFAULT_HEADROOM;
    memory.length[p] = 0;
  }

  /** An exact copy, in a packet of its own. */
  clone(p: number): number {
    const copy = this.allocate();
    const { memory } = this.#source;
    memory.copyWithin(memory.offset[p]!, memory.offset[copy]!, memory.length[p]!);
    memory.length[copy] = memory.length[p]!;
    memory.flags[copy] = memory.flags[p]!;
    this.#source.originate(copy);
    this.#source.chargeCopy(memory.length[p]!);
    return copy;
  }

  /** A packet of these bytes. */
  fromPointer(bytes: Uint8Array): number {
    const p = this.allocate();
    this.#source.originate(p);
    return this.append(p, bytes);
  }
}
