import { checkBspl } from "./_bspl_check.ts";
import * as layout from "./_bspl_table.ts";
import { BsplTables } from "./_bspl_tables.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkNextHop, checkPrefix, checkSize, maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

// V8 folds a constant of the module that uses it, and loads an imported one from memory at each use.
const DEPTH_BITS = layout.DEPTH_BITS;
const GOLDEN = layout.GOLDEN;
const HOP_BITS = layout.HOP_BITS;

/** Limits of a `Bspl`. */
export interface BsplOptions {
  /** Most routes; unlimited when left out. */
  readonly maxRules?: number;
  /** Most bytes of hash slots; 1 GiB when left out. */
  readonly maxBytes?: number;
}

/**
 * Binary search on prefix lengths (Waldvogel, Varghese, Turner, Plattner: Scalable High Speed IP
 * Routing Lookups, SIGCOMM 1997): one hash table for each length in use, searched from the middle
 * length on; a hit goes on with longer prefixes, a miss with shorter ones. What makes a hit say so
 * are markers, left by each prefix at the shorter lengths where its own search turns to longer ones
 * (section 3.2); every marker carries its best matching prefix, so a search that a marker has led
 * astray need not come back (section 3.3). With n lengths in use a look-up probes at most
 * floor(log2 n) + 1 tables, five for the lengths 8 to 32 of a BGP table.
 *
 * Layout of a table: `_bspl_table.ts`. The tree over the lengths is balanced and not weighted by
 * how many prefixes a length has (section 4.1 of the paper tunes that). The price is in the updates:
 * the markers beneath a changed route are found by probing the places where they can be, or a whole
 * table; and when a length comes into use or out of it, all markers are made anew, O(routes). A
 * table of the routes stands beside, counted as `ribBytes`. The default route is not in the tables:
 * it is what a search without a match answers.
 *
 * `add` answers false when rules run out or the slots would exceed `maxBytes`, before anything has
 * changed. A table doubles when half full, and shrinks only when all are made anew; should that
 * exceed the limit after a deletion, the old ones stay, with a length that nothing uses.
 *
 * No look-up may run across a call of the writer: markers
 * are repaired one by one, a removal closes gaps in a hash, and tables are made anew in place.
 *
 * @example
 * ```ts
 * import { Bspl } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Bspl();
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010000, 16, 2); // 10.1.0.0/16
 * fib.add(0x0a010200, 24, 3); // 10.1.2.0/24 finds 10.1.0.0/16 in place of a marker
 * assertEquals(fib.lookup(0x0a010203), 3);
 * assertEquals(fib.lookup(0x0a020203), 1);
 * assertEquals(fib.reads(0x0a020203), 2); // /16 misses, /8 hits
 * assertEquals(fib.markers, 0);
 * ```
 */
export class Bspl implements Fib4 {
  /** Name of the structure. */
  readonly kind = "bspl";
  private readonly rules = new RuleTable();
  private tables: BsplTables;
  private readonly maxRules: number;
  /** What a search without a match answers: the default route's next hop, or -1. */
  private missHop = -1;
  /** Slots, hash shift and mask of each table in ascending length, for the look-ups. */
  private words: Int32Array[] = [];
  private readonly shifts = new Uint8Array(32);
  private readonly masks = new Int32Array(32);

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range
   */
  constructor(options: BsplOptions = {}) {
    const { maxRules = 2 ** 32, maxBytes = 2 ** 30 } = options;
    checkSize("Bspl", "maxRules", maxRules, 1, 2 ** 32);
    checkSize("Bspl", "maxBytes", maxBytes, 0, 2 ** 33);
    this.maxRules = maxRules;
    this.tables = new BsplTables(this.rules, maxBytes);
  }

  /** Routes that the table holds, the default route among them. */
  get size(): number {
    return this.rules.count;
  }

  /** Lengths that have a table, ascending. */
  get lengths(): number[] {
    return this.tables.tables.map((table) => table.length);
  }

  /** Entries that are markers and no routes. */
  get markers(): number {
    return this.tables.entries - this.rules.count + this.rules.countAt(0);
  }

  /** Bytes of all slots of the hash tables. */
  get bytesReserved(): number {
    return this.tables.bytes;
  }

  /** Bytes of the slots that hold an entry: 8 for each route and each marker. */
  get bytesOccupied(): number {
    return 8 * this.tables.entries;
  }

