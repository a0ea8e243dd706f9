/**
 * Leases of a VALE destination ring: how several senders fill one receive ring at the same time without holding its
 * lock while they copy, and still in one order.
 *
 * A sender takes a range of slots under the lock, copies without it, then reports under the lock that its range is
 * done. The tail moves only over ranges that are done without a gap: who finishes early leaves its range reported, and
 * who closes the gap publishes both.
 *
 * At the limit: a lease of which nothing was used is withdrawn if it is the last one. netmap keeps it, and its table of
 * leases, which has an entry for each slot, can overflow.
 *
 * Who may move what: `hwlease` only `take` and, for the last range, `finish`; the tail only `finish`.
 *
 * Source: netmap sys/dev/netmap/netmap_vale.c (nm_kr_space, nm_kr_lease, nm_vale_flush) at struct netmap_kring's
 * nkr_hwlease, nkr_leases, nkr_lease_idx.
 */

/** Nothing reported (NR_NOSLOT). */
const NOSLOT = -1;

/** Ranges of one ring that senders have taken. */
export class Leases {
  readonly #slots: number;
  /** Where each range ends, once it is done. */
  readonly #done: Int32Array;
  /** The next lease, and the first slot that nobody has taken. */
  #next = 0;
  #hwlease: number;

  /** Of a ring of `slots` slots whose tail is at `tail`. */
  constructor(slots: number, tail = 0) {
    this.#slots = slots;
    this.#done = new Int32Array(slots).fill(NOSLOT);
    this.#hwlease = tail;
  }

  /** First slot that nobody has taken. */
  get hwlease(): number {
    return this.#hwlease;
  }

  /** Slots that can be taken while the reader is at `hwcur`: one always stays empty. */
  space(hwcur: number): number {
    const busy = this.#hwlease - hwcur;
    return this.#slots - 1 - (busy < 0 ? busy + this.#slots : busy);
  }

  /** Takes `n` slots from `hwlease` on, 1 <= `n` <= `space`; answers the number of the lease. */
  take(n: number): number {
    const lease = this.#next;
    this.#done[lease] = NOSLOT;
    this.#next = this.#step(lease);
    this.#hwlease = (this.#hwlease + n) % this.#slots;
    return lease;
  }

  /** Whether a lease is the last that was taken: what it did not use it may give back. */
  isLast(lease: number): boolean {
    return this.#step(lease) === this.#next;
  }

  /**
   * Reports that a range, `start` to `end` - 1, is done; answers the tail, which was `tail` before. For the last lease
   * `end` may lie before where the range ended.
   */
  finish(lease: number, start: number, end: number, tail: number): number {
    if (this.isLast(lease)) {
      this.#hwlease = end;
      // withdrawn: so leases that are out have a slot each, and are fewer than the ring has
      if (end === start) {
        this.#next = lease;
        return tail;
      }
    }
    this.#done[lease] = end;
    if (start !== tail) return tail;
    let to = tail;
    for (let at = lease; at !== this.#next && this.#done[at] !== NOSLOT; at = this.#step(at)) {
      to = this.#done[at]!;
      this.#done[at] = NOSLOT;
    }
    return to;
  }

  #step(lease: number): number {
    return lease + 1 === this.#slots ? 0 : lease + 1;
  }
}
