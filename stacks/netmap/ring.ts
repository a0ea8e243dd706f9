/**
 * A netmap ring as a process sees it: memory that process and kernel share.
 *
 * Who may move what. The process writes `head` and `cur`, the kernel writes `tail`, and only during a system call
 * of the process that has the ring open. Slots `head` to `tail` - 1, going round, belong to the process: of a
 * receive ring they hold new packets, of a transmit ring they are free for packets. All others belong to the kernel.
 * Moving `head` gives slots to the kernel at the next sync. `cur` is the wake-up point: poll returns when `tail` has
 * passed it. One slot is always the kernel's, so `num_slots` - 1 can be in use.
 *
 * A slot names its buffer by an index into the memory region of the port. Swapping the indices of two slots of rings
 * of one region moves a packet without touching its bytes; NS_BUF_CHANGED tells the kernel to load the new address.
 *
 * Nothing here is checked: the process may write whatever it likes. The kernel believes its own copies (kring.ts).
 *
 * Source: netmap sys/net/netmap.h (struct netmap_ring, struct netmap_slot) and netmap(4).
 */

/** The buffer of the slot was exchanged: the kernel loads its address anew. */
export const NS_BUF_CHANGED = 0x0001;
/** The process wants to know as soon as this slot has been sent. */
export const NS_REPORT = 0x0002;
/** The packet is to be passed on to the other side (transparent mode), once the process releases the slot. */
export const NS_FORWARD = 0x0004;
/** A VALE switch does not learn the source address of this packet. */
export const NS_NO_LEARN = 0x0008;
/** The packet goes on in the next slot. */
export const NS_MOREFRAG = 0x0020;

/** Transparent mode is on for the ring (NR_FORWARD of `flags`). */
export const NR_FORWARD = 0x0004;

const HEAD = 0;
const CUR = 1;
const TAIL = 2;
const NUM_SLOTS = 3;
const BUF_SIZE = 4;
const FLAGS = 5;

/** Words of the shared memory that one ring takes, its slots left out. */
export const RING_WORDS = 6;

/** A ring in shared memory. */
export class NetmapRing {
  /** head, cur, tail, num_slots, nr_buf_size, flags as unsigned 32-bit words, as the process could write them. */
  readonly words: Uint32Array = new Uint32Array(RING_WORDS);
  /** Buffer index of each slot (`slot[i].buf_idx`). */
  readonly bufIdx: Uint32Array;
  /** Bytes of each slot's frame (`slot[i].len`). */
  readonly len: Uint16Array;
  /** NS_ flags of each slot (`slot[i].flags`). */
  readonly flagsOf: Uint16Array;

  /** A ring of `slots` slots without buffers. */
  constructor(slots: number, bufSize: number) {
    this.bufIdx = new Uint32Array(slots);
    this.len = new Uint16Array(slots);
    this.flagsOf = new Uint16Array(slots);
    this.words[NUM_SLOTS] = slots;
    this.words[BUF_SIZE] = bufSize;
  }

  /** First slot of the process. */
  get head(): number {
    return this.words[HEAD]!;
  }
  set head(slot: number) {
    this.words[HEAD] = slot;
  }

  /** Wake-up point. */
  get cur(): number {
    return this.words[CUR]!;
  }
  set cur(slot: number) {
    this.words[CUR] = slot;
  }

  /** First slot of the kernel. */
  get tail(): number {
    return this.words[TAIL]!;
  }
  set tail(slot: number) {
    this.words[TAIL] = slot;
  }

  /** NR_ flags. */
  get flags(): number {
    return this.words[FLAGS]!;
  }
  set flags(value: number) {
    this.words[FLAGS] = value;
  }

  /** Slots (`num_slots`). */
  get numSlots(): number {
    return this.words[NUM_SLOTS]!;
  }

  /** Whether the process has no slot (nm_ring_empty). */
  get empty(): boolean {
    return this.head === this.tail;
  }

  /** Slots of the process (nm_ring_space). */
  get space(): number {
    const space = this.tail - this.head;
    return space < 0 ? space + this.numSlots : space;
  }

  /** The slot after one (nm_ring_next). */
  next(slot: number): number {
    return slot + 1 === this.numSlots ? 0 : slot + 1;
  }
}

/**
 * Moves the packet of a slot to a slot of another ring of the same region: exchanges their buffers. O(1); no byte
 * of the frame is touched.
 */
export function swapSlots(from: NetmapRing, i: number, to: NetmapRing, j: number): void {
  const idx = to.bufIdx[j]!;
  to.bufIdx[j] = from.bufIdx[i]!;
  from.bufIdx[i] = idx;
  to.len[j] = from.len[i]!;
  to.flagsOf[j] = NS_BUF_CHANGED | (from.flagsOf[i]! & NS_MOREFRAG);
  from.flagsOf[i] = NS_BUF_CHANGED;
}
