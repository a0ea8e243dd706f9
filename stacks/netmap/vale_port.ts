/** A port of a VALE switch: rings in a region of its own, and the leases of its receive rings (netmap_vp_adapter). */
import type { Memory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapAdapter } from "./adapter.ts";
import { type CopyCosts, copyCycles } from "./copy.ts";
import type { NetmapKring } from "./kring.ts";
import { Leases } from "./leases.ts";
import { NS_BUF_CHANGED, NS_MOREFRAG } from "./ring.ts";
import type { ValeBatch } from "./vale_batch.ts";

/** A range that a sender has filled and not published yet. */
interface Pending {
  readonly source: ValePort;
  readonly kring: NetmapKring;
  readonly lease: number;
  readonly start: number;
  /** The slot after the last that was used, and how many were not. */
  readonly end: number;
  readonly unused: number;
}

/** A port. */
export class ValePort {
  readonly adapter: NetmapAdapter;
  /** Number on its switch. */
  number = -1;
  /** Packets of this port that reached nobody, and packets for it that found its ring full. */
  lost = 0;
  dropped = 0;
  /** Place of its receive rings. */
  readonly place: number;
  /** Packets that a receive ring holds. */
  readonly capacity: number;
  readonly #memory: Memory;
  readonly #leases: Leases[];
  readonly #pending: Pending[] = [];

  constructor(env: Env, adapter: NetmapAdapter) {
    this.adapter = adapter;
    this.#memory = env.memory as Memory;
    const rings = adapter.rxRings;
    this.capacity = rings[0]!.numSlots - 1;
    this.place = env.place(`${adapter.name} receive rings`, this.capacity);
    this.#leases = rings.map((kring) => new Leases(kring.numSlots, kring.hwtail));
    for (const kring of rings) kring.sync = (_, kring) => release(kring);
  }

  /**
   * Copies what goes to this port into a lease of ring `ring`; answers the cycles. What does not fit is left out,
   * packet by packet from the first that does not.
   */
  fill(batch: ValeBatch, ring: number, source: ValePort, needed: number, costs: CopyCosts): number {
    const kring = this.adapter.rxRings[ring]!;
    const leases = this.#leases[ring]!;
    let room = Math.min(needed, leases.space(kring.hwcur));
    if (room === 0) return this.#refuse(batch);
    const start = leases.hwlease;
    const lease = leases.take(room);
    let at = start;
    let cycles = 0;
    let full = false;
    for (let i = 0; i < batch.count; i++) {
      if (!batch.goesTo(i, this.number)) continue;
      const frags = batch.frags[i]!;
      full ||= frags > room;
      if (full) {
        this.dropped++;
        continue;
      }
      room -= frags;
      batch.copies[i]!++;
      for (let f = 0; f < frags; f++, at = kring.next(at)) {
        const from = batch.first[i]! + f;
        this.#copy(kring, at, batch.slotBuffer[from]!, f + 1 < frags ? NS_MOREFRAG : 0);
        cycles += copyCycles(costs, batch.slotLength[from]!);
      }
    }
    this.#pending.push({ source, kring, lease, start, end: at, unused: room });
    return cycles;
  }

  /** There is no room at all. */
  #refuse(batch: ValeBatch): number {
    for (let i = 0; i < batch.count; i++) if (batch.goesTo(i, this.number)) this.dropped++;
    return 0;
  }

  /** Publishes what a sender has filled, and tells the reader; answers whether there was something. */
  publish(cpu: Cpu, source: ValePort): boolean {
    let any = false;
    for (let i = 0; i < this.#pending.length;) {
      const one = this.#pending[i]!;
      if (one.source !== source) {
        i++;
        continue;
      }
      this.#pending.splice(i, 1);
      any = true;
      const { kring, lease, start } = one;
      const leases = this.#leases[kring.ringId]!;
      const before = kring.hwtail;
      // slots that others have taken leases behind cannot be given back
      const end = leases.isLast(lease) ? one.end : this.#blank(kring, one.end, one.unused);
      kring.hwtail = leases.finish(lease, start, end, before);
      if (kring.hwtail === before) continue;
      kring.packets += kring.distance(before, kring.hwtail);
      kring.si.wake(cpu);
    }
    return any;
  }

  #copy(kring: NetmapKring, at: number, from: number, flags: number): void {
    const { ring, mem } = kring;
    this.#memory.copy(from, mem.buffer(ring.bufIdx[at]!));
    ring.len[at] = this.#memory.length[from]!;
    ring.flagsOf[at] = flags;
    kring.bytes += ring.len[at]!;
  }

  /** Makes empty packets of slots. */
  #blank(kring: NetmapKring, from: number, n: number): number {
    let at = from;
    for (let i = 0; i < n; i++, at = kring.next(at)) {
      kring.ring.len[at] = 0;
      kring.ring.flagsOf[at] = 0;
    }
    return at;
  }
}

/** A reader's sync: slots that it has released are free for senders (netmap_vp_rxsync). */
function release(kring: NetmapKring): boolean {
  const { ring, mem } = kring;
  for (let at = kring.hwcur; at !== kring.rhead; at = kring.next(at)) {
    if (!mem.valid(ring.bufIdx[at]!)) {
      kring.badSlots++;
      return false;
    }
    ring.flagsOf[at] = ring.flagsOf[at]! & ~NS_BUF_CHANGED;
  }
  kring.hwcur = kring.rhead;
  return true;
}
