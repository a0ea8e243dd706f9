/**
 * The pcap interface: packets are read from one capture and written to another. Neither is a port of the machine.
 *
 * Source: platform/linux-generic/pktio/pcap.c.
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import { packetOf, Pktio, type PktioType } from "./pktio.ts";

/** Two captures. */
export class PktioPcap extends Pktio {
  readonly type: PktioType = "pcap";
  readonly pktinQueues = 1;
  readonly #in: readonly Uint8Array[];
  readonly #out: Uint8Array[];
  #next = 0;

  /** Reads the frames of `from` once and appends what is sent to `to`. */
  constructor(odp: Odp, index: number, from: readonly Uint8Array[], to: Uint8Array[]) {
    super(odp, index, `pcap:${index}`);
    this.#in = from;
    this.#out = to;
  }

  protected recv(cpu: Cpu, _queue: number, out: Int32Array, max: number): number {
    cpu.charge(this.odp.costs["queue.burst"]);
    let n = 0;
    for (; n < max && this.#next < this.#in.length; n++) {
      const b = packetOf(this.odp, cpu.lcore, this.#in[this.#next]!);
      if (b < 0) break;
      this.#next++;
      out[n] = b;
    }
    return n;
  }

  protected transmit(
    cpu: Cpu,
    _queue: number,
    buffers: Int32Array,
    at: number,
    n: number,
  ): number {
    const { memory: { bytes, offset, length } } = this.odp;
    cpu.charge(this.odp.costs["queue.burst"]);
    for (let i = at; i < at + n; i++) {
      const b = buffers[i]!;
      this.#out.push(bytes.slice(offset[b]!, offset[b]! + length[b]!));
    }
    return n;
  }

  protected override sent(cpu: Cpu, buffers: Int32Array, at: number, n: number): void {
    for (let i = at; i < at + n; i++) this.odp.env.drop(cpu, buffers[i]!, REASON.consumed);
  }
}
