/**
 * A shaper: one token bucket or two, with signed credit. A packet goes on while there is any credit, and may leave a
 * debt of less than itself; credit that nobody uses grows up to the burst. A shaper delays and never drops.
 *
 * With two rates a packet that finds committed credit is green and takes from both buckets, one that finds peak credit
 * only is yellow and takes from that one (RFC 2698, 3).
 *
 * Source: platform/linux-generic/odp_traffic_mngr.c (update_shaper_elapsed_time, delay_pkt, run_sched).
 */
import type { TmShaperOptions } from "./tm_options.ts";

/** A bucket. Looking at it changes nothing, so that a look that finds no credit leaves no trace. */
class Bucket {
  readonly #bitsPerPs: number;
  readonly #burst: number;
  #credit: number;
  #ps = 0;

  constructor(rate: number, burst: number) {
    this.#bitsPerPs = rate * 1e-12;
    this.#burst = burst;
    this.#credit = burst;
  }

  creditAt(ps: number): number {
    return Math.min(this.#burst, this.#credit + (ps - this.#ps) * this.#bitsPerPs);
  }

  take(bits: number, ps: number): void {
    this.#credit = this.creditAt(ps) - bits;
    this.#ps = ps;
  }

  /** When there is credit again. */
  positivePs(): number {
    if (this.#credit > 0) return this.#ps;
    let at = this.#ps + Math.floor(-this.#credit / this.#bitsPerPs) + 1;
    // a rate is no binary fraction: a quotient that is whole may come out on either side
    while (this.creditAt(at) <= 0) at++;
    while (this.creditAt(at - 1) > 0) at--;
    return at;
  }
}

/** A shaper. */
export class Shaper {
  readonly #commit: Bucket;
  readonly #peak: Bucket | null;
  readonly #lenAdjust: number;

  constructor({ commitRate, commitBurst, peakRate, peakBurst, lenAdjust = 0 }: TmShaperOptions) {
    this.#commit = new Bucket(commitRate, commitBurst);
    this.#peak = peakRate === undefined ? null : new Bucket(peakRate, peakBurst!);
    this.#lenAdjust = lenAdjust;
  }

  /** 0 green, 1 yellow, 2 red: has to wait. */
  colourAt(ps: number): number {
    if (this.#commit.creditAt(ps) > 0) {
      return this.#peak === null || this.#peak.creditAt(ps) > 0 ? 0 : 2;
    }
    return this.#peak !== null && this.#peak.creditAt(ps) > 0 ? 1 : 2;
  }

  /** A packet of `bytes` goes on. */
  take(bytes: number, ps: number): void {
    const bits = 8 * (bytes + this.#lenAdjust);
    const colour = this.colourAt(ps);
    if (colour === 0) this.#commit.take(bits, ps);
    if (this.#peak !== null) this.#peak.take(bits, ps);
  }

  /** When a packet may go on that may not now. */
  eligiblePs(): number {
    return this.#peak === null ? this.#commit.positivePs() : this.#peak.positivePs();
  }
}
