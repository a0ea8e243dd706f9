/**
 * IPv6 tables of every kind, as `tables.ts` does IPv4. Sizes from BENCH_ROUTES, up to a full table of
 * 246,175 routes.
 */
import { createFib6, type Fib6, FIB6_KINDS, type Fib6Kind, type RouteSet6 } from "../core/mod.ts";
import { bgpLikeTable6, Prng } from "../fixtures/mod.ts";
import { type Benchmark, tableSizes } from "./benchmark.ts";
import { wordsOf } from "./bound.ts";
import { addresses6, shuffled, STREAMS } from "./streams.ts";
import { type Family, lookups, updates } from "./table_rows.ts";

const FULL = 246_175;
const ADDRESSES = 1 << 16;
const LINEAR_MOST = 1000;
const LINEAR_ADDRESSES = 1 << 12;

/** Every row. */
export function tables6(): Benchmark[] {
  return tableSizes(FULL).flatMap((size) => {
    const routes = routes6(size);
    return FIB6_KINDS.filter((kind) => kind !== "linear" || size <= LINEAR_MOST)
      .flatMap((kind) => ofKind(kind, routes));
  });
}

/** A table like BGP's in no order. */
function routes6(count: number): RouteSet6 {
  const sorted = bgpLikeTable6({ routes: count, seed: 1, nextHops: 64 });
  const order = shuffled(count, new Prng(4));
  return {
    count,
    prefix: sorted.prefix.map((_, at) => sorted.prefix[4 * order[at >>> 2]! + (at & 3)]!),
    depth: sorted.depth.map((_, i) => sorted.depth[order[i]!]!),
    nextHop: sorted.nextHop.map((_, i) => sorted.nextHop[order[i]!]!),
  };
}

function ofKind(kind: Fib6Kind, routes: RouteSet6): Benchmark[] {
  const fib = createFib6(kind);
  addAll(fib, routes, 0, routes.count);
  const title = `IPv6 ${kind}, ${routes.count} routes`;
  const memory = wordsOf(fib.bytesOccupied);
  const count = kind === "linear" ? LINEAR_ADDRESSES : ADDRESSES;
  return [
    ...STREAMS.flatMap((stream) => {
      const addresses = addresses6(stream, routes, count);
      return lookups(IPV6, `${title}, ${stream}`, fib, memory, addresses);
    }),
    ...updates(IPV6, title, fib, routes, () => createFib6(kind)),
  ];
}

function passSingle(fib: Fib6, addresses: Uint32Array): number {
  let sum = 0;
  for (let at = 0; at < addresses.length; at += 4) sum = (sum + fib.lookup(addresses, at)) | 0;
  return sum;
}

function addAll(fib: Fib6, routes: RouteSet6, from: number, n: number): number {
  for (let i = from; i < from + n; i++) {
    if (!fib.add(routes.prefix, routes.depth[i]!, routes.nextHop[i]!, 4 * i)) {
      throw new Error(`route ${i} was refused`);
    }
  }
  return fib.size;
}

function deleteAll(fib: Fib6, routes: RouteSet6, from: number, n: number): number {
  for (let i = from; i < from + n; i++) fib.delete(routes.prefix, routes.depth[i]!, 4 * i);
  return fib.size;
}

const IPV6: Family<Fib6, RouteSet6> = {
  words: 4,
  reads: (fib, addresses, at) => fib.reads(addresses, at),
  passSingle,
  addAll,
  deleteAll,
};
