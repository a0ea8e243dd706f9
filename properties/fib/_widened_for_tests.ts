// Short entries: the laws speak of next hops up to the greatest of a Fib4 or a Fib6, the entries of
// some tables end before. No test of its own.
import type { Fib4 } from "../../core/fib/fib.ts";
import type { Fib6 } from "../../core/fib/fib6.ts";

/** What of a table is about next hops, for addresses of either family. */
interface Hops {
  add(prefix: unknown, depth: number, nextHop: number, at?: number): boolean;
  lookup(address: unknown, at?: number): number;
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void;
  walk(visit: (prefix: unknown, depth: number, nextHop: number) => void): void;
}

/** Lets the greatest next hop of this table and the greatest of all change places. */
export function widened<F extends Fib4 | Fib6>(fib: F, greatest: number, greatestOfAll: number): F {
  const wide = (nextHop: number): number => nextHop === greatest ? greatestOfAll : nextHop;
  const table = fib as unknown as Hops;
  const [add, lookup] = [table.add.bind(table), table.lookup.bind(table)];
  const [lookupBulk, walk] = [table.lookupBulk.bind(table), table.walk.bind(table)];
  table.add = (prefix, depth, nextHop, at) =>
    add(prefix, depth, nextHop === greatestOfAll ? greatest : nextHop, at);
  table.lookup = (address, at) => wide(lookup(address, at));
  table.lookupBulk = (addresses, nextHops, n) => {
    lookupBulk(addresses, nextHops, n);
    for (let i = 0; i < n; i++) nextHops[i] = wide(nextHops[i]!);
  };
  table.walk = (visit) => walk((prefix, depth, nextHop) => visit(prefix, depth, wide(nextHop)));
  return fib;
}
