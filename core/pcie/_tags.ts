/**
 * Read requests that a requester has outstanding. A request takes a tag; the tag is free again when the last
 * byte of its answer has arrived, a time that is known when that answer begins to leave the switch. Answers to
 * one requester arrive one after the other, so the times come back in order and a ring of them is enough.
 */

/** Tags of all requesters, counted. */
export class Tags {
  readonly #limit: number;
  readonly #out: Int32Array;
  readonly #times: Float64Array;
  readonly #counts: Int32Array;
  readonly #first: Int32Array;
  readonly #returning: Int32Array;
  readonly #latest: Float64Array;

  /** @param limit requests that a requester may have outstanding */
  constructor(nodes: number, limit: number) {
    this.#limit = limit;
    this.#out = new Int32Array(nodes);
    this.#times = new Float64Array(nodes * limit);
    this.#counts = new Int32Array(nodes * limit);
    this.#first = new Int32Array(nodes);
    this.#returning = new Int32Array(nodes);
    this.#latest = new Float64Array(nodes);
  }

  /** Whether a requester has a tag free. */
  free(node: number, now: number): boolean {
    const base = node * this.#limit;
    while (this.#returning[node]! > 0) {
      const first = this.#first[node]!;
      if (this.#times[base + first]! > now) break;
      this.#out[node]! -= this.#counts[base + first]!;
      this.#first[node] = first + 1 < this.#limit ? first + 1 : 0;
      this.#returning[node]!--;
    }
    return this.#out[node]! < this.#limit;
  }

  /** Takes `n` tags: more than one only where a whole read is one operation, which then may go over. */
  take(node: number, n: number): void {
    this.#out[node]! += n;
  }

  /** What one `take` took is free again at `ps`, or when those given back before are, if that is later. */
  giveBack(node: number, n: number, ps: number): void {
    const limit = this.#limit;
    const place = (this.#first[node]! + this.#returning[node]!++) % limit;
    if (ps > this.#latest[node]!) this.#latest[node] = ps;
    this.#times[node * limit + place] = this.#latest[node]!;
    this.#counts[node * limit + place] = n;
  }

  /** When the next tag is known to be free again, else Infinity. */
  nextFree(node: number): number {
    if (this.#returning[node] === 0) return Infinity;
    return this.#times[node * this.#limit + this.#first[node]!]!;
  }

  /** No request outstanding. */
  reset(): void {
    this.#out.fill(0);
    this.#first.fill(0);
    this.#returning.fill(0);
    this.#latest.fill(0);
  }
}
