/**
 * The receive ring of a packet socket (packet(7); TPACKET_V2 of linux/if_packet.h). The kernel fills it, maybe on another
 * processor: between the status words of some slots and their frames is a fence, and frames are read before an atomic
 * write hands them back. A slot is the kernel's until its status says USER, then ours until `release`; those that one
 * look found go back together.
 */
import * as P from "./if_packet.ts";
import { finishChecksum, putTagBack, TAG_BYTES } from "./offloads.ts";

/** Slots that are looked at together; divides the number of slots. */
export const TOGETHER: number = P.BLOCK / P.SLOT;
// an import is looked up at each use
const { SLOT, TP_MAC } = P;
const USER = P.STATUS.user;
/** That the kernel left something to the NIC. */
const LEFT = P.STATUS.checksumNotReady | P.STATUS.vlanValid;

/** The first slots of a socket's memory. */
export class ReceiveSlots {
  /** Length of the frame that `receive` answered. */
  length = 0;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #slots: number = 0;
  #rx = 0;
  /** The first slot that was released and not given back; never behind `#rx`. */
  #held = 0;
  /** Slots from `#rx` up to this one are known to be ours. */
  #seen = 0;
  readonly #fenced = new Int32Array(1);

  /** `slots` of them, as bytes and as words. */
  constructor(bytes: Uint8Array, words: Int32Array, slots: number) {
    [this.#bytes, this.#words, this.#slots] = [bytes, words, slots];
    this.#view = new DataView(bytes.buffer);
  }

  /**
   * Where the next received frame begins in `bytes`, or -1 when there is none. Its length is `length`; it stays
   * until `release`. What the kernel leaves to a NIC is done: an 802.1Q tag is put back, and the checksum of a
   * packet that this machine made, which an interface as veth passes on unfinished, is computed.
   */
  receive(): number {
    if (this.#rx === this.#seen && !this.#look()) return -1;
    const at = this.#rx * SLOT;
    const status = this.#words[at / 4]!;
    this.length = this.#words[at / 4 + 2]!;
    const start = at + (this.#words[(at + TP_MAC) / 4]! & 0xffff);
    return (status & LEFT) === 0 ? start : this.#finish(at, start, status);
  }

  /** Looks which of the next slots are ours; answers whether any is. */
  #look(): boolean {
    if (this.#rx === this.#slots) this.#rx = this.#seen = this.#held = 0;
    const words = this.#words;
    const end = Math.min(this.#rx + TOGETHER, this.#slots);
    let seen = this.#rx;
    while (seen < end && (words[seen * SLOT / 4]! & USER) !== 0) seen++;
    this.#seen = seen;
    // a fence: reads before it are before the write, those after it after the read, and these two are in order
    Atomics.store(this.#fenced, 0, 0);
    Atomics.load(this.#fenced, 0);
    return seen > this.#rx;
  }

  /** What the kernel leaves to a NIC; answers where the frame begins then. */
  #finish(at: number, start: number, status: number): number {
    // before the tag, which comes where the header is
    if ((status & P.STATUS.checksumNotReady) !== 0) {
      finishChecksum(this.#bytes, this.#view, start, this.length);
    }
    if ((status & P.STATUS.vlanValid) === 0) return start;
    putTagBack(this.#bytes, this.#view, at, start, status);
    this.length += TAG_BYTES;
    return start - TAG_BYTES;
  }

  /** When the kernel received the frame that `receive` answered, in nanoseconds since 1970. */
  stampNs(): number {
    const at = this.#rx * SLOT;
    return this.#view.getUint32(at + 16, true) * 1e9 + this.#view.getUint32(at + 20, true);
  }

  /** Done with the frame that `receive` answered. */
  release(): void {
    if (++this.#rx === this.#seen) this.#giveBack();
  }

  /** Gives the slots up to the next one back to the kernel: an atomic write, which all before it precede, and others. */
  #giveBack(): void {
    const words = this.#words;
    Atomics.store(words, this.#held * SLOT / 4, 0);
    for (let slot = this.#held + 1; slot < this.#rx; slot++) words[slot * SLOT / 4] = 0;
    this.#held = this.#rx;
  }
}
