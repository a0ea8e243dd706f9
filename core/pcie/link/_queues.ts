/**
 * What waits in one place for one direction: sets of three queues, one for each class, and the ordering table
 * (PCI Express base specification, 2.4.1), with relaxed and ID-based ordering.
 *
 * For a TLP without attributes only heads are compared: a head is the oldest of its class, so whatever the TLP
 * may not pass is at a head. One with an attribute is held against all that is older.
 */
import { ID_BASED, RELAXED, type Tlp } from "./_tlp.ts";
import type { PcieOptions } from "./options.ts";

const POSTED = 0;
const NON_POSTED = 1;
const COMPLETION = 2;

/** Who may be sent; the ordering table has been asked. */
export type Gate = (tlp: Tlp) => boolean;

/** Sets of queues. */
export class Queues {
  readonly #first: (Tlp | null)[];
  readonly #last: (Tlp | null)[];
  /** Entries, and entries with an attribute, in each set. */
  readonly #count: Int32Array;
  readonly #attributes: Int32Array;
  readonly #turn: Int32Array;
  readonly #completionWaits: boolean;
  readonly #postedWaits: boolean;
  #arrivals = 0;

  constructor(sets: number, o: PcieOptions) {
    this.#first = new Array<Tlp | null>(sets * 3).fill(null);
    this.#last = new Array<Tlp | null>(sets * 3).fill(null);
    this.#count = new Int32Array(sets);
    this.#attributes = new Int32Array(sets);
    this.#turn = new Int32Array(sets);
    this.#completionWaits = o.mutants.includes("completion-waits-for-non-posted");
    this.#postedWaits = o.mutants.includes("posted-waits-for-non-posted");
  }

  isEmpty(set: number): boolean {
    return this.#count[set] === 0;
  }

  /** Oldest of a class, or null. */
  first(set: number, cls: number): Tlp | null {
    return this.#first[set * 3 + cls]!;
  }

  append(set: number, tlp: Tlp): void {
    const queue = set * 3 + tlp.cls;
    tlp.next = null;
    tlp.stamp = this.#arrivals++;
    const last = this.#last[queue]!;
    if (last === null) this.#first[queue] = tlp;
    else last.next = tlp;
    this.#last[queue] = tlp;
    this.#count[set]!++;
    if (tlp.attributes !== 0) this.#attributes[set]!++;
  }

  /** Takes an entry out. */
  remove(set: number, tlp: Tlp): void {
    const queue = set * 3 + tlp.cls;
    let before: Tlp | null = null;
    let at: Tlp | null = this.#first[queue]!;
    while (at !== tlp && at !== null) {
      before = at;
      at = at.next;
    }
    if (before === null) this.#first[queue] = tlp.next;
    else before.next = tlp.next;
    if (this.#last[queue] === tlp) this.#last[queue] = before;
    tlp.next = null;
    this.#count[set]!--;
    if (tlp.attributes !== 0) this.#attributes[set]!--;
  }

  /** The entry that may go: the classes in turn, the oldest of each that may. Null if none may. */
  pick(set: number, gate: Gate): Tlp | null {
    let cls = this.#turn[set]!;
    for (let i = 0; i < 3; i++) {
      cls = cls < 2 ? cls + 1 : 0;
      const tlp = this.#first[set * 3 + cls]!;
      if (tlp === null || !gate(tlp)) continue;
      // what an attribute lets pass a head may still have to wait for one behind it
      if (tlp.attributes === 0 ? this.#heads(set, tlp) : this.#mustWait(set, tlp)) continue;
      this.#turn[set] = cls;
      return tlp;
    }
    return this.#attributes[set]! > 0 ? this.#search(set, gate) : null;
  }

  /** Whether a head of another class keeps a head waiting. */
  #heads(set: number, tlp: Tlp): boolean {
    for (let cls = 0; cls < 3; cls++) {
      const other = this.#first[set * 3 + cls]!;
      if (other === null || cls === tlp.cls || other.stamp > tlp.stamp) continue;
      if (!this.mayPass(tlp, other)) return true;
    }
    return false;
  }

  #search(set: number, gate: Gate): Tlp | null {
    for (let cls = 0; cls < 3; cls++) {
      for (let tlp: Tlp | null = this.#first[set * 3 + cls]!; tlp !== null; tlp = tlp.next) {
        if (tlp.attributes !== 0 && !this.#mustWait(set, tlp) && gate(tlp)) return tlp;
      }
    }
    return null;
  }

  #mustWait(set: number, tlp: Tlp): boolean {
    for (let cls = 0; cls < 3; cls++) {
      for (let at: Tlp | null = this.#first[set * 3 + cls]!; at !== null; at = at.next) {
        if (at.stamp < tlp.stamp && !this.mayPass(tlp, at)) return true;
      }
    }
    return false;
  }

  /**
   * Whether a TLP may pass an earlier one. Where the table leaves it open within a class, the order is kept:
   * requests pass no requests, completions no completions.
   */
  mayPass(later: Tlp, earlier: Tlp): boolean {
    const isFree = (later.attributes & ID_BASED) !== 0 && later.src !== earlier.src;
    const isRelaxed = (later.attributes & RELAXED) !== 0;
    if (earlier.cls === POSTED) return isFree || (isRelaxed && later.cls !== NON_POSTED);
    if (later.cls === earlier.cls) return false;
    if (earlier.cls === COMPLETION) return true;
    return later.cls === COMPLETION ? !this.#completionWaits : !this.#postedWaits;
  }

  reset(): void {
    this.#first.fill(null);
    this.#last.fill(null);
    this.#count.fill(0);
    this.#attributes.fill(0);
    this.#turn.fill(0);
    this.#arrivals = 0;
  }
}
