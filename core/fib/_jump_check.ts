import type { JumpBlocks } from "./_jump_blocks.ts";
import { maskOf, prefixText } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * Compares a state-jump table with its routes, element by element.
 * @throws {Error} naming the invariant and the element
 */
export function checkJumps(blocks: JumpBlocks, rules: RuleTable): void {
  const { elements, levels, strides } = blocks;
  const longer = longerRoutes(rules, levels);
  const owner = new Map<number, string>();
  let live = 2 ** strides[0]!;
  const blockSizes = new Map([[0, live]]);
  const pending = [{ base: 0, prefix: 0, chunk: 0 }];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    const { base, prefix, chunk } = block;
    const level = levels[chunk]!;
    for (let i = 0; i < 2 ** strides[chunk]!; i++) {
      const at = prefix + i * 2 ** (32 - level);
      const element = base + i;
      const where = `element ${element} of ${prefixText(at, level)}`;
      const routes = longer[chunk]!.get(at) ?? 0;
      const jump = elements.jump(element);
      const inf = elements.inf(element);
      if (jump === 0) {
        if (routes > 0) throw new Error(`J7: ${where} is final above a longer route`);
        checkFinal(inf, elements.depths[element]!, rules, at, level, where);
        continue;
      }
      const next = strides[chunk + 1];
      if (next === undefined) throw new Error(`J2: ${where} jumps beyond the address`);
      if (jump !== next) throw new Error(`J2: ${where} jumps ${jump} bits instead of ${next}`);
      const other = owner.get(inf);
      if (other !== undefined) throw new Error(`J1: ${where} and ${other} lead to ${inf}`);
      owner.set(inf, where);
      if (elements.refsOf(inf) !== routes) {
        throw new Error(`${where} leads to ${elements.refsOf(inf)} routes instead of ${routes}`);
      }
      blockSizes.set(inf, 2 ** next);
      if (routes > 0) live += 2 ** next;
      pending.push({ base: inf, prefix: at, chunk: chunk + 1 });
    }
  }
  checkLayout(blocks, [...blockSizes]);
  if (live !== blocks.live) throw new Error(`${live} elements are live, ${blocks.live} counted`);
}

/** Blocks lie within what was handed out, on multiples of the smallest, and do not overlap. */
function checkLayout({ fresh, strides }: JumpBlocks, blocks: [base: number, size: number][]): void {
  const unit = 2 ** Math.min(...strides);
  let end = 0;
  for (const [base, size] of blocks.sort(([a], [b]) => a - b)) {
    if (base % unit !== 0) throw new Error(`J1: block at ${base} is not on a multiple of ${unit}`);
    if (base < end) {
      throw new Error(`J1: block at ${base} begins before ${end}, the end of another`);
    }
    end = base + size;
    if (end > fresh) throw new Error(`J1: block at ${base} ends beyond the ${fresh} handed out`);
  }
}

function checkFinal(
  inf: number,
  stored: number,
  rules: RuleTable,
  prefix: number,
  level: number,
  where: string,
): void {
  let depth = level;
  for (; depth > 0; depth--) {
    if (rules.countAt(depth) > 0 && rules.get((prefix & maskOf(depth)) >>> 0, depth) >= 0) break;
  }
  const expected = rules.get((prefix & maskOf(depth)) >>> 0, depth) + 1;
  if (inf === expected && stored === depth) return;
  throw new Error(
    `J5: ${where} is ${inf} depth ${stored}, the routes say ${expected} depth ${depth}`,
  );
}

/** For each level, how many routes are longer than the blocks of addresses that end there. */
function longerRoutes(rules: RuleTable, levels: readonly number[]): Map<number, number>[] {
  return levels.map((level) => {
    const counts = new Map<number, number>();
    for (let slot = 0; slot < rules.capacity; slot++) {
      if (rules.depthAt(slot) <= level) continue;
      const block = (rules.prefixAt(slot) & maskOf(level)) >>> 0;
      counts.set(block, (counts.get(block) ?? 0) + 1);
    }
    return counts;
  });
}
