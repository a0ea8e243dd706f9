/**
 * The directions of the links as servers: what one sends occupies it from when it is free until the last byte
 * has left. Nobody but the sender of a direction calls `send` for it, in the order in which bytes leave.
 *
 * Rounding: a byte lasts 8000 / (Gb/s) picoseconds, which is no integer. A direction that was idle begins a
 * busy period; a byte of it leaves at the start plus the rounded duration of all bytes of the period so far.
 * So no rounding error grows with the number of packets, and a rate is met exactly over any busy period.
 */
import { CLASSES, linkName } from "./_geometry.ts";
import type { FabricProfile, LinkAccount } from "./fabric.ts";

/** All link directions of a fabric, numbered as `upLink` and `downLink` say. */
export class Links {
  /** When a direction has sent all that was given to it, in ps. */
  readonly freeAt: Float64Array;
  readonly #psPerByte: Float64Array;
  readonly #since: Float64Array;
  readonly #sent: Float64Array;
  readonly #payload: Float64Array;
  readonly #tlps: Float64Array;
  /** Bytes beside the payload of a TLP, by class. */
  readonly overhead: Int32Array;

  constructor(nodes: number, profile: FabricProfile) {
    const n = 2 * nodes;
    this.freeAt = new Float64Array(n);
    this.#psPerByte = new Float64Array(n).fill(8000 / profile.deviceLinkGbps);
    this.#psPerByte.fill(8000 / profile.hostLinkGbps, 0, 2);
    this.#since = new Float64Array(n);
    this.#sent = new Float64Array(n);
    this.#payload = new Float64Array(n);
    this.#tlps = new Float64Array(n * CLASSES);
    this.overhead = Int32Array.of(
      profile.writeOverheadBytes,
      profile.readOverheadBytes,
      profile.completionOverheadBytes,
    );
  }

  /** Sends `bytes`, not before `at`, and answers when the last has left. */
  send(link: number, at: number, bytes: number): number {
    if (at > this.freeAt[link]!) {
      this.#since[link] = at;
      this.#sent[link] = 0;
    }
    this.#sent[link]! += bytes;
    return this.freeAt[link] = this.leftAt(link, 0);
  }

  /** When all but the last `bytes` of what was given had left. */
  leftAt(link: number, bytes: number): number {
    return this.#since[link]! + Math.round((this.#sent[link]! - bytes) * this.#psPerByte[link]!);
  }

  /** Whether two directions have the same rate, so that a switch between them can cut through. */
  sameRate(a: number, b: number): boolean {
    return this.#psPerByte[a] === this.#psPerByte[b];
  }

  /** How long an idle direction takes for `bytes`. */
  duration(link: number, bytes: number): number {
    return Math.round(bytes * this.#psPerByte[link]!);
  }

  /** A duration that can be added up without overtaking the exact sum. */
  atLeast(link: number, bytes: number): number {
    return Math.floor(bytes * this.#psPerByte[link]!);
  }

  /** Enters `tlps` packets of a class into the account of a direction. */
  count(link: number, cls: number, tlps: number, payload: number): void {
    this.#tlps[link * CLASSES + cls]! += tlps;
    this.#payload[link]! += payload;
  }

  /** Everything idle since time 0, nothing counted. */
  reset(): void {
    this.freeAt.fill(0);
    this.#since.fill(0);
    this.#sent.fill(0);
    this.#payload.fill(0);
    this.#tlps.fill(0);
  }

  /** The accounts of the first `nodes` nodes. */
  accounts(nodes: number): LinkAccount[] {
    return Array.from({ length: 2 * nodes }, (_, link) => {
      const of = (cls: number): number => this.#tlps[link * CLASSES + cls]!;
      const payloadBytes = this.#payload[link]!;
      const tlps: [number, number, number] = [of(0), of(1), of(2)];
      const tlpBytes = tlps.reduce((sum, n, cls) => sum + n * this.overhead[cls]!, payloadBytes);
      return { name: linkName(link), payloadBytes, tlpBytes, tlps };
    });
  }
}
