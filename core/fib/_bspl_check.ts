import { type BsplTable, depthOf, routeWord, TAKEN } from "./_bspl_table.ts";
import { maskOf, prefixText } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * Compares the tables of a binary search on lengths with the routes.
 * @throws {Error} naming the entry
 */
export function checkBspl(tables: readonly BsplTable[], rules: RuleTable, missHop: number): void {
  if (missHop !== rules.get(0, 0)) {
    throw new Error(`A search without a match answers ${missHop}, the routes ${rules.get(0, 0)}`);
  }
  const lengths = tables.map((table) => table.length);
  if (lengths.some((length, i) => i > 0 && length <= lengths[i - 1]!)) {
    throw new Error(`The lengths ${lengths.join(" ")} do not ascend`);
  }
  const markers = expectedMarkers(lengths, rules);
  for (const table of tables) checkEntries(table, rules, markers.get(table.length)!);
}

/** For each length the bits that markers stand for, and how many routes leave one there. */
function expectedMarkers(lengths: readonly number[], rules: RuleTable) {
  const turns = new Map<number, number[]>();
  const descend = (left: readonly number[], longer: number[]): void => {
    if (left.length === 0) return;
    const middle = Math.ceil(left.length / 2) - 1;
    turns.set(left[middle]!, longer);
    descend(left.slice(0, middle), longer);
    descend(left.slice(middle + 1), [...longer, left[middle]!]);
  };
  descend(lengths, []);
  const markers = new Map(lengths.map((length) => [length, new Map<number, number>()]));
  for (let slot = 0; slot < rules.capacity; slot++) {
    const depth = rules.depthAt(slot);
    if (depth < 1) continue;
    const found = turns.get(depth);
    if (found === undefined) throw new Error(`Length ${depth} is in use and has no table`);
    for (const length of found) {
      const at = (rules.prefixAt(slot) & maskOf(length)) >>> 0;
      const counts = markers.get(length)!;
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
  }
  return markers;
}

function checkEntries(table: BsplTable, rules: RuleTable, markers: Map<number, number>): void {
  const { length } = table;
  let [routes, marked, live] = [0, 0, 0];
  for (let slot = 0; slot < table.slots; slot++) {
    const word = table.wordAt(slot);
    if (word === 0) continue;
    live++;
    const key = table.keyAt(slot);
    const at = key >>> 0;
    const where = `entry ${prefixText(at, length)}`;
    if (table.slotOf(key) !== slot) throw new Error(`${where} is not found where it stands`);
    const expected = winner(rules, at, length);
    if (word !== expected) {
      throw new Error(
        `${where} knows next hop ${word & 0xff_ffff} depth ${depthOf(word)}, ` +
          `the routes say ${expected & 0xff_ffff} depth ${depthOf(expected)}`,
      );
    }
    const refs = markers.get(at) ?? 0;
    if (table.refsAt(slot) !== refs) {
      throw new Error(`${where} counts ${table.refsAt(slot)} of ${refs} markers`);
    }
    if (refs > 0) marked++;
    if (depthOf(word) === length) routes++;
    else if (refs === 0) throw new Error(`${where} is neither route nor marker`);
  }
  if (routes !== rules.countAt(length)) {
    throw new Error(`${routes} of ${rules.countAt(length)} routes of length ${length} are there`);
  }
  if (marked !== markers.size) {
    throw new Error(`${marked} of ${markers.size} markers of length ${length} are there`);
  }
  if (live !== table.live || marked !== table.marked) {
    throw new Error(
      `Length ${length} has ${live} entries, ${marked} marked; it counts ${table.live}, ${table.marked}`,
    );
  }
}

function winner(rules: RuleTable, prefix: number, length: number): number {
  for (let depth = length; depth > 0; depth--) {
    if (rules.countAt(depth) === 0) continue;
    const nextHop = rules.get((prefix & maskOf(depth)) >>> 0, depth);
    if (nextHop >= 0) return routeWord(depth, nextHop);
  }
  return TAKEN;
}
