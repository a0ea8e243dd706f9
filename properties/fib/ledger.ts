import type { Fib4 } from "../../core/fib/fib.ts";
import { firstOf, type Route } from "./ipv4.ts";

/**
 * What a table consumes, beside rules, said independently of the table: with it the laws know when
 * an addition has to be refused, that nothing leaks, and how much work is allowed. What is left out
 * is not judged.
 */
export interface FibLedger<F extends Fib4> {
  /** Units (tbl8 groups, nodes, ...) that these routes need, whatever came before them. */
  readonly needs: (routes: readonly Route[]) => number;
  /** Units that the table says it uses. */
  readonly uses: (fib: F) => number;
  /** Dependent reads that a look-up makes. */
  readonly reads?: (routes: readonly Route[], address: number) => number;
  /** Entries that updates have touched since the table was made. */
  readonly touched?: (fib: F) => number;
  /** Most entries that changing this route may touch, between these two sets of routes. */
  readonly touchLimit?: (
    before: readonly Route[],
    after: readonly Route[],
    prefix: number,
    depth: number,
  ) => number;
}

/** The ledger of a list: every look-up reads every route. */
export function linearLedger(): FibLedger<Fib4> {
  return { needs: () => 0, uses: () => 0, reads: (routes) => routes.length };
}

/** What a DIR-24-8 table tells of itself. */
export interface GroupCounts {
  /** Groups in use. */
  readonly groupsUsed: number;
  /** Entries touched by updates. */
  readonly entriesTouched: number;
}

/**
 * The ledger of a DIR-24-8 table: a block of addresses has a group exactly when a route is longer
 * than the block; a look-up reads one entry and one more for each group above the address.
 */
export function groupLedger<F extends Fib4 & GroupCounts>(firstBits: number): FibLedger<F> {
  const levels = [8, 16, 24].filter((level) => level >= firstBits);
  const blocks = (routes: readonly Route[], level: number): Set<number> =>
    new Set(routes.filter((r) => r.depth > level).map((r) => firstOf(r.prefix, level)));
  return {
    needs: (routes) => levels.reduce((sum, level) => sum + blocks(routes, level).size, 0),
    uses: (fib) => fib.groupsUsed,
    reads: (routes, address) =>
      1 + levels.filter((level) => {
        const block = firstOf(address, level);
        return routes.some((r) => r.depth > level && firstOf(r.prefix, level) === block);
      }).length,
    touched: (fib) => fib.entriesTouched,
    touchLimit: (before, after, prefix, depth) => {
      if (depth === 0) return 0;
      const above = levels.filter((level) => level < depth).length;
      const own = [...levels, 32].find((level) => level >= depth)!;
      let beneath = 0;
      for (const level of levels.filter((level) => level >= depth)) {
        for (const block of blocks([...before, ...after], level)) {
          if (firstOf(block, depth) === firstOf(prefix, depth)) beneath++;
        }
      }
      return 2 ** (own - depth) + 256 * beneath + 257 * above;
    },
  };
}
