/**
 * A receive queue of the 82599 as the Intel app drives it. A pull takes at most `engine.pull_npackets` packets while the
 * done bit is set. Each slot that is emptied gets a fresh packet at once, so the ring never shrinks; then RDT is written,
 * once a pull and also when nothing came, to the slot before the next one to be looked at, so that it never equals RDH
 * of a ring that is all the device's.
 *
 * Drop_En is set: a queue whose process is late loses its own packets, and other queues go on.
 *
 * Source: apps/intel_mp/intel_mp.lua (init_rx_q, pull); Intel 82599 data sheet, 7.1.9, 8.2.3.8.7 (SRRCTL).
 */
import type { Context } from "../../../core/host/context.ts";
import { FLAG } from "../../../core/memory/memory.ts";
import { postEmpty, readReceived, takeReceived } from "../../../core/nic/driver.ts";
import type { DescriptorRing, DeviceSide } from "../../../core/nic/rings.ts";
import { REASON } from "../../../core/policy.ts";
import type { Link } from "../link.ts";
import type { SnabbProcess } from "../process.ts";
import type { RingWatch } from "../ring_watch.ts";

/** One receive queue. */
export class IntelRx {
  packets = 0;
  bytes = 0;
  /** Writes of RDT. */
  rdtWrites = 0;
  /** Packet of each slot. */
  readonly queue: Int32Array;
  readonly #process: SnabbProcess;
  readonly #device: DeviceSide;
  readonly #number: number;
  readonly #ring: DescriptorRing;
  readonly #watch: RingWatch | null;
  #rdt = 0;
  #stopping = false;

  /** Fills the ring and starts the queue. */
  constructor(process: SnabbProcess, device: DeviceSide, number: number, watch: RingWatch | null) {
    const ring = device.rx[number]!;
    this.#process = process;
    this.#device = device;
    this.#number = number;
    this.#ring = ring;
    this.#watch = watch;
    this.queue = new Int32Array(ring.size);
    ring.reset(ring.size, ring.place);
    ring.dropEnable = true;
    for (let slot = 0; slot < ring.size; slot++) this.#refill(slot);
    device.rxTail(process.cpu as Context, number, ring.size - 1);
  }

  /** Packets that the NIC lost for want of descriptors (QPRDC). */
  get dropped(): number {
    return this.#ring.dropped;
  }

  #refill(slot: number): void {
    this.queue[slot] = this.#process.packet.allocate();
    postEmpty(this.#process.memory, this.#ring, slot, this.queue[slot]!);
  }

  /** Transmits what has been received. */
  pull(output: Link): void {
    const { memory, link, engine, costs, place } = this.#process;
    if (this.#stopping) return;
    const cpu = this.#process.cpu as Context;
    const ring = this.#ring;
    const mask = ring.size - 1;
    const first = this.#rdt;
    let n = 0;
    while (ring.done[this.#rdt] === 1 && n < engine.pullNpackets) {
      readReceived(memory, ring, this.#rdt, cpu);
      const p = takeReceived(memory, ring, this.#rdt, place);
      this.packets++;
      this.bytes += memory.length[p]!;
      this.#watch?.received(this.#number, (memory.flags[p]! & FLAG.ipv4) !== 0);
      link.transmit(output, p);
      this.#refill(this.#rdt);
      this.#rdt = (this.#rdt + 1) & mask;
      n++;
    }
    this.#process.charge(n * costs.rxPacket + costs.doorbell);
    this.rdtWrites++;
    this.#watch?.rdt(this.#rdt, (this.#rdt - 1) & mask, ring.size, (this.#rdt - first) & mask, n);
    this.#device.rxTail(cpu, this.#number, (this.#rdt - 1) & mask);
  }

  /** Disables the queue. */
  stop(): void {
    this.#stopping = true;
    this.#device.rxStop(this.#process.cpu as Context, this.#number);
  }

  /** Frees what the ring holds once the device has let go of it (RXDCTL.ENABLE is clear); answers whether it has. */
  released(): boolean {
    const ring = this.#ring;
    if (ring.enabled || !ring.quiet) return false;
    const { memory, packet, place } = this.#process;
    this.queue.forEach((p, slot) => {
      if (p < 0) return;
      this.queue[slot] = -1;
      ring.buffer[slot] = -1;
      memory.ledger?.complete(p, place);
      // a packet that landed and that nobody has pulled ends here
      if (ring.done[slot] === 1) this.#process.discard(p, REASON.other);
      else packet.free(p);
    });
    return true;
  }
}
