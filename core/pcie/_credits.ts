/**
 * Credit-based flow control of every link direction and class (PCI Express base specification, 2.6.1).
 *
 * Who owns what. The sender of a direction owns CREDITS_CONSUMED and CREDIT_LIMIT, the receiver owns
 * CREDITS_ALLOCATED; all are absolute and cumulative, 8 bits for headers and 12 for data. The receiver's
 * buffer space is taken from when the sender consumes credits until `vacate`; `release` returns the credits
 * for it. What was released leaves with the next UpdateFC of its class, at most `updateFcPs` later: one
 * UpdateFC carries all that was released until it leaves.
 *
 * An UpdateFC is no event. The sender looks at the clock when it wants to send (`settle`), and one that is
 * short of credits asks when the next UpdateFC comes. A release may lie in the future (the tail of a packet
 * that is on its way), but never further than one packet: so two UpdateFCs on their way per class suffice.
 *
 * Beside the modular counters stand plain totals, which no gate reads; the accounts are made from them.
 */
import { CLASS_NAMES, CLASSES, linkName } from "./_geometry.ts";
import type { CreditAccount } from "./fabric.ts";
import type { Choices } from "../time/choices.ts";

/** Masks of the counters: headers at even places, data at odd ones. */
const MASK = [0xff, 0xfff];
const UNITS = ["header", "data"] as const;

/**
 * How much longer than usual an UpdateFC may take, in picoseconds, by the value of a deviation: with the usual time
 * all stay below the 30 us within which one has to be sent (base specification, 2.6.1.2).
 */
export const UPDATE_LATE_PS: readonly number[] = [0, 1e6, 5e6, 2.9e7];

/** The credit counters of all directions. A cell is `link * 3 + class`. */
export class Credits {
  readonly #updateFcPs: number;
  readonly #limit: Int32Array;
  readonly #used: Int32Array;
  readonly #allocated: Int32Array;
  /** CREDITS_ALLOCATED as the first UpdateFC on its way carries it; the second carries `#allocated`. */
  readonly #carried: Int32Array;
  readonly #firstAt: Float64Array;
  readonly #secondAt: Float64Array;
  readonly #advertised: Int32Array;
  readonly #left: Int32Array;
  readonly #leastLeft: Int32Array;
  readonly #mostLeft: Int32Array;
  readonly #occupied: Int32Array;
  readonly #consumed: Float64Array;
  readonly #returned: Float64Array;
  /** Asked how late an UpdateFC is, in runs that have faults; else null. */
  #choices: Choices | null = null;
  readonly #sites: Int32Array;

  constructor(links: number, updateFcPs: number) {
    const cells = links * CLASSES;
    const units = () => new Int32Array(cells * 2);
    this.#updateFcPs = updateFcPs;
    this.#limit = units();
    this.#used = units();
    this.#allocated = units();
    this.#carried = units();
    this.#firstAt = new Float64Array(cells).fill(Infinity);
    this.#secondAt = new Float64Array(cells).fill(Infinity);
    this.#advertised = units();
    this.#left = units();
    this.#leastLeft = units();
    this.#mostLeft = units();
    this.#occupied = units();
    this.#consumed = new Float64Array(cells * 2);
    this.#returned = new Float64Array(cells * 2);
    this.#sites = new Int32Array(cells);
  }

