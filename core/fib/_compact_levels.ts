import { GROUP_SLOTS } from "./entry.ts";
import { GROUPS_MAX } from "./_compact_entry.ts";

/**
 * The levels of a DIR-24-8 table with entries of 16 bits, and how an update changes them: the first
 * level (tbl24), the groups below it (tbl8), and beside every entry the depth + 1 of the rule that
 * won it, which only updates read.
 *
 * An entry is 0 for a miss, ~next hop (negative) for an answer, group + 1 for a group. A rule is
 * written at the first level that is as long as it, into each slot that no longer rule won. A block
 * has a group exactly while some rule is longer than the block: each group counts those, so that
 * the last one to go sees that its 256 entries are equal and that the parent can say so.
 *
 * A group is filled before the one store that leads to it, and left before it goes back. Groups
 * that came back are given out first, the last one first; the arrays are doubled as they run out,
 * up to `groupsMax`. `level` is everywhere the number of address bits that a table resolves.
 */
export class CompactLevels {
  /** The first level: entry i answers for the addresses whose first bits are i. */
  first: Int16Array;
  /** The groups: group g owns entries `[g * 256, g * 256 + 256)`. */
  entries: Int16Array = new Int16Array(0);
  /** Depth + 1 of the rule that won each entry, 0 = none. */
  readonly firstDepths: Uint8Array;
  depths: Uint8Array = new Uint8Array(0);
  /** How many rules are longer than the block that each group answers for. */
  longer: Uint32Array = new Uint32Array(0);
  /** How far an address is shifted to find its entry in the first level. */
  readonly shift: number;
  /** Entries of the first level that are not 0. */
  validFirst = 0;
  /** Groups in use. */
  used = 0;
  /** Slots that updates have read or written. */
  touched = 0;
  private readonly returned: number[] = [];
  private fresh = 0;
  /** Slots of the groups on the way to the one that an update works on. */
  private readonly path = [0, 0, 0, 0];

  /** Empty levels. */
  constructor(readonly firstBits: number, readonly groupsMax: number) {
    this.shift = 32 - firstBits;
    this.first = new Int16Array(2 ** firstBits);
    this.firstDepths = new Uint8Array(2 ** firstBits);
  }

  /** Groups that adding this new rule would allocate. */
  missingGroups(prefix: number, depth: number): number {
    let entry = this.first[prefix >>> this.shift]!;
    for (let level = this.firstBits; level < depth; level += 8) {
      if (entry <= 0) return Math.ceil((depth - level) / 8);
      entry = this.entries[slotIn(entry - 1, prefix, level)]!;
    }
    return 0;
  }

  /** Puts a rule in, for which there are groups enough. */
  insert(prefix: number, depth: number, hop: number, isNew: boolean): void {
    let slot = prefix >>> this.shift;
    let level = this.firstBits;
    for (; level < depth; level += 8) {
      const isFirst = level === this.firstBits;
      const entry = (isFirst ? this.first : this.entries)[slot]!;
      const group = entry > 0 ? entry - 1 : this.extend(slot, isFirst);
      if (isNew) this.longer[group]!++;
      slot = slotIn(group, prefix, level);
    }
    this.write(level === this.firstBits, slot, slot + (1 << (level - depth)), ~hop, depth + 1);
  }

  /**
   * Takes a rule out: its slots go to the rule beneath it, `hop` of `depthBeneath`, or -1 and -1.
   */
  erase(prefix: number, depth: number, hop: number, depthBeneath: number): void {
    let slot = prefix >>> this.shift;
    let level = this.firstBits;
    let above = 0;
    for (; level < depth; level += 8) {
      this.path[above++] = slot;
      const entry = (level === this.firstBits ? this.first : this.entries)[slot]!;
      slot = slotIn(entry - 1, prefix, level);
    }
    const to = slot + (1 << (level - depth));
    this.replace(level === this.firstBits, slot, to, depth + 1, ~hop, depthBeneath + 1);
    while (above-- > 0) this.collapse(this.path[above]!, above === 0);
  }

  /**
   * Writes a rule of the first level over all shorter ones, which cover all of its entries or none:
   * the first tells whether all were invalid.
   */
  paint(prefix: number, depth: number, hop: number): void {
    const from = prefix >>> this.shift;
    const to = from + 2 ** (this.firstBits - depth);
    if (this.first[from] === 0) this.validFirst += to - from;
    this.first.fill(~hop, from, to);
    this.firstDepths.fill(depth + 1, from, to);
    this.touched += to - from;
  }

