/** The forwarding table of a testbed: holds the routes of one scenario after the other, and grows with them. */
import { createFib4 } from "../fib/create.ts";
import type { Fib4 } from "../fib/fib.ts";
import { ScenarioError } from "./check.ts";
import type { RouteSet } from "./scenario.ts";

/** Routes that the table holds at first, more than property runs draw, and from which on its first level is of 24 bits. */
const DRAWN = 64;
const SMALL = 4096;
/** 256 MiB of second-level groups. */
const GROUPS_MAX = 2 ** 18;

/**
 * Second-level groups that routes take in a DIR-24-8: one for each block of /24 with a longer prefix in it.
 * O(routes).
 */
export function groupsOf(routes: RouteSet): number {
  const blocks = new Set<number>();
  for (let i = 0; i < routes.count; i++) {
    if (routes.depth[i]! > 24) blocks.add(routes.prefix[i]! >>> 8);
  }
  return blocks.size;
}

/** A table that is filled anew when other routes come. */
export class ScenarioTable {
  readonly #defaultRoute: boolean;
  #table: Fib4;
  /** Routes and groups that it holds, whatever they are. */
  #routes = DRAWN;
  #groups = Infinity;
  #filled: RouteSet | null = null;

  /** A table for what property runs draw. Without `defaultRoute` it leaves routes of length 0 out. */
  constructor(defaultRoute: boolean) {
    this.#defaultRoute = defaultRoute;
    this.#table = this.#small(DRAWN);
  }

  /**
   * The table with these routes in it.
   * @throws {ScenarioError} when more than 2^18 blocks of /24 hold longer prefixes
   */
  of(routes: RouteSet): Fib4 {
    if (routes === this.#filled) return this.#table;
    this.#filled = null;
    if (routes.count > this.#routes) this.#grow(routes);
    else if (routes.count > SMALL && groupsOf(routes) > this.#groups) this.#grow(routes);
    else this.#table.clear();
    for (let i = 0; i < routes.count; i++) {
      const depth = routes.depth[i]!;
      if (depth === 0 && !this.#defaultRoute) continue;
      if (!this.#table.add(routes.prefix[i]!, depth, routes.nextHop[i]!)) {
        throw new ScenarioError(`route ${i} of ${routes.count} finds the table full`);
      }
    }
    this.#filled = routes;
    return this.#table;
  }

  #grow(routes: RouteSet): void {
    if (routes.count <= SMALL) {
      this.#table = this.#small(SMALL);
      this.#routes = SMALL;
      return;
    }
    const groups = groupsOf(routes);
    if (groups > GROUPS_MAX) {
      throw new ScenarioError(
        `its routes beyond 24 bits lie in ${groups} blocks of /24, expected ${GROUPS_MAX} at most`,
      );
    }
    this.#routes = routes.count;
    // those of any smaller set, too: each of its routes takes one at most
    this.#groups = Math.max(SMALL, groups);
    this.#table = createFib4("dir24-8", {
      ...{ firstBits: 24, groups: this.#groups, maxRules: routes.count },
      defaultRoute: this.#defaultRoute,
    });
  }

  /** A table for so many routes of any kind: below 8 bits each takes three groups at most. */
  #small(routes: number): Fib4 {
    const defaultRoute = this.#defaultRoute;
    return createFib4("dir24-8", {
      ...{ firstBits: 8, groups: 3 * routes, maxRules: routes, defaultRoute },
    });
  }
}
