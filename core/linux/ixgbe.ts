/**
 * An interrupt vector of ixgbe with its receive and transmit ring (ixgbe_q_vector): one MSI-X vector, one
 * NAPI instance. The interrupt masks itself and schedules the instance. A poll first takes back what was
 * sent, at most 256 descriptors that count against no budget, then receives. Less than the budget completes
 * the instance, sets the interrupt's moderation and unmasks it.
 *
 * Source: Linux drivers/net/ethernet/intel/ixgbe, ixgbe_msix_clean_rings, ixgbe_poll, ixgbe_set_itr.
 */
import type { Context } from "../host/context.ts";
import type { Vector } from "../host/irq.ts";
import { Napi, type NapiDriver } from "../host/napi.ts";
import type { Softnet } from "../host/softirq.ts";
import type { Cpu } from "../stack.ts";
import { ITR_START_USECS, nextItr } from "./itr.ts";
import { type RingParts, RxRing, type SkbReceiver } from "./ixgbe_rx.ts";
import { TxRing } from "./ixgbe_tx.ts";

const PS_PER_USEC = 1_000_000;

/** A vector, its instance and its rings. */
export class QVector implements NapiDriver {
  readonly name: string;
  readonly port: number;
  /** Number of its queue pair, and of the lcore that serves it. */
  readonly queue: number;
  readonly rx: RxRing;
  readonly tx: TxRing;
  readonly napi: Napi;
  /** Interrupts taken (/proc/interrupts). */
  interrupts = 0;
  /** Least microseconds between two of them at present. */
  itrUsecs: number;
  readonly #parts: RingParts;
  readonly #vector: Vector;
  readonly #softnet: Softnet;
  readonly #receiver: SkbReceiver;
  readonly #adaptive: boolean;
  #rxPackets = 0;
  #rxBytes = 0;
  #txPackets = 0;
  #txBytes = 0;

  /** @param itrUsecs a fixed interval (ethtool rx-usecs), or -1 for the adaptive one */
  constructor(
    parts: RingParts,
    vector: Vector,
    softnet: Softnet,
    receiver: SkbReceiver,
    itrUsecs: number,
  ) {
    this.name = `eth${parts.port}-TxRx-${parts.queue}`;
    this.port = parts.port;
    this.queue = parts.queue;
    this.#parts = parts;
    this.#vector = vector;
    this.#softnet = softnet;
    this.#receiver = receiver;
    this.#adaptive = itrUsecs < 0;
    this.itrUsecs = this.#adaptive ? ITR_START_USECS : itrUsecs;
    this.rx = new RxRing(parts);
    this.tx = new TxRing(parts);
    this.napi = new Napi(this.name, this);
  }

  /** Fills the receive ring and unmasks the interrupt. */
  up(cpu: Cpu): void {
    this.#vector.throttle(this.itrUsecs * PS_PER_USEC);
    this.rx.open(cpu);
    this.#parts.device.irqEnable(cpu as Context, this.#parts.queue);
  }

  /** The interrupt, in hard interrupt context (ixgbe_msix_clean_rings). */
  interrupt(cpu: Cpu): void {
    cpu.charge(this.#parts.costs.irq);
    this.interrupts++;
    this.#softnet.napiSchedule(cpu, this.napi);
  }

  poll(cpu: Cpu, budget: number): number {
    const allSent = this.tx.clean(cpu);
    const work = this.rx.clean(cpu, budget, this.#receiver);
    this.#receiver.flush(cpu);
    if (!allSent || work === budget || this.rx.starved) return budget;
    if (this.#softnet.napiComplete(cpu, this.napi)) {
      if (this.#adaptive) this.#setItr();
      cpu.charge(this.#parts.costs.irqEnable);
      this.#parts.device.irqEnable(cpu as Context, this.#parts.queue);
    }
    return work;
  }

  /**
   * One poll by a process instead of a softirq (napi_busy_loop, preferred): the instance is taken and never completed, so
   * the vector stays masked once it has been raised.
   */
  busyPoll(cpu: Cpu, budget: number): number {
    this.napi.schedulePrep();
    this.tx.clean(cpu);
    const work = this.rx.clean(cpu, budget, this.#receiver);
    this.#receiver.flush(cpu);
    return work;
  }

  /** The shorter of what the two rings ask for. */
  #setItr(): void {
    const { rx, tx, itrUsecs } = this;
    const forRx = nextItr(itrUsecs, rx.packets - this.#rxPackets, rx.bytes - this.#rxBytes);
    const forTx = nextItr(itrUsecs, tx.packets - this.#txPackets, tx.bytes - this.#txBytes);
    this.#rxPackets = rx.packets;
    this.#rxBytes = rx.bytes;
    this.#txPackets = tx.packets;
    this.#txBytes = tx.bytes;
    this.itrUsecs = Math.min(forRx, forTx);
    this.#vector.throttle(this.itrUsecs * PS_PER_USEC);
  }
}
