/**
 * How much of something each of several parties may have outstanding: read requests of a requester (tags), or
 * packets that have been started and not yet left. What was taken comes back at a time that is known before:
 * `giveBack` names it, nothing has to happen then. The last `take` may go over the limit, so that a whole operation
 * can be taken at once.
 *
 * The times of one party do not go down. So less than the limit is outstanding exactly when the unit is back that
 * was taken a whole limit before the next: a ring of that many times is all there is.
 */

/** Allowances of all parties. */
export class Allowance {
  readonly #limit: number = 0;
  /** When each of the last units is back: Infinity while that is not known, 0 before the first. */
  readonly #times: Float64Array = new Float64Array(0);
  /** By party: place of the next unit, in its ring; units of which it is not known when they are back. */
  readonly #next: Int32Array = new Int32Array(0);
  readonly #unknown: Int32Array = new Int32Array(0);
  readonly #latest: Float64Array = new Float64Array(0);

  /** @param limit what one party may have outstanding */
  constructor(parties: number, limit: number) {
    this.#limit = limit;
    this.#times = new Float64Array(parties * limit);
    this.#next = new Int32Array(parties);
    this.#unknown = new Int32Array(parties);
    this.#latest = new Float64Array(parties);
  }

  /** Whether less than the limit is outstanding. */
  isOpen(party: number, now: number): boolean {
    return this.opensAt(party) <= now;
  }

  /** Takes `n`; only an open party may. */
  take(party: number, n: number): void {
    this.#unknown[party]! += n;
    for (let i = n < this.#limit ? n : this.#limit; i > 0; i--) this.#enter(party, Infinity);
  }

  /** What one `take` took is back at `ps`, or when those given back before are, if that is later. */
  giveBack(party: number, n: number, ps: number): void {
    const limit = this.#limit;
    const back = this.#notBefore(party, ps);
    const unknown = this.#unknown[party]!;
    this.#unknown[party] = unknown - n;
    // units after which a whole limit was taken have left the ring
    for (let i = unknown < limit ? unknown : limit; i > unknown - n; i--) {
      const place = this.#next[party]! - i;
      this.#times[party * limit + (place < 0 ? place + limit : place)] = back;
    }
  }

  /** Takes one and gives one back, in one step where nothing else is to come back. */
  pass(party: number, ps: number): void {
    if (this.#unknown[party] === 0) return this.#enter(party, this.#notBefore(party, ps));
    this.take(party, 1);
    this.giveBack(party, 1, ps);
  }

  /** When a party is open: now or in the past if it is, Infinity while that is not known. */
  opensAt(party: number): number {
    return this.#times[party * this.#limit + this.#next[party]!]!;
  }

  #enter(party: number, ps: number): void {
    const place = this.#next[party]!;
    this.#times[party * this.#limit + place] = ps;
    this.#next[party] = place + 1 < this.#limit ? place + 1 : 0;
  }

  #notBefore(party: number, ps: number): number {
    if (ps > this.#latest[party]!) this.#latest[party] = ps;
    return this.#latest[party]!;
  }

  /** Nothing outstanding. */
  reset(): void {
    this.#times.fill(0);
    this.#next.fill(0);
    this.#unknown.fill(0);
    this.#latest.fill(0);
  }
}
