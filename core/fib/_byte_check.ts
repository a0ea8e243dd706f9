import type { ByteLevels } from "./_byte_levels.ts";
import { walkRules } from "./_byte_walk.ts";
import { GROUP_SLOTS } from "./entry.ts";
import { maskOf, prefixText } from "./route.ts";

const DEEP = 255;

/** A rule: prefix, depth, next hop. */
type Rule = [prefix: number, depth: number, hop: number];

/**
 * Compares a table of bytes with its rules, entry by entry: D1 and D4, each entry is that of the
 * longest rule of its level; D2, groups are led to once, and all that are taken; D3, there is a group
 * exactly where a rule is longer than /24. And that what is counted is there: rules, rules and groups
 * of each block, rules of each group, pages.
 * @throws {Error} naming the invariant and the entry
 */
export function checkByte(levels: ByteLevels, count: number): void {
  const rules: Rule[] = [];
  walkRules(levels, (prefix, depth, hop) => rules.push([prefix, depth, hop]));
  const stored = nonZero(levels.trees) + nonZero(levels.groups.trees);
  if (stored !== rules.length || count !== rules.length) {
    throw new Error(`${stored} rules are stored, ${rules.length} reached, ${count} counted`);
  }
  checkFirst(levels, rules);
  checkGroups(levels, rules);
}

/** The first level against one painted from the rules in ascending depth. */
function checkFirst(levels: ByteLevels, rules: readonly Rule[]): void {
  const { first } = levels;
  const expected = new Uint8Array(first.length);
  const busy = new Uint16Array(levels.busy.length);
  for (const [prefix, depth, hop] of [...rules].sort((a, b) => a[1] - b[1])) {
    const [from, block] = [prefix >>> 8, prefix >>> 16];
    // A rule of its block, or the first that makes a group of its /24.
    if (depth > 24 ? expected[from] !== DEEP : depth > 16) busy[block]!++;
    if (depth > 24) expected[from] = DEEP;
    else expected.fill(hop + 1, from, from + 2 ** (24 - depth));
  }
  const i = firstDifference(first, expected);
  if (i >= 0) differs(i * 256, 24, first[i]!, expected[i]!);
  const valid = nonZero(first);
  if (valid !== levels.validFirst) {
    throw new Error(`${valid} entries of the first level are valid, ${levels.validFirst} counted`);
  }
  busy.forEach((expected, block) => {
    if (levels.busy[block] === expected) return;
    const where = prefixText(block * 2 ** 16, 16);
    throw new Error(`Block ${where} is busy with ${levels.busy[block]} of ${expected}`);
  });
}

/** Each group against the rules of its /24, and whoever leads to it. */
function checkGroups(levels: ByteLevels, rules: readonly Rule[]): void {
  const { groups } = levels;
  const owners = new Map<number, string>();
  const pages = new Map<number, string>();
  for (let block = 0; block < groups.pageOf.length; block++) {
    const page = groups.pageOf[block]! - 1;
    if (page < 0 && levels.busy[block] === 0) continue;
    const name = prefixText(block * 2 ** 16, 16);
    let leads = 0;
    for (let slot = block * GROUP_SLOTS; slot < (block + 1) * GROUP_SLOTS; slot++) {
      const group = groups.at(slot);
      const isDeep = levels.first[slot] === DEEP;
      const where = prefixText(slot * 256, 24);
      if (isDeep !== (group >= 0)) {
        throw new Error(
          `D2: entry ${where} is ${describeByte(levels.first[slot]!)}, its pointer ${group}`,
        );
      }
      if (!isDeep) continue;
      leads++;
      const other = owners.get(group);
      if (other !== undefined) {
        throw new Error(`D2: group ${group} is reached from ${other}, ${where}`);
      }
      owners.set(group, where);
      checkGroup(levels, rules, group, slot * 256);
    }
    if ((page >= 0) !== (leads > 0)) {
      throw new Error(`D2: ${name} leads to ${leads} groups, its page is ${page}`);
    }
    const other = pages.get(page);
    if (other !== undefined) throw new Error(`D2: page ${page} is that of ${other}, ${name}`);
    if (page >= 0) pages.set(page, name);
  }
  if (owners.size !== groups.used) {
    throw new Error(`D2: ${groups.used} groups are taken, ${owners.size} are reached`);
  }
}

/** A group is not free, counts right, and its entries are as the rules say. */
function checkGroup(
  levels: ByteLevels,
  rules: readonly Rule[],
  group: number,
  prefix: number,
): void {
  const { groups } = levels;
  const where = prefixText(prefix, 24);
  if (groups.isFree(group)) throw new Error(`D2: group ${group} of ${where} is free`);
  const touching = rules.filter(([at, depth]) =>
    (depth > 24 ? at & maskOf(24) : prefix & maskOf(depth)) >>> 0 === (depth > 24 ? prefix : at)
  );
  const inside = touching.filter(([, depth]) => depth > 24).length;
  if (groups.rules[group] !== inside) {
    throw new Error(`D3: group ${group} of ${where} counts ${groups.rules[group]} of ${inside}`);
  }
  for (let host = 0; host < GROUP_SLOTS; host++) {
    // Rules ascend, so of those that cover an address the last is the longest.
    const address = prefix + host;
    const winner = touching.findLast(([at, depth]) => (address & maskOf(depth)) >>> 0 === at);
    const expected = winner === undefined ? 0 : winner[2] + 1;
    const entry = groups.entries[group * GROUP_SLOTS + host]!;
    if (entry !== expected) differs(address, 32, entry, expected);
  }
}

/** The first index at which two arrays differ, or -1. Most words are equal. */
function firstDifference(found: Uint8Array, right: Uint8Array): number {
  const [a, b] = [new Uint32Array(found.buffer), new Uint32Array(right.buffer)];
  for (let n = 0; n < a.length; n++) {
    if (a[n] === b[n]) continue;
    for (let i = 4 * n; i < 4 * n + 4; i++) if (found[i] !== right[i]) return i;
  }
  return -1;
}

/** How many bytes are not 0; most words are, of a table that is not full. */
function nonZero(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.buffer);
  let count = 0;
  for (let n = 0; n < words.length; n++) {
    if (words[n] === 0) continue;
    for (let i = 4 * n; i < 4 * n + 4; i++) if (bytes[i] !== 0) count++;
  }
  return count;
}

function differs(prefix: number, level: number, entry: number, expected: number): never {
  const law = (entry === DEEP || expected === DEEP) && level === 24 ? "D3" : "D4";
  const where = `entry ${prefixText(prefix, level)} is ${describeByte(entry)}`;
  throw new Error(`${law}: ${where}, the rules say ${describeByte(expected)}`);
}

/** Reads an entry aloud, for messages. */
function describeByte(entry: number): string {
  if (entry === DEEP) return "a group";
  return entry === 0 ? "a miss" : `next hop ${entry - 1}`;
}
