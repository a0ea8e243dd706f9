/**
 * Sequence numbers of every direction, 12 bits: the sender's replay buffer and the receiver's expectation
 * (PCI Express base specification, 3.5.2 and 3.5.3). Nothing here knows of time.
 */
import type { Tlp } from "./_tlp.ts";

/** How many sequence numbers there are. */
export const SEQUENCES = 4096;
const MASK = SEQUENCES - 1;

/** Verdicts on a TLP that arrives. */
export const GOOD = 0;
export const BAD_LCRC = 1;
export const OUT_OF_SEQUENCE = 2;
export const DUPLICATE = 3;

/** Replay buffers of all senders. */
export class Replay {
  readonly #size: number;
  readonly #next: Int32Array;
  readonly #acked: Int32Array;
  /** Next to be sent again, or -1. */
  readonly #again: Int32Array;
  readonly #tlps: (Tlp | null)[];
  readonly #bytes: Int32Array;
  readonly #serials: Float64Array;

  constructor(directions: number, size: number) {
    this.#size = size;
    this.#next = new Int32Array(directions);
    this.#acked = new Int32Array(directions);
    this.#again = new Int32Array(directions);
    this.#tlps = new Array<Tlp | null>(directions * size).fill(null);
    this.#bytes = new Int32Array(directions * size);
    this.#serials = new Float64Array(directions * size);
    this.reset();
  }

  #slot(d: number, seq: number): number {
    return d * this.#size + (seq & (this.#size - 1));
  }

  /** TLPs sent and not acknowledged. */
  unacked(d: number): number {
    return (this.#next[d]! - this.#acked[d]! - 1) & MASK;
  }

  isFull(d: number): boolean {
    return this.unacked(d) >= this.#size;
  }

  /** Stores a new TLP and answers its sequence number. */
  store(d: number, tlp: Tlp, bytes: number): number {
    const seq = this.#next[d]!;
    const slot = this.#slot(d, seq);
    this.#tlps[slot] = tlp;
    this.#bytes[slot] = bytes;
    this.#serials[slot] = tlp.serial;
    this.#next[d] = (seq + 1) & MASK;
    return seq;
  }

  /** An Ack, or the acknowledging part of a Nak. Answers whether it told anything new. */
  acknowledge(d: number, seq: number): boolean {
    const n = (seq - this.#acked[d]!) & MASK;
    if (n === 0 || n > this.unacked(d)) return false;
    this.#acked[d] = seq;
    const again = this.#again[d]!;
    // what is acknowledged meanwhile need not be sent again
    if (again >= 0 && ((again - seq - 1) & MASK) >= SEQUENCES / 2) {
      this.#again[d] = (seq + 1) & MASK;
    }
    if (this.#again[d] === this.#next[d]) this.#again[d] = -1;
    return true;
  }

  /** Everything that is not acknowledged has to be sent again. */
  replay(d: number): void {
    if (this.unacked(d) > 0) this.#again[d] = (this.#acked[d]! + 1) & MASK;
  }

  /** Sequence number of the TLP to be sent again next, or -1. */
  pending(d: number): number {
    return this.#again[d]!;
  }

  /** It has been sent again. */
  advance(d: number): void {
    const again = (this.#again[d]! + 1) & MASK;
    this.#again[d] = again === this.#next[d] ? -1 : again;
  }

  /** The TLP of a sequence number: its own only until it has been accepted. */
  tlp(d: number, seq: number): Tlp {
    return this.#tlps[this.#slot(d, seq)]!;
  }

  bytes(d: number, seq: number): number {
    return this.#bytes[this.#slot(d, seq)]!;
  }

  serial(d: number, seq: number): number {
    return this.#serials[this.#slot(d, seq)]!;
  }

  /** Oldest sequence number that is not acknowledged. */
  oldest(d: number): number {
    return (this.#acked[d]! + 1) & MASK;
  }

  reset(): void {
    this.#next.fill(0);
    this.#acked.fill(MASK);
    this.#again.fill(-1);
    this.#tlps.fill(null);
  }
}

/** Expectations of all receivers. */
export class Expected {
  /** After all that is on its way. */
  readonly #coming: Int32Array;
  /** After all that has come: NEXT_RCV_SEQ. */
  readonly #next: Int32Array;

  constructor(directions: number) {
    this.#coming = new Int32Array(directions);
    this.#next = new Int32Array(directions);
  }

  /** What will become of a TLP that is put on a direction now. */
  judge(d: number, seq: number, isBad: boolean): number {
    if (isBad) return BAD_LCRC;
    const ahead = (seq - this.#coming[d]!) & MASK;
    if (ahead === 0) {
      this.#coming[d] = (seq + 1) & MASK;
      return GOOD;
    }
    return ahead >= SEQUENCES / 2 ? DUPLICATE : OUT_OF_SEQUENCE;
  }

  /** Whether the receiver will have a TLP of this sequence number when all that is on its way has come. */
  willHave(d: number, seq: number): boolean {
    return ((seq - this.#coming[d]!) & MASK) >= SEQUENCES / 2;
  }

  /** A good TLP has come. */
  take(d: number): void {
    this.#next[d] = (this.#next[d]! + 1) & MASK;
  }

  /** Sequence number of the last good TLP: what an Ack or a Nak says. */
  last(d: number): number {
    return (this.#next[d]! - 1) & MASK;
  }

  reset(): void {
    this.#coming.fill(0);
    this.#next.fill(0);
  }
}
