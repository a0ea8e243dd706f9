/**
 * The transmit ring of ixgbe. Each frame is one descriptor with EOP and RS, so each is written back. Full is
 * not a reason to drop: when fewer than DESC_NEEDED descriptors are left the queue is stopped, and what comes
 * then waits in the queueing discipline until a clean finds twice as many free and wakes it. TDT is written
 * when the caller says that no more is coming, or when the queue has just been stopped.
 *
 * Source: Linux drivers/net/ethernet/intel/ixgbe, ixgbe_xmit_frame_ring, ixgbe_tx_map, ixgbe_clean_tx_irq.
 */
import type { Context } from "../host/context.ts";
import { postFull, takeSent } from "../nic/driver.ts";
import type { DescriptorRing } from "../nic/rings.ts";
import type { Cpu } from "../stack.ts";
import type { RingParts } from "./ixgbe_rx.ts";

/** Descriptors that the largest skb could need (DESC_NEEDED: MAX_SKB_FRAGS + 4). */
const DESC_NEEDED = 21;
/** Descriptors that a frame of one segment asks for: its own, and a gap of three that the NIC wants. */
const DESC_ASKED = 4;
/** Descriptors that one clean takes back at most (IXGBE_DEFAULT_TX_WORK). */
const TX_WORK = 256;

/** Who a frame that is no skb goes back to when it was sent (xdp_return_frame, xsk_tx_completed); pays for it. */
export interface FrameOwner {
  sent(cpu: Cpu, frame: number): void;
}

/** Transmit half of a queue pair. */
export class TxRing {
  nextToUse = 0;
  nextToClean = 0;
  packets = 0;
  bytes = 0;
  /** Frames that came though the ring had no room for them. */
  txBusy = 0;
  /** Times that a stopped queue was started again. */
  restartQueue = 0;
  /** TDT writes. */
  doorbells = 0;
  /** The queue is stopped (__QUEUE_STATE_DRV_XOFF). */
  stopped = false;
  /** Called when a stopped queue is started again (netif_wake_subqueue). */
  onWake: ((cpu: Cpu) => void) | null = null;
  readonly #ring: DescriptorRing;
  readonly #parts: RingParts;
  readonly #needed: number;
  readonly #asked: number;
  /** Owner of the frame in each slot; null: an skb. */
  readonly #owner: (FrameOwner | null)[];
  /** Frames posted since TDT was written. */
  #held = 0;

  constructor(parts: RingParts) {
    this.#parts = parts;
    const ring = parts.device.tx[parts.queue]!;
    this.#ring = ring;
    // rings too small for the driver's figures (its own smallest has 64) keep their proportion
    this.#needed = Math.max(1, Math.min(DESC_NEEDED, ring.size >> 2));
    this.#asked = Math.min(DESC_ASKED, this.#needed);
    this.#owner = Array(ring.size).fill(null);
  }

  /** Its port. */
  get port(): number {
    return this.#parts.port;
  }

  /** Free descriptors (ixgbe_desc_unused). */
  get unused(): number {
    const { nextToClean, nextToUse } = this;
    return (nextToClean > nextToUse ? 0 : this.#ring.size) + nextToClean - nextToUse - 1;
  }

  /** Posts a frame; `more` holds TDT back. Answers false, and takes nothing, when the ring is full. */
  xmit(cpu: Cpu, skb: number, more: boolean): boolean {
    const { costs } = this.#parts;
    if (this.unused < this.#asked) {
      this.stopped = true;
      this.txBusy++;
      return false;
    }
    cpu.charge(costs.xmit);
    this.#post(cpu, skb, null);
    if (this.unused < this.#needed) this.stopped = true;
    if (!more || this.stopped) this.flush(cpu);
    return true;
  }

  /**
   * Posts a frame that is no skb, without charge and without TDT, down to the last descriptor (ndo_xdp_xmit). Answers
   * false, and takes nothing, when there is none.
   */
  xmitFrame(cpu: Cpu, frame: number, owner: FrameOwner): boolean {
    if (this.unused === 0) return false;
    this.#post(cpu, frame, owner);
    return true;
  }

  /** Writes TDT if anything was posted since it was written last. */
  flush(cpu: Cpu): void {
    if (this.#held === 0) return;
    this.#held = 0;
    const { costs, queue, device } = this.#parts;
    cpu.charge(costs.doorbell);
    this.doorbells++;
    device.txTail(cpu as Context, queue, this.nextToUse);
  }

  /** Place of what is in the ring and descriptors in use: the evidence of a frame that found it full. */
  get place(): number {
    return this.#ring.place;
  }

  get used(): number {
    return this.#ring.size - 1 - this.unused;
  }

  #post(cpu: Cpu, frame: number, owner: FrameOwner | null): void {
    const { memory } = this.#parts;
    postFull(memory, this.#ring, this.nextToUse, frame, true, cpu as Context);
    this.#owner[this.nextToUse] = owner;
    this.nextToUse = (this.nextToUse + 1) & (this.#ring.size - 1);
    this.#held++;
    this.packets++;
    this.bytes += memory.length[frame]!;
  }

  /** Takes back what was sent; answers whether that was all. May start the queue again. */
  clean(cpu: Cpu): boolean {
    const { memory, skbs, costs, place } = this.#parts;
    const ring = this.#ring;
    const mask = ring.size - 1;
    let cleaned = 0;
    while (cleaned < TX_WORK && this.nextToClean !== this.nextToUse) {
      const slot = this.nextToClean;
      if (ring.done[slot] !== 1) break;
      const skb = takeSent(memory, ring, slot, place, cpu as Context);
      this.nextToClean = (slot + 1) & mask;
      cleaned++;
      const owner = this.#owner[slot]!;
      if (owner !== null) {
        owner.sent(cpu, skb);
        continue;
      }
      cpu.charge(costs.txClean);
      skbs.consume(cpu, skb);
    }
    if (cleaned > 0 && this.stopped && this.unused >= 2 * this.#needed) {
      this.stopped = false;
      this.restartQueue++;
      if (this.onWake !== null) this.onWake(cpu);
    }
    return cleaned < TX_WORK;
  }
}
