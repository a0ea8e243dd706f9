/**
 * The kernel's side of a netmap ring: what it believes, whatever stands in the shared ring.
 *
 * `rhead`, `rcur` and `rtail` are the copies that the last system call validated. `hwcur` and `hwtail` are where the
 * kernel is: of a transmit ring, slots before `hwcur` have been handed to the device and those up to `hwtail` are
 * free again; of a receive ring, slots from `hwcur` to `hwtail` hold received packets.
 *
 * A sync begins with a prologue: `head` has to lie within rhead..rtail and `cur` within head..rtail, going round;
 * otherwise nothing is done, and the ring goes back to what the kernel believes (`reinit`). It ends with `finalize`,
 * which exports `hwtail`. A `tail` that the process has changed is put right by the prologue.
 *
 * Source: netmap sys/dev/netmap/netmap_kern.h (struct netmap_kring), netmap.c (nm_txsync_prologue,
 * nm_rxsync_prologue, netmap_ring_reinit).
 */
import type { Cpu } from "../../core/stack.ts";
import type { NetmapMem } from "./memory.ts";
import type { NetmapRing } from "./ring.ts";
import { WaitQueue } from "./wait_queue.ts";

/** An interrupt came since the last sync (NKR_PENDINTR). */
export const NKR_PENDINTR = 0x1;
/** A process has the ring for itself (NKR_EXCLUSIVE). */
export const NKR_EXCLUSIVE = 0x2;
/** Packets of the ring are to be passed on (NKR_FORWARD). */
export const NKR_FORWARD = 0x4;

/** The caller wants what is sent to be reclaimed though there is room (NAF_FORCE_RECLAIM). */
export const NAF_FORCE_RECLAIM = 1;
/** The caller wants the device to be looked at though no interrupt came (NAF_FORCE_READ). */
export const NAF_FORCE_READ = 2;

/** Makes the kernel's side and the device's side meet. Answers false on a bad slot: the ring was put right. */
export type NmSync = (cpu: Cpu, kring: NetmapKring, flags: number) => boolean;

/** The kernel's side of a ring. */
export class NetmapKring {
  /** E.g. `eth0 TX0`. */
  readonly name: string;
  readonly tx: boolean;
  readonly ringId: number;
  readonly mem: NetmapMem;
  readonly ring: NetmapRing;
  /** nkr_num_slots. */
  readonly numSlots: number;
  /** Slot that descriptor 0 belongs to (nkr_hwofs). */
  readonly hwofs: number;
  rhead = 0;
  rcur = 0;
  rtail = 0;
  hwcur = 0;
  hwtail = 0;
  kflags = 0;
  /** Processes that have it open (users). */
  users = 0;
  /** Who waits for it. */
  readonly si: WaitQueue = new WaitQueue();
  /** Who copies what passes through it. */
  monitors: Monitor[] = [];
  sync: NmSync = () => true;
  /**
   * Of a software ring: makes known to the other end, at the caller's own time, what its last sync has moved there;
   * null when there is nothing to be made known.
   */
  publish: ((cpu: Cpu) => void) | null = null;

  /** Syncs, those with a bad head or cur, and slots with a bad buffer or length. */
  syncs = 0;
  reinits = 0;
  badSlots = 0;
  /** Slots that went through. */
  packets = 0;
  bytes = 0;

  constructor(
    name: string,
    tx: boolean,
    ringId: number,
    mem: NetmapMem,
    ring: NetmapRing,
    hwofs = 0,
  ) {
    this.name = name;
    this.tx = tx;
    this.ringId = ringId;
    this.mem = mem;
    this.ring = ring;
    this.numSlots = ring.bufIdx.length;
    // netmap_reset: the device starts at descriptor 0, the slots go on where they were
    const at = hwofs % this.numSlots;
    this.hwofs = at;
    this.rhead =
      this.rcur =
      this.hwcur =
      ring.head =
      ring.cur =
        at;
    this.hwtail = this.rtail = ring.tail = tx ? this.prev(at) : at;
  }

  /** The slot after one. */
  next(slot: number): number {
    return slot + 1 === this.numSlots ? 0 : slot + 1;
  }

  /** The slot before one. */
  prev(slot: number): number {
    return slot === 0 ? this.numSlots - 1 : slot - 1;
  }

  /** The descriptor of a slot (netmap_idx_k2n). */
  toNic(slot: number): number {
    const at = slot - this.hwofs;
    return at < 0 ? at + this.numSlots : at;
  }

  /** The slot of a descriptor (netmap_idx_n2k). */
  toSlot(descriptor: number): number {
    const at = descriptor + this.hwofs;
    return at >= this.numSlots ? at - this.numSlots : at;
  }

  /** How many steps it is from one slot to another. */
  distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.numSlots;
  }

  /**
   * Runs a sync whole: prologue, device, finalize. Answers false, with the ring put right, when head or cur cannot
   * be, or a slot is bad.
   */
  run(cpu: Cpu, flags: number): boolean {
    this.syncs++;
    if (!this.prologue() || !this.sync(cpu, this, flags)) {
      this.reinit();
      return false;
    }
    this.finalize();
    return true;
  }

  /** Takes over head and cur if they can be; puts the tail right. */
  prologue(): boolean {
    const { ring, rtail } = this;
    // once: the process may write them while this runs
    const { head, cur } = ring;
    if (!this.takeOver(head, cur)) return false;
    if (ring.tail !== rtail) ring.tail = rtail;
    return true;
  }

  /** Takes over a head and a cur, wherever they stand, if they can be. */
  takeOver(head: number, cur: number): boolean {
    const { numSlots, rhead, rtail } = this;
    if (!(head < numSlots && cur < numSlots)) return false;
    const mine = this.distance(rhead, rtail);
    const moved = this.distance(rhead, head);
    const wake = this.distance(rhead, cur);
    if (moved > mine || wake < moved || wake > mine) return false;
    this.rhead = head;
    this.rcur = cur;
    return true;
  }

  /** Exports the tail (nm_sync_finalize). */
  finalize(): void {
    this.ring.tail = this.rtail = this.hwtail;
  }

  /** Puts the ring back to what the kernel believes, and bad slots to nothing (netmap_ring_reinit). */
  reinit(): void {
    const { ring, mem } = this;
    this.reinits++;
    for (let i = 0; i < this.numSlots; i++) {
      if (!mem.valid(ring.bufIdx[i]!)) {
        ring.bufIdx[i] = 0;
        ring.len[i] = 0;
      } else if (ring.len[i]! > mem.bufSize) ring.len[i] = 0;
    }
    ring.head = this.rhead;
    ring.cur = this.rcur;
    ring.tail = this.rtail;
  }
}

/** Sees the slots that a sync hands over. */
export interface Monitor {
  /** Slots `from` to `to` - 1 of a ring are being sent, or have been received. */
  saw(cpu: Cpu, kring: NetmapKring, from: number, to: number): void;
  /** Whether it has copies that its reader does not know of. */
  readonly dirty: boolean;
  /** Makes them known. */
  publish(cpu: Cpu): void;
}
