/**
 * IPv6 tables of every kind, as `tables.ts` does IPv4. Sizes from BENCH_ROUTES, up to a full table of
 * 246,175 routes.
 */
import { createFib6, type Fib6, FIB6_KINDS, type Fib6Kind, type RouteSet6 } from "../core/mod.ts";
import { bgpLikeTable6, Prng } from "../fixtures/mod.ts";
import { type Benchmark, fresh, tableSizes } from "./benchmark.ts";
import { passReads, passWrites, wordsOf } from "./bound.ts";
import { addresses6, shuffled, STREAMS } from "./streams.ts";

const FULL = 246_175;
const ADDRESSES = 1 << 16;
const BURSTS = [8, 32, 256];
const UPDATES = 256;
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
  const words = wordsOf(fib.bytesOccupied);
  const title = `IPv6 ${kind}, ${routes.count} routes`;
  const count = kind === "linear" ? LINEAR_ADDRESSES : ADDRESSES;
  return [
    ...STREAMS.flatMap((stream) => {
      const addresses = addresses6(stream, routes, count);
      return lookups(`${title}, ${stream}`, fib, words, addresses);
    }),
    ...updates(title, kind, fib, routes),
  ];
}

function lookups(
  group: string,
  fib: Fib6,
  words: Uint32Array,
  addresses: Uint32Array,
): Benchmark[] {
  const items = addresses.length / 4;
  const reads = Uint8Array.from(
    { length: items },
    (_, i) => Math.min(255, fib.reads(addresses, 4 * i)),
  );
  const bound = fresh(passReads);
  const single = fresh(passSingle);
  return [
    {
      group,
      name: "as many dependent reads of as many bytes",
      items,
      run: () => bound(words, reads, addresses, 4),
    },
    { group, name: "one by one", items, run: () => single(fib, addresses) },
    ...BURSTS.map((burst) => {
      const bursts = Array.from(
        { length: items / burst },
        (_, i) => addresses.subarray(4 * i * burst, 4 * (i + 1) * burst),
      );
      const hops = new Int32Array(burst);
      const bulk = fresh(passBulk);
      return { group, name: `bulk ${burst}`, items, run: () => bulk(fib, bursts, hops) };
    }),
  ];
}

function updates(
  title: string,
  kind: Fib6Kind,
  fib: Fib6,
  routes: RouteSet6,
): Benchmark[] {
  const { count } = routes;
  const words = new Uint32Array(Math.max(1, fib.bytesOccupied >>> 2));
  const n = Math.min(UPDATES, count);
  const adds = fresh(addAll);
  const deletes = fresh(deleteAll);
  const writes = fresh(passWrites);
  const build = fresh(addAll);
  let from = 0;
  const next = () => {
    from = from + 2 * n > count ? 0 : from + n;
  };
  return [
    {
      group: `${title}, update`,
      name: "a write to a random place of as many bytes",
      items: n,
      run: () => writes(words, routes.prefix, 4, n),
    },
    {
      group: `${title}, update`,
      name: "delete",
      items: n,
      before() {
        addAll(fib, routes, from, n);
        next();
      },
      run: () => deletes(fib, routes, from, n),
    },
    {
      group: `${title}, update`,
      name: "add",
      items: n,
      before() {
        addAll(fib, routes, from, n);
        next();
        deleteAll(fib, routes, from, n);
      },
      run: () => adds(fib, routes, from, n),
    },
    {
      group: `${title}, build`,
      name: "a fill of as many bytes",
      items: count,
      run: () => words.fill(1)[0]!,
    },
    {
      group: `${title}, build`,
      name: "a new table, route by route",
      items: count,
      ...(count > 10_000 ? { runs: 3 } : {}),
      run: () => build(createFib6(kind), routes, 0, count),
    },
  ];
}

function passSingle(fib: Fib6, addresses: Uint32Array): number {
  let sum = 0;
  for (let at = 0; at < addresses.length; at += 4) sum = (sum + fib.lookup(addresses, at)) | 0;
  return sum;
}

function passBulk(fib: Fib6, bursts: readonly Uint32Array[], hops: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < bursts.length; i++) {
    fib.lookupBulk(bursts[i]!, hops, hops.length);
    sum = (sum + hops[0]!) | 0;
  }
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
