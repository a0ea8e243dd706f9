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

/** Masks of the counters: headers, data. */
const HEADER_MASK = 0xff;
const DATA_MASK = 0xfff;
const UNITS = ["header", "data"] as const;

/**
 * How much longer than usual an UpdateFC may take, in picoseconds, by the value of a deviation: with the usual time
 * all stay below the 30 us within which one has to be sent (base specification, 2.6.1.2).
 */
export const UPDATE_LATE_PS: readonly number[] = [0, 1e6, 5e6, 2.9e7];
/** Words of a cell, a cache line: of each counter that of headers and, behind it, that of data. */
const WORDS_SHIFT = 4;
const WORDS = 1 << WORDS_SHIFT;
const LIMIT = 0;
const USED = 2;
const ALLOCATED = 4;
/** CREDITS_ALLOCATED as the first UpdateFC on its way carries it; the second carries `ALLOCATED`. */
const CARRIED = 6;
const LEFT = 8;
const LEAST_LEFT = 10;
const MOST_LEFT = 12;
const OCCUPIED = 14;
const DATA = 1;
/** Doubles of a cell: when the two UpdateFCs arrive, and credits returned in all, headers and data. */
const DOUBLES_SHIFT = 2;
const DOUBLES = 1 << DOUBLES_SHIFT;
const FIRST_AT = 0;
const SECOND_AT = 1;
const RETURNED = 2;

/** The credit counters of all directions. A cell is `link * 3 + class`. */
export class Credits {
  readonly #updateFcPs: number = 0;
  readonly #words: Int32Array = new Int32Array(0);
  readonly #doubles: Float64Array = new Float64Array(0);
  readonly #advertised: [number, number] = [0, 0];
  /** Asked how late an UpdateFC is, in runs that have faults; else null. */
  #choices: Choices | null = null;
  readonly #sites: Int32Array = new Int32Array(0);

  constructor(links: number, updateFcPs: number) {
    const cells = links * CLASSES;
    this.#updateFcPs = updateFcPs;
    this.#sites = new Int32Array(cells);
    this.#words = new Int32Array(cells * WORDS);
    this.#doubles = new Float64Array(cells * DOUBLES);
    this.#forget();
  }

