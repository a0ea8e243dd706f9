/**
 * The ring of variable-length slots between kernel and application. A slot is a header, so many bytes of the packet,
 * and the magic, rounded up to eight bytes: small packets take small slots. Where a packet of full length would not
 * fit before the end, both sides go on at offset 0.
 *
 * Who may move what: the kernel `insertOff`, after the magic; the application `removeOff`, when it is done with the
 * bytes. Equal offsets say empty, or full where packets are queued. At the limit: the kernel writes nothing unless two
 * slots of full length stay free behind the last packet; so what a ring holds is a number of bytes, `roomBytes`, and
 * not of packets. It then counts the packet as lost.
 *
 * In virtual time the application sees a slot when the kernel had written it, and the kernel a free slot when the
 * application had freed it: `published` and `released` hold these instants by slot, in order.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (copy_data_to_ring, check_free_ring_slot, get_next_slot_offset),
 * userland/lib/pfring_mod.c (pfring_mod_recv).
 */
import type { PacketMemory } from "../../core/memory/memory.ts";
import {
  align,
  FLOW_SLOT_INFO_BYTES,
  type FlowSlotInfo,
  newFlowSlotInfo,
  RING_MAGIC,
  RING_MAGIC_BYTES,
  SLOT_ALIGN,
} from "./flow_slot_info.ts";
import { caplenAt, type PktHdr, writePktHdr } from "./pkthdr.ts";
import type { ParsedPkt } from "./parse_pkt.ts";
import type { RingMemories } from "./ring_memories.ts";
import type { SlotRingWatch } from "./slot_ring_watch.ts";

/** A ring. */
export class SlotRing {
  readonly info: FlowSlotInfo;
  /** The slots, with the packets in them. */
  readonly bytes: Uint8Array;
  readonly headerBytes: number;
  /** Bytes of slots that are in it when it takes no more. */
  readonly roomBytes: number;
  watch: SlotRingWatch | null = null;
  readonly #view: DataView;
  readonly #size: number;
  readonly #longHeader: boolean;
  /** By slot, from the first one queued on: when it was written, and the books' number of its copy. */
  readonly #published: number[] = [];
  readonly #copies: number[] = [];
  /** Slots freed of which the kernel may not know yet: when, and where removeOff went. */
  readonly #released: number[] = [];
  readonly #releasedTo: number[] = [];
  /** removeOff as the kernel has seen it, and packets that it takes for queued. */
  #seenRemoveOff = 0;
  #seenQueued = 0;

  constructor(
    minNumSlots: number,
    bucketLen: number,
    headerBytes: number,
    longHeader: boolean,
    memories: RingMemories,
  ) {
    this.info = newFlowSlotInfo(minNumSlots, bucketLen, headerBytes);
    this.#size = this.info.kernel.totMem - FLOW_SLOT_INFO_BYTES;
    this.bytes = memories.take(this.#size);
    this.#view = new DataView(this.bytes.buffer);
    this.headerBytes = headerBytes;
    this.roomBytes = Math.max(0, this.#size - 2 * this.info.kernel.slotLen);
    this.#longHeader = longHeader;
  }

  /** Packets in it (num_queued_pkts). */
  get queued(): number {
    return this.info.kernel.totInsert - this.info.user.totRead;
  }

  /** Bytes that queued slots take, the unused end of the ring included where they go round it, as seen by the kernel. */
  usedBytes(nowPs: number): number {
    this.#learn(nowPs);
    const used = this.info.kernel.insertOff - this.#seenRemoveOff;
    if (used !== 0) return used < 0 ? used + this.#size : used;
    return this.#seenQueued === 0 ? 0 : this.#size;
  }

  /** Whether the kernel may write another slot (check_free_ring_slot). */
  hasRoom(nowPs: number): boolean {
    this.#learn(nowPs);
    const { insertOff, slotLen } = this.info.kernel;
    const removeOff = this.#seenRemoveOff;
    if (insertOff === removeOff) return this.#seenQueued === 0;
    if (insertOff < removeOff) return removeOff - insertOff >= 2 * slotLen;
    return removeOff !== 0 || this.#size - insertOff >= 2 * slotLen;
  }

  /**
   * Copies a packet in (copy_data_to_ring); answers whether there was room. It is counted either way.
   * @param copy the books' number of this copy, once it is known that there will be one
   */
  insert(
    memory: PacketMemory,
    buffer: number,
    hdr: PktHdr,
    parsed: ParsedPkt,
    nowPs: number,
    copy: () => number,
  ): boolean {
    const { kernel } = this.info;
    kernel.totPkts++;
    if (!this.hasRoom(nowPs)) {
      kernel.totLost++;
      this.watch?.lost(nowPs);
      return false;
    }
    const off = kernel.insertOff;
    const at = off + this.headerBytes;
    writePktHdr(this.#view, off, hdr, this.#longHeader ? parsed : null);
    const from = memory.offset[buffer]!;
    this.bytes.set(memory.bytes.subarray(from, from + hdr.caplen), at);
    this.bytes.fill(RING_MAGIC, at + hdr.caplen, at + hdr.caplen + RING_MAGIC_BYTES);
    this.#published.push(nowPs);
    this.#copies.push(copy());
    const slotBytes = this.#slotBytes(hdr.caplen);
    kernel.insertOff = this.#next(off, slotBytes);
    kernel.totInsert++;
    this.#seenQueued++;
    this.watch?.inserted(memory, buffer, hdr, { off, bytes: slotBytes }, nowPs);
    return true;
  }

  /** Offset of the oldest slot that the application sees, or -1. */
  peek(nowPs: number): number {
    if (this.#published.length === 0 || this.#published[0]! > nowPs) return -1;
    return this.info.user.removeOff;
  }

  /** The books' number of the oldest slot's copy. */
  get firstCopy(): number {
    return this.#copies[0]!;
  }

  /** The header at an offset, as a view of the mapped bytes. */
  get view(): DataView {
    return this.#view;
  }

  /** Whether the slot at an offset ends in the magic. */
  isWhole(off: number): boolean {
    const end = off + this.headerBytes + caplenAt(this.#view, off);
    return this.bytes[end] === RING_MAGIC && this.bytes[end + 1] === RING_MAGIC;
  }

  /** The application is done with the oldest slot; answers the books' number of its copy. */
  remove(nowPs: number): number {
    const { user } = this.info;
    const off = user.removeOff;
    const slotBytes = this.#slotBytes(caplenAt(this.#view, off));
    this.watch?.removed({ off, bytes: slotBytes }, nowPs);
    user.removeOff = this.#next(off, slotBytes);
    user.totRead++;
    this.#published.shift();
    this.#released.push(nowPs);
    this.#releasedTo.push(user.removeOff);
    return this.#copies.shift()!;
  }

  /** What the application had freed by `nowPs`, the kernel knows. */
  #learn(nowPs: number): void {
    while (this.#released.length > 0 && this.#released[0]! <= nowPs) {
      this.#released.shift();
      this.#seenRemoveOff = this.#releasedTo.shift()!;
      this.#seenQueued--;
    }
  }

  #slotBytes(caplen: number): number {
    return align(this.headerBytes + caplen + RING_MAGIC_BYTES, SLOT_ALIGN);
  }

  /** Where the slot behind one begins: at 0 when one of full length does not fit before the end. */
  #next(off: number, slotBytes: number): number {
    const next = off + slotBytes;
    return next + this.info.kernel.slotLen > this.#size ? 0 : next;
  }
}
