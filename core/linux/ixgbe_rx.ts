/**
 * The receive ring of ixgbe. `nextToClean` is the next descriptor to look at, `nextToUse` the next to post;
 * one descriptor always stays unposted, so that RDT equal to RDH means empty. Descriptors are refilled when
 * at least RX_BUFFER_WRITE of them are clean, all of them with one write of RDT.
 *
 * At the limit: a page that cannot be had leaves its descriptor unposted, counted as alloc_rx_page_failed.
 * The poll then asks to be called again (as i40e does; ixgbe leaves it to a watchdog that raises an interrupt
 * every two seconds), because a ring that ran dry gets no interrupt. Nothing is lost here: the NIC runs out
 * of descriptors and loses at its ingress buffer.
 *
 * Source: Linux drivers/net/ethernet/intel/ixgbe, ixgbe_clean_rx_irq and ixgbe_alloc_rx_buffers.
 */
import type { Context } from "../host/context.ts";
import type { Memory } from "../memory/memory.ts";
import type { Mempool } from "../memory/mempool.ts";
import { postEmpty, readReceived, takeReceived } from "../nic/driver.ts";
import type { DescriptorRing, DeviceSide } from "../nic/rings.ts";
import type { Cpu } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import type { Skbs } from "./skb.ts";

/** Descriptors that are refilled together (IXGBE_RX_BUFFER_WRITE), where the ring is large enough. */
const RX_BUFFER_WRITE = 16;

/** Where received skbs go. */
export interface SkbReceiver {
  receive(cpu: Cpu, skb: number, port: number): void;
  /** The poll is over: nothing may be held back any longer. */
  flush(cpu: Cpu): void;
}

/**
 * Looks at each received page before an skb is built around it: where XDP runs its program. What it takes is its
 * own: it frees the page, sends it, or hands it on.
 */
export interface RxHook {
  /**
   * Answers whether it took the page, and pays for what it did; what it leaves goes on to the stack, as it is now, at
   * the driver's usual cost.
   */
  take(cpu: Cpu, page: number, port: number, queue: number): boolean;
  /** The poll is over: what was gathered is to be sent. */
  flush(cpu: Cpu): void;
}

/** Where a ring has its empty pages from when they are not the kernel's (an XSK_BUFF_POOL). */
export interface PageSource {
  /** The next page, or -1: the ring then has fewer than it could, and whoever fills the source wakes the driver. */
  get(): number;
}

/** What a ring is built on. */
export interface RingParts {
  readonly port: number;
  readonly queue: number;
  readonly device: DeviceSide;
  readonly memory: Memory;
  readonly pool: Mempool;
  readonly skbs: Skbs;
  readonly costs: LinuxCosts;
  /** Sees pages before they become skbs, or null. */
  readonly hook: RxHook | null;
  /** Whose pages it posts; the pool's where it is null. */
  readonly source: PageSource | null;
  /** Place of the lcore's softirq, for what the driver holds. */
  readonly place: number;
}

/** Receive half of a queue pair. */
export class RxRing {
  nextToUse = 0;
  nextToClean = 0;
  packets = 0;
  bytes = 0;
  allocRxPageFailed = 0;
  allocRxBuffFailed = 0;
  /** RDT writes after the ring was first filled. */
  doorbells = 0;
  /** Fewest descriptors that one of those posted. */
  leastRefill = Infinity;
  /** Memory ran out in the last clean. */
  starved = false;
  readonly #ring: DescriptorRing;
  readonly #parts: RingParts;
  readonly #bufferWrite: number;

  constructor(parts: RingParts) {
    this.#parts = parts;
    this.#ring = parts.device.rx[parts.queue]!;
    this.#bufferWrite = Math.min(RX_BUFFER_WRITE, this.#ring.size >> 1);
  }

  /** Clean descriptors that may be posted (ixgbe_desc_unused). */
  get unused(): number {
    const { nextToClean, nextToUse } = this;
    return (nextToClean > nextToUse ? 0 : this.#ring.size) + nextToClean - nextToUse - 1;
  }

  /** Whether enough of them are clean for the next poll to refill them. */
  get wantsPages(): boolean {
    return this.unused >= this.#bufferWrite;
  }

  /**
   * Fills the ring before the interface goes up.
   * @throws {RangeError} when the pool has fewer buffers than the ring has descriptors
   */
  open(cpu: Cpu): void {
    const wanted = this.unused;
    const posted = this.#post(cpu, wanted);
    if (posted === 0 && this.#parts.source !== null) return;
    if (posted === wanted || this.#parts.source !== null) {
      this.#parts.device.rxTail(cpu as Context, this.#parts.queue, this.nextToUse);
      return;
    }
    throw new RangeError(
      `Cannot open eth${this.#parts.port}: the page pool has fewer buffers than the ${wanted} ` +
        `descriptors of receive ring ${this.#parts.queue}`,
    );
  }

  /** Takes up to `budget` received frames and gives them to the stack; answers how many. */
  clean(cpu: Cpu, budget: number, receiver: SkbReceiver): number {
    const { memory, skbs, costs, place, port, queue, hook } = this.#parts;
    const ring = this.#ring;
    const mask = ring.size - 1;
    this.starved = false;
    let taken = 0;
    while (taken < budget) {
      if (this.wantsPages) this.#refill(cpu);
      const slot = this.nextToClean;
      if (ring.done[slot] !== 1) break;
      if (!skbs.reserve(cpu)) {
        this.allocRxBuffFailed++;
        this.starved = true;
        break;
      }
      readReceived(memory, ring, slot, cpu as Context);
      const page = takeReceived(memory, ring, slot, place);
      this.nextToClean = (slot + 1) & mask;
      taken++;
      this.packets++;
      this.bytes += memory.length[page]!;
      if (hook !== null && hook.take(cpu, page, port, queue)) {
        skbs.release(cpu);
        continue;
      }
      cpu.charge(costs.rx);
      receiver.receive(cpu, skbs.build(cpu, page), port);
    }
    if (hook !== null) hook.flush(cpu);
    return taken;
  }

  #refill(cpu: Cpu): void {
    const wanted = this.unused;
    const posted = this.#post(cpu, wanted);
    if (posted < wanted) {
      this.allocRxPageFailed++;
      this.starved = this.#parts.source === null;
    }
    if (posted === 0) return;
    this.doorbells++;
    if (posted < this.leastRefill) this.leastRefill = posted;
    cpu.charge(this.#parts.costs.doorbell);
    this.#parts.device.rxTail(cpu as Context, this.#parts.queue, this.nextToUse);
  }

  #post(cpu: Cpu, wanted: number): number {
    const { memory, pool, source } = this.#parts;
    const mask = this.#ring.size - 1;
    for (let i = 0; i < wanted; i++) {
      const page = source === null ? pool.get(cpu.lcore) : source.get();
      if (page < 0) return i;
      postEmpty(memory, this.#ring, this.nextToUse, page);
      this.nextToUse = (this.nextToUse + 1) & mask;
    }
    return wanted;
  }
}
