/**
 * Routes from a nested pool: all prefixes lie near one to three bases, at depths where tables
 * change their level (8, 16, 24 and their neighbours), so that they cover, abut and overlap each
 * other. Prefixes drawn uniformly hardly ever do, and miss most faults of look-up tables for good.
 */
import type { Random } from "fast-check";
import type { SpecialHop } from "../../core/machine/scenario.ts";
import type { RouteDraw } from "./draw.ts";
import { oneIn, pick } from "./_pick.ts";

/** Depths where the strides of common tables begin and end, with their neighbours. */
const DEPTHS = [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32];
/** Addresses that prefixes are drawn near: private blocks, both halves of the space, both ends. */
const BASES = [0x0a000000, 0x0a0a0a00, 0xc0a80000, 0x80000000, 0x7fffff00, 0xffffff00, 0x00000000];

/** The mask of a depth, 0..32. */
export function maskOf(depth: number): number {
  return depth === 0 ? 0 : (0xffffffff << (32 - depth)) >>> 0;
}

/** What routes are drawn from. */
export interface RouteOptions {
  /** Most routes of a draw; at least one is drawn. */
  readonly max: number;
  /** How many neighbours there are. */
  readonly neighbours: number;
  /** Whether 0.0.0.0/0 may be among them. */
  readonly defaultRoute: boolean;
}

/** Distinct routes, at most `options.max` and at least one. */
export function drawRoutes(random: Random, options: RouteOptions): RouteDraw[] {
  const bases = [0, 0, 0];
  const baseCount = random.nextInt(1, 3);
  for (let i = 0; i < baseCount; i++) {
    bases[i] = oneIn(random, 8) ? random.nextInt(0, 0xffffffff) : pick(random, BASES);
  }
  const wanted = random.nextInt(1, options.max);
  const routes: RouteDraw[] = [];
  for (let i = 0; i < wanted; i++) {
    const depth = drawDepth(random, options.defaultRoute);
    // The last one or two bits within the prefix are turned, so that siblings and cousins come up.
    const turned = depth === 0 ? 0 : (random.nextInt(0, 3) << (32 - depth)) >>> 0;
    const prefix = ((bases[i % baseCount]! ^ turned) & maskOf(depth)) >>> 0;
    if (routes.some((route) => route.depth === depth && route.prefix === prefix)) continue;
    routes.push({ prefix, depth, nextHop: random.nextInt(0, options.neighbours - 1) });
  }
  return routes;
}

/** Next hops that are none of the `hops` neighbours: one to three. */
export function drawSpecials(random: Random, hops: number): SpecialHop[] {
  return Array.from({ length: random.nextInt(1, 3) }, () => {
    const kind = random.nextInt(0, 4);
    if (kind < 3) return (["blackhole", "unreachable", "prohibit"] as const)[kind]!;
    const first = random.nextInt(0, hops - 1);
    const count = random.nextInt(2, Math.min(4, hops));
    return Array.from({ length: count }, (_, i) => (first + i) % hops);
  });
}

function drawDepth(random: Random, defaultRoute: boolean): number {
  const depth = oneIn(random, 5) ? random.nextInt(1, 32) : pick(random, DEPTHS);
  return depth === 0 && !defaultRoute ? 1 : depth;
}

/**
 * Addresses at and just beyond both ends of each route's prefix, both ends of the whole space, and
 * one that only a default route covers: where look-ups go wrong.
 */
export function probesOf(routes: readonly RouteDraw[]): number[] {
  const probes = [0, 0xffffffff, 0x2d000001];
  for (const { prefix, depth } of routes) {
    const last = (prefix | ~maskOf(depth)) >>> 0;
    probes.push(prefix, last, (prefix + 1) >>> 0, (prefix - 1) >>> 0, (last + 1) >>> 0);
  }
  return probes;
}
