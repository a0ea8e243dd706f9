import { Rib6 } from "./_rib6.ts";
import { checkBulk6, checkNextHop6, checkPrefix6, maskInto, MASKS6 } from "./_route6.ts";
import { checkBspl6 } from "./bspl6_invariants.ts";
import {
  BMP,
  ENTRY_WORDS,
  hash6,
  LENGTH_SHIFT,
  LengthSearch,
  MARKER,
  SLOT_BYTES,
  SLOTS_MIN,
} from "./bspl6_search.ts";
import type { Fib6 } from "./fib6.ts";
import { checkSize } from "./route.ts";

/** Bytes that are there whatever the routes: the lengths, and two next hops to start from. */
const FIXED_BYTES = 127 + 8;

/** Limits of a `Bspl6`. */
export interface Bspl6Options {
  /** Most routes it takes; unlimited when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
  /** Most bytes of the look-up structure; unlimited when left out. */
  readonly maxBytes?: number;
}

/**
 * Binary search on prefix lengths (Waldvogel, Varghese, Turner, Plattner: Scalable High Speed IP
 * Routing Lookups, SIGCOMM 1997), the IPv6 table of PacketShader. A hash table for each length in
 * use; a look-up probes the middle one of the lengths that are left, goes on to the longer ones
 * after a hit and to the shorter ones after a miss. So that a hit may be trusted, a route leaves
 * markers at the shorter lengths where its own search turns to longer ones; so that nothing needs to
 * be taken back when they lead nowhere, each marker holds its best matching prefix (`bmp`, section
 * 4). A hit on a route that is no marker ends the search (figure 6).
 *
 * Depths 0 and 1 are two next hops by the first bit, where the search starts. That leaves 127
 * lengths, so a look-up probes at most 7 times: ceil(log2(lengths + 1)), 6 for the 46 lengths of a
 * full table. `reads` counts probes; slots passed on after a collision stand next in memory, so that
 * no read of theirs depends on another.
 *
 * Entries depend on the routes alone. A route that brings the first of its length or takes the last
 * one away moves the middles, and all entries are built anew: O(routes * log lengths), the price for
 * searching no length that is not in use. All other updates touch the route, its markers, and the
 * markers beneath it whose bmp it is.
 *
 * With `maxBytes` an addition is refused (`add` answers false, nothing has changed) when its entries
 * would not fit; a deletion after which the entries would not fit the fewer lengths keeps the length
 * that nothing uses any more.
 *
 * No look-up may run across a call of the writer: markers
 * are repaired one by one and a removal closes gaps in a hash.
 *
 * @example
 * ```ts
 * import { Bspl6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Bspl6();
 * fib.add(Uint32Array.of(0x20010db8, 0, 0, 0), 32, 1); // 2001:db8::/32
 * fib.add(Uint32Array.of(0x20010db8, 0x00010000, 0, 0), 48, 2); // 2001:db8:1::/48
 * const addresses = Uint32Array.of(0x20010db8, 0x00010002, 0, 1, 0x20010db8, 0xffff0000, 0, 1);
 * assertEquals([fib.lookup(addresses, 0), fib.lookup(addresses, 4)], [2, 1]);
 * assertEquals([fib.maxProbes, fib.entriesUsed], [2, 2]); // the /32 is the marker of the /48
 * ```
 */
export class Bspl6 implements Fib6 {
  /** Name of the structure. */
  readonly kind = "bspl6";
  private readonly rules = new Rib6();
  private search = new LengthSearch([], this.rules);
  /** Next hop of the longest route of depth 0 or 1, by the first bit of the address; -1 for none. */
  private readonly start = new Int32Array(2).fill(-1);
  private readonly maxRules: number;
  private readonly maxEntries: number;
  private readonly depthMin: number;
  private readonly masked = new Uint32Array(4);

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or (naming the bytes) `maxBytes` is less than an empty table has
   */
  constructor(options: Bspl6Options = {}) {
    const { maxRules, defaultRoute, maxBytes } = options;
    if (maxRules !== undefined) checkSize("Bspl6", "maxRules", maxRules, 1, 2 ** 32);
    const bytes = FIXED_BYTES + SLOT_BYTES * SLOTS_MIN;
    if (maxBytes !== undefined && !(maxBytes >= bytes)) {
      throw new RangeError(
        `Cannot create Bspl6: ${bytes} bytes are more than maxBytes ${maxBytes}`,
      );
    }
    this.maxRules = maxRules ?? Infinity;
    // Tables double and are at most half full.
    const slots = ((maxBytes ?? Infinity) - FIXED_BYTES) / SLOT_BYTES;
    this.maxEntries = 2 ** Math.min(28, Math.floor(Math.log2(slots))) / 2;
    this.depthMin = defaultRoute === false ? 1 : 0;
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules.count;
  }

  /** Routes longer than 1 and markers: entries of the hash tables. */
  get entriesUsed(): number {
    return this.search.count;
  }

  /** Most probes of any look-up: the levels of the search over the lengths in use. */
  get maxProbes(): number {
    return 32 - Math.clz32(this.search.lengthCount);
  }

  /** Bytes of the hash tables with their reference counts, the lengths, the two start values. */
  get bytesReserved(): number {
    return SLOT_BYTES * this.search.capacity + FIXED_BYTES;
  }

  /** Bytes of the entries in use and of the lengths that are searched. */
  get bytesOccupied(): number {
    return SLOT_BYTES * this.search.count + this.search.lengthCount;
  }

