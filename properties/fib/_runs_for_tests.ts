// Where the answers of a list of routes change, by looking at all of them. No test of its own.
import type { Route } from "./mod.ts";

/** Where the answers of a list of routes may change: first addresses, and those after last ones. */
function edges(routes: readonly Route[]): number[] {
  return routes.flatMap(({ prefix, depth }) => [prefix, prefix + 2 ** (32 - depth)]);
}

/** Next hop of the longest route that covers an address, or -1, by looking at all of them. */
export function answer(routes: readonly Route[], address: number): number {
  let [depth, nextHop] = [-1, -1];
  for (const route of routes) {
    const covers = route.prefix <= address && address < route.prefix + 2 ** (32 - route.depth);
    if (covers && route.depth > depth) ({ depth, nextHop } = route);
  }
  return nextHop;
}

/** The runs of equal answers of `size` addresses, [first address, next hop]. */
export function runsOf(routes: readonly Route[], first: number, size: number): [number, number][] {
  const inside = edges(routes).filter((edge) => edge > first && edge < first + size);
  const runs: [number, number][] = [[first, answer(routes, first)]];
  for (const edge of [...new Set(inside)].sort((a, b) => a - b)) {
    const hop = answer(routes, edge);
    if (hop !== runs.at(-1)![1]) runs.push([edge, hop]);
  }
  return runs;
}

/** First addresses of the blocks of 2^(32 - bits) addresses that have more than one answer. */
export function mixedBlocks(routes: readonly Route[], bits: number): number[] {
  const size = 2 ** (32 - bits);
  const blocks = new Set(edges(routes).map((edge) => Math.floor((edge - 1) / size) * size));
  return [...blocks].filter((first) => first >= 0 && runsOf(routes, first, size).length > 1);
}
