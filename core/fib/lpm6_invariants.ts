import { depthOfEntry6, describeEntry6, EXTENDED6, HOP6, leafEntry6 } from "./_entry6.ts";
import type { Rib6 } from "./_rib6.ts";
import { maskInto, prefix6Text } from "./_route6.ts";
import { GROUP_SLOTS } from "./entry.ts";
import { FIRST_LEVEL, type Lpm6Levels } from "./lpm6_levels.ts";

/** A block of addresses and the group that answers for it. */
interface Block {
  readonly prefix: Uint32Array;
  readonly level: number;
  readonly group: number;
}

/**
 * Compares an rte_lpm6 table with its rules, entry by entry.
 * @throws {Error} naming the invariant and the entry
 */
export function checkLpm6(levels: Lpm6Levels, rules: Rib6, missHop: number): void {
  rules.checkInvariants();
  const expected = rules.get(new Uint32Array(4), 0);
  if (missHop !== expected) {
    throw new Error(`D4: a miss answers ${missHop}, the rules say ${expected}`);
  }
  const blocks = checkTable(levels, rules, new Uint32Array(4), 0, FIRST_LEVEL);
  const valid = levels.first.reduce((sum, entry) => sum + (entry === 0 ? 0 : 1), 0);
  if (valid !== levels.validFirst) {
    throw new Error(
      `${valid} entries of the first level are valid, ${levels.validFirst} are counted`,
    );
  }
  // No group is met twice: its header names one entry, and every entry was compared with it.
  const owner = new Map<number, string>();
  const references = new Map<number, number>();
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    const { prefix, level, group } = block;
    const where = prefix6Text(prefix, 0, level);
    owner.set(group, where);
    if (levels.pool.isFree(group)) {
      throw new Error(`D2: group ${group} is reached from ${where} but is free`);
    }
    const inner = checkTable(levels, rules, prefix, level, group);
    references.set(group, inner.length + rulesOf(rules, prefix, level));
    blocks.push(...inner);
  }
  if (owner.size !== levels.pool.used) {
    throw new Error(`D2: ${levels.pool.used} groups are taken, ${owner.size} are reached`);
  }
  for (const [group, count] of references) {
    if (levels.references[group] !== count) {
      throw new Error(
        `D8: group ${group} of ${owner.get(group)} counts ${
          levels.references[group]
        } references, has ${count}`,
      );
    }
  }
}

/** Each entry of one table against the rules; answers the groups that its entries lead to. */
function checkTable(
  levels: Lpm6Levels,
  rules: Rib6,
  block: Uint32Array,
  above: number,
  group: number,
): Block[] {
  const isFirst = group === FIRST_LEVEL;
  const table = isFirst ? levels.first : levels.pool.entries;
  const base = isFirst ? 0 : group * GROUP_SLOTS;
  const level = isFirst ? levels.firstBits : above + 8;
  const inner: Block[] = [];
  for (let i = 0; i < 2 ** (level - above); i++) {
    const entry = table[base + i]!;
    const prefix = block.slice();
    prefix[(level - 1) >>> 5]! += i * 2 ** (31 - ((level - 1) & 31));
    checkEntry(rules, entry, prefix, level);
    if ((entry & EXTENDED6) === 0) continue;
    const child = entry & HOP6;
    inner.push({ prefix, level, group: child });
    if (levels.ownerTable[child] !== group || levels.ownerEntry[child] !== base + i) {
      throw new Error(
        `D2: header of group ${child} names entry ${levels.ownerEntry[child]} of ${
          levels.ownerTable[child]
        }, not ${prefix6Text(prefix, 0, level)}`,
      );
    }
  }
  return inner;
}

function checkEntry(rules: Rib6, entry: number, prefix: Uint32Array, level: number): void {
  let extended = false;
  rules.beneath(prefix, level, () => extended = true);
  const cover = rules.cover(prefix, level);
  const shown = cover < 0 || (cover & 255) === 0;
  const expected = shown ? 0 : leafEntry6(cover >>> 8, cover & 255);
  const leads = (entry & EXTENDED6) !== 0;
  if (leads === extended && (leads || entry === expected)) return;
  const where = `entry ${prefix6Text(prefix, 0, level)} is ${describeEntry6(entry)}`;
  if (leads !== extended) {
    throw new Error(`D3: ${where}, and ${extended ? "a" : "no"} rule is longer than ${level}`);
  }
  const law = depthOfEntry6(entry) > level ? "D1" : "D4";
  throw new Error(`${law}: ${where}, the rules say ${describeEntry6(expected)}`);
}

/** Rules of a group's own level: longer than its block by 1 to 8 bits. */
function rulesOf(rules: Rib6, prefix: Uint32Array, level: number): number {
  let count = 0;
  const masked = new Uint32Array(4);
  rules.walk((words, depth) => {
    maskInto(masked, words, 0, level);
    const inside = masked.every((word, i) => word === prefix[i]);
    if (inside && depth > level && depth <= level + 8) count++;
  });
  return count;
}
