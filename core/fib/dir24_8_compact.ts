import type { RouteSet } from "../machine/scenario.ts";
import { addEach } from "./_bulk.ts";
import { checkNextHopUpTo } from "./_chunk_updates.ts";
import { checkCompact } from "./_compact_check.ts";
import { GROUPS_MAX } from "./_compact_entry.ts";
import { fillCompact } from "./_compact_fill.ts";
import { CompactLevels } from "./_compact_levels.ts";
import { rehearse } from "./_rehearsal.ts";
import { GROUP_SLOTS } from "./entry.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkPrefix, checkSize, maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

/** Shape and limits of a `Dir24_8Compact`. */
export interface Dir24_8CompactOptions {
  /** Address bits that the first level resolves; 24 when left out. */
  readonly firstBits?: 24 | 16 | 8;
  /** Most tbl8 groups, 512 bytes each, made as they are needed; 32767 when left out. */
  readonly groups?: number;
  /** Most bytes of first level and groups; unlimited when left out. */
  readonly maxBytes?: number;
  /** Most routes; 2^26 when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
}

/** The greatest next hop: 15 bits beside the one that tells an answer from a group. */
const HOP_MAX = 0x7fff;
const GROUP_BYTES = 2 * GROUP_SLOTS;
/** Addresses that `lookupBulk` works on at a time: 2 KiB of addresses and next hops. */
const BULK_BLOCK = 256;

/**
 * DIR-24-8 with entries of 16 bits, as Gupta, Lin and McKeown drew it (Routing Lookups in Hardware
 * at Memory Access Speeds, INFOCOM 1998, section 3: a flag and 15 bits) and as rte_fib offers it
 * with RTE_FIB_DIR24_8_2B: half the memory of rte_lpm for 15 bits of next hop and 32767 groups. A
 * look-up is one read, or two below a group; `firstBits` 16 and 8 make 16-8-8 and 8-8-8-8 of it.
 *
 * An entry is a signed number whose complement is the answer while it is not positive: 0 is a miss,
 * -1 and below are next hops. So a look-up needs no mask and does not ask whether it hit, which
 * would be a branch that random addresses mispredict. Positive is a group, + 1. The valid bit and
 * the depth of rte_lpm's entries are not in them: the depths are in a plane of bytes beside, which
 * updates alone read. The default route is a rule of depth 0 like any other and is written to every
 * entry that no other rule won; rte_lpm has none, `Dir24_8` keeps it beside the table.
 *
 * What is promised of updates is what `Dir24_8` promises: a block has a group exactly while a rule
 * is longer than it, every store leaves each address with its old answer or the new one, a refusal
 * (rules, groups or `maxBytes` run out) changes nothing. A look-up that one update overtakes at any
 * of its reads answers old or new (LPM-12, explored). More is not promised, so no look-up may run
 * across calls of the writer: a group given back may be given out at once, and growing replaces the
 * arrays. An update touches the 2^(level - depth) slots of its prefix, 256 of each group beneath
 * them, and 257 for each group on its path that it makes.
 *
 * @example
 * ```ts
 * import { Dir24_8Compact } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Dir24_8Compact({ firstBits: 16, maxBytes: 2 * 2 ** 16 + 512 });
 * fib.add(0, 0, 9); // a default route
 * fib.add(0x0a010200, 24, 2); // 10.1.2.0/24, longer than the first level
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0a010303), 9);
 * assertEquals(fib.add(0x0a020300, 24, 3), false); // there are bytes for one group
 * assertEquals(fib.reads(0x0a010203), 2);
 * ```
 */
export class Dir24_8Compact implements Fib4 {
  /** Name of the structure. */
  readonly kind = "dir24-8-compact";
  /** Address bits that the first level resolves. */
  readonly firstBits: number;
  private readonly levels: CompactLevels;
  private readonly rules = new RuleTable();
  /** `levels.first` and `levels.entries`, one load nearer to the look-ups. */
  private readonly first: Int16Array;
  private entries: Int16Array;
  private readonly shift: number;
  private readonly narrower: number; // than 24 bits
  private readonly maxRules: number;
  private readonly depthMin: number;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or `maxBytes` does not hold the empty
   * table, naming the bytes that it needs
   */
  constructor(options: Dir24_8CompactOptions = {}) {
    const { firstBits = 24, groups = GROUPS_MAX, maxBytes = Infinity } = options;
    const { maxRules = 2 ** 26 } = options;
    if (firstBits !== 24 && firstBits !== 16 && firstBits !== 8) {
      throw new RangeError(
        `Cannot create Dir24_8Compact: firstBits ${firstBits} is not 24, 16 or 8`,
      );
    }
    checkSize("Dir24_8Compact", "groups", groups, 0, GROUPS_MAX);
    checkSize("Dir24_8Compact", "maxRules", maxRules, 1, 2 ** 26);
    const firstBytes = 2 * 2 ** firstBits;
    if (!(maxBytes >= firstBytes)) {
      throw new RangeError(
        `Cannot create Dir24_8Compact: the empty table needs ${firstBytes} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.firstBits = firstBits;
    this.shift = 32 - firstBits;
    this.narrower = 24 - firstBits;
    this.maxRules = maxRules;
    this.depthMin = options.defaultRoute === false ? 1 : 0;
    const groupsMax = Math.min(groups, Math.floor((maxBytes - firstBytes) / GROUP_BYTES));
    this.levels = new CompactLevels(firstBits, groupsMax);
    this.first = this.levels.first;
    this.entries = new Int16Array(GROUP_SLOTS);
    rehearse(this, this.first, 1);
    this.entries = this.levels.entries;
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules.count;
  }

  /** tbl8 groups in use. */
  get groupsUsed(): number {
    return this.levels.used;
  }

  /** Table slots that updates have read or written since the table was new or cleared. */
  get entriesTouched(): number {
    return this.levels.touched;
  }

  /** Bytes of the arrays that look-ups read. */
  get bytesReserved(): number {
    return 2 * this.first.length + 2 * this.entries.length;
  }

  /** Bytes in use: 2 for each valid entry of the first level, 512 a group. */
  get bytesOccupied(): number {
    return 2 * this.levels.validFirst + GROUP_BYTES * this.levels.used;
  }

  /** Bytes of the rules, the depths beside the entries and the counts of the groups. */
  get ribBytes(): number {
    const { firstDepths, depths, longer } = this.levels;
    return this.rules.bytes + firstDepths.length + depths.length + 4 * longer.length;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules, groups or
   * `maxBytes` run out.
   * @throws {RangeError} when prefix, depth or next hop (0..32767) is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, this.depthMin);
    checkNextHopUpTo(nextHop, HOP_MAX);
    const { levels, rules } = this;
    const masked = (prefix & maskOf(depth)) >>> 0;
    const isNew = rules.get(masked, depth) < 0;
    if (isNew) {
      if (rules.count >= this.maxRules) return false;
      if (levels.used + levels.missingGroups(masked, depth) > levels.groupsMax) return false;
    }
    rules.set(masked, depth, nextHop);
    levels.insert(masked, depth, nextHop, isNew);
    this.entries = levels.entries;
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, this.depthMin);
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (!this.rules.remove(masked, depth)) return false;
    const beneath = this.rules.coveringDepth(masked, depth);
    const hop = this.rules.get((masked & maskOf(beneath)) >>> 0, beneath);
    this.levels.erase(masked, depth, hop, hop < 0 ? -1 : beneath);
    return true;
  }

  /**
   * Adds all routes, or none: false, and nothing changed, when they do not fit together. Where a
   * route occurs twice the later one stands. An empty table is filled in ascending depth without
   * looking at what is overwritten: O(routes + slots written).
   * @throws {RangeError} when a route is out of range, before anything has changed
   */
  addBulk(routes: RouteSet): boolean {
    for (let i = 0; i < routes.count; i++) {
      checkPrefix("add", routes.prefix[i]!, routes.depth[i]!, this.depthMin);
      checkNextHopUpTo(routes.nextHop[i]!, HOP_MAX);
    }
    if (this.rules.count > 0) return addEach(this, this.rules, routes);
    const fits = fillCompact(this.levels, this.rules, this.maxRules, routes);
    if (!fits) this.clear();
    this.entries = this.levels.entries;
    return fits;
  }

  /** Next hop of the longest prefix that covers `address`, or -1; without branches as in `Dir24_8`. */
  lookup(address: number): number {
    let entry = this.first[(address >>> 8) >>> this.narrower]!;
    if (entry > 0) {
      const { entries, narrower: shift } = this;
      entry = entries[((entry - 1) << 8) | ((address >>> shift) & 255)]!;
      let deeper = -entry >> 31;
      entry = (entry & ~deeper) |
        (entries[deeper & (((entry - 1) << 8) | ((address >>> (shift - 8)) & 255))]! & deeper);
      deeper = -entry >> 31;
      entry = (entry & ~deeper) |
        (entries[deeper & (((entry - 1) << 8) | ((address >>> (shift - 16)) & 255))]! & deeper);
    }
    return ~entry;
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`. The loop over a block has no branch, so
   * that its loads are under way at once; groups are followed after it. The arrays share no memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const first = this.first;
    const shift = this.shift;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      let deep = 0;
      for (let i = from; i < to; i++) {
        const entry = first[addresses[i]! >>> shift]!;
        nextHops[i] = ~entry;
        deep |= -entry;
      }
      // The sign of -entry is that of a group; -32768 becomes positive because this has 32 bits.
      if (deep >= 0) continue;
      for (let i = from; i < to; i++) {
        const hop = nextHops[i]!;
        if (hop < -1) nextHops[i] = this.lookupDeep(addresses[i]!, ~hop);
      }
    }
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Reads that `lookup(address)` makes, each needing the one before: 1, and 1 more for each group.
   */
  reads(address: number): number {
    let reads = 1;
    let entry = this.first[address >>> this.shift]!;
    for (let shift = this.shift - 8; entry > 0; shift -= 8, reads++) {
      entry = this.entries[((entry - 1) << 8) | ((address >>> shift) & 255)]!;
    }
    return reads;
  }

  /** Removes every route. Few routes cost what they covered, many a fill of the first level. */
  clear(): void {
    const { levels, rules } = this;
    let covered = 0;
    for (let depth = 0; depth <= 32; depth++) {
      covered += rules.countAt(depth) * 2 ** Math.max(0, this.firstBits - depth);
    }
    if (covered + rules.capacity >= levels.first.length) levels.wipe(0, levels.first.length);
    else {
      for (let slot = 0; slot < rules.capacity; slot++) {
        const depth = rules.depthAt(slot);
        if (depth < 0) continue;
        const from = rules.prefixAt(slot) >>> this.shift;
        levels.wipe(from, from + 2 ** Math.max(0, this.firstBits - depth));
      }
    }
    levels.clear();
    rules.clear();
    this.entries = levels.entries;
  }

  /**
   * Compares every entry with the rules: that each holds the longest rule of its level (D1, D4),
   * that groups and entries point at each other once (D2), that there is a group exactly where a
   * rule is longer than its block (D3). O(first level + groups * rules).
   * @throws {Error} naming the invariant and the entry
   */
  checkInvariants(): void {
    checkCompact(this.levels, this.rules);
  }

  /** The look-up of an address whose first-level entry, `entry`, leads to a group. */
  private lookupDeep(address: number, entry: number): number {
    for (let shift = this.shift - 8; entry > 0; shift -= 8) {
      entry = this.entries[((entry - 1) << 8) | ((address >>> shift) & 255)]!;
    }
    return ~entry;
  }
}
