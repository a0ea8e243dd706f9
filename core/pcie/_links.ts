/**
 * The directions of the links as servers: what one sends occupies it from when it is free until the last byte
 * has left. Nobody but the sender of a direction calls `send` for it, in the order in which bytes leave.
 *
 * Rounding: a byte lasts 8000 / (Gb/s) picoseconds, which is no integer. A direction that was idle begins a
 * busy period; a byte of it leaves at the start plus the rounded duration of all bytes of the period so far.
 * So no rounding error grows with the number of packets, and a rate is met exactly over any busy period.
 */
import { linkName } from "./_geometry.ts";
import type { FabricProfile, LinkAccount } from "./fabric.ts";

/**
 * Doubles of a direction, a cache line, and what they are. A power of two, so that the place of each is an `or` and
 * not a sum, which could overflow and is checked for that.
 */
const SHIFT = 3;
const DOUBLES = 1 << SHIFT;
const FREE_AT = 0;
const SINCE = 1;
const SENT = 2;
const PS_PER_BYTE = 3;
const PAYLOAD = 4;
/** Of each class. */
const TLPS = 5;

/** All link directions of a fabric, numbered as `upLink` and `downLink` say. */
export class Links {
  /** How many there are. */
  readonly count: number = 0;
  readonly #doubles: Float64Array = new Float64Array(0);
  /** Bytes beside the payload of a TLP, by class. */
  readonly overhead: Int32Array = new Int32Array(0);

  constructor(nodes: number, profile: FabricProfile) {
    this.count = 2 * nodes;
    this.#doubles = new Float64Array(this.count * DOUBLES);
    for (let link = 0; link < this.count; link++) {
      const gbps = link < 2 ? profile.hostLinkGbps : profile.deviceLinkGbps;
      this.#doubles[(link << SHIFT) | PS_PER_BYTE] = 8000 / gbps;
    }
    this.overhead = Int32Array.of(
      profile.writeOverheadBytes,
      profile.readOverheadBytes,
      profile.completionOverheadBytes,
    );
  }

  /** When a direction has sent all that was given to it, in ps. */
  freeAt(link: number): number {
    return this.#doubles[(link << SHIFT) | FREE_AT]!;
  }

  /** Sends `bytes`, not before `at`, and answers when the last has left. */
  send(link: number, at: number, bytes: number): number {
    const doubles = this.#doubles;
    const d = link << SHIFT;
    if (at > doubles[d | FREE_AT]!) {
      doubles[d | SINCE] = at;
      doubles[d | SENT] = 0;
    }
    const sent = doubles[d | SENT]! + bytes;
    doubles[d | SENT] = sent;
    const free = doubles[d | SINCE]! + Math.round(sent * doubles[d | PS_PER_BYTE]!);
    doubles[d | FREE_AT] = free;
    return free;
  }

  /** When all but the last `bytes` of what was given had left. */
  leftAt(link: number, bytes: number): number {
    const doubles = this.#doubles;
    const d = link << SHIFT;
    const sent = doubles[d | SENT]! - bytes;
    return doubles[d | SINCE]! + Math.round(sent * doubles[d | PS_PER_BYTE]!);
  }

  /** Whether two directions have the same rate, so that a switch between them can cut through. */
  sameRate(a: number, b: number): boolean {
    const doubles = this.#doubles;
    return doubles[(a << SHIFT) | PS_PER_BYTE] === doubles[(b << SHIFT) | PS_PER_BYTE];
  }

  /** How long an idle direction takes for `bytes`. */
  duration(link: number, bytes: number): number {
    return Math.round(bytes * this.#doubles[(link << SHIFT) | PS_PER_BYTE]!);
  }

  /** A duration that can be added up without overtaking the exact sum. */
  atLeast(link: number, bytes: number): number {
    return Math.floor(bytes * this.#doubles[(link << SHIFT) | PS_PER_BYTE]!);
  }

  /** Enters `tlps` packets of a class into the account of a direction. */
  account(link: number, cls: number, tlps: number, payload: number): void {
    const d = link << SHIFT;
    this.#doubles[d + TLPS + cls]! += tlps;
    this.#doubles[d | PAYLOAD]! += payload;
  }

  /** Everything idle since time 0, nothing counted. */
  reset(): void {
    const doubles = this.#doubles;
    for (let d = 0; d < doubles.length; d += DOUBLES) {
      const psPerByte = doubles[d | PS_PER_BYTE]!;
      doubles.fill(0, d, d + DOUBLES);
      doubles[d | PS_PER_BYTE] = psPerByte;
    }
  }

  /** The accounts of the first `nodes` nodes. */
  accounts(nodes: number): LinkAccount[] {
    return Array.from({ length: 2 * nodes }, (_, link) => {
      const of = (cls: number): number => this.#doubles[link * DOUBLES + TLPS + cls]!;
      const payloadBytes = this.#doubles[link * DOUBLES + PAYLOAD]!;
      const tlps: [number, number, number] = [of(0), of(1), of(2)];
      const tlpBytes = tlps.reduce((sum, n, cls) => sum + n * this.overhead[cls]!, payloadBytes);
      return { name: linkName(link), payloadBytes, tlpBytes, tlps };
    });
  }
}
