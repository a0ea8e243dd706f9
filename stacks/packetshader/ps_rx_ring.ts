/**
 * The receive half of a queue (ixgbe_ring of ps_ixgbe). A packet that the NIC wrote into cell i is copied once, into a
 * chunk, and descriptor i is rearmed with the same cell. The tail is written once for a chunk, to the descriptor
 * before the last one cleaned, so that one always stays with the driver. Nothing waits for a chunk to fill.
 */
import type { Context } from "../../core/host/context.ts";
import type { Memory } from "../../core/memory/memory.ts";
import { postEmpty, readReceived, takeReceived } from "../../core/nic/driver.ts";
import type { DescriptorRing, DeviceSide } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Auditor } from "./audit.ts";
import type { PsChunk } from "./chunk.ts";
import { copyCycles, type PsCosts } from "./costs.ts";
import type { HugeBuffer } from "./huge_buffer.ts";

/** What a ring is built on. */
export interface RingParts {
  readonly port: number;
  readonly queue: number;
  readonly device: DeviceSide;
  readonly memory: Memory;
  readonly costs: PsCosts;
  readonly audit: Auditor;
  /** Place of the worker, for what the driver holds. */
  readonly place: number;
}

/** Receive half of a queue. */
export class PsRxRing {
  readonly port: number;
  readonly queue: number;
  /** rx_packets, rx_bytes, RDT writes. */
  packets = 0;
  bytes = 0;
  tailWrites = 0;
  /** Descriptor that is looked at next (next_to_clean). */
  nextToClean = 0;
  readonly ring: DescriptorRing;
  readonly huge: HugeBuffer;
  readonly #parts: RingParts;

  constructor(parts: RingParts, huge: HugeBuffer) {
    this.#parts = parts;
    this.port = parts.port;
    this.queue = parts.queue;
    this.ring = parts.device.rx[parts.queue]!;
    this.huge = huge;
  }

  /** Arms every descriptor with its cell and gives the NIC all but the last. */
  up(cpu: Cpu): void {
    const { memory, device, audit, queue } = this.#parts;
    for (let i = 0; i < this.ring.size; i++) postEmpty(memory, this.ring, i, this.huge.cell[i]!);
    audit.armed(this);
    device.rxTail(cpu as Context, queue, this.ring.size - 1);
  }

  /** Whether a packet waits. */
  get ready(): boolean {
    return this.ring.done[this.nextToClean] === 1;
  }

  /** Copies up to `requested` packets into a chunk; answers how many. Charges what the packets cost. */
  recv(cpu: Cpu, chunk: PsChunk, requested: number): number {
    const { memory, costs, place, device, audit } = this.#parts;
    const { ring, huge } = this;
    const mask = ring.size - 1;
    ring.waiter = cpu as Context;
    audit.beforeRecv(this);
    chunk.open(this.port, this.queue);
    const most = Math.min(requested, chunk.slots);
    let slot = this.nextToClean;
    let cycles = 0;
    while (chunk.cnt < most && ring.done[slot] === 1) {
      readReceived(memory, ring, slot, cpu as Context);
      const cell = takeReceived(memory, ring, slot, place);
      const length = memory.length[cell]!;
      memory.copy(cell, chunk.append(length));
      postEmpty(memory, ring, slot, huge.cell[slot]!);
      cycles += costs.rxPacket + copyCycles(costs, length);
      this.bytes += length;
      slot = (slot + 1) & mask;
    }
    if (chunk.cnt > 0) {
      this.nextToClean = slot;
      this.packets += chunk.cnt;
      this.tailWrites++;
      cpu.charge(cycles);
      device.rxTail(cpu as Context, this.queue, (slot - 1) & mask);
    }
    audit.received(this, chunk, requested);
    return chunk.cnt;
  }
}
