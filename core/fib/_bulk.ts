import type { RouteSet } from "../machine/scenario.ts";
import type { Levels } from "./_levels.ts";
import type { Fib4 } from "./fib.ts";
import { leafEntry } from "./entry.ts";
import { maskOf } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * Loads routes into an empty table. In ascending depth a later route never meets a longer one, so
 * the first level is painted without reading it. Answers false when rules or groups run out: the
 * table is then half full and the caller has to clear it. The routes are known to be in range.
 */
export function fillEmpty(
  levels: Levels,
  rules: RuleTable,
  maxRules: number,
  routes: RouteSet,
): boolean {
  rules.reserve(Math.min(routes.count, maxRules));
  const order = byDepth(routes);
  for (let n = 0; n < order.length; n++) {
    const i = order[n]!;
    const depth = routes.depth[i]!;
    const nextHop = routes.nextHop[i]!;
    const prefix = (routes.prefix[i]! & maskOf(depth)) >>> 0;
    rules.set(prefix, depth, nextHop);
    if (rules.count > maxRules) return false;
    if (depth === 0) continue;
    if (depth <= levels.firstBits) levels.paint(prefix, depth, leafEntry(nextHop, depth));
    else if (!levels.pool.has(levels.missingGroups(prefix, depth))) return false;
    else levels.insert(prefix, depth, leafEntry(nextHop, depth));
  }
  return true;
}

/**
 * Adds the routes to a table in their order; at the first refusal takes back, in reverse, what was
 * added. `rules` are those of the table.
 */
export function addEach(fib: Fib4, rules: Pick<RuleTable, "get">, routes: RouteSet): boolean {
  const before = new Int32Array(routes.count);
  for (let i = 0; i < routes.count; i++) {
    const prefix = routes.prefix[i]!;
    const depth = routes.depth[i]!;
    before[i] = rules.get((prefix & maskOf(depth)) >>> 0, depth);
    if (fib.add(prefix, depth, routes.nextHop[i]!)) continue;
    while (--i >= 0) {
      if (before[i]! < 0) fib.delete(routes.prefix[i]!, routes.depth[i]!);
      else fib.add(routes.prefix[i]!, routes.depth[i]!, before[i]!);
    }
    return false;
  }
  return true;
}

/**
 * Indices of the routes in ascending depth; equal depths keep their order, so a later duplicate
 * wins.
 */
function byDepth(routes: RouteSet): Uint32Array {
  const next = new Uint32Array(34);
  for (let i = 0; i < routes.count; i++) next[routes.depth[i]! + 1]!++;
  for (let d = 1; d < 34; d++) next[d]! += next[d - 1]!;
  const order = new Uint32Array(routes.count);
  for (let i = 0; i < routes.count; i++) order[next[routes.depth[i]!]!++] = i;
  return order;
}
