import type { Levels } from "./_levels.ts";
import { DEPTH_SHIFT, describeEntry, EXTENDED, GROUP_SLOTS, HOP, leafEntry } from "./entry.ts";
import { maskOf, prefixText } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * Compares a DIR-24-8 table with its rules, entry by entry.
 * @throws {Error} naming the invariant and the entry
 */
export function checkTable(levels: Levels, rules: RuleTable, missHop: number): void {
  checkRules(rules);
  if (missHop !== rules.get(0, 0)) {
    throw new Error(`D4: a miss answers ${missHop}, the rules say ${rules.get(0, 0)}`);
  }
  const blocks = checkFirst(levels, rules);
  checkGroups(levels, rules, blocks);
}

/** Each rule has no host bits and is found where the hash says, and the counts are right. */
function checkRules(rules: RuleTable): void {
  let count = 0;
  for (let slot = 0; slot < rules.capacity; slot++) {
    const depth = rules.depthAt(slot);
    if (depth < 0) continue;
    count++;
    const prefix = rules.prefixAt(slot);
    const text = prefixText(prefix, depth);
    if ((prefix & ~maskOf(depth)) !== 0) throw new Error(`Rule ${text} has host bits`);
    if (rules.get(prefix, depth) < 0) throw new Error(`Rule ${text} is not found in its hash`);
  }
  if (count !== rules.count) throw new Error(`${count} rules are stored, ${rules.count} counted`);
  rules.checkBits();
}

/** A block of addresses and the group that answers for it. */
interface Block {
  readonly prefix: number;
  readonly level: number;
  readonly group: number;
}

/**
 * The first level against one painted from the rules in ascending depth, which needs no look at any
 * entry.
 */
function checkFirst(levels: Levels, rules: RuleTable): Block[] {
  const { first, firstBits, shift } = levels;
  const expected = new Uint32Array(first.length);
  const extended = new Uint8Array(first.length);
  const byDepth: number[][] = Array.from({ length: 33 }, () => []);
  for (let slot = 0; slot < rules.capacity; slot++) {
    if (rules.depthAt(slot) > 0) byDepth[rules.depthAt(slot)]!.push(rules.prefixAt(slot));
  }
  for (let depth = 1; depth <= 32; depth++) {
    for (const prefix of byDepth[depth]!) {
      const from = prefix >>> shift;
      if (depth > firstBits) extended[from] = 1;
      else {
        const to = from + 2 ** (firstBits - depth);
        expected.fill(leafEntry(rules.get(prefix, depth), depth), from, to);
      }
    }
  }
  const blocks: Block[] = [];
  let valid = 0;
  for (let i = 0; i < first.length; i++) {
    const entry = first[i]!;
    const prefix = i * 2 ** shift;
    if (entry !== 0) valid++;
    if ((entry & EXTENDED) !== 0) blocks.push({ prefix, level: firstBits, group: entry & HOP });
    checkEntry(entry, extended[i] === 1, expected[i]!, prefix, firstBits);
  }
  if (valid !== levels.validFirst) {
    throw new Error(
      `${valid} entries of the first level are valid, ${levels.validFirst} are counted`,
    );
  }
  return blocks;
}

/** Each group against the rules, probed for every slot, and against whoever else leads to it. */
function checkGroups(levels: Levels, rules: RuleTable, blocks: Block[]): void {
  const longer = longerBlocks(rules, levels.firstBits);
  const owner = new Map<number, string>();
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    const { prefix, level, group } = block;
    const where = prefixText(prefix, level);
    const other = owner.get(group);
    if (other !== undefined) {
      throw new Error(`D2: group ${group} is reached from ${other} and from ${where}`);
    }
    owner.set(group, where);
    if (levels.pool.isFree(group)) {
      throw new Error(`D2: group ${group} is reached from ${where} but is free`);
    }
    const inner = level + 8;
    for (let i = 0; i < GROUP_SLOTS; i++) {
      const entry = levels.pool.entries[group * GROUP_SLOTS + i]!;
      const at = prefix + i * 2 ** (32 - inner);
      if ((entry & EXTENDED) !== 0) blocks.push({ prefix: at, level: inner, group: entry & HOP });
      checkEntry(entry, longer.has(blockKey(at, inner)), winner(rules, at, inner), at, inner);
    }
  }
  if (owner.size !== levels.pool.used) {
    throw new Error(`D2: ${levels.pool.used} groups are taken, ${owner.size} are reached`);
  }
}

function checkEntry(
  entry: number,
  extended: boolean,
  expected: number,
  prefix: number,
  level: number,
): void {
  const leads = (entry & EXTENDED) !== 0;
  if (leads === extended && (leads || entry === expected)) return;
  const where = `entry ${prefixText(prefix, level)} is ${describeEntry(entry)}`;
  if (leads !== extended) {
    throw new Error(`D3: ${where}, and ${extended ? "a" : "no"} rule is longer than ${level}`);
  }
  const law = entry >>> DEPTH_SHIFT > level ? "D1" : "D4";
  throw new Error(`${law}: ${where}, the rules say ${describeEntry(expected)}`);
}

/**
 * Keys of the blocks that have a rule longer than they are, at each level where a group can begin.
 */
function longerBlocks(rules: RuleTable, firstBits: number): Set<number> {
  const keys = new Set<number>();
  for (let slot = 0; slot < rules.capacity; slot++) {
    for (let level = firstBits; level < rules.depthAt(slot); level += 8) {
      keys.add(blockKey((rules.prefixAt(slot) & maskOf(level)) >>> 0, level));
    }
  }
  return keys;
}

function blockKey(prefix: number, level: number): number {
  return prefix * 64 + level;
}

function winner(rules: RuleTable, prefix: number, level: number): number {
  for (let depth = level; depth > 0; depth--) {
    const nextHop = rules.get((prefix & maskOf(depth)) >>> 0, depth);
    if (nextHop >= 0) return leafEntry(nextHop, depth);
  }
  return 0;
}
