/**
 * Guest and host around one transmit ring of a CSB, access by access, as a state machine whose interleavings can be
 * explored. Written from the rules of the interface, not from the code of the stack. The guest puts packets one by
 * one; each side sleeps when it finds nothing to do.
 */
import type { SteppedSystem } from "../../core/ring/interleave.ts";

const [HEAD, HWTAIL, KERN, APPL, KICKED, IRQ, GUEST, HOST, PUT, TAKEN, GUEST_SAW, HOST_SAW] = [
  ...Array(12).keys(),
] as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
/** Program counter of who sleeps. */
const ASLEEP = 99;

/** What is left out, so that a lost wake-up can be shown. */
export type Omission = "nothing" | "host looks again" | "guest looks again" | "kick";

/** The system. */
export class CsbSteps implements SteppedSystem {
  readonly actors = 2;
  readonly state: Int32Array = new Int32Array(12);
  readonly #packets: number;
  readonly #room: number;
  readonly #omit: Omission;

  /** The guest has `packets` packets to send through a ring with room for `room`. */
  constructor(packets: number, room: number, omit: Omission) {
    this.#packets = packets;
    this.#room = room;
    this.#omit = omit;
    this.state[KERN] = 1;
    this.state[HOST] = ASLEEP;
  }

  /** Whether every packet was taken. */
  get done(): boolean {
    return this.state[TAKEN] === this.#packets;
  }

  runnable(actor: number): boolean {
    const s = this.state;
    if (actor === 0) {
      if (s[GUEST] === ASLEEP) return s[IRQ] === 1;
      return s[GUEST] !== 0 || s[PUT]! < this.#packets;
    }
    return s[HOST] !== ASLEEP || s[KICKED] === 1;
  }

  step(actor: number): void {
    if (actor === 0) this.#guest();
    else this.#host();
  }

  /** Free slots as the guest last saw them. */
  #free(): number {
    return this.#room - (this.state[PUT]! - this.state[GUEST_SAW]!);
  }

  #guest(): void {
    const s = this.state;
    switch (s[GUEST]) {
      case ASLEEP:
        s[IRQ] = 0;
        s[GUEST] = 5;
        return;
      case 0:
        s[APPL] = 0;
        s[GUEST] = this.#free() > 0 ? 1 : 3;
        return;
      case 1:
        // publishes one more
        s[HEAD] = s[PUT] = s[PUT]! + 1;
        s[GUEST] = 2;
        return;
      case 2:
        if (s[KERN] === 1 && this.#omit !== "kick") s[KICKED] = 1;
        s[GUEST] = 0;
        return;
      case 3:
        s[APPL] = 1;
        s[GUEST] = this.#omit === "guest looks again" ? ASLEEP : 4;
        return;
      case 4:
        s[GUEST_SAW] = s[HWTAIL]!;
        s[GUEST] = this.#free() > 0 ? 0 : ASLEEP;
        return;
      default:
        s[GUEST_SAW] = s[HWTAIL]!;
        s[GUEST] = 0;
    }
  }

  #host(): void {
    const s = this.state;
    switch (s[HOST]) {
      case ASLEEP:
        s[KICKED] = 0;
        s[HOST] = 0;
        return;
      case 0:
        s[KERN] = 0;
        s[HOST] = 1;
        return;
      case 1:
        s[HOST_SAW] = s[HEAD]!;
        s[TAKEN] = s[HOST_SAW]!;
        s[HOST] = 2;
        return;
      case 2:
        s[HWTAIL] = s[TAKEN]!;
        s[HOST] = 3;
        return;
      case 3:
        if (s[APPL] === 1) s[IRQ] = 1;
        s[HOST] = 4;
        return;
      case 4:
        s[HOST] = s[HEAD] !== s[HOST_SAW] ? 1 : 5;
        return;
      case 5:
        s[KERN] = 1;
        s[HOST] = this.#omit === "host looks again" ? ASLEEP : 6;
        return;
      default:
        s[HOST] = s[HEAD] !== s[HOST_SAW] ? 0 : ASLEEP;
    }
  }
}
