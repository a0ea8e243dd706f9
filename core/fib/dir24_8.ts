import type { RouteSet } from "../machine/scenario.ts";
import { addEach, fillEmpty } from "./_bulk.ts";
import { Dir24_8Memory, READERS_MAX } from "./_dir24_8_memory.ts";
import type { Dir24_8Options } from "./dir24_8_options.ts";
import { checkTable } from "./_invariants.ts";
import { Levels } from "./_levels.ts";
import { rehearse } from "./_rehearsal.ts";
import * as entryBits from "./entry.ts";
import type { Fib4 } from "./fib.ts";
import { GROUPS_MAX, GROUPS_OF_RULE } from "./group_pool.ts";
import { checkBulk, checkNextHop, checkPrefix, checkSize, maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

// V8 folds a constant of this module, and loads an imported one from memory at each use.
const HOP = entryBits.HOP;
const EXTENDED = entryBits.EXTENDED;

/** Addresses that `lookupBulk` works on at a time: 2 KiB of addresses and next hops. */
const BULK_BLOCK = 256;

/**
 * DIR-24-8 (Gupta, Lin, McKeown: Routing Lookups in Hardware at Memory Access Speeds, INFOCOM 1998)
 * as DPDK's rte_lpm builds it: a first level of 2^24 entries of 32 bits, and groups of 256 entries
 * for what is longer than 24. A look-up is one read, or two below a group. With `firstBits` 16 or 8
 * the same entries and groups make 16-8-8 and 8-8-8-8, for tables that are made and emptied by the
 * thousand.
 *
 * Every entry holds the next hop and the depth of the longest rule that covers its addresses at its
 * level. A rule lives at the first level that is as long as it; a block has a group exactly when
 * some rule is longer than the block, and a deletion that ends this gives the group back at once. A
 * group is written whole before the one store that makes it reachable, and an entry changes from
 * its old answer to its new one in one store, so a look-up between any two stores sees the old
 * table's answer or the new one's (rte_lpm orders its stores so).
 *
 * On its own memory no look-up may run across a call of the writer, because a group given back may
 * be given out at once. On `shared` memory other threads look up meanwhile, each by a
 * `Dir24_8Reader`, and see the old answer or the new one (LPM-12): a group given back is given out
 * again only when every reader has reported a quiescent state since (rte_lpm_rcu_qsbr_add). Until
 * then `add` may answer false for want of groups that are not used; it never waits. Of `addBulk`
 * and `clear` readers see each route come and go for itself.
 *
 * The table refuses (`add` answers false) when rules or groups run out, before it has changed
 * anything. A default route, where allowed, is kept beside the table as the answer of a miss. The
 * rules are in a hash (rte_lpm's sorted rule array made a full table of 841,941 routes take 100 s) of
 * 16 to 32 bytes a rule, which no account names, and 4 MiB once one of more than 32,768 was deleted.
 *
 * An update touches the 2^(level - depth) slots of its prefix, 256 slots of each group beneath
 * them, and 256 slots of each group on its path that it creates or may give back; `entriesTouched`
 * counts them.
 *
 * @example
 * ```ts
 * import { Dir24_8 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Dir24_8({ firstBits: 16, groups: 1, maxRules: 100, defaultRoute: false });
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010200, 24, 2); // 10.1.2.0/24, longer than the first level
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0a010303), 1);
 * assertEquals(fib.add(0x0a020300, 24, 3), false); // the one group is taken
 * assertEquals(fib.reads(0x0a010203), 2);
 * ```
 */
export class Dir24_8 implements Fib4 {
  /** Name of the structure. */
  readonly kind = "dir24-8";
  /** Address bits that the first level resolves. */
  readonly firstBits: number;
  private readonly levels: Levels;
  private readonly rules = new RuleTable();
  private readonly first: Uint32Array; // of `levels`, one load nearer to the look-ups
  private readonly entries: Uint32Array; // so are these
  private readonly shift: number;
  private readonly narrower: number; // than 24 bits
  private readonly maxRules: number;
  private readonly depthMin: number;
  /** What a miss answers: the default route's next hop, or -1. */
  private missHop = -1;
  private readonly memory: Dir24_8Memory | undefined;

  /**
   * An empty table, with all of its memory allocated.
   * @throws {RangeError} when an option is out of range, or the memory cannot be had or is too small
   */
  constructor(options: Dir24_8Options) {
    const { firstBits, groups, maxRules, defaultRoute, shared, readers = 1 } = options;
    if (firstBits !== 24 && firstBits !== 16 && firstBits !== 8) {
      throw new RangeError(`Cannot create Dir24_8: firstBits ${firstBits} is not 24, 16 or 8`);
    }
    checkSize("Dir24_8", "groups", groups, 0, GROUPS_MAX);
    checkSize("Dir24_8", "maxRules", maxRules, 1, 2 ** 26);
    checkSize("Dir24_8", "readers", readers, 1, READERS_MAX);
    if (shared !== undefined) {
      this.memory = Dir24_8Memory.create(shared, { firstBits, groups, readers }, defaultRoute);
    }
    this.firstBits = firstBits;
    this.shift = 32 - firstBits;
    this.narrower = 24 - firstBits;
    this.maxRules = maxRules;
    this.depthMin = defaultRoute ? 0 : 1;
    try {
      this.levels = new Levels(firstBits, groups, this.memory);
    } catch (cause) {
      const bytes = 4 * 2 ** firstBits + 4 * entryBits.GROUP_SLOTS * groups;
      throw new RangeError(`Cannot create Dir24_8: ${bytes} bytes cannot be allocated`, { cause });
    }
    this.first = this.levels.first;
    this.entries = this.levels.pool.entries;
    if (groups > 0) rehearse(this, this.first, EXTENDED);
  }

  /** Routes in the table, the default route too. */
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

  /** Bytes as rte_lpm allocates them: first level, all groups, 8 for each of `maxRules` rules. */
  get bytesReserved(): number {
    return 4 * this.first.length + 4 * this.entries.length + 8 * this.maxRules;
  }

  /** Bytes in use: 4 for each valid entry of the first level, 1024 a group, 8 a rule. */
  get bytesOccupied(): number {
    return 4 * this.levels.validFirst + 1024 * this.groupsUsed + 8 * this.size;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules or groups run out.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, this.depthMin);
    checkNextHop("add", nextHop);
    const { levels, rules } = this;
    const masked = prefix & maskOf(depth);
    // Whether the route is new matters only where rules or groups may run out.
    const mayFail = rules.count >= this.maxRules || levels.pool.free < GROUPS_OF_RULE;
    if (mayFail && rules.get(masked, depth) < 0) {
      if (rules.count >= this.maxRules) return false;
      if (!levels.pool.has(levels.missingGroups(masked, depth))) return false;
    }
    // What can fail first; then the level, whose branches do not wait for memory as a probe's do.
    rules.reserve(rules.count + 1);
    if (depth === 0) this.setMiss(nextHop);
    else levels.insert(masked, depth, entryBits.leafEntry(nextHop, depth));
    rules.set(masked, depth, nextHop);
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, this.depthMin);
    const masked = prefix & maskOf(depth);
    if (!this.rules.remove(masked, depth)) return false;
    if (depth === 0) this.setMiss(-1);
    else this.levels.erase(masked, depth, this.coveringEntry(masked, depth));
    return true;
  }

  /**
   * Adds all routes, or none: false, and nothing changed, when they do not fit together. Where a
   * route occurs twice the later one stands. An empty table of its own memory is filled in ascending
   * depth without looking at what is overwritten: O(routes + slots written); otherwise the routes
   * are added one by one.
   * @throws {RangeError} when a route is out of range, before anything has changed
   */
  addBulk(routes: RouteSet): boolean {
    for (let i = 0; i < routes.count; i++) {
      checkPrefix("add", routes.prefix[i]!, routes.depth[i]!, this.depthMin);
      checkNextHop("add", routes.nextHop[i]!);
    }
    if (this.rules.count > 0 || this.memory) return addEach(this, this.rules, routes);
    if (!fillEmpty(this.levels, this.rules, this.maxRules, routes)) {
      this.clear();
      return false;
    }
    this.setMiss(this.rules.get(0, 0));
    return true;
  }

  /**
   * Next hop of the longest prefix that covers `address`, or -1. Below a first group all levels are
   * read, those that are not there at entry 0, without a branch, a call or a loop (`_rehearsal.ts`).
   */
  lookup(address: number): number {
    let entry = this.first[(address >>> 8) >>> this.narrower]! | 0;
    if ((entry & EXTENDED) !== 0) {
      const { entries, narrower: shift } = this;
      entry = entries[((entry & HOP) << 8) | ((address >>> shift) & 255)]! | 0;
      let deeper = (entry << 6) >> 31;
      entry = (entry & ~deeper) |
        (entries[deeper & (((entry & HOP) << 8) | ((address >>> (shift - 8)) & 255))]! & deeper);
      deeper = (entry << 6) >> 31;
      entry = (entry & ~deeper) |
        (entries[deeper & (((entry & HOP) << 8) | ((address >>> (shift - 16)) & 255))]! & deeper);
    }
    const hit = (entry << 7) >> 31;
    return (entry & HOP & hit) | (this.missHop & ~hit);
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`. Over blocks that stay in the first-level
   * cache, a pass that only loads, so that many loads are under way at once; one that tells hit from
   * miss without a branch; where some led to a group, one for those. The arrays must not share memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const first = this.first;
    const shift = this.shift;
    const miss = this.missHop;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = from + BULK_BLOCK < n ? from + BULK_BLOCK : n;
      for (let i = from; i < to; i++) nextHops[i] = first[addresses[i]! >>> shift]!;
      let deep = 0;
      for (let i = from; i < to; i++) {
        const entry = nextHops[i]!;
        const hit = (entry << 7) >> 31;
        nextHops[i] = (entry & HOP & hit) | (miss & ~hit);
        deep |= entry;
      }
      if ((deep & EXTENDED) === 0) continue;
      for (let i = from; i < to; i++) {
        const address = addresses[i]!;
        if ((first[address >>> shift]! & EXTENDED) !== 0) nextHops[i] = this.lookup(address);
      }
    }
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth), as they were when the walk began.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Reads that `lookup(address)` makes, each needing the one before: 1, and 1 more for each group.
   */
  reads(address: number): number {
    return this.levels.reads(address);
  }

  /**
   * Removes every route. Where the routes cover little of the first level, only their slots are
   * written, so that a table with few routes is emptied in the time they took. On shared memory the
   * routes are deleted one by one.
   */
  clear(): void {
    if (this.memory !== undefined) {
      // A covering prefix comes first, so nothing is uncovered: each address turns to a miss once.
      this.rules.walk((prefix, depth) => this.delete(prefix, depth));
      this.levels.touched = 0;
      return;
    }
    this.levels.clear(this.rules);
    this.rules.clear();
    this.missHop = -1;
  }

  /**
   * Compares every entry with the rules: that each holds the longest rule of its level (D1, D4),
   * that groups and entries point at each other once (D2), that there is a group exactly where a
   * rule is longer than its block (D3), that no slot is left over from another owner (D5). O(first
   * level + groups * 256 * 32).
   * @throws {Error} naming the invariant and the entry
   */
  checkInvariants(): void {
    checkTable(this.levels, this.rules, this.missHop);
  }

  /** Changes what a miss answers, for this thread and for others. */
  private setMiss(hop: number): void {
    this.missHop = hop;
    this.memory?.setMiss(hop);
  }

  /** The entry that a deletion uncovers: that of the longest shorter rule, or 0. */
  private coveringEntry(prefix: number, depth: number): number {
    const covering = this.rules.coveringDepth(prefix, depth);
    return covering === 0 ? 0 : entryBits.leafEntry(
      this.rules.get((prefix & maskOf(covering)) >>> 0, covering),
      covering,
    );
  }
}
