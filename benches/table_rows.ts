/** The rows of one table, of either family: its streams against what bounds them, updates, building. */
import { type Benchmark, fresh } from "./benchmark.ts";
import { passReads, passWrites } from "./bound.ts";

const BURSTS = [8, 32, 256];
/** Routes that are added and deleted at a time. */
const UPDATES = 256;

/** What is asked of a table. */
interface Table {
  readonly bytesOccupied: number;
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void;
}

/** What is asked of its routes. */
interface Routes {
  readonly count: number;
  readonly prefix: Uint32Array;
}

/** An address family: `fresh` copies of its passes are what is timed. */
export interface Family<F extends Table, R extends Routes> {
  /** 32-bit words of an address. */
  readonly words: 1 | 4;
  /** Dependent reads of the look-up of the address at `at`. */
  readonly reads: (fib: F, addresses: Uint32Array, at: number) => number;
  /** Looks every address up. */
  readonly passSingle: (fib: F, addresses: Uint32Array) => number;
  /** Adds `n` routes from `from` on. */
  readonly addAll: (fib: F, routes: R, from: number, n: number) => number;
  /** Deletes them. */
  readonly deleteAll: (fib: F, routes: R, from: number, n: number) => number;
}

/** Look-ups of a stream, one by one and in bursts; what bounds them reads `memory`. */
export function lookups<F extends Table, R extends Routes>(
  family: Family<F, R>,
  group: string,
  fib: F,
  memory: Uint32Array,
  addresses: Uint32Array,
): Benchmark[] {
  const { words } = family;
  const items = addresses.length / words;
  const reads = Uint8Array.from(
    { length: items },
    (_, i) => Math.min(255, family.reads(fib, addresses, words * i)),
  );
  const bound = fresh(passReads);
  const single = fresh(family.passSingle);
  return [
    {
      group,
      name: "as many dependent reads of as many bytes",
      items,
      run: () => bound(memory, reads, addresses, words),
    },
    { group, name: "one by one", items, run: () => single(fib, addresses) },
    ...BURSTS.map((burst) => {
      // Views made once: a forwarder has the addresses of its burst in one array.
      const bursts = Array.from(
        { length: items / burst },
        (_, i) => addresses.subarray(words * i * burst, words * (i + 1) * burst),
      );
      const hops = new Int32Array(burst);
      const bulk = fresh(passBulk);
      return { group, name: `bulk ${burst}`, items, run: () => bulk(fib, bursts, hops) };
    }),
  ];
}

/** Deleting and adding on the full table, and building a new one that `make` makes. */
export function updates<F extends Table, R extends Routes>(
  family: Family<F, R>,
  title: string,
  fib: F,
  routes: R,
  make: () => F,
): Benchmark[] {
  const { count } = routes;
  const { addAll, deleteAll } = family;
  const memory = new Uint32Array(Math.max(1, fib.bytesOccupied >>> 2));
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
      run: () => writes(memory, routes.prefix, family.words, n),
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
      run: () => memory.fill(1)[0]!,
    },
    {
      group: `${title}, build`,
      name: "a new table, route by route",
      items: count,
      ...(count > 10_000 ? { runs: 3 } : {}),
      run: () => build(make(), routes, 0, count),
    },
  ];
}

function passBulk(fib: Table, bursts: readonly Uint32Array[], hops: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < bursts.length; i++) {
    fib.lookupBulk(bursts[i]!, hops, hops.length);
    sum = (sum + hops[0]!) | 0;
  }
  return sum;
}