  /** Empties the first level between two slots. */
  wipe(from: number, to: number): void {
    this.first.fill(0, from, to);
    this.firstDepths.fill(0, from, to);
  }

  /** Forgets the groups. */
  clear(): void {
    this.entries = new Int16Array(0);
    this.depths = new Uint8Array(0);
    this.longer = new Uint32Array(0);
    this.returned.length = 0;
    this.fresh = 0;
    this.used = 0;
    this.validFirst = 0;
    this.touched = 0;
  }

  /** Whether a group is with nobody. O(groups returned): for invariants only. */
  isFree(group: number): boolean {
    return group >= this.fresh || this.returned.includes(group);
  }

  /** Writes an entry into the slots that no rule longer than it won, in groups too. */
  write(isFirst: boolean, from: number, to: number, entry: number, tag: number): void {
    const table = isFirst ? this.first : this.entries;
    const depths = isFirst ? this.firstDepths : this.depths;
    this.touched += to - from;
    for (let i = from; i < to; i++) {
      const old = table[i]!;
      if (old > 0) {
        const base = (old - 1) * GROUP_SLOTS;
        this.write(false, base, base + GROUP_SLOTS, entry, tag);
      } else if (depths[i]! <= tag) {
        if (old === 0 && isFirst) this.validFirst++;
        table[i] = entry;
        depths[i] = tag;
      }
    }
  }

  /** Puts another entry into the slots that the rule of depth `tag` - 1 won, in groups too. */
  replace(
    isFirst: boolean,
    from: number,
    to: number,
    tag: number,
    entry: number,
    tagAfter: number,
  ): void {
    const table = isFirst ? this.first : this.entries;
    const depths = isFirst ? this.firstDepths : this.depths;
    this.touched += to - from;
    for (let i = from; i < to; i++) {
      const old = table[i]!;
      if (old > 0) {
        const base = (old - 1) * GROUP_SLOTS;
        this.replace(false, base, base + GROUP_SLOTS, tag, entry, tagAfter);
      } else if (depths[i] === tag) {
        if (entry === 0 && isFirst) this.validFirst--;
        table[i] = entry;
        depths[i] = tagAfter;
      }
    }
  }

  /** Puts a new group, which says what the entry said, in the place of an entry. */
  extend(slot: number, isFirst: boolean): number {
    const group = this.take();
    const table = isFirst ? this.first : this.entries;
    const depths = isFirst ? this.firstDepths : this.depths;
    const from = group * GROUP_SLOTS;
    this.entries.fill(table[slot]!, from, from + GROUP_SLOTS);
    this.depths.fill(depths[slot]!, from, from + GROUP_SLOTS);
    this.longer[group] = 0;
    if (isFirst && table[slot] === 0) this.validFirst++;
    table[slot] = group + 1;
    depths[slot] = 0;
    this.touched += GROUP_SLOTS + 1;
    return group;
  }

  /** One rule less beneath an entry; with the last one the entry says what its group says. */
  collapse(slot: number, isFirst: boolean): void {
    const table = isFirst ? this.first : this.entries;
    const depths = isFirst ? this.firstDepths : this.depths;
    const group = table[slot]! - 1;
    if (--this.longer[group]! > 0) return;
    const common = this.entries[group * GROUP_SLOTS]!;
    if (isFirst && common === 0) this.validFirst--;
    depths[slot] = this.depths[group * GROUP_SLOTS]!;
    table[slot] = common;
    this.returned.push(group);
    this.used--;
    this.touched++;
  }

  private take(): number {
    this.used++;
    if (this.returned.length > 0) return this.returned.pop()!;
    const group = this.fresh++;
    if (group === this.longer.length) this.grow();
    return group;
  }

  private grow(): void {
    const groups = Math.min(this.groupsMax, GROUPS_MAX, Math.max(1, 2 * this.longer.length));
    const { entries, depths, longer } = this;
    this.entries = new Int16Array(groups * GROUP_SLOTS);
    this.depths = new Uint8Array(groups * GROUP_SLOTS);
    this.longer = new Uint32Array(groups);
    this.entries.set(entries);
    this.depths.set(depths);
    this.longer.set(longer);
  }
}

/** Slot of an address in a group of the level below `level`. */
function slotIn(group: number, address: number, level: number): number {
  return group * GROUP_SLOTS + ((address >>> (24 - level)) & 255);
}
