/**
 * A transmit queue of the 82599 as the Intel app drives it. A push moves packets from the link into descriptors while
 * there are any and one slot stays free. What does not fit stays in the link. Then TDH is read, across PCIe, which the
 * core waits for, and what it has passed is freed; then TDT is written. No write-back is asked for.
 *
 * Source: apps/intel_mp/intel_mp.lua (init_tx_q, push); Intel 82599 data sheet, 7.2.3.
 */
import type { Context } from "../../../core/host/context.ts";
import { postFull, takeSent } from "../../../core/nic/driver.ts";
import type { DescriptorRing, DeviceSide } from "../../../core/nic/rings.ts";
import { REASON } from "../../../core/policy.ts";
import type { Link } from "../link.ts";
import type { SnabbProcess } from "../process.ts";
import type { RingWatch } from "../ring_watch.ts";

/** One transmit queue. */
export class IntelTx {
  packets = 0;
  bytes = 0;
  /** Frames longer than the MTU. */
  drop = 0;
  /** Writes of TDT, and reads of TDH. */
  tdtWrites = 0;
  tdhReads = 0;
  /** Packet of each slot, or -1. */
  readonly queue: Int32Array;
  readonly #process: SnabbProcess;
  readonly #device: DeviceSide;
  readonly #number: number;
  readonly #ring: DescriptorRing;
  readonly #watch: RingWatch | null;
  readonly #mtu: number;
  #tdt = 0;
  #tdh = 0;
  #stopping = false;

  /** An empty ring. */
  constructor(
    process: SnabbProcess,
    device: DeviceSide,
    number: number,
    mtu: number,
    watch: RingWatch | null,
  ) {
    const ring = device.tx[number]!;
    this.#process = process;
    this.#device = device;
    this.#number = number;
    this.#ring = ring;
    this.#mtu = mtu;
    this.#watch = watch;
    this.queue = new Int32Array(ring.size).fill(-1);
    ring.reset(ring.size, ring.place);
  }

  /** Sends what the link holds, as far as there is room, and frees what was sent. */
  push(input: Link): void {
    if (this.#stopping) return;
    const { costs } = this.#process;
    const cpu = this.#process.cpu as Context;
    const ring = this.#ring;
    const n = this.#fill(input, cpu);
    this.#process.charge(n * costs.txPacket + costs.tdhRead + costs.doorbell);
    this.#reclaim(cpu);
    this.#watch?.outstanding((this.#tdt - this.#tdh) & (ring.size - 1), ring.size);
    this.tdtWrites++;
    this.#device.txTail(cpu, this.#number, this.#tdt);
  }

  /** Moves packets into descriptors; answers how many. */
  #fill(input: Link, cpu: Context): number {
    const { memory, link } = this.#process;
    const ring = this.#ring;
    const mask = ring.size - 1;
    let n = 0;
    while (!link.empty(input) && ((this.#tdt + 1) & mask) !== this.#tdh) {
      const p = link.receive(input);
      const bytes = memory.length[p]!;
      if (bytes > this.#mtu) {
        this.drop++;
        this.#process.discard(p, REASON["too-big"]);
        continue;
      }
      postFull(memory, ring, this.#tdt, p, false, cpu);
      this.queue[this.#tdt] = p;
      this.#tdt = (this.#tdt + 1) & mask;
      this.packets++;
      this.bytes += bytes;
      n++;
    }
    return n;
  }

  /** Reads TDH and frees what it has passed. */
  #reclaim(cpu: Context): void {
    const { memory, packet, place } = this.#process;
    const ring = this.#ring;
    const mask = ring.size - 1;
    this.tdhReads++;
    const head = ring.sent & mask;
    while (this.#tdh !== head) {
      const p = takeSent(memory, ring, this.#tdh, place, cpu);
      this.#watch?.freed(this.#tdh, ring);
      this.queue[this.#tdh] = -1;
      packet.free(p);
      this.#tdh = (this.#tdh + 1) & mask;
    }
  }

  /** Takes no further packet. */
  stop(): void {
    this.#stopping = true;
  }

  /** Frees what the ring holds once all of it has been sent; answers whether it has. */
  released(): boolean {
    const ring = this.#ring;
    const told = (ring.tail & (ring.size - 1)) === this.#tdt;
    if (!told || ring.sent !== ring.tail) return false;
    this.#reclaim(this.#process.cpu as Context);
    return true;
  }
}
