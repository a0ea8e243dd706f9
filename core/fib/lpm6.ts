import { HOP6, leafEntry6, VALID6 } from "./_entry6.ts";
import { Rib6 } from "./_rib6.ts";
import { checkBulk6, checkNextHop6, checkPrefix6, maskInto } from "./_route6.ts";
import type { Fib6 } from "./fib6.ts";
import { checkLpm6 } from "./lpm6_invariants.ts";
import { GROUP6_BYTES, Lpm6Levels } from "./lpm6_levels.ts";
import { checkSize } from "./route.ts";

/** Most groups of an `Lpm6`: 21 bits of an entry name them (RTE_LPM6_TBL8_MAX_NUM_GROUPS). */
export const GROUPS6_MAX = 2 ** 21;

/** Addresses that `lookupBulk` works on at a time: 4 KiB of addresses, 1 KiB of next hops. */
const BULK_BLOCK = 256;

/** Shape and limits of an `Lpm6`. */
export interface Lpm6Options {
  /**
   * Address bits that the first level resolves: 24 as in rte_lpm6, fewer where 64 MiB are too many.
   */
  readonly firstBits: 24 | 16 | 8;
  /** tbl8 groups, 1 KiB and a header of 12 bytes each, shared by all levels below the first. */
  readonly groups: number;
  /** Most routes it takes. */
  readonly maxRules: number;
  /** Whether depth 0 is taken. rte_lpm6 refuses it. */
  readonly defaultRoute: boolean;
  /** Most bytes of first level and groups; unlimited when left out. */
  readonly maxBytes?: number;
}

/**
 * The IPv6 table of DPDK's rte_lpm6: DIR-24-8 (Gupta, Lin, McKeown, INFOCOM 1998) continued byte by
 * byte. A first level of 2^24 entries of 32 bits, then chains of groups of 256 entries, each
 * resolving 8 more bits. A look-up is one read, and one more for each group on its way: 14 at most
 * with 24 first bits, 4 for an address under a /48 of BGP. With `firstBits` 16 or 8 the same entries
 * and groups make tables that can be made and emptied by the thousand.
 *
 * Every entry holds the next hop and the depth of the longest rule that covers its addresses at its
 * level. A rule lives at the first level that is as long as it; a block has a group exactly when
 * some rule is longer than the block, and a deletion that ends this gives the group back at once,
 * found by the reference count in the group's header. So the entries depend on the routes alone, not
 * on their history. A group is written whole before the one store that makes it reachable.
 *
 * All memory is allocated when the table is made. It refuses (`add` answers false) when rules or
 * groups run out, before it has changed anything. A default route, where allowed, is kept beside the
 * table as the answer of a miss. The rules are in a trie (`ribBytes`), where rte_lpm6 has a hash
 * that it probes once for each shorter depth.
 *
 * The price: a group is 1 KiB and a lone /48 needs three, so sparse tables are mostly copies of one
 * entry. An update touches the 2^(level - depth) slots of its prefix, 256 slots of each group
 * beneath them, and 256 slots of each group that it makes; `entriesTouched` counts them.
 *
 * A look-up between any two stores sees old answers or new. No look-up may run across calls of the
 * writer all the same: a group given back may be given out at once.
 *
 * @example
 * ```ts
 * import { Lpm6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Lpm6({ firstBits: 16, groups: 4, maxRules: 100, defaultRoute: false });
 * fib.add(Uint32Array.of(0x20010db8, 0, 0, 0), 32, 1); // 2001:db8::/32, two groups
 * fib.add(Uint32Array.of(0x20010db8, 0x00010000, 0, 0), 48, 2); // 2001:db8:1::/48, two more
 * const address = Uint32Array.of(0x20010db8, 0x00010002, 0, 1);
 * assertEquals(fib.lookup(address, 0), 2);
 * assertEquals(fib.reads(address, 0), 5);
 * assertEquals(fib.add(Uint32Array.of(0x20020000, 0, 0, 0), 24, 3), false); // all groups are taken
 * ```
 */
export class Lpm6 implements Fib6 {
  /** Name of the structure. */
  readonly kind = "lpm6";
  /** Address bits that the first level resolves. */
  readonly firstBits: number;
  /** The entries, and how they are changed. */
  private readonly levels: Lpm6Levels;
  /** The routes as they were added. */
  private readonly rules = new Rib6();
  /** `levels.first` and `levels.pool.entries`, one load nearer to the look-ups. */
  private readonly first: Uint32Array;
  private readonly entries: Uint32Array;
  private readonly shift: number;
  private readonly maxRules: number;
  private readonly depthMin: number;
  private readonly masked = new Uint32Array(4);
  /** What a miss answers: the default route's next hop, or -1. */
  private missHop = -1;

  /**
   * An empty table, with all of its memory allocated.
   * @throws {RangeError} when an option is out of range, or (naming the bytes) the memory is more than `maxBytes` or cannot be had
   */
  constructor(options: Lpm6Options) {
    const { firstBits, groups, maxRules, defaultRoute, maxBytes } = options;
    if (firstBits !== 24 && firstBits !== 16 && firstBits !== 8) {
      throw new RangeError(`Cannot create Lpm6: firstBits ${firstBits} is not 24, 16 or 8`);
    }
    checkSize("Lpm6", "groups", groups, 0, GROUPS6_MAX);
    checkSize("Lpm6", "maxRules", maxRules, 1, 2 ** 26);
    const bytes = 4 * 2 ** firstBits + GROUP6_BYTES * groups;
    if (maxBytes !== undefined && bytes > maxBytes) {
      throw new RangeError(`Cannot create Lpm6: ${bytes} bytes are more than maxBytes ${maxBytes}`);
    }
    this.firstBits = firstBits;
    this.shift = 32 - firstBits;
    this.maxRules = maxRules;
    this.depthMin = defaultRoute ? 0 : 1;
    try {
      this.levels = new Lpm6Levels(firstBits, groups);
    } catch (cause) {
      throw new RangeError(`Cannot create Lpm6: ${bytes} bytes cannot be allocated`, { cause });
    }
    this.first = this.levels.first;
    this.entries = this.levels.pool.entries;
  }

