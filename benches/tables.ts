/**
 * IPv4 tables of every kind: single look-ups and bursts of them on both streams, building, adding and
 * deleting. Sizes from BENCH_ROUTES.
 */
import { createFib4, type Fib4, FIB4_KINDS, type Fib4Kind, type RouteSet } from "../core/mod.ts";
import { type Benchmark, tableSizes } from "./benchmark.ts";
import { wordsOf } from "./bound.ts";
import { addresses4, routes4, STREAMS } from "./streams.ts";
import { type Family, lookups, updates } from "./table_rows.ts";

/** Addresses of a stream: their entries are more than the caches of a core hold. */
const ADDRESSES = 1 << 18;
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
  const memory = wordsOf(fib.bytesOccupied);
  const count = kind === "linear" ? LINEAR_ADDRESSES : ADDRESSES;
  const title = `${kind}, ${routes.count} routes`;
  return [
    ...STREAMS.flatMap((stream) => {
      const addresses = addresses4(stream, routes, count);
      return lookups(IPV4, `${title}, ${stream}`, fib, memory, addresses);
    }),
    ...updates(IPV4, title, fib, routes, () => createFib4(kind)),
  ];
}

function passSingle(fib: Fib4, addresses: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) sum = (sum + fib.lookup(addresses[i]!)) | 0;
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

const IPV4: Family<Fib4, RouteSet> = {
  words: 1,
  reads: (fib, addresses, at) => fib.reads(addresses[at]!),
  passSingle,
  addAll,
  deleteAll,
};
