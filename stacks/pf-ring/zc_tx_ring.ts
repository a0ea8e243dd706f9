/**
 * The transmit ring of a channel: of each descriptor either a full buffer, handed to the device, or an empty one that
 * the next packet is exchanged for. The contract is at the head of `zc_device.ts`.
 */
import type { Context } from "../../core/host/context.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Mempool } from "../../core/memory/mempool.ts";
import { postFull, releaseRing, takeSent } from "../../core/nic/driver.ts";
import type { DescriptorRing, DeviceSide } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ZcHandles } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";

/** Packets that wait for a flush at most. */
const TX_PENDING = 64;
/** Descriptors for one that is written back, where the ring is large enough. */
const RS_THRESH = 32;

/** What a ring is built on. */
export interface ZcTxParts {
  readonly memory: Memory;
  readonly device: DeviceSide;
  readonly queue: number;
  readonly costs: ZcCosts;
  /** Place of what the driver holds, for the ledger. */
  readonly place: number;
}

/** A transmit ring. */
export class ZcTxRing {
  sent = 0;
  /** Sends that found no free descriptor. */
  refused = 0;
  /** Writes of TDT. */
  flushes = 0;
  readonly ring: DescriptorRing;
  readonly #parts: ZcTxParts;
  readonly #rs: number;
  /** Empty buffer of each descriptor that is free, else -1. */
  readonly #spare: Int32Array;
  #toUse = 0;
  #toClean = 0;
  #pending = 0;

  /** @param take gives one empty buffer */
  constructor(parts: ZcTxParts, take: () => number) {
    this.#parts = parts;
    this.ring = parts.device.tx[parts.queue]!;
    this.#rs = Math.min(RS_THRESH, this.ring.size >> 2);
    this.#spare = new Int32Array(this.ring.size);
    for (let slot = 0; slot < this.ring.size; slot++) this.#spare[slot] = take();
  }

  /** Its buffers, one for each descriptor. */
  held(): readonly number[] {
    const { buffer } = this.ring;
    return [...this.#spare.map((b, slot) => b >= 0 ? b : buffer[slot]!)];
  }

  /** Descriptors that are free (of size - 1). */
  get free(): number {
    return this.ring.size - 1 - ((this.#toUse - this.#toClean) & (this.ring.size - 1));
  }

  /** Exchanges a handle's packet for an empty buffer; false, and nothing done, without a descriptor. */
  send(cpu: Cpu, handles: ZcHandles, i: number, flush: boolean): boolean {
    const context = cpu as Context;
    const { ring } = this;
    ring.waiter = context;
    if (this.free < this.#rs) this.#reclaim(context);
    if (this.free === 0) {
      this.refused++;
      return false;
    }
    cpu.charge(this.#parts.costs.txPacket);
    const slot = this.#toUse;
    const report = slot % this.#rs === this.#rs - 1;
    postFull(this.#parts.memory, ring, slot, handles.buffer[i]!, report, context);
    handles.buffer[i] = this.#spare[slot]!;
    this.#spare[slot] = -1;
    this.#toUse = (slot + 1) & (ring.size - 1);
    this.sent++;
    this.#pending++;
    if (flush || this.#pending === TX_PENDING) this.flush(cpu);
    return true;
  }

  /** Writes TDT if packets wait for it. */
  flush(cpu: Cpu): void {
    if (this.#pending === 0) return;
    const { costs, device, queue } = this.#parts;
    cpu.charge(costs.flush);
    this.#pending = 0;
    this.flushes++;
    device.txTail(cpu as Context, queue, this.#toUse);
  }

  /** Whether the device has sent all that it was given. */
  get isQuiet(): boolean {
    const { ring } = this;
    const told = (ring.tail & (ring.size - 1)) === this.#toUse;
    return told && ring.quiet && ring.tail === ring.head;
  }

  /** All buffers go back, and the ring is as a driver finds it. */
  release(cpu: Cpu, pool: Mempool): void {
    const { ring } = this;
    releaseRing(this.#parts.memory, pool, ring, this.#parts.place, cpu.lcore);
    ring.reset(ring.size, ring.place);
    for (const b of this.#spare) if (b >= 0) pool.put(cpu.lcore, b);
    this.#spare.fill(-1);
  }

  /** Buffers up to each descriptor that was written back are empties again. */
  #reclaim(context: Context): void {
    const { ring } = this;
    for (;;) {
      const last = this.#toClean + this.#rs - 1;
      if (ring.done[last] !== 1) return;
      for (let slot = this.#toClean; slot <= last; slot++) {
        this.#spare[slot] = takeSent(
          this.#parts.memory,
          ring,
          slot,
          this.#parts.place,
          context,
        );
      }
      this.#toClean = (last + 1) & (ring.size - 1);
    }
  }
}
