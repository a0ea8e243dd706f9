/**
 * The transmitters of all directions as servers: what one sends occupies it until the last symbol has left.
 *
 * Rounding: a byte lasts no whole number of picoseconds. A direction that was idle begins a busy period, and a
 * byte of it leaves at the start plus the rounded duration of all bytes of the period so far, so no error grows.
 *
 * SKP ordered sets fall due at fixed intervals. One that is due while the direction is idle goes out then and
 * delays nobody; those that fell due during a packet follow it.
 *
 * Flits (Gen6): the direction is an endless row of flits, each with 236 bytes for TLPs and a place for one
 * DLLP. A TLP takes the next bytes of flits that have not begun, and has arrived with the flit that holds its
 * last byte. SKP ordered sets between flits are not modelled.
 */
import type { Plan } from "./_plan.ts";
import { DLLP_BYTES, FLIT_BYTES, FLIT_TLP_BYTES } from "./_rates.ts";

/** Transmitters of all directions. */
export class Serializer {
  readonly #plan: Plan;
  /** When a direction can begin the next packet. */
  readonly freeAt: Float64Array;
  /** When the packet sent last is complete at the transmitter, and when its beginning could be used. */
  endAt = 0;
  headAt = 0;
  readonly #since: Float64Array;
  readonly #sent: Float64Array;
  readonly #skpAt: Float64Array;
  /** Next free byte for TLPs and next flit without a DLLP, on links with flits. */
  readonly #position: Float64Array;
  readonly #dllpFlit: Float64Array;
  readonly #hasSkp: boolean;

  constructor(plan: Plan, hasSkp: boolean) {
    const n = plan.directions;
    this.#plan = plan;
    this.#hasSkp = hasSkp;
    this.freeAt = new Float64Array(n);
    this.#since = new Float64Array(n);
    this.#sent = new Float64Array(n);
    this.#skpAt = new Float64Array(n);
    this.#position = new Float64Array(n);
    this.#dllpFlit = new Float64Array(n);
    this.reset();
  }

  /** Sends a TLP on a direction that is free at `now`: sets `headAt` and `endAt`. */
  sendTlp(d: number, now: number, bytes: number): void {
    if (this.#plan.flit[d] === 1) return this.#sendInFlits(d, now, bytes);
    this.#begin(d, now);
    this.headAt = this.freeAt[d]!;
    this.#occupy(d, bytes);
    this.endAt = this.freeAt[d]!;
  }

  /** Sends a DLLP: sets `endAt`. */
  sendDllp(d: number, now: number): void {
    if (this.#plan.flit[d] === 1) {
      const flitPs = FLIT_BYTES * this.#plan.psPerByte[d]!;
      const flit = Math.max(Math.ceil(now / flitPs), this.#dllpFlit[d]!);
      this.#dllpFlit[d] = flit + 1;
      this.endAt = (flit + 1) * flitPs;
      return;
    }
    this.#begin(d, now);
    this.#occupy(d, DLLP_BYTES);
    this.endAt = this.freeAt[d]!;
  }

  #begin(d: number, now: number): void {
    const idle = now > this.freeAt[d]!;
    const due = this.#skpAt[d]!;
    let owed = 0;
    if (this.#hasSkp && due <= now) {
      const every = this.#plan.skpPs[d]!;
      if (due <= this.freeAt[d]!) owed = 1 + Math.floor((this.freeAt[d]! - due) / every);
      this.#skpAt[d] = due + every * (1 + Math.floor((now - due) / every));
    }
    if (idle) {
      this.#since[d] = now;
      this.#sent[d] = 0;
      this.freeAt[d] = now;
    } else if (owed > 0) this.#occupy(d, owed * this.#plan.skpBytes[d]!);
  }

  #occupy(d: number, bytes: number): void {
    this.#sent[d]! += bytes;
    this.freeAt[d] = this.#since[d]! + Math.round(this.#sent[d]! * this.#plan.psPerByte[d]!);
  }

  #sendInFlits(d: number, now: number, bytes: number): void {
    const flitPs = FLIT_BYTES * this.#plan.psPerByte[d]!;
    const first = Math.max(this.#position[d]!, Math.ceil(now / flitPs) * FLIT_TLP_BYTES);
    const end = first + bytes;
    this.#position[d] = end;
    // nothing of a flit can be used before its CRC
    this.headAt = (Math.floor(first / FLIT_TLP_BYTES) + 1) * flitPs;
    this.endAt = Math.ceil(end / FLIT_TLP_BYTES) * flitPs;
    this.freeAt[d] = Math.max(now, Math.floor(end / FLIT_TLP_BYTES) * flitPs);
  }

  /** All idle at time 0. */
  reset(): void {
    for (const all of [this.freeAt, this.#since, this.#sent, this.#position, this.#dllpFlit]) {
      all.fill(0);
    }
    this.#skpAt.set(this.#plan.skpPs);
  }
}
