/** What a sender's sync has gathered for the switch: packets with their slots, and where they go (struct nm_bdg_fwd). */
import type { NetmapKring } from "./kring.ts";
import { NS_BUF_CHANGED, NS_MOREFRAG } from "./ring.ts";
import { BROADCAST } from "./vale_table.ts";

/** Most slots of a packet (NM_MAX_FRAGS of vale(4)). */
export const FRAGS_MAX = 64;

/** Packets of a batch by number: first buffer, flags of the first slot, slots, destination, copies made. */
export interface Batch {
  readonly count: number;
  readonly buffer: Int32Array;
  readonly flags: Uint16Array;
  readonly frags: Uint8Array;
  readonly destination: Uint8Array;
  readonly copies: Uint8Array;
}

/** A batch. */
export class ValeBatch implements Batch {
  count = 0;
  readonly buffer: Int32Array;
  readonly flags: Uint16Array;
  readonly frags: Uint8Array;
  readonly destination: Uint8Array;
  readonly copies: Uint8Array;
  /** Where the slots of packet i begin in `slotBuffer` and `slotLength`. */
  readonly first: Int32Array;
  readonly slotBuffer: Int32Array;
  readonly slotLength: Uint16Array;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
    this.buffer = new Int32Array(most);
    this.flags = new Uint16Array(most);
    this.frags = new Uint8Array(most);
    this.destination = new Uint8Array(most);
    this.copies = new Uint8Array(most);
    this.first = new Int32Array(most);
    this.slotBuffer = new Int32Array(most);
    this.slotLength = new Uint16Array(most);
  }

  /**
   * Takes whole packets of the slots `from` to `to` - 1; answers the slot after the last of them, or -1 on a bad
   * slot. Packets of more than {@link FRAGS_MAX} slots are cut there.
   */
  gather(kring: NetmapKring, from: number, to: number): number {
    const { ring, mem } = kring;
    this.count = 0;
    let used = 0;
    let begin = 0;
    let end = from;
    let first = 0;
    for (let at = from; at !== to && used < this.#most; at = kring.next(at)) {
      const idx = ring.bufIdx[at]!;
      if (!mem.valid(idx) || ring.len[at]! > mem.bufSize) {
        kring.badSlots++;
        return -1;
      }
      const b = mem.buffer(idx);
      mem.setLength(b, ring.len[at]!);
      this.slotBuffer[used] = b;
      this.slotLength[used++] = ring.len[at]!;
      const flags = ring.flagsOf[at]!;
      ring.flagsOf[at] = flags & ~NS_BUF_CHANGED;
      if (used - begin === 1) first = flags;
      if ((flags & NS_MOREFRAG) !== 0 && used - begin < FRAGS_MAX) continue;
      const i = this.count++;
      this.first[i] = begin;
      this.frags[i] = used - begin;
      this.buffer[i] = this.slotBuffer[begin]!;
      this.flags[i] = first;
      this.copies[i] = 0;
      for (; begin < used; begin++) kring.bytes += this.slotLength[begin]!;
      end = kring.next(at);
    }
    return end;
  }

  /** Whether a packet goes to all ports. */
  get hasBroadcast(): boolean {
    for (let i = 0; i < this.count; i++) if (this.destination[i] === BROADCAST) return true;
    return false;
  }

  /** Slots that a port needs for what goes to it. */
  slotsFor(port: number): number {
    let slots = 0;
    for (let i = 0; i < this.count; i++) if (this.goesTo(i, port)) slots += this.frags[i]!;
    return slots;
  }

  /** Whether packet i goes to a port. */
  goesTo(i: number, port: number): boolean {
    const to = this.destination[i]!;
    return to === port || to === BROADCAST;
  }
}
