/**
 * The transmit half of a queue. SEND_CHUNK takes all packets or none: when fewer descriptors are free than there are
 * packets, completed ones are reclaimed until there are enough, else nothing is sent. Each packet is copied once, from
 * its chunk into the cell of the next descriptor. A write-back is asked for when 32 descriptors have been used since
 * the last time, and for all that follow in the same call, since the flag is not cleared. One tail write a call.
 */
import type { Context } from "../../core/host/context.ts";
import { postFull, takeSent } from "../../core/nic/driver.ts";
import type { DescriptorRing } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { PsChunk } from "./chunk.ts";
import { copyCycles } from "./costs.ts";
import type { HugeBuffer } from "./huge_buffer.ts";
import type { RingParts } from "./ps_rx_ring.ts";

/** Descriptors from one report of status to the next. */
const RS_INTERVAL = 32;

/** Transmit half of a queue. */
export class PsTxRing {
  readonly port: number;
  readonly queue: number;
  /** tx_packets, tx_bytes, TDT writes. */
  packets = 0;
  bytes = 0;
  tailWrites = 0;
  readonly ring: DescriptorRing;
  readonly huge: HugeBuffer;
  readonly #parts: RingParts;
  readonly #interval: number;
  #nextToUse = 0;
  #nextToClean = 0;
  /** Descriptors used since the last that reports. */
  #queued = 0;

  constructor(parts: RingParts, huge: HugeBuffer) {
    this.#parts = parts;
    this.port = parts.port;
    this.queue = parts.queue;
    this.ring = parts.device.tx[parts.queue]!;
    this.huge = huge;
    // rings too small for 32 (the driver's own default is 4096) keep its proportion of a quarter
    this.#interval = Math.max(1, Math.min(RS_INTERVAL, this.ring.size >> 2));
  }

  /** Free descriptors; one always stays empty, so that full is not empty. */
  get free(): number {
    return (this.#nextToClean - this.#nextToUse - 1) & (this.ring.size - 1);
  }

  /** Packets that one call can ever send: what is not reported yet is not reclaimed. */
  get most(): number {
    return this.ring.size - this.#interval;
  }

  /**
   * Sends `n` packets of a view, `chunk.view[at..at + n - 1]`, or none; answers how many. Charges what the packets
   * cost.
   */
  send(cpu: Cpu, chunk: PsChunk, at: number, n: number): number {
    const { memory, costs, device, audit, queue } = this.#parts;
    const { ring, huge } = this;
    if (this.free < n) this.#reclaim(cpu);
    if (this.free < n) {
      // asked for again when a write-back has come
      ring.waiter = cpu as Context;
      return 0;
    }
    const mask = ring.size - 1;
    let report = false;
    let cycles = 0;
    for (let i = at; i < at + n; i++) {
      const b = chunk.first + chunk.view[i]!;
      const slot = this.#nextToUse;
      const cell = huge.cell[slot]!;
      const length = memory.length[b]!;
      audit.sending(chunk, chunk.view[i]!, this);
      memory.copy(b, cell);
      if (++this.#queued >= this.#interval) {
        this.#queued = 0;
        report = true;
      }
      cycles += costs.txPacket + copyCycles(costs, length);
      postFull(memory, ring, slot, cell, report, cpu as Context);
      this.bytes += length;
      this.#nextToUse = (slot + 1) & mask;
    }
    this.packets += n;
    this.tailWrites++;
    cpu.charge(cycles);
    device.txTail(cpu as Context, queue, this.#nextToUse);
    audit.sent(this, n);
    return n;
  }

  /** Takes back the cells up to the last descriptor that was reported done. */
  #reclaim(cpu: Cpu): void {
    const { memory, place, audit } = this.#parts;
    const { ring } = this;
    const mask = ring.size - 1;
    let end = this.#nextToClean;
    for (let slot = end; slot !== this.#nextToUse; slot = (slot + 1) & mask) {
      if (ring.reportStatus[slot] === 0) continue;
      if (ring.done[slot] === 0) break;
      end = (slot + 1) & mask;
    }
    let n = 0;
    for (; this.#nextToClean !== end; n++) {
      takeSent(memory, ring, this.#nextToClean, place, cpu as Context);
      this.#nextToClean = (this.#nextToClean + 1) & mask;
    }
    audit.reclaimed(this, n);
  }
}
