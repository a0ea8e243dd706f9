/**
 * IPv4 tables of every kind: single look-ups and bursts of them on both streams, building, adding and
 * deleting. Sizes from BENCH_ROUTES.
 */
import { createFib4, type Fib4, FIB4_KINDS, type Fib4Kind, type RouteSet } from "../core/mod.ts";
import { type Benchmark, fresh, tableSizes } from "./benchmark.ts";
import { passReads, passWrites, wordsOf } from "./bound.ts";
import { addresses4, routes4, STREAMS } from "./streams.ts";

/** Addresses of a stream: their entries are more than the caches of a core hold. */
const ADDRESSES = 1 << 18;
const BURSTS = [8, 32, 256];
/** Routes that are added and deleted at a time. */
const UPDATES = 256;
/** The linear table asks every route: beyond this it is an oracle, not a table. */
const LINEAR_MOST = 1000;
const LINEAR_ADDRESSES = 1 << 12;

/** Every row. */
export function tables(): Benchmark[] {
  return tableSizes(1_000_000).flatMap((size) => {
    const routes = routes4(size, 64);
    return FIB4_KINDS.filter((kind) => kind !== "linear" || size <= LINEAR_MOST)
      .flatMap((kind) => ofKind(kind, routes));
  });
}

function ofKind(kind: Fib4Kind, routes: RouteSet): Benchmark[] {
  const fib = createFib4(kind);
  addAll(fib, routes, 0, routes.count);
  const words = wordsOf(fib.bytesOccupied);
  const count = kind === "linear" ? LINEAR_ADDRESSES : ADDRESSES;
  const title = `${kind}, ${routes.count} routes`;
  return [
    ...STREAMS.flatMap((stream) => {
      const addresses = addresses4(stream, routes, count);
      return lookups(`${title}, ${stream}`, fib, words, addresses);
    }),
    ...updates(title, kind, fib, routes),
  ];
}

function lookups(
  group: string,
  fib: Fib4,
  words: Uint32Array,
  addresses: Uint32Array,
): Benchmark[] {
  const items = addresses.length;
  const reads = Uint8Array.from(addresses, (a) => Math.min(255, fib.reads(a)));
  const bound = fresh(passReads);
  const single = fresh(passSingle);
  return [
    {
      group,
      name: "as many dependent reads of as many bytes",
      items,
      run: () => bound(words, reads, addresses, 1),
    },
    { group, name: "one by one", items, run: () => single(fib, addresses) },
    ...BURSTS.map((burst) => {
      // Views made once: a forwarder has the addresses of its burst in one array.
      const bursts = Array.from(
        { length: items / burst },
        (_, i) => addresses.subarray(i * burst, (i + 1) * burst),
      );
      const hops = new Int32Array(burst);
      const bulk = fresh(passBulk);
      return { group, name: `bulk ${burst}`, items, run: () => bulk(fib, bursts, hops) };
    }),
  ];
}

function updates(
  title: string,
  kind: Fib4Kind,
  fib: Fib4,
  routes: RouteSet,
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
      run: () => writes(words, routes.prefix, 1, n),
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
      run: () => build(createFib4(kind), routes, 0, count),
    },
  ];
}

function passSingle(fib: Fib4, addresses: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) sum = (sum + fib.lookup(addresses[i]!)) | 0;
  return sum;
}

function passBulk(fib: Fib4, bursts: readonly Uint32Array[], hops: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < bursts.length; i++) {
    fib.lookupBulk(bursts[i]!, hops, hops.length);
    sum = (sum + hops[0]!) | 0;
  }
  return sum;
}

function addAll(fib: Fib4, routes: RouteSet, from: number, n: number): number {
  for (let i = from; i < from + n; i++) {
    if (!fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!)) {
      throw new Error(`route ${i} was refused`);
    }
  }
  return fib.size;
}

function deleteAll(fib: Fib4, routes: RouteSet, from: number, n: number): number {
  for (let i = from; i < from + n; i++) fib.delete(routes.prefix[i]!, routes.depth[i]!);
  return fib.size;
}
