import type { Fib6 } from "../../core/fib/fib6.ts";
import type { Route6 } from "./model.ts";

/**
 * What an IPv6 table consumes, beside rules, said independently of the table: with it the laws know
 * when an addition has to be refused, that nothing leaks, and how much work is allowed. What is left
 * out is not judged.
 */
export interface Fib6Ledger<F extends Fib6> {
  /** Units (groups, hash entries, nodes, ...) that these routes need, whatever came before them. */
  readonly needs: (routes: readonly Route6[]) => number;
  /** Units that the table says it uses. */
  readonly uses: (fib: F) => number;
  /** Whether `groups` of the geometry is the most units that the table may use. */
  readonly limited: boolean;
  /** Dependent reads that a look-up of 128 binary digits makes. */
  readonly reads?: (routes: readonly Route6[], address: string) => number;
}

/** The ledger of a list: every look-up reads every route. */
export function linear6Ledger(): Fib6Ledger<Fib6> {
  return { needs: () => 0, uses: () => 0, limited: false, reads: (routes) => routes.length };
}

/**
 * The ledger of an rte_lpm6 table: a block of addresses has a group exactly when a route is longer
 * than the block; a look-up reads one entry and one more for each group above the address.
 */
export function groups6Ledger<F extends Fib6 & { readonly groupsUsed: number }>(
  firstBits: number,
): Fib6Ledger<F> {
  const levels = Array.from({ length: 16 }, (_, i) => 8 * (i + 1))
    .filter((level) => level >= firstBits && level < 128);
  const blocks = (routes: readonly Route6[], level: number): Set<string> =>
    new Set(routes.filter((r) => r.bits.length > level).map((r) => r.bits.slice(0, level)));
  return {
    needs: (routes) => levels.reduce((sum, level) => sum + blocks(routes, level).size, 0),
    uses: (fib) => fib.groupsUsed,
    limited: true,
    reads: (routes, address) =>
      1 + levels.filter((level) => {
        const block = address.slice(0, level);
        return routes.some((r) => r.bits.length > level && r.bits.startsWith(block));
      }).length,
  };
}

/**
 * The ledger of a binary search on lengths (Waldvogel et al., SIGCOMM 1997): an entry for each route
 * longer than 1, and one for each marker, which a route leaves at every length at which its search
 * goes on to longer ones. A look-up probes one length after the other until it meets a route without
 * longer ones behind it or runs out of lengths.
 */
export function lengths6Ledger<F extends Fib6 & { readonly entriesUsed: number }>(): Fib6Ledger<
  F
> {
  return {
    needs: (routes) => entriesOf(routes).size,
    uses: (fib) => fib.entriesUsed,
    limited: false,
    reads: (routes, address) => {
      const entries = entriesOf(routes);
      let probes = 0;
      let left = lengthsOf(routes);
      while (left.length > 0) {
        const middle = Math.ceil(left.length / 2) - 1;
        probes++;
        const found = entries.get(address.slice(0, left[middle]!));
        if (found === "route") break;
        left = found === undefined ? left.slice(0, middle) : left.slice(middle + 1);
      }
      return probes;
    },
  };
}

function lengthsOf(routes: readonly Route6[]): number[] {
  return [...new Set(routes.map((r) => r.bits.length))].filter((d) => d > 1).sort((a, b) => a - b);
}

/** What stands at each prefix: a route that ends the search, or a marker, route or not. */
function entriesOf(routes: readonly Route6[]): Map<string, "route" | "marker"> {
  const entries = new Map<string, "route" | "marker">();
  for (const { bits } of routes) {
    if (bits.length > 1 && !entries.has(bits)) entries.set(bits, "route");
    let left = lengthsOf(routes);
    while (bits.length > 1 && left.length > 0) {
      const middle = Math.ceil(left.length / 2) - 1;
      const length = left[middle]!;
      if (length === bits.length) break;
      if (length < bits.length) entries.set(bits.slice(0, length), "marker");
      left = length > bits.length ? left.slice(0, middle) : left.slice(middle + 1);
    }
  }
  return entries;
}