  /**
   * The end of FC_INIT2 on every link: all counters zero, each limit what the receiver advertises. Before
   * the first `initFc` no limit is known and `allows` refuses everything.
   */
  initFc(headerCredits: number, dataCredits: number, choices: Choices | null = null): void {
    this.#choices = choices;
    for (let cell = 0; choices !== null && cell < this.#sites.length; cell++) {
      const [link, cls] = [linkName(Math.floor(cell / CLASSES)), CLASS_NAMES[cell % CLASSES]];
      this.#sites[cell] = choices.site(`update ${link} ${cls}`);
    }
    for (let u = 0; u < this.#advertised.length; u++) {
      this.#advertised[u] = (u & 1) === 0 ? headerCredits : dataCredits;
    }
    for (const same of [this.#limit, this.#allocated, this.#carried]) same.set(this.#advertised);
    for (const same of [this.#left, this.#leastLeft, this.#mostLeft]) same.set(this.#advertised);
    this.#used.fill(0);
    this.#occupied.fill(0);
    this.#consumed.fill(0);
    this.#returned.fill(0);
    this.#firstAt.fill(Infinity);
    this.#secondAt.fill(Infinity);
  }

  /** The transmit gate for one TLP with `data` data credits, in modular arithmetic; `settle` comes before. */
  allows(cell: number, data: number): boolean {
    const h = cell * 2;
    return ((this.#limit[h]! - this.#used[h]! - 1) & 0xff) <= 0x80 &&
      ((this.#limit[h + 1]! - this.#used[h + 1]! - data) & 0xfff) <= 0x800;
  }

  /** The sender takes credits for one TLP. */
  consume(cell: number, data: number): void {
    this.#consume(cell * 2, 1);
    this.#consume(cell * 2 + 1, data);
  }

  #consume(u: number, n: number): void {
    this.#used[u] = (this.#used[u]! + n) & MASK[u & 1]!;
    this.#consumed[u]! += n;
    this.#occupied[u]! += n;
    const left = this.#left[u]! - n;
    this.#left[u] = left;
    if (left < this.#leastLeft[u]!) this.#leastLeft[u] = left;
  }

  /** The TLP leaves the receiver's buffer. */
  vacate(cell: number, data: number): void {
    this.#occupied[cell * 2]!--;
    this.#occupied[cell * 2 + 1]! -= data;
  }

  /**
   * The receiver returns the credits of a TLP that leaves its buffer at `at`, which is `now` or the time at
   * which the packet just sent on this direction has arrived.
   * @returns when the UpdateFC that carries them reaches the sender
   */
  release(cell: number, data: number, at: number, now: number): number {
    this.settle(cell, now);
    const h = cell * 2;
    this.#allocated[h] = (this.#allocated[h]! + 1) & 0xff;
    this.#allocated[h + 1] = (this.#allocated[h + 1]! + data) & 0xfff;
    if (at > this.#firstAt[cell]!) {
      if (this.#secondAt[cell] === Infinity) this.#secondAt[cell] = at + this.#delay(cell);
      return this.#secondAt[cell]!;
    }
    if (this.#firstAt[cell] === Infinity) this.#firstAt[cell] = at + this.#delay(cell);
    this.#carried[h] = this.#allocated[h]!;
    this.#carried[h + 1] = this.#allocated[h + 1]!;
    return this.#firstAt[cell]!;
  }

  #delay(cell: number): number {
    if (this.#choices === null) return this.#updateFcPs;
    const value = this.#choices.pick(this.#sites[cell]!, UPDATE_LATE_PS.length);
    return this.#updateFcPs + UPDATE_LATE_PS[value]!;
  }

  /** Takes in the UpdateFCs that have reached the sender by `now`. */
  settle(cell: number, now: number): void {
    const h = cell * 2;
    while (this.#firstAt[cell]! <= now) {
      this.#update(h, this.#carried[h]!);
      this.#update(h + 1, this.#carried[h + 1]!);
      this.#firstAt[cell] = this.#secondAt[cell]!;
      this.#secondAt[cell] = Infinity;
      this.#carried[h] = this.#allocated[h]!;
      this.#carried[h + 1] = this.#allocated[h + 1]!;
    }
  }

  #update(u: number, limit: number): void {
    const more = (limit - this.#limit[u]!) & MASK[u & 1]!;
    this.#limit[u] = limit;
    this.#returned[u]! += more;
    const left = this.#left[u]! + more;
    this.#left[u] = left;
    if (left > this.#mostLeft[u]!) this.#mostLeft[u] = left;
  }

  /** When the next UpdateFC reaches the sender: Infinity if none is on its way. */
  nextUpdate(cell: number): number {
    return this.#firstAt[cell]!;
  }

  /** The accounts of the first `links` directions as of `now`. */
  accounts(links: number, now: number): CreditAccount[] {
    const accounts: CreditAccount[] = [];
    for (let u = 0; u < links * CLASSES * 2; u++) {
      const cell = u >> 1;
      this.settle(cell, now);
      const owed = (this.#allocated[u]! - this.#limit[u]!) & MASK[u & 1]!;
      accounts.push({
        link: linkName(Math.floor(cell / CLASSES)),
        class: CLASS_NAMES[cell % CLASSES]!,
        unit: UNITS[u & 1]!,
        advertised: this.#advertised[u]!,
        consumed: this.#consumed[u]!,
        returned: this.#returned[u]!,
        held: this.#occupied[u]! + owed,
        leastLeft: this.#leastLeft[u]!,
        mostLeft: this.#mostLeft[u]!,
      });
    }
    return accounts;
  }
}