  #forget(): void {
    const doubles = this.#doubles;
    this.#words.fill(0);
    doubles.fill(0);
    for (let d = 0; d < doubles.length; d += DOUBLES) {
      doubles[d | FIRST_AT] = doubles[d | SECOND_AT] = Infinity;
    }
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
    const words = this.#words;
    this.#forget();
    this.#advertised[0] = headerCredits;
    this.#advertised[1] = dataCredits;
    for (let w = 0; w < words.length; w += WORDS) {
      for (const counter of [LIMIT, ALLOCATED, CARRIED, LEFT, LEAST_LEFT, MOST_LEFT]) {
        words[w | counter] = headerCredits;
        words[w | counter | DATA] = dataCredits;
      }
    }
  }

  /** The transmit gate for one TLP with `data` data credits, in modular arithmetic; `settle` comes before. */
  allows(cell: number, data: number): boolean {
    const words = this.#words;
    const w = cell << WORDS_SHIFT;
    return ((words[w | LIMIT]! - words[w | USED]! - 1) & HEADER_MASK) <= 0x80 &&
      ((words[w | LIMIT | DATA]! - words[w | USED | DATA]! - data) & DATA_MASK) <= 0x800;
  }

  /** The sender takes credits for one TLP. */
  consume(cell: number, data: number): void {
    const words = this.#words;
    const w = cell << WORDS_SHIFT;
    words[w | USED] = (words[w | USED]! + 1) & HEADER_MASK;
    words[w | USED | DATA] = (words[w | USED | DATA]! + data) & DATA_MASK;
    words[w | OCCUPIED] = words[w | OCCUPIED]! + 1;
    words[w | OCCUPIED | DATA] = words[w | OCCUPIED | DATA]! + data;
    const headers = words[w | LEFT]! - 1;
    words[w | LEFT] = headers;
    if (headers < words[w | LEAST_LEFT]!) words[w | LEAST_LEFT] = headers;
    const left = words[w | LEFT | DATA]! - data;
    words[w | LEFT | DATA] = left;
    if (left < words[w | LEAST_LEFT | DATA]!) words[w | LEAST_LEFT | DATA] = left;
  }

  /** The TLP leaves the receiver's buffer. */
  vacate(cell: number, data: number): void {
    const words = this.#words;
    const w = cell << WORDS_SHIFT;
    words[w | OCCUPIED] = words[w | OCCUPIED]! - 1;
    words[w | OCCUPIED | DATA] = words[w | OCCUPIED | DATA]! - data;
  }

  /**
   * The receiver returns the credits of a TLP that leaves its buffer at `at`, which is `now` or the time at
   * which the packet just sent on this direction has arrived.
   * @returns when the UpdateFC that carries them reaches the sender
   */
  release(cell: number, data: number, at: number, now: number): number {
    const words = this.#words;
    const doubles = this.#doubles;
    const w = cell << WORDS_SHIFT;
    const d = cell << DOUBLES_SHIFT;
    if (doubles[d | FIRST_AT]! <= now) this.#takeIn(cell, now);
    words[w | ALLOCATED] = (words[w | ALLOCATED]! + 1) & HEADER_MASK;
    words[w | ALLOCATED | DATA] = (words[w | ALLOCATED | DATA]! + data) & DATA_MASK;
    if (at > doubles[d | FIRST_AT]!) {
      if (doubles[d | SECOND_AT] === Infinity) doubles[d | SECOND_AT] = at + this.#delay(cell);
      return doubles[d | SECOND_AT]!;
    }
    if (doubles[d | FIRST_AT] === Infinity) doubles[d | FIRST_AT] = at + this.#delay(cell);
    words[w | CARRIED] = words[w | ALLOCATED]!;
    words[w | CARRIED | DATA] = words[w | ALLOCATED | DATA]!;
    return doubles[d | FIRST_AT]!;
  }

  #delay(cell: number): number {
    if (this.#choices === null) return this.#updateFcPs;
    const value = this.#choices.pick(this.#sites[cell]!, UPDATE_LATE_PS.length);
    return this.#updateFcPs + UPDATE_LATE_PS[value]!;
  }

  /** Takes in the UpdateFCs that have reached the sender by `now`. */
  settle(cell: number, now: number): void {
    if (this.#doubles[(cell << DOUBLES_SHIFT) | FIRST_AT]! <= now) this.#takeIn(cell, now);
  }

  #takeIn(cell: number, now: number): void {
    const doubles = this.#doubles;
    const d = cell << DOUBLES_SHIFT;
    do {
      this.#update(cell, 0, HEADER_MASK);
      this.#update(cell, 1, DATA_MASK);
      doubles[d | FIRST_AT] = doubles[d | SECOND_AT]!;
      doubles[d | SECOND_AT] = Infinity;
    } while (doubles[d | FIRST_AT]! <= now);
  }

  #update(cell: number, unit: number, mask: number): void {
    const words = this.#words;
    const w = (cell << WORDS_SHIFT) | unit;
    const limit = words[w | CARRIED]!;
    const more = (limit - words[w | LIMIT]!) & mask;
    words[w | LIMIT] = limit;
    words[w | CARRIED] = words[w | ALLOCATED]!;
    this.#doubles[cell * DOUBLES + RETURNED + unit]! += more;
    const left = words[w | LEFT]! + more;
    words[w | LEFT] = left;
    if (left > words[w | MOST_LEFT]!) words[w | MOST_LEFT] = left;
  }

  /** When the next UpdateFC reaches the sender: Infinity if none is on its way. */
  nextUpdate(cell: number): number {
    return this.#doubles[(cell << DOUBLES_SHIFT) | FIRST_AT]!;
  }

  /** The accounts of the first `links` directions as of `now`. */
  accounts(links: number, now: number): CreditAccount[] {
    const accounts: CreditAccount[] = [];
    for (let cell = 0; cell < links * CLASSES; cell++) {
      this.settle(cell, now);
      for (const unit of [0, 1] as const) accounts.push(this.#account(cell, unit));
    }
    return accounts;
  }

  #account(cell: number, unit: 0 | 1): CreditAccount {
    const of = (counter: number): number => this.#words[cell * WORDS + counter + unit]!;
    const returned = this.#doubles[cell * DOUBLES + RETURNED + unit]!;
    const advertised = this.#advertised[unit];
    const owed = (of(ALLOCATED) - of(LIMIT)) & (unit === 0 ? HEADER_MASK : DATA_MASK);
    return {
      link: linkName(Math.floor(cell / CLASSES)),
      class: CLASS_NAMES[cell % CLASSES]!,
      unit: UNITS[unit],
      advertised,
      // what is not left of all that was given out
      consumed: advertised + returned - of(LEFT),
      returned,
      held: of(OCCUPIED) + owed,
      leastLeft: of(LEAST_LEFT),
      mostLeft: of(MOST_LEFT),
    };
  }
}
