/**
 * Routes and the streams of addresses that look-ups are measured with: `random` is uniform over all
 * addresses, so that many miss; `covered` draws a route uniformly, then the bits behind its prefix.
 */
import type { RouteSet, RouteSet6 } from "../core/mod.ts";
import { bgpLikeTable, Prng } from "../fixtures/mod.ts";

/** Names of the streams. */
export const STREAMS = ["random", "covered"] as const;
/** Name of a stream. */
export type StreamName = typeof STREAMS[number];

/** `count` IPv4 addresses. */
export function addresses4(stream: StreamName, routes: RouteSet, count: number): Uint32Array {
  const prng = new Prng(stream === "random" ? 7 : 8);
  const addresses = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (stream === "random") addresses[i] = prng.next();
    else {
      const route = prng.below(routes.count);
      addresses[i] = (routes.prefix[route]! | (prng.next() & hostBits(routes.depth[route]!))) >>> 0;
    }
  }
  return addresses;
}

/**
 * `count` IPv6 addresses of four words. A random one lies in 2000::/3, where the routes are: of all
 * addresses seven in eight would miss at the first read.
 */
export function addresses6(stream: StreamName, routes: RouteSet6, count: number): Uint32Array {
  const prng = new Prng(stream === "random" ? 9 : 10);
  const addresses = new Uint32Array(4 * count);
  for (let i = 0; i < addresses.length; i++) addresses[i] = prng.next();
  for (let i = 0; i < count; i++) {
    if (stream === "random") {
      addresses[4 * i] = ((addresses[4 * i]! & 0x1fff_ffff) | 0x2000_0000) >>> 0;
      continue;
    }
    const route = prng.below(routes.count);
    for (let word = 0; word < 4; word++) {
      const at = 4 * i + word;
      const depth = Math.max(0, Math.min(32, routes.depth[route]! - 32 * word));
      addresses[at] = (routes.prefix[4 * route + word]! | (addresses[at]! & hostBits(depth))) >>> 0;
    }
  }
  return addresses;
}

/** Mask of the bits behind a prefix of `depth` bits. `>>> 32` is `>>> 0` in JavaScript, hence the case. */
function hostBits(depth: number): number {
  return depth === 32 ? 0 : 0xffff_ffff >>> depth;
}

/**
 * A table of `count` routes as a router gets them: like BGP's, 0.15 % of it longer than /24 (inside
 * one of its /24s, so that tables with groups have some), in no order.
 */
export function routes4(count: number, nextHops: number): RouteSet {
  const longer = Math.floor(count * 0.0015);
  const table = bgpLikeTable({ routes: count - longer, seed: 1, nextHops });
  const prng = new Prng(2);
  const prefix = new Uint32Array(count);
  const depth = new Uint8Array(count);
  const nextHop = new Uint32Array(count);
  prefix.set(table.prefix);
  depth.set(table.depth);
  nextHop.set(table.nextHop);
  const seen = new Set<number>();
  for (let i = table.count; i < count;) {
    const beneath = prng.below(table.count);
    const bits = 25 + prng.below(8);
    const host = prng.next() & 0xff & ~(0xff >>> (bits - 24));
    const address = (table.prefix[beneath]! | host) >>> 0;
    const key = address * 64 + bits;
    if (table.depth[beneath] !== 24 || seen.has(key)) continue;
    seen.add(key);
    prefix[i] = address;
    depth[i] = bits;
    nextHop[i++] = prng.below(nextHops);
  }
  return reordered({ count, prefix, depth, nextHop }, prng);
}

/** The same routes in an order that depends on the generator alone. */
export function reordered(routes: RouteSet, prng: Prng): RouteSet {
  const { count, prefix, depth, nextHop } = routes;
  const order = shuffled(count, prng);
  return {
    count,
    prefix: Uint32Array.from(order, (from) => prefix[from]!),
    depth: Uint8Array.from(order, (from) => depth[from]!),
    nextHop: Uint32Array.from(order, (from) => nextHop[from]!),
  };
}

/** 0..count-1 in an order that depends on the generator alone. */
export function shuffled(count: number, prng: Prng): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = prng.below(i + 1);
    const kept = order[i]!;
    order[i] = order[other]!;
    order[other] = kept;
  }
  return order;
}
