/**
 * Firmware that moves packets between the port and the host, as a programmable NIC has it where another has
 * fixed logic. A received packet stays with it for a residence of its own; then one server moves the bytes of
 * both directions, in turn while both wait, each in its order.
 *
 * What it keeps lies in the ingress buffer and in the transmit FIFO, so their sizes bound its queues.
 */
import type { HostPathProfile } from "../machine/profile.ts";
import type { Clock } from "../time/clock.ts";

const RECEIVE = 0;
const TRANSMIT = 1;

/** What waits for the server in one direction. */
class Waiting {
  readonly item: Int32Array = new Int32Array(0);
  readonly bytes: Int32Array = new Int32Array(0);
  head = 0;
  count = 0;

  constructor(most: number) {
    this.item = new Int32Array(most);
    this.bytes = new Int32Array(most);
  }

  push(item: number, bytes: number): void {
    const at = (this.head + this.count++) % this.item.length;
    this.item[at] = item;
    this.bytes[at] = bytes;
  }

  pop(): number {
    const item = this.item[this.head]!;
    this.head = (this.head + 1) % this.item.length;
    this.count--;
    return item;
  }
}

/**
 * The firmware of one NIC between its port and its queue pairs. Without a profile it is not there: packets pass
 * at once, and cost no event.
 */
export class HostPath {
  /** Where received packets go, and frames to send. */
  onReceive: (b: number) => void = () => {};
  onTransmit: (slot: number) => void = () => {};
  /** Write-backs that are held at most. */
  readonly writeBacksHeld: number = 0;
  readonly #clock: Clock;
  readonly #residencePs: number = 0;
  readonly #psPerByte: number = 0;
  readonly #waiting: readonly [Waiting, Waiting];
  #busy = false;
  #serving = RECEIVE;
  readonly #looked: number = 0;
  readonly #served: number = 0;
  /** Bytes of what stays for its residence, by ingress buffer. */
  readonly #bytes: Int32Array = new Int32Array(0);

  constructor(
    clock: Clock,
    profile: HostPathProfile | undefined,
    most: { ingress: number; fifo: number; buffers: number },
  ) {
    this.#clock = clock;
    this.#residencePs = profile?.residencePs ?? 0;
    this.#psPerByte = profile === undefined ? 0 : 8000 / profile.gbps;
    this.writeBacksHeld = profile?.writeBacksHeld ?? 1;
    this.#waiting = [new Waiting(most.ingress), new Waiting(most.fifo)];
    this.#bytes = new Int32Array(profile === undefined ? 0 : most.buffers);
    this.#looked = clock.register((b) => this.#submit(RECEIVE, b, this.#bytes[b]!));
    this.#served = clock.register(() => this.#finish());
  }

  /** Nothing is under way. */
  reset(): void {
    this.#busy = false;
    this.#serving = TRANSMIT;
    for (const waiting of this.#waiting) waiting.head = waiting.count = 0;
  }

  /** A packet of so many bytes is in ingress buffer `b`. */
  receive(b: number, bytes: number): void {
    if (this.#psPerByte === 0) {
      this.onReceive(b);
      return;
    }
    this.#bytes[b] = bytes;
    this.#clock.at(this.#clock.now + this.#residencePs, this.#looked, b);
  }

  /** A frame of so many bytes is in slot `slot` of the transmit FIFO. */
  transmit(slot: number, bytes: number): void {
    if (this.#psPerByte === 0) this.onTransmit(slot);
    else this.#submit(TRANSMIT, slot, bytes);
  }

  #submit(direction: number, item: number, bytes: number): void {
    this.#waiting[direction]!.push(item, bytes);
    if (!this.#busy) this.#serve();
  }

  #serve(): void {
    const other = 1 - this.#serving;
    if (this.#waiting[other]!.count > 0) this.#serving = other;
    const { bytes, head, count } = this.#waiting[this.#serving]!;
    this.#busy = count > 0;
    if (!this.#busy) return;
    const spent = Math.round(bytes[head]! * this.#psPerByte);
    this.#clock.at(this.#clock.now + spent, this.#served, 0);
  }

  #finish(): void {
    const direction = this.#serving;
    const item = this.#waiting[direction]!.pop();
    this.#serve();
    if (direction === RECEIVE) this.onReceive(item);
    else this.onTransmit(item);
  }
}