  /** Bytes of the routes. */
  get ribBytes(): number {
    return this.rules.bytes;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, at a limit.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: Uint32Array, depth: number, nextHop: number, at = 0): boolean {
    checkPrefix6("add", prefix, at, depth, this.depthMin);
    checkNextHop6("add", nextHop);
    const masked = this.masked;
    maskInto(masked, prefix, at, depth);
    const isNew = this.rules.get(masked, depth) < 0;
    if (isNew && this.rules.count >= this.maxRules) return false;
    if (depth > 1 && !this.search.has(depth)) return this.addLength(masked, depth, nextHop);
    if (isNew && depth > 1) {
      const entries = this.search.count + this.search.missing(masked, depth);
      if (entries > this.maxEntries) return false;
    }
    this.rules.set(masked, depth, nextHop);
    if (depth < 2) this.restart();
    else {
      if (isNew) this.search.insert(masked, depth, nextHop);
      else this.search.change(masked, depth, nextHop);
      this.search.repair(masked, depth, nextHop + 1);
    }
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: Uint32Array, depth: number, at = 0): boolean {
    checkPrefix6("delete", prefix, at, depth, this.depthMin);
    const masked = this.masked;
    maskInto(masked, prefix, at, depth);
    if (!this.rules.remove(masked, depth)) return false;
    if (depth < 2) this.restart();
    else if (this.rules.countAt(depth) > 0 || !this.rebuild()) {
      this.search.remove(masked, depth);
      this.search.repair(masked, depth, this.search.bestOf(masked, depth - 1));
    }
    return true;
  }

  /** Next hop of the longest prefix that covers the address, or -1: at most 7 probes. */
  lookup(addresses: Uint32Array, at: number): number {
    const { slots, mask, lengths, lengthCount } = this.search;
    const masks = MASKS6;
    const a0 = addresses[at]! | 0;
    const a1 = addresses[at + 1]! | 0;
    const a2 = addresses[at + 2]! | 0;
    const a3 = addresses[at + 3]! | 0;
    let best = this.start[a0 >>> 31]!;
    let low = 0;
    let high = lengthCount - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const length = lengths[middle]!;
      const m = 4 * length;
      const k0 = a0 & masks[m]!;
      const k1 = a1 & masks[m + 1]!;
      const k2 = a2 & masks[m + 2]!;
      const k3 = a3 & masks[m + 3]!;
      let i = ENTRY_WORDS * (hash6(k0, k1, k2, k3, length) & mask);
      let tag = slots[i + 4]!;
      while (
        tag !== 0 &&
        (tag >>> LENGTH_SHIFT !== length || slots[i] !== k0 || slots[i + 1] !== k1 ||
          slots[i + 2] !== k2 || slots[i + 3] !== k3)
      ) {
        i = i === ENTRY_WORDS * mask ? 0 : i + ENTRY_WORDS;
        tag = slots[i + 4]!;
      }
      if (tag === 0) high = middle - 1;
      else {
        if ((tag & BMP) !== 0) best = (tag & BMP) - 1;
        if ((tag & MARKER) === 0) break;
        low = middle + 1;
      }
    }
    return best;
  }

  /**
   * `nextHops[i] = lookup(addresses, 4 * i)` for the first `n`: one after the other, since each
   * probe decides on the next.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk6(addresses, nextHops, n);
    for (let i = 0; i < n; i++) nextHops[i] = this.lookup(addresses, 4 * i);
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: Uint32Array, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /** Probes that `lookup(addresses, at)` makes, each needing the one before; 0..7. */
  reads(addresses: Uint32Array, at: number): number {
    const { search } = this;
    let count = 0;
    let low = 0;
    let high = search.lengthCount - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const tag = search.tagOf(search.find(addresses, at, search.lengths[middle]!));
      count++;
      if (tag === 0) high = middle - 1;
      else if ((tag & MARKER) === 0) break;
      else low = middle + 1;
    }
    return count;
  }

  /** Removes every route. O(slots of the RIB). */
  clear(): void {
    this.rules.clear();
    this.search = new LengthSearch([], this.rules);
    this.start.fill(-1);
  }

  /**
   * Compares every entry with the routes: that entries are the routes and their markers and no more
   * (W1), that each holds the best match of its own bits (W2), that markers count their routes (W3),
   * that the lengths are those in use (W4).
   * @throws {Error} naming the invariant and the entry
   */
  checkInvariants(): void {
    checkBspl6(this.search, this.rules, this.start, this.maxEntries);
  }

  /** Adds a route that is the first of its length; false, and nothing changed, at the limit. */
  private addLength(masked: Uint32Array, depth: number, nextHop: number): boolean {
    this.rules.set(masked, depth, nextHop);
    if (this.rebuild()) return true;
    this.rules.remove(masked, depth);
    return false;
  }

  /** Builds all entries over the lengths in use; false, and nothing changed, when they do not fit. */
  private rebuild(): boolean {
    const lengths: number[] = [];
    for (let d = 2; d <= 128; d++) if (this.rules.countAt(d) > 0) lengths.push(d);
    const next = new LengthSearch(lengths, this.rules);
    let fits = true;
    this.rules.walk((prefix, depth, nextHop) => {
      if (depth < 2 || !fits) return;
      fits = next.count + next.missing(prefix, depth) <= this.maxEntries;
      if (fits) next.insert(prefix, depth, nextHop);
    });
    if (fits) this.search = next;
    return fits;
  }

  /** Puts the routes of depth 0 and 1 where the search starts. */
  private restart(): void {
    const bit = new Uint32Array(4);
    for (let i = 0; i < 2; i++) {
      bit[0] = i * 2 ** 31;
      const cover = this.rules.cover(bit, 1);
      this.start[i] = cover < 0 ? -1 : cover >>> 8;
    }
  }
}
