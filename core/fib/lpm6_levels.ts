import { depthOfEntry6, EXTENDED6, groupEntry6, HOP6 } from "./_entry6.ts";
import type { Rib6 } from "./_rib6.ts";
import { GROUP_SLOTS } from "./entry.ts";
import { GroupPool } from "./group_pool.ts";

/** The owner of a group that an entry of the first level leads to. */
export const FIRST_LEVEL = -1;

/** Bytes of a group: 256 entries, and its header of owner table, owner entry, reference count. */
export const GROUP6_BYTES = 4 * GROUP_SLOTS + 12;

/**
 * The levels of an rte_lpm6 table and how an update changes them: the first level (tbl24), the
 * chain of groups below it (tbl8), nothing about which routes there are. Who calls decides that a
 * rule fits before inserting it, and knows what a deletion uncovers.
 *
 * A rule is written at the first level that is as long as it, into each slot where no longer one
 * stands, in the groups beneath too. A group is written whole before the one store that makes it
 * reachable.
 *
 * Each group has a header, as rte_lpm6 has: the table and the entry that lead to it, and a count of
 * what needs it, which is the rules of its own level and the groups it leads to. When a deletion
 * takes the last one away, all entries of the group are the same rule: the owner's entry gets that
 * rule first, then the group goes back, and the owner has lost a reference in turn.
 *
 * `level` is everywhere the number of address bits that a table resolves: `firstBits`, then 8 more
 * each, up to 128.
 */
export class Lpm6Levels {
  /** The first level: entry i answers for the addresses whose first bits are i. */
  readonly first: Uint32Array;
  /** The groups. */
  readonly pool: GroupPool;
  /** Group that leads to group g, or `FIRST_LEVEL`. */
  readonly ownerTable: Int32Array;
  /** Position of the entry that leads to group g, in the array of its owner. */
  readonly ownerEntry: Uint32Array;
  /** Rules that live in group g, and groups that it leads to. */
  readonly references: Uint32Array;
  /** Address bits that the first level resolves. */
  readonly firstBits: number;
  /** How far the first word of an address is shifted to find its entry in the first level. */
  readonly shift: number;
  /** Entries of the first level that are not 0. */
  validFirst = 0;
  /** Slots that updates have read or written. */
  touched = 0;

  /** Empty levels. */
  constructor(firstBits: number, groups: number) {
    this.firstBits = firstBits;
    this.shift = 32 - firstBits;
    this.first = new Uint32Array(2 ** firstBits);
    this.pool = new GroupPool(groups);
    this.ownerTable = new Int32Array(groups);
    this.ownerEntry = new Uint32Array(groups);
    this.references = new Uint32Array(groups);
  }

  /** Reads that a look-up of the address makes. */
  reads(addresses: Uint32Array, at: number): number {
    let count = 1;
    let entry = this.first[addresses[at]! >>> this.shift]!;
    for (let level = this.firstBits; (entry & EXTENDED6) !== 0 && level < 128; level += 8) {
      entry = this.pool.entries[((entry & HOP6) << 8) | byteOf(addresses, at, level)]!;
      count++;
    }
    return count;
  }

  /** Groups that adding this new rule would allocate. */
  missingGroups(prefix: Uint32Array, depth: number): number {
    let table = this.first;
    let slot = prefix[0]! >>> this.shift;
    for (let level = this.firstBits; level < depth; level += 8) {
      const entry = table[slot]!;
      if ((entry & EXTENDED6) === 0) return Math.ceil((depth - level) / 8);
      table = this.pool.entries;
      slot = ((entry & HOP6) << 8) | byteOf(prefix, 0, level);
    }
    return 0;
  }

  /** Writes a rule into its level. The groups it needs are known to be there. */
  insert(prefix: Uint32Array, depth: number, entry: number, isNew: boolean): void {
    let table = this.first;
    let slot = prefix[0]! >>> this.shift;
    let level = this.firstBits;
    let group = FIRST_LEVEL;
    while (depth > level) {
      const old = table[slot]!;
      if ((old & EXTENDED6) === 0) {
        this.publish(table, slot, this.buildGroup(prefix, depth, entry, level, old, group, slot));
        if (group !== FIRST_LEVEL) this.references[group]!++;
        return;
      }
      group = old & HOP6;
      table = this.pool.entries;
      slot = (group << 8) | byteOf(prefix, 0, level);
      level += 8;
    }
    this.writeRange(table, slot, slot + 2 ** (level - depth), entry);
    if (isNew && group !== FIRST_LEVEL) this.references[group]!++;
  }

