import type { Family, RouteTo } from "./family.ts";

/**
 * The judge of every table: a list of routes and a scan, by the arithmetic of an address family. It
 * shares no code with any table and is meant to be checked by reading.
 */
export class RouteList<A, P> {
  /** In the order in which they were added. */
  readonly routes: RouteTo<P>[] = [];

  /** No routes. */
  constructor(private readonly family: Family<A, P>) {}

  /** Next hop of the longest route that covers the address, or -1. */
  lookup(address: A): number {
    const { family, routes } = this;
    let [longest, nextHop] = [-1, -1];
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!;
      const depth = family.depthOf(route);
      if (depth > longest && family.covers(route, address)) {
        [longest, nextHop] = [depth, route.nextHop];
      }
    }
    return nextHop;
  }

  /** Where the route stands in the list, or -1. */
  find(prefix: P): number {
    return this.routes.findIndex((route) => this.family.compare(route, prefix) === 0);
  }

  /** The list as it would be after an addition. */
  with(prefix: P, nextHop: number): RouteTo<P>[] {
    const at = this.find(prefix);
    const route = { ...prefix, nextHop };
    return at < 0 ? [...this.routes, route] : this.routes.with(at, route);
  }

  /** Adds a route or changes its next hop. */
  add(prefix: P, nextHop: number): void {
    const at = this.find(prefix);
    this.routes[at < 0 ? this.routes.length : at] = { ...prefix, nextHop };
  }

  /** Removes a route; false when it is not there. */
  delete(prefix: P): boolean {
    const at = this.find(prefix);
    if (at >= 0) this.routes.splice(at, 1);
    return at >= 0;
  }

  /** The routes in ascending (prefix, depth). */
  sorted(): RouteTo<P>[] {
    return [...this.routes].sort((a, b) => this.family.compare(a, b));
  }
}
