import type { RouteSet } from "../machine/scenario.ts";
import { addEach } from "./_bulk.ts";
import { checkByte } from "./_byte_check.ts";
import { GROUP_BYTES, GROUPS_MAX } from "./_byte_groups.ts";
import { ByteLevels, placeOf } from "./_byte_levels.ts";
import { walkRules } from "./_byte_walk.ts";
import { checkNextHopUpTo } from "./_chunk_updates.ts";
import { rehearse } from "./_rehearsal.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkPrefix, checkSize, maskOf } from "./route.ts";

/** Limits of a `Dir24_8Byte`. */
export interface Dir24_8ByteOptions {
  /** Most tbl8 groups, 768 bytes each, made as they are needed; 65535 when left out. */
  readonly groups?: number;
  /** Most bytes of what look-ups read; unlimited when left out. */
  readonly maxBytes?: number;
  /** Most routes; 2^26 when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
}

/** The greatest next hop: a byte has 254 values beside a miss and a group. */
const HOP_MAX = 253;
/** The entry that leads to a group. */
const DEEP = 255;
/** First level, and where each block's page of pointers is. */
const EMPTY_BYTES = 2 ** 24 + 2 * 2 ** 16;
/** Addresses that `lookupBulk` works on at a time: 2 KiB of addresses and next hops. */
const BULK_BLOCK = 256;

/**
 * DIR-24-8 (Gupta, Lin, McKeown: Routing Lookups in Hardware at Memory Access Speeds, INFOCOM 1998)
 * with entries of 8 bits, as rte_fib offers it with RTE_FIB_DIR24_8_1B: 16 MiB where rte_lpm has 64,
 * for next hops 0 to 253 (rte_fib: 0 to 127). On a full table a look-up costs what bringing its one
 * entry costs, so that this is the fastest table here, to look up in and to change.
 *
 * An entry is next hop + 1, 0 for a miss, 255 for a group. A byte cannot name the group (rte_fib's
 * can, and so there are 127 of them): where entries of a /16 lead to groups, the /16 has a page of
 * pointers, and a look-up in a group makes three reads more.
 *
 * The rules lie in a byte for each prefix to /24 that there can be, in trees of 4 bits, and those
 * beyond in a tree for each group. So an update searches nothing: it writes its byte and then, from
 * the trees, the 2^(24 - depth) entries of its prefix, four at a time, and 256 of each group beneath
 * them. The price is `ribBytes`, 36 MB from the start, of which an operating system gives what is
 * touched.
 *
 * `add` refuses, and changes nothing, when rules, groups or `maxBytes` run out. A /24 has a group
 * exactly while a rule is longer. No look-up may run across a call of the writer: a group given back
 * may be given out at once, and growing replaces the arrays.
 *
 * @example
 * ```ts
 * import { Dir24_8Byte } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Dir24_8Byte({ groups: 1 });
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010200, 28, 2); // 10.1.2.0/28, longer than the first level
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0a010213), 1);
 * assertEquals(fib.add(0x0a020300, 28, 3), false); // the one group is taken
 * assertEquals([fib.reads(0x0a010203), fib.reads(0x0a020303)], [4, 1]);
 * ```
 */
export class Dir24_8Byte implements Fib4 {
  /** Name of the structure. */
  readonly kind = "dir24-8-byte";
  private readonly levels: ByteLevels;
  // Of `levels`, one load nearer to the look-ups.
  private readonly first: Uint8Array;
  private readonly pageOf: Uint16Array;
  private pages: Uint16Array;
  private entries: Uint8Array;
  private readonly maxRules: number;
  private readonly depthMin: number;
  private rules = 0;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or `maxBytes` does not hold the empty
   * table, naming the bytes that it needs
   */
  constructor(options: Dir24_8ByteOptions = {}) {
    const { groups = GROUPS_MAX, maxBytes = Infinity, maxRules = 2 ** 26 } = options;
    checkSize("Dir24_8Byte", "groups", groups, 0, GROUPS_MAX);
    checkSize("Dir24_8Byte", "maxRules", maxRules, 1, 2 ** 26);
    if (!(maxBytes >= EMPTY_BYTES)) {
      throw new RangeError(
        `Cannot create Dir24_8Byte: the empty table needs ${EMPTY_BYTES} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.maxRules = maxRules;
    this.depthMin = options.defaultRoute === false ? 1 : 0;
    const groupsMax = Math.min(groups, Math.floor((maxBytes - EMPTY_BYTES) / GROUP_BYTES));
    this.levels = new ByteLevels(groupsMax);
    this.first = this.levels.first;
    this.pageOf = this.levels.groups.pageOf;
    [this.pages, this.entries, this.pageOf[0]] = [Uint16Array.of(1), Uint8Array.of(0), 1];
    rehearse(this, this.first, DEEP);
    this.pageOf[0] = 0;
    this.refresh();
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules;
  }

  /** tbl8 groups in use. */
  get groupsUsed(): number {
    return this.levels.groups.used;
  }

  /** Entries that updates have written since the table was new or cleared. */
  get entriesTouched(): number {
    return this.levels.touched;
  }

  /** Bytes of the arrays that look-ups read. */
  get bytesReserved(): number {
    return EMPTY_BYTES + this.entries.length + 2 * this.pages.length;
  }

  /** Bytes in use: 1 for each valid entry of the first level, 768 a group. */
  get bytesOccupied(): number {
    return this.levels.validFirst + GROUP_BYTES * this.groupsUsed;
  }

  /** Bytes of the rules. */
  get ribBytes(): number {
    const { trees, busy, groups } = this.levels;
    return trees.length + 2 * busy.length + groups.trees.length + 2 * groups.rules.length;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules, groups or
   * `maxBytes` run out.
   * @throws {RangeError} when prefix, depth or next hop (0..253) is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, this.depthMin);
    checkNextHopUpTo(nextHop, HOP_MAX);
    const { levels } = this;
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (depth > 24) return this.addBelow(masked, depth, nextHop);
    const place = placeOf(masked, depth);
    if (levels.trees[place] === 0) {
      if (this.rules >= this.maxRules) return false;
      this.rules++;
    }
    levels.put(place, nextHop + 1);
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, this.depthMin);
    const { levels } = this;
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (levels.get(masked, depth) === 0) return false;
    this.rules--;
    if (depth > 24) levels.putBelow(masked, depth, 0);
    else levels.put(placeOf(masked, depth), 0);
    return true;
  }

  /**
   * Adds all routes, or none: false, and nothing changed, when they do not fit together. Where a
   * route occurs twice the later one stands. An empty table gets all rules to /24 before any entry,
   * and then each entry once: O(routes + 2^24).
   * @throws {RangeError} when a route is out of range, before anything has changed
   */
  addBulk(routes: RouteSet): boolean {
    for (let i = 0; i < routes.count; i++) {
      checkPrefix("add", routes.prefix[i]!, routes.depth[i]!, this.depthMin);
      checkNextHopUpTo(routes.nextHop[i]!, HOP_MAX);
    }
    const get = (prefix: number, depth: number): number => this.levels.get(prefix, depth) - 1;
    if (this.rules > 0) return addEach(this, { get }, routes);
    const fits = this.fillEmpty(routes);
    if (!fits) this.clear();
    return fits;
  }

  /**
   * Next hop of the longest prefix that covers `address`, or -1. A group is followed without a call
   * (`_rehearsal.ts`).
   */
  lookup(address: number): number {
    let entry = this.first[address >>> 8]!;
    if (entry === DEEP) {
      const page = this.pageOf[address >>> 16]! - 1;
      const group = this.pages[(page << 8) | ((address >>> 8) & 255)]! - 1;
      entry = this.entries[(group << 8) | (address & 255)]!;
    }
    return entry - 1;
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`. The loop over a block has no branch, so
   * that its loads are under way at once; groups are followed after it. The arrays share no memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const first = this.first;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = from + BULK_BLOCK < n ? from + BULK_BLOCK : n;
      let deep = 0;
      for (let i = from; i < to; i++) {
        const entry = first[addresses[i]! >>> 8]!;
        nextHops[i] = entry - 1;
        deep |= entry + 1;
      }
      // Of all entries only 255 + 1 has this bit.
      if ((deep & (DEEP + 1)) === 0) continue;
      for (let i = from; i < to; i++) {
        if (nextHops[i] === DEEP - 1) nextHops[i] = this.lookup(addresses[i]!);
      }
    }
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    const prefixes = new Uint32Array(this.rules);
    const depths = new Uint8Array(this.rules);
    const hops = new Uint8Array(this.rules);
    let n = 0;
    walkRules(this.levels, (prefix, depth, hop) => {
      prefixes[n] = prefix;
      depths[n] = depth;
      hops[n++] = hop;
    });
    for (let i = 0; i < n; i++) visit(prefixes[i]!, depths[i]!, hops[i]!);
  }

  /** Reads that `lookup(address)` makes, each needing the one before: 1, or 4 in a group. */
  reads(address: number): number {
    return this.first[address >>> 8] === DEEP ? 4 : 1;
  }

  /** Removes every route; costs a look at each /16. */
  clear(): void {
    this.levels.clear();
    this.rules = 0;
    this.refresh();
  }

  /**
   * Compares every entry with the rules: that each holds the longest rule of its level (D1, D4),
   * that groups and pointers point at each other once (D2), that there is a group exactly where a
   * rule is longer than /24 (D3). O(2^24 + groups * rules).
   * @throws {Error} naming the invariant and the entry
   */
  checkInvariants(): void {
    checkByte(this.levels, this.rules);
  }

  /** Loads routes, known to be in range, into an empty table; false when it is then half full. */
  private fillEmpty(routes: RouteSet): boolean {
    const { levels } = this;
    for (let i = 0; i < routes.count; i++) {
      const depth = routes.depth[i]!;
      if (depth > 24) continue;
      const place = placeOf((routes.prefix[i]! & maskOf(depth)) >>> 0, depth);
      if (levels.trees[place] === 0 && ++this.rules > this.maxRules) return false;
      levels.setRule(place, routes.nextHop[i]! + 1);
    }
    levels.paintAll();
    for (let i = 0; i < routes.count; i++) {
      if (routes.depth[i]! <= 24) continue;
      if (!this.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!)) return false;
    }
    return true;
  }

  /** As `add`, for a route longer than the first level. */
  private addBelow(prefix: number, depth: number, nextHop: number): boolean {
    const { levels } = this;
    if (levels.get(prefix, depth) === 0) {
      if (this.rules >= this.maxRules || !levels.hasRoom(prefix)) return false;
      this.rules++;
    }
    levels.putBelow(prefix, depth, nextHop + 1);
    this.refresh();
    return true;
  }

  /** Takes up the arrays that groups grew into. */
  private refresh(): void {
    this.pages = this.levels.groups.pages;
    this.entries = this.levels.groups.entries;
  }
}
