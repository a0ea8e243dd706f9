/**
 * A generator that the CPU hardly works for: it fills the transmit ring with packets once and from then on only moves
 * TDT behind TDH, so that the NIC sends the same packets over and over. What packetblaster drives ports with.
 * Source: apps/intel/loadgen.lua, program/packetblaster.
 */
import type { Context } from "../../../core/host/context.ts";
import { postFull } from "../../../core/nic/driver.ts";
import type { DescriptorRing, DeviceSide } from "../../../core/nic/rings.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";
import { nicAt } from "./intel_mp.ts";

/** `apps.intel.loadgen`. */
export class LoadGen extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = { pciaddr: { required: true } };
  readonly #process: SnabbProcess;
  readonly #device: DeviceSide;
  readonly #tx: DescriptorRing;
  readonly #packets: number[] = [];

  /** Waits for packets. */
  constructor({ pciaddr }: { readonly pciaddr: string }, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#device = nicAt(process, pciaddr).queues;
    this.#tx = this.#device.tx[process.pid]!;
    this.#tx.reset(this.#tx.size, this.#tx.place);
  }

  /** Takes packets until there is one in every descriptor, then sends. */
  override push(): void {
    const { link, memory, costs } = this.#process;
    const cpu = this.#process.cpu as Context;
    const input = this.input.input!;
    const tx = this.#tx;
    for (; this.#packets.length < tx.size && !link.empty(input);) {
      const p = link.receive(input);
      postFull(memory, tx, this.#packets.length, p, false, cpu);
      this.#packets.push(p);
      this.#process.charge(costs.txPacket);
    }
  }

  /** Sends all descriptors but one again. */
  override pull(): void {
    const { costs } = this.#process;
    const tx = this.#tx;
    if (this.#packets.length < tx.size) return;
    this.#process.charge(costs.tdhRead + costs.doorbell);
    const mask = tx.size - 1;
    this.#device.txTail(this.#process.cpu as Context, this.#process.pid, (tx.sent - 1) & mask);
  }

  override held(): Iterable<number> {
    return this.#packets;
  }

  override report(): readonly string[] {
    return [`${this.#tx.sent} packets sent from ${this.#packets.length}`];
  }
}
