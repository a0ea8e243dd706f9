/** The forwarding tables of a comparison: filled once, shared by every stack that can take them. */
import { Dir24_8, type Fib4, groupsOf, type RouteSet } from "../core/mod.ts";
import { UserError } from "./user_error.ts";

/** 256 MiB of second-level groups. */
const GROUPS_MAX = 2 ** 18;

/** Tables over one set of routes. */
export class SharedTables {
  readonly #routes: RouteSet;
  readonly #hasDefault: boolean;
  readonly #byDefault = new Map<boolean, Fib4>();

  /** Nothing is built yet. */
  constructor(routes: RouteSet) {
    this.#routes = routes;
    this.#hasDefault = routes.depth.subarray(0, routes.count).includes(0);
  }

  /**
   * A DIR-24-8 of the routes. With `defaultRoute` false 0.0.0.0/0 is left out, as a table leaves it out that cannot
   * hold it; without such a route both are one table.
   *
   * @throws {UserError} when the routes take more memory than the model is given
   */
  table(defaultRoute: boolean): Fib4 {
    const withDefault = defaultRoute || !this.#hasDefault;
    let table = this.#byDefault.get(withDefault);
    if (table === undefined) {
      table = build(withDefault ? this.#routes : withoutDefault(this.#routes));
      this.#byDefault.set(withDefault, table);
    }
    return table;
  }
}

function build(routes: RouteSet): Fib4 {
  const groups = groupsOf(routes);
  if (groups > GROUPS_MAX) {
    throw new UserError(
      `--routes: expected prefixes longer than 24 in at most ${GROUPS_MAX} blocks of /24, ` +
        `got ${groups}`,
    );
  }
  const fib = new Dir24_8({
    firstBits: 24,
    groups,
    maxRules: Math.max(1, routes.count),
    defaultRoute: true,
  });
  if (!fib.addBulk(routes)) {
    throw new RangeError(`Cannot fill the table: ${routes.count} routes, ${groups} groups`);
  }
  return fib;
}

function withoutDefault(routes: RouteSet): RouteSet {
  const kept: number[] = [];
  for (let i = 0; i < routes.count; i++) if (routes.depth[i] !== 0) kept.push(i);
  return {
    count: kept.length,
    prefix: Uint32Array.from(kept, (i) => routes.prefix[i]!),
    depth: Uint8Array.from(kept, (i) => routes.depth[i]!),
    nextHop: Uint32Array.from(kept, (i) => routes.nextHop[i]!),
  };
}
