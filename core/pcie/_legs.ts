/**
 * Operations on their way through the coarse fabric. An operation goes over one leg (a write) or two (request
 * and answer of a read), each from a source's link to a destination's; its entry holds what the second link
 * needs to know about the first. How many there can be depends on the profile's window, and after the first
 * busy time no more are made.
 */

import type { Links } from "./_links.ts";

/** One operation. An object and not a row of arrays: every step reads many of its fields and few steps are made. */
export class Leg {
  /** Its number, for events of the clock. */
  readonly index: number = 0;
  cls = 0;
  src = 0;
  dst = 0;
  bytes = 0;
  handler = 0;
  arg = 0;
  /** Number of TLPs of the leg and the bytes of data in them. */
  tlps = 0;
  payload = 0;
  /** Bytes of all TLPs of the leg, of its last one and of the one before (0 if there is none). */
  wire = 0;
  last = 0;
  before = 0;
  /** When the switch has got all of the TLP before the last, and of the last; -1 if it cuts through. */
  beforeAt = 0;
  tailAt = 0;
  /** When it may begin on the link that it waits for. */
  readyAt = 0;
  /** Its place in the order of arrival there. */
  stamp = 0;
  /** Next in the list that holds the entry. */
  next: Leg | null = null;

  constructor(index: number) {
    this.index = index;
  }
}

/** All operations of a fabric. */
export class Legs {
  readonly #all: Leg[] = [];
  #used = 0;
  #free: Leg | null = null;

  /** A new operation. */
  take(
    cls: number,
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
  ): Leg {
    let leg = this.#free;
    if (leg !== null) {
      this.#free = leg.next;
    } else {
      const { length } = this.#all;
      if (this.#used === length) this.#all.push(new Leg(length));
      leg = this.#all[this.#used++]!;
    }
    leg.cls = cls;
    leg.src = src;
    leg.dst = dst;
    leg.bytes = bytes;
    leg.handler = handler;
    leg.arg = arg;
    return leg;
  }

  /** The operation of this number. */
  at(index: number): Leg {
    return this.#all[index]!;
  }

  /** Gives an entry back. */
  give(leg: Leg): void {
    leg.next = this.#free;
    this.#free = leg;
  }

  /** Forgets all entries. */
  reset(): void {
    this.#used = 0;
    this.#free = null;
  }
}

/**
 * When the last byte of a leg has left a link that has all of it reserved until `end`.
 * @param earlier when that of the operation before has, of the same pair
 */
export function lastByteAt(
  leg: Leg,
  links: Links,
  link: number,
  end: number,
  switchPs: number,
  earlier: number,
): number {
  let at = end;
  if (leg.tailAt >= 0) {
    // store-and-forward towards a faster link: the last TLPs have to be there before they can leave
    const { last, before } = leg;
    at = Math.max(at, leg.tailAt + switchPs + links.duration(link, last));
    if (before > 0) {
      at = Math.max(at, leg.beforeAt + switchPs + links.duration(link, before + last));
    }
  }
  // and one operation of a pair after the other
  return Math.max(at, earlier + links.atLeast(link, leg.wire));
}
