import type { Dir24_8Memory } from "./_dir24_8_memory.ts";
import * as entryBits from "./entry.ts";
import { GroupPool } from "./group_pool.ts";
import type { RuleTable } from "./rule_table.ts";

// Of its own module V8 folds a constant; an imported one it loads in every turn of a loop.
const DEPTH_SHIFT = entryBits.DEPTH_SHIFT;
const EXTENDED = entryBits.EXTENDED;
const GROUP_SLOTS = entryBits.GROUP_SLOTS;
const HOP = entryBits.HOP;

/**
 * The levels of a DIR-24-8 table and how an update changes them: the first level (tbl24), the
 * groups below it (tbl8), nothing about which routes there are. Who calls decides that a rule fits
 * before inserting it, and knows what a deletion uncovers.
 *
 * A rule is written at the first level that is as long as it, into each slot where no longer one
 * stands. A group is written whole before the one store that makes it reachable. When a deletion
 * leaves a group saying no more than one entry of its parent could, the parent gets that entry
 * first and the group goes back then.
 *
 * `level` is everywhere the number of address bits that a table resolves: `firstBits`, then 8 more
 * each.
 */
export class Levels {
  /** The first level: entry i answers for the addresses whose first bits are i. */
  readonly first: Uint32Array;
  /** The groups. */
  readonly pool: GroupPool;
  /** Address bits that the first level resolves. */
  readonly firstBits: number;
  /** How far an address is shifted to find its entry in the first level. */
  readonly shift: number;
  /** Entries of the first level that are not 0. */
  validFirst = 0;
  /** Slots that updates have read or written. */
  touched = 0;
  /** Slots from the first level to the one an update works on. */
  private readonly path = new Float64Array(4);

  /** Whether other threads read these levels while they are changed. */
  private readonly isShared: boolean;

  /** Empty levels, in memory of their own or in that which others read. */
  constructor(firstBits: number, groups: number, memory?: Dir24_8Memory) {
    this.firstBits = firstBits;
    this.shift = 32 - firstBits;
    this.first = memory?.first ?? new Uint32Array(2 ** firstBits);
    this.pool = new GroupPool(groups, memory);
    this.isShared = memory !== undefined;
  }

  /** Reads that a look-up of `address` makes. */
  reads(address: number): number {
    let count = 1;
    let entry = this.first[address >>> this.shift]!;
    for (let shift = this.shift - 8; (entry & EXTENDED) !== 0 && shift >= 0; shift -= 8) {
      entry = this.pool.entries[((entry & HOP) << 8) | ((address >>> shift) & 255)]!;
      count++;
    }
    return count;
  }

  /** Groups that adding this new rule would allocate. */
  missingGroups(prefix: number, depth: number): number {
    let table = this.first;
    let slot = prefix >>> this.shift;
    for (let level = this.firstBits; level < depth; level += 8) {
      const entry = table[slot]!;
      if ((entry & EXTENDED) === 0) return Math.ceil((depth - level) / 8);
      table = this.pool.entries;
      slot = ((entry & HOP) << 8) | ((prefix >>> (24 - level)) & 255);
    }
    return 0;
  }

  /** Writes a rule into the level it belongs to. The groups it needs are known to be there. */
  insert(prefix: number, depth: number, entry: number): void {
    let table = this.first;
    let slot = prefix >>> this.shift;
    let level = this.firstBits;
    while (depth > level) {
      const old = table[slot]!;
      if ((old & EXTENDED) === 0) {
        this.publish(table, slot, this.buildGroup(prefix, depth, entry, level, old));
        return;
      }
      table = this.pool.entries;
      slot = ((old & HOP) << 8) | ((prefix >>> (24 - level)) & 255);
      level += 8;
    }
    this.writeRange(table, slot, slot + (1 << (level - depth)), entry);
  }

  /** Makes the group, and those below it, that lead to a new rule; answers the entry to publish. */
  buildGroup(
    prefix: number,
    depth: number,
    entry: number,
    above: number,
    old: number,
  ): number {
    const group = this.pool.allocate();
    const entries = this.pool.entries;
    const level = above + 8;
    const slot = (group << 8) | ((prefix >>> (32 - level)) & 255);
    entries.fill(old, group << 8, (group << 8) + GROUP_SLOTS);
    if (depth > level) entries[slot] = this.buildGroup(prefix, depth, entry, level, old);
    else entries.fill(entry, slot, slot + (1 << (level - depth)));
    this.touched += GROUP_SLOTS;
    return entryBits.groupEntry(group);
  }

  /**
   * One store that turns an entry from its old answer to its new one, or from an answer to a group
   * that says the same. Where others read it is atomic: what was stored before is then seen by whom
   * sees the entry. An answer that replaces an answer (`writeRange`) needs no such order.
   */
  publish(table: Uint32Array, slot: number, entry: number): void {
    if (table === this.first) {
      this.validFirst += (entry === 0 ? 0 : 1) - (table[slot] === 0 ? 0 : 1);
    }
    if (this.isShared) Atomics.store(table, slot, entry);
    else table[slot] = entry;
    this.touched++;
  }

