/**
 * Checks what a driver does to its rings, from outside: how many descriptors it gives, how many it has out, and that the
 * device had passed what it frees. Counts for itself.
 */
import type { DescriptorRing } from "../../core/nic/rings.ts";

/** Watches one queue pair. */
export class RingWatch {
  /** What is wrong with receive slots, the tail, transmit slots, and queues; or null. */
  brokenRefill: string | null = null;
  brokenTail: string | null = null;
  brokenTx: string | null = null;
  brokenQueue: string | null = null;
  /** Looks at each: packets received, tails written, packets freed. */
  packets = 0;
  tails = 0;
  frees = 0;
  nonIp = 0;
  readonly #name: string;
  #freed = 0;

  /** For reports, the name of the NIC. */
  constructor(name: string) {
    this.#name = name;
  }

  /** A packet came on a queue. */
  received(queue: number, ipv4: boolean): void {
    this.packets++;
    if (ipv4) return;
    this.nonIp++;
    if (queue === 0) return;
    this.brokenQueue ??= `${this.#name} gave a packet that is not IP to queue ${queue}, expected 0`;
  }

  /** RDT is written as `tail`, before slot `next`, after `moved` slots for `taken` packets. */
  rdt(next: number, tail: number, size: number, moved: number, taken: number): void {
    this.tails++;
    if (taken < size && moved !== taken) {
      this.brokenRefill ??= `${this.#name} moved on ${moved} slots for ${taken} packets`;
    }
    const given = (tail - next + size) % size;
    if (given === size - 1) return;
    this.brokenTail ??=
      `${this.#name}: RDT ${tail} gives ${given} descriptors from slot ${next} on, ` +
      `expected ${size - 1}`;
  }

  /** A packet of this transmit slot is freed. */
  freed(slot: number, ring: DescriptorRing): void {
    this.frees++;
    this.#freed++;
    const passed = ring.sent;
    if (this.#freed <= passed) return;
    this.brokenTx ??=
      `${this.#name} freed the packet of transmit slot ${slot}, the ${this.#freed}th, when the ` +
      `device had sent ${passed}`;
  }

  /** So many packets are the device's. */
  outstanding(packets: number, size: number): void {
    if (packets <= size - 1) return;
    this.brokenTx ??= `${this.#name} has ${packets} packets out of ${size - 1} at most`;
  }
}
