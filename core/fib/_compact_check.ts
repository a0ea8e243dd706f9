import { describeCompact } from "./_compact_entry.ts";
import type { CompactLevels } from "./_compact_levels.ts";
import { GROUP_SLOTS } from "./entry.ts";
import { maskOf, prefixText } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/** A table of entries that answers for a block of addresses, and what ought to be in it. */
interface Block {
  readonly prefix: number;
  /** Address bits that its entries resolve. */
  readonly level: number;
  /** Its first slot, in the first level or in the groups. */
  readonly at: number;
  readonly slots: number;
  readonly isFirst: boolean;
}

/**
 * Compares a compact DIR-24-8 table with its rules, entry by entry: D1 and D4, each entry is that
 * of the longest rule of its level; D2, groups are reached once, and all that are taken; D3, there
 * is a group exactly where a rule is longer than its block.
 * @throws {Error} naming the invariant and the entry
 */
export function checkCompact(levels: CompactLevels, rules: RuleTable): void {
  const sorted: [number, number, number][] = [];
  rules.walk((prefix, depth, hop) => sorted.push([prefix, depth, hop]));
  const longer = new Map<number, number>();
  for (const [prefix, depth] of sorted) {
    for (let level = levels.firstBits; level < depth; level += 8) {
      const key = keyOf((prefix & maskOf(level)) >>> 0, level);
      longer.set(key, (longer.get(key) ?? 0) + 1);
    }
  }
  const owners = new Map<number, string>();
  const slots = levels.first.length;
  const blocks: Block[] = [{ prefix: 0, level: levels.firstBits, at: 0, slots, isFirst: true }];
  let valid = 0;
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    const table = block.isFirst ? levels.first : levels.entries;
    const depths = block.isFirst ? levels.firstDepths : levels.depths;
    const winners = paintedBy(sorted, block);
    for (let i = 0; i < block.slots; i++) {
      const [entry, tag] = [table[block.at + i]!, depths[block.at + i]!];
      if (block.isFirst && entry !== 0) valid++;
      const prefix = block.prefix + i * 2 ** (32 - block.level);
      // Written only where it is needed: there are up to 2^24 entries.
      const name = (): string =>
        `entry ${prefixText(prefix, block.level)} is ${describeCompact(entry, tag)}`;
      const inside = longer.get(keyOf(prefix, block.level)) ?? 0;
      if ((entry > 0) !== (inside > 0)) {
        throw new Error(`D3: ${name()}, and ${inside} rules are longer than ${block.level}`);
      }
      if (entry > 0) {
        enter(levels, owners, entry - 1, inside, prefixText(prefix, block.level));
        const level = block.level + 8;
        const at = (entry - 1) * GROUP_SLOTS;
        blocks.push({ prefix, level, at, slots: GROUP_SLOTS, isFirst: false });
        continue;
      }
      const winner = sorted[winners[i]! - 1];
      const [hop, depth] = winner ? [winner[2], winner[1]] : [-1, -1];
      if (~entry !== hop || tag !== depth + 1) {
        throw new Error(`D4: ${name()}, the rules say ${describeCompact(~hop, depth + 1)}`);
      }
    }
  }
  if (owners.size !== levels.used) {
    throw new Error(`D2: ${levels.used} groups are taken, ${owners.size} are reached`);
  }
  if (valid !== levels.validFirst) {
    throw new Error(`${valid} entries of the first level are valid, ${levels.validFirst} counted`);
  }
}

/** A group is reached, once, not free, and counts right. */
function enter(
  levels: CompactLevels,
  owners: Map<number, string>,
  group: number,
  inside: number,
  where: string,
): void {
  const other = owners.get(group);
  if (other !== undefined) throw new Error(`D2: group ${group} is reached from ${other}, ${where}`);
  owners.set(group, where);
  if (levels.isFree(group)) throw new Error(`D2: group ${group} of ${where} is free`);
  if (levels.longer[group] !== inside) {
    throw new Error(`D3: group ${group} of ${where} counts ${levels.longer[group]} of ${inside}`);
  }
}

/** Index + 1 of the longest rule for each slot of a block: rules ascend, so the last one wins. */
function paintedBy(sorted: readonly [number, number, number][], block: Block): Uint32Array {
  const winners = new Uint32Array(block.slots);
  const unit = 2 ** (32 - block.level);
  sorted.forEach(([prefix, depth], i) => {
    if (depth > block.level) return;
    const first = Math.floor((prefix - block.prefix) / unit);
    const last = first + 2 ** (block.level - depth);
    if (first < block.slots && last > 0) {
      winners.fill(i + 1, Math.max(0, first), Math.min(last, block.slots));
    }
  });
  return winners;
}

function keyOf(prefix: number, level: number): number {
  return prefix * 64 + level;
}
