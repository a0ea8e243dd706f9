import type { RouteSet } from "../machine/scenario.ts";
import type { CompactLevels } from "./_compact_levels.ts";
import { maskOf } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * Loads routes into an empty table. In ascending depth a later rule of the first level overwrites
 * only shorter ones, so that level is painted without reading it. Answers false when rules or
 * groups run out: the table is then half full and the caller has to clear it. The routes are known
 * to be in range.
 */
export function fillCompact(
  levels: CompactLevels,
  rules: RuleTable,
  maxRules: number,
  routes: RouteSet,
): boolean {
  rules.reserve(Math.min(routes.count, maxRules));
  for (const i of byDepth(routes)) {
    const depth = routes.depth[i]!;
    const hop = routes.nextHop[i]!;
    const prefix = (routes.prefix[i]! & maskOf(depth)) >>> 0;
    const isNew = depth <= levels.firstBits || rules.get(prefix, depth) < 0;
    rules.set(prefix, depth, hop);
    if (rules.count > maxRules) return false;
    if (depth <= levels.firstBits) {
      levels.paint(prefix, depth, hop);
      continue;
    }
    const missing = isNew ? levels.missingGroups(prefix, depth) : 0;
    if (levels.used + missing > levels.groupsMax) return false;
    levels.insert(prefix, depth, hop, isNew);
  }
  return true;
}

/** Indices of the routes in ascending depth; equal depths keep their order. */
function byDepth(routes: RouteSet): Uint32Array {
  const ends = new Uint32Array(33);
  for (let i = 0; i < routes.count; i++) ends[routes.depth[i]!]!++;
  for (let depth = 1; depth <= 32; depth++) ends[depth]! += ends[depth - 1]!;
  const order = new Uint32Array(routes.count);
  for (let i = routes.count - 1; i >= 0; i--) order[--ends[routes.depth[i]!]!] = i;
  return order;
}