  /** Routes that the table holds, the default route among them. */
  get size(): number {
    return this.rules.count;
  }

  /** tbl8 groups in use. */
  get groupsUsed(): number {
    return this.levels.pool.used;
  }

  /** Table slots that updates have read or written since the table was new or cleared. */
  get entriesTouched(): number {
    return this.levels.touched;
  }

  /** Bytes of the first level and of all groups with their headers. */
  get bytesReserved(): number {
    return 4 * this.first.length + GROUP6_BYTES * this.levels.pool.capacity;
  }

  /** Bytes in use: 4 for each valid entry of the first level, 1024 and a header a group. */
  get bytesOccupied(): number {
    return 4 * this.levels.validFirst + GROUP6_BYTES * this.levels.pool.used;
  }

  /** Bytes of the rules. */
  get ribBytes(): number {
    return this.rules.bytes;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules or groups run out.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: Uint32Array, depth: number, nextHop: number, at = 0): boolean {
    checkPrefix6("add", prefix, at, depth, this.depthMin);
    checkNextHop6("add", nextHop);
    const masked = this.masked;
    maskInto(masked, prefix, at, depth);
    const isNew = this.rules.get(masked, depth) < 0;
    if (isNew) {
      if (this.rules.count >= this.maxRules) return false;
      if (this.levels.missingGroups(masked, depth) > this.levels.pool.free) return false;
    }
    this.rules.set(masked, depth, nextHop);
    if (depth === 0) this.missHop = nextHop;
    else this.levels.insert(masked, depth, leafEntry6(nextHop, depth), isNew);
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
    if (depth === 0) this.missHop = -1;
    else this.levels.erase(masked, depth, this.coveringEntry(masked, depth));
    return true;
  }

  /** Next hop of the longest prefix that covers the address, or -1: a read for each level. */
  lookup(addresses: Uint32Array, at: number): number {
    const entries = this.entries;
    let entry = this.first[addresses[at]! >>> this.shift]! | 0;
    // ext_entry is the sign: as a signed number an entry stays an integer to the engine.
    for (let level = this.firstBits; entry < 0; level += 8) {
      const byte = (addresses[at + (level >>> 5)]! >>> (24 - (level & 31))) & 255;
      entry = entries[((entry & HOP6) << 8) | byte]! | 0;
    }
    return (entry & VALID6) !== 0 ? entry & HOP6 : this.missHop;
  }

  /**
   * `nextHops[i] = lookup(addresses, 4 * i)` for the first `n`. Over blocks that stay in the
   * first-level cache, a pass for each level of the table: the loads of a pass do not depend on each
   * other, so many are under way at once. `lookup` is its plain twin. The arrays must not share
   * memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk6(addresses, nextHops, n);
    const { first, entries, shift, firstBits, missHop } = this;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      let extended = 0;
      for (let i = from; i < to; i++) {
        const entry = first[addresses[4 * i]! >>> shift]!;
        nextHops[i] = entry;
        extended |= entry;
      }
      for (let level = firstBits; extended < 0; level += 8) {
        const word = level >>> 5;
        const right = 24 - (level & 31);
        extended = 0;
        for (let i = from; i < to; i++) {
          if (nextHops[i]! >= 0) continue;
          const byte = (addresses[4 * i + word]! >>> right) & 255;
          const entry = entries[((nextHops[i]! & HOP6) << 8) | byte]!;
          nextHops[i] = entry;
          extended |= entry;
        }
      }
      for (let i = from; i < to; i++) {
        const entry = nextHops[i]!;
        const hit = -((entry >>> 29) & 1);
        nextHops[i] = (entry & HOP6 & hit) | (missHop & ~hit);
      }
    }
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: Uint32Array, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Reads that `lookup(addresses, at)` makes, each needing the one before: 1, and 1 more for each
   * group.
   */
  reads(addresses: Uint32Array, at: number): number {
    return this.levels.reads(addresses, at);
  }

  /**
   * Removes every route. Where the routes cover little of the first level, only their slots are
   * written, so that a table with few routes is emptied in the time they took.
   */
  clear(): void {
    this.levels.clear(this.rules);
    this.rules.clear();
    this.missHop = -1;
  }

  /**
   * Compares every entry with the rules: that each holds the longest rule of its level (D1, D4),
   * that groups and entries point at each other once and headers say so (D2), that there is a group
   * exactly where a rule is longer than its block (D3), that reference counts are right (D8).
   * O((first level + 256 groups) * longest chain of rules).
   * @throws {Error} naming the invariant and the entry
   */
  checkInvariants(): void {
    checkLpm6(this.levels, this.rules, this.missHop);
  }

  /** The entry that a deletion uncovers: that of the longest shorter rule, or 0. */
  private coveringEntry(prefix: Uint32Array, depth: number): number {
    const cover = this.rules.cover(prefix, depth - 1);
    // A default route is the answer of a miss, not of an entry.
    return cover < 0 || (cover & 255) === 0 ? 0 : leafEntry6(cover >>> 8, cover & 255);
  }
}
