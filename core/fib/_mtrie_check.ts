import { EMPTY_LEAF, FREE_MARK, type MtriePlies } from "./_mtrie_plies.ts";
import { maskOf, prefixText } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * Compares an mtrie with its routes, slot by slot.
 * @throws {Error} naming the slot or the ply
 */
export function checkMtrie(plies: MtriePlies, rules: RuleTable): void {
  const longer = longerBlocks(rules, plies.rootBits);
  const owner = new Map<number, string>();
  const pending = [{ table: 0, prefix: 0, above: 0, level: plies.rootBits }];
  for (let ply = pending.pop(); ply !== undefined; ply = pending.pop()) {
    const { table, prefix, above, level } = ply;
    const slots = plies.slotsOf(table);
    let nonEmpty = 0;
    for (let slot = 0; slot < slots; slot++) {
      const at = prefix + slot * 2 ** (32 - level);
      const leaf = plies.words[table + slot]!;
      const where = `slot ${prefixText(at, level)}`;
      if (plies.lengthAt(table, slot) > above) nonEmpty++;
      if (leaf % 2 === 1) {
        if (longer.has(at * 64 + level)) throw new Error(`${where} is terminal above a route`);
        checkTerminal(leaf, plies.lengthAt(table, slot), rules, at, level);
        continue;
      }
      if (!longer.has(at * 64 + level)) throw new Error(`${where} leads to a ply without a route`);
      if (plies.lengthAt(table, slot) !== level) {
        throw new Error(`${where} leads to a ply with length ${plies.lengthAt(table, slot)}`);
      }
      const other = owner.get(leaf);
      if (other !== undefined) throw new Error(`${where} and ${other} lead to ply ${leaf}`);
      owner.set(leaf, where);
      if (plies.baseOf(leaf) === FREE_MARK) throw new Error(`${where} leads to free ply ${leaf}`);
      if (plies.baseOf(leaf) !== level) {
        throw new Error(`Ply ${leaf} of ${where} has base ${plies.baseOf(leaf)}`);
      }
      pending.push({ table: leaf, prefix: at, above: level, level: level + 8 });
    }
    if (table !== 0 && nonEmpty !== plies.nonEmpty(table)) {
      throw new Error(`Ply ${table} counts ${plies.nonEmpty(table)} of ${nonEmpty} leaves`);
    }
  }
  if (owner.size !== plies.used) {
    throw new Error(`${plies.used} plies are taken, ${owner.size} are reached`);
  }
}

function checkTerminal(
  leaf: number,
  length: number,
  rules: RuleTable,
  prefix: number,
  level: number,
): void {
  let expected = EMPTY_LEAF;
  let depth = level;
  for (; depth > 0; depth--) {
    if (rules.countAt(depth) > 0 && rules.get((prefix & maskOf(depth)) >>> 0, depth) >= 0) break;
  }
  const nextHop = rules.get((prefix & maskOf(depth)) >>> 0, depth);
  if (nextHop >= 0) expected = (nextHop + 1) * 2 + 1;
  if (leaf === expected && length === depth) return;
  throw new Error(
    `slot ${prefixText(prefix, level)} is leaf ${leaf} length ${length}, ` +
      `the routes say leaf ${expected} length ${depth}`,
  );
}

/** Keys of the blocks that have a route longer than they are, at each level of plies. */
function longerBlocks(rules: RuleTable, rootBits: number): Set<number> {
  const keys = new Set<number>();
  for (let slot = 0; slot < rules.capacity; slot++) {
    for (let level = rootBits; level < rules.depthAt(slot); level += 8) {
      keys.add(((rules.prefixAt(slot) & maskOf(level)) >>> 0) * 64 + level);
    }
  }
  return keys;
}