  /** Makes the group, and those below it, that lead to a new rule; answers the entry to publish. */
  buildGroup(
    prefix: Uint32Array,
    depth: number,
    entry: number,
    above: number,
    old: number,
    ownerTable: number,
    ownerEntry: number,
  ): number {
    const group = this.pool.allocate();
    const entries = this.pool.entries;
    const level = above + 8;
    const slot = (group << 8) | byteOf(prefix, 0, above);
    this.ownerTable[group] = ownerTable;
    this.ownerEntry[group] = ownerEntry;
    this.references[group] = 1;
    entries.fill(old, group << 8, (group << 8) + GROUP_SLOTS);
    if (depth > level) {
      entries[slot] = this.buildGroup(prefix, depth, entry, level, old, group, slot);
    } else entries.fill(entry, slot, slot + 2 ** (level - depth));
    this.touched += GROUP_SLOTS;
    return groupEntry6(group);
  }

  /** One store that turns an entry from its old answer to its new one. */
  publish(table: Uint32Array, slot: number, entry: number): void {
    if (table === this.first) {
      this.validFirst += (entry === 0 ? 0 : 1) - (table[slot] === 0 ? 0 : 1);
    }
    table[slot] = entry;
    this.touched++;
  }

  /** Writes a rule wherever in `[from, to)` no longer one stands, in the groups beneath too. */
  writeRange(table: Uint32Array, from: number, to: number, entry: number): void {
    const depth = depthOfEntry6(entry);
    const counted = table === this.first ? 1 : 0;
    this.touched += to - from;
    for (let i = from; i < to; i++) {
      const old = table[i]!;
      if ((old & EXTENDED6) !== 0) {
        const base = (old & HOP6) << 8;
        this.writeRange(this.pool.entries, base, base + GROUP_SLOTS, entry);
      } else if (depthOfEntry6(old) <= depth) {
        if (old === 0) this.validFirst += counted;
        table[i] = entry;
      }
    }
  }

  /** Takes a rule out of its level, then gives back the groups that nothing needs any more. */
  erase(prefix: Uint32Array, depth: number, uncovered: number): void {
    let table = this.first;
    let slot = prefix[0]! >>> this.shift;
    let group = FIRST_LEVEL;
    let level = this.firstBits;
    for (; depth > level; level += 8) {
      group = table[slot]! & HOP6;
      table = this.pool.entries;
      slot = (group << 8) | byteOf(prefix, 0, level);
    }
    this.eraseRange(table, slot, slot + 2 ** (level - depth), depth, uncovered);
    while (group !== FIRST_LEVEL && --this.references[group]! === 0) group = this.collapse(group);
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
      if ((old & EXTENDED6) !== 0) {
        const base = (old & HOP6) << 8;
        this.eraseRange(this.pool.entries, base, base + GROUP_SLOTS, depth, uncovered);
      } else if (depthOfEntry6(old) === depth) {
        table[i] = uncovered;
        this.validFirst -= counted;
      }
    }
  }

  /** Gives back a group that nothing refers to; answers its owner. The owner is stored first. */
  collapse(group: number): number {
    const owner = this.ownerTable[group]!;
    const table = owner === FIRST_LEVEL ? this.first : this.pool.entries;
    this.publish(table, this.ownerEntry[group]!, this.pool.entries[group << 8]!);
    this.pool.release(group);
    return owner;
  }

  /**
   * Empties all levels. Where few slots lie under the rules, only those are written: a slot
   * somewhere in memory costs about what writing 64 in a row does.
   */
  clear(rules: Rib6): void {
    let slots = 64 * rules.count;
    for (let depth = 1; depth <= 128; depth++) {
      slots += rules.countAt(depth) * this.firstSlots(depth);
    }
    if (slots >= this.first.length) this.first.fill(0);
    else {
      rules.walk((prefix, depth) => {
        const slot = prefix[0]! >>> this.shift;
        this.first.fill(0, slot, slot + this.firstSlots(depth));
      });
    }
    // Headers stay: whoever allocates a group writes its header.
    this.pool.clear();
    this.validFirst = 0;
    this.touched = 0;
  }

  /** Slots of the first level that a rule of this depth covers or lies in; 0 for depth 0. */
  private firstSlots(depth: number): number {
    if (depth < 1) return 0;
    return depth >= this.firstBits ? 1 : 2 ** (this.firstBits - depth);
  }
}

/** The eight bits of an address that follow its first `level` ones. */
function byteOf(addresses: Uint32Array, at: number, level: number): number {
  return (addresses[at + (level >>> 5)]! >>> (24 - (level & 31))) & 255;
}
