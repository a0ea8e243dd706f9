/**
 * How much of something each of several parties may have outstanding: read requests of a requester (tags), or
 * packets that have been started and not yet left. What was taken comes back at a time that is known before:
 * `giveBack` names it, nothing has to happen then. The times of one party do not go down, so a ring of them is
 * enough. The last `take` may go over the limit, so that a whole operation can be taken at once.
 */

/** Allowances of all parties. */
export class Allowance {
  readonly #limit: number = 0;
  readonly #out: Int32Array = new Int32Array(0);
  readonly #times: Float64Array = new Float64Array(0);
  readonly #counts: Int32Array = new Int32Array(0);
  readonly #first: Int32Array = new Int32Array(0);
  readonly #returning: Int32Array = new Int32Array(0);
  readonly #latest: Float64Array = new Float64Array(0);

  /** @param limit what one party may have outstanding, and how many `take`s at a time */
  constructor(parties: number, limit: number) {
    this.#limit = limit;
    this.#out = new Int32Array(parties);
    this.#times = new Float64Array(parties * limit);
    this.#counts = new Int32Array(parties * limit);
    this.#first = new Int32Array(parties);
    this.#returning = new Int32Array(parties);
    this.#latest = new Float64Array(parties);
  }

  /** Whether less than the limit is outstanding. */
  isOpen(party: number, now: number): boolean {
    // what is back is looked for only when it is needed
    return this.#out[party]! < this.#limit || this.#settle(party, now) < this.#limit;
  }

  /** Takes in what is back by `now`; answers what is outstanding then. */
  #settle(party: number, now: number): number {
    const base = party * this.#limit;
    while (this.#returning[party]! > 0) {
      const first = this.#first[party]!;
      if (this.#times[base + first]! > now) break;
      this.#out[party]! -= this.#counts[base + first]!;
      this.#first[party] = first + 1 < this.#limit ? first + 1 : 0;
      this.#returning[party]!--;
    }
    return this.#out[party]!;
  }

  /** Takes `n`; only an open party may. */
  take(party: number, n: number): void {
    this.#out[party]! += n;
  }

  /** What one `take` took is back at `ps`, or when those given back before are, if that is later. */
  giveBack(party: number, n: number, ps: number): void {
    const limit = this.#limit;
    const end = this.#first[party]! + this.#returning[party]!++;
    const place = end < limit ? end : end - limit;
    if (ps > this.#latest[party]!) this.#latest[party] = ps;
    this.#times[party * limit + place] = this.#latest[party]!;
    this.#counts[party * limit + place] = n;
  }

  /** When a party that is not open will be: Infinity while that is not known. */
  opensAt(party: number): number {
    const limit = this.#limit;
    let out = this.#out[party]!;
    for (let i = 0; i < this.#returning[party]!; i++) {
      const place = party * limit + (this.#first[party]! + i) % limit;
      out -= this.#counts[place]!;
      if (out < limit) return this.#times[place]!;
    }
    return Infinity;
  }

  /** Nothing outstanding. */
  reset(): void {
    this.#out.fill(0);
    this.#first.fill(0);
    this.#returning.fill(0);
    this.#latest.fill(0);
  }
}