  /** Bytes that only updates use: the routes, and a count of markers for each slot. */
  get ribBytes(): number {
    return this.rules.bytes + this.tables.besideBytes;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules or bytes run out.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, 0);
    checkNextHop("add", nextHop);
    const masked = (prefix & maskOf(depth)) >>> 0;
    const isNew = this.rules.get(masked, depth) < 0;
    if (isNew && this.rules.count >= this.maxRules) return false;
    if (depth === 0) {
      this.rules.set(0, 0, nextHop);
      this.missHop = nextHop;
      return true;
    }
    if (this.tables.indexOf(depth) < 0) return this.addLength(masked, depth, nextHop);
    if (isNew) {
      if (!this.tables.reserve(masked, depth)) return false;
      this.publish();
    }
    this.rules.set(masked, depth, nextHop);
    this.tables.insert(masked, depth, nextHop, isNew);
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, 0);
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (!this.rules.remove(masked, depth)) return false;
    if (depth === 0) {
      this.missHop = -1;
      return true;
    }
    const fewer = this.rules.countAt(depth) === 0 ? this.tables.rebuilt() : undefined;
    if (fewer === undefined) this.tables.erase(masked, depth);
    else {
      this.tables = fewer;
      this.publish();
    }
    return true;
  }

  /** Next hop of the longest prefix that covers `address`, or -1: one probe for each length tried. */
  lookup(address: number): number {
    let best = 0;
    let low = 0;
    let high = this.words.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const word = find(this.words[middle]!, address & this.masks[middle]!, this.shifts[middle]!);
      if (word === 0) high = middle - 1;
      else {
        best = word;
        low = middle + 1;
      }
    }
    return (best & DEPTH_BITS) === 0 ? this.missHop : best & HOP_BITS;
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const { words, masks, shifts, missHop } = this;
    const last = words.length - 1;
    for (let i = 0; i < n; i++) {
      const address = addresses[i]!;
      let best = 0;
      let low = 0;
      let high = last;
      while (low <= high) {
        const middle = (low + high) >>> 1;
        const word = find(words[middle]!, address & masks[middle]!, shifts[middle]!);
        if (word === 0) high = middle - 1;
        else {
          best = word;
          low = middle + 1;
        }
      }
      nextHops[i] = (best & DEPTH_BITS) === 0 ? missHop : best & HOP_BITS;
    }
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth), as they were when the walk began.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Tables that `lookup(address)` probes. Slots of one table that lie one after the other are one
   * read: where the next one lies does not depend on what was read.
   */
  reads(address: number): number {
    let count = 0;
    let low = 0;
    let high = this.words.length - 1;
    for (; low <= high; count++) {
      const middle = (low + high) >>> 1;
      const table = this.tables.tables[middle]!;
      const slot = table.slotOf(address & maskOf(table.length));
      if (table.wordAt(slot) === 0) high = middle - 1;
      else low = middle + 1;
    }
    return count;
  }

  /** Removes every route and every table. */
  clear(): void {
    this.rules.clear();
    this.tables.tables.length = 0;
    this.missHop = -1;
    this.publish();
  }

  /**
   * Compares the tables with the routes: that each route is there and has left markers at all and
   * only the lengths where its search turns to longer ones, that each entry knows the longest route
   * that covers it, that each is found. O(entries * 32).
   * @throws {Error} naming the entry
   */
  checkInvariants(): void {
    checkBspl(this.tables.tables, this.rules, this.missHop);
  }

  /** Adds the first route of a length. */
  private addLength(prefix: number, depth: number, nextHop: number): boolean {
    this.rules.set(prefix, depth, nextHop);
    const more = this.tables.rebuilt();
    if (more === undefined) {
      this.rules.remove(prefix, depth);
      return false;
    }
    this.tables = more;
    this.publish();
    return true;
  }

  /** Shows the look-ups the tables as they are now. */
  private publish(): void {
    const { tables } = this.tables;
    this.words.length = tables.length;
    for (let i = 0; i < tables.length; i++) {
      this.words[i] = tables[i]!.words;
      this.shifts[i] = tables[i]!.shift;
      this.masks[i] = maskOf(tables[i]!.length) | 0;
    }
  }
}

/** What a table knows of an entry, 0 when it is not there. */
function find(words: Int32Array, key: number, shift: number): number {
  const last = words.length - 2;
  let at = (Math.imul(key, GOLDEN) >>> shift) << 1;
  for (;;) {
    const word = words[at + 1]!;
    if (word === 0 || words[at] === key) return word;
    at = (at + 2) & last;
  }
}