  /** Writes a rule wherever in `[from, to)` no longer one stands, in the groups beneath too. */
  writeRange(table: Uint32Array, from: number, to: number, entry: number): void {
    const depth = entry >>> DEPTH_SHIFT;
    const counted = table === this.first ? 1 : 0;
    let made = 0;
    this.touched += to - from;
    for (let i = from; i < to; i++) {
      const old = table[i]!;
      if ((old & EXTENDED) !== 0) {
        const base = (old & HOP) << 8;
        this.writeRange(this.pool.entries, base, base + GROUP_SLOTS, entry);
      } else {
        // All bits where the rule wins: which slots longer rules hold cannot be predicted.
        const wins = ((old >>> DEPTH_SHIFT) - depth - 1) >> 31;
        made += old === 0 ? counted : 0;
        table[i] = (entry & wins) | (old & ~wins);
      }
    }
    this.validFirst += made;
  }

  /**
   * Takes a rule out of its level, then gives back the groups on its path that nothing needs any
   * more.
   */
  erase(prefix: number, depth: number, uncovered: number): void {
    const path = this.path;
    let table = this.first;
    let slot = prefix >>> this.shift;
    let below = 0;
    let level = this.firstBits;
    for (; depth > level; level += 8) {
      path[below++] = slot;
      slot = ((table[slot]! & HOP) << 8) | ((prefix >>> (24 - level)) & 255);
      table = this.pool.entries;
    }
    this.eraseRange(table, slot, slot + (1 << (level - depth)), depth, uncovered);
    while (below-- > 0) {
      level -= 8;
      const parent = below === 0 ? this.first : this.pool.entries;
      if (!this.collapse(parent, path[below]!, level)) return;
    }
  }

  /** Puts what was uncovered into the slots of `[from, to)` that the deleted rule had won. */
  eraseRange(
    table: Uint32Array,
    from: number,
    to: number,
    depth: number,
    uncovered: number,
  ): void {
    const counted = table === this.first && uncovered === 0 ? 1 : 0;
    this.touched += to - from;
    for (let i = from; i < to; i++) {
      const old = table[i]!;
      if ((old & EXTENDED) !== 0) {
        const base = (old & HOP) << 8;
        this.eraseRange(this.pool.entries, base, base + GROUP_SLOTS, depth, uncovered);
      } else if (old >>> DEPTH_SHIFT === depth) {
        table[i] = uncovered;
        this.validFirst -= counted;
      }
    }
  }

  /**
   * Gives a group back when it says no more than one entry of its parent could: all of its entries
   * are equal and not longer than `level`, or all are invalid (rte_lpm: tbl8_recycle_check). The
   * parent is stored first.
   */
  collapse(parent: Uint32Array, slot: number, level: number): boolean {
    const group = parent[slot]! & HOP;
    const entries = this.pool.entries;
    const base = group << 8;
    const common = entries[base]!;
    this.touched += GROUP_SLOTS;
    if ((common & EXTENDED) !== 0 || common >>> DEPTH_SHIFT > level) return false;
    for (let i = base + 1; i < base + GROUP_SLOTS; i++) {
      if (entries[i] !== common) return false;
    }
    this.publish(parent, slot, common);
    this.pool.release(group);
    return true;
  }

  /**
   * Slots of the first level that a rule of this depth covers or lies in; 0 for none and for depth
   * 0.
   */
  firstSlots(depth: number): number {
    if (depth < 1) return 0;
    return depth >= this.firstBits ? 1 : 1 << (this.firstBits - depth);
  }

  /**
   * Writes a rule into an empty place, or over shorter rules only, when no group lies there. Such
   * rules cover all of its slots or none, so the first tells whether all were invalid.
   */
  paint(prefix: number, depth: number, entry: number): void {
    const slot = prefix >>> this.shift;
    const slots = this.firstSlots(depth);
    if (this.first[slot] === 0) this.validFirst += slots;
    if (slots === 1) this.first[slot] = entry;
    else this.first.fill(entry, slot, slot + slots);
    this.touched += slots;
  }

  /**
   * Empties all levels. Where few slots lie under the rules, only those are written. A slot
   * somewhere in memory costs what writing about 64 in a row does (100 ns against 1.5 ns measured
   * on a full table).
   */
  clear(rules: RuleTable): void {
    let slots = 64 * rules.count;
    for (let i = 0; i < rules.capacity; i++) slots += this.firstSlots(rules.depthAt(i));
    if (slots >= this.first.length) this.first.fill(0);
    else {
      for (let i = 0; i < rules.capacity; i++) {
        if (rules.depthAt(i) < 1) continue;
        this.paint(rules.prefixAt(i), rules.depthAt(i), 0);
      }
    }
    this.pool.clear();
    this.validFirst = 0;
    this.touched = 0;
  }
}
