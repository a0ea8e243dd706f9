import type { Route } from "./ipv4.ts";

/**
 * Shares of prefix lengths in the global IPv4 table of 2023-24, in percent; the rest is spread over
 * 8..15, and a little is longer than /24, as providers carry inside.
 */
const SHARES: readonly (readonly [depth: number, percent: number])[] = [
  [24, 60.1],
  [22, 11.8],
  [23, 10.0],
  [21, 5.5],
  [20, 4.8],
  [19, 3.0],
  [16, 1.6],
  [18, 1.2],
  [17, 0.8],
];

/** Numbers that look random and are the same for the same seed (Marsaglia, Xorshift RNGs, 2003). */
export function xorshift32(seed: number): () => number {
  let state = (seed | 0) || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** `count` different routes: lengths as in BGP, half of them under or beside an earlier route. */
export function bgpLikeRoutes(count: number, seed: number, shortest: number): Route[] {
  const next = xorshift32(seed);
  const routes = new Map<string, Route>();
  const list: Route[] = [];
  while (list.length < count) {
    const depth = Math.max(shortest, drawDepth(next));
    const near = list[next() % Math.max(1, list.length)];
    const spread = next() % 2 ** 12;
    const address = near !== undefined && next() % 2 === 0
      ? near.prefix + spread * 2 ** Math.max(0, 24 - near.depth + next() % 4)
      : next() % 0xe0000000;
    const span = 2 ** (32 - depth);
    const prefix = Math.floor((address % 2 ** 32) / span) * span;
    const key = `${prefix}/${depth}`;
    if (routes.has(key)) continue;
    const route = { prefix, depth, nextHop: next() % 64 };
    routes.set(key, route);
    list.push(route);
  }
  return list;
}

/** The same items in another order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = xorshift32(seed + 1);
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = next() % (i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

function drawDepth(next: () => number): number {
  let percent = (next() % 10000) / 100;
  for (const [depth, share] of SHARES) {
    if (percent < share) return depth;
    percent -= share;
  }
  return next() % 2 === 0 ? 8 + next() % 8 : 25 + next() % 8;
}
