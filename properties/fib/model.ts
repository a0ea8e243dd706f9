/**
 * The judge of every IPv4 table: a list of routes and a scan. It shares no code with any table,
 * uses neither masks nor shifts, and is meant to be checked by reading.
 */

/** One route of the model. */
export interface Route {
  /** First address that the route covers. */
  readonly prefix: number;
  /** Length of the prefix, 0..32. */
  readonly depth: number;
  /** Index of the next hop. */
  readonly nextHop: number;
}

/** First address of the prefix of this depth that `address` lies in. */
export function firstOf(address: number, depth: number): number {
  const span = 2 ** (32 - depth);
  return Math.floor(address / span) * span;
}

/** Last address of the prefix of this depth that `address` lies in. */
export function lastOf(address: number, depth: number): number {
  return firstOf(address, depth) + 2 ** (32 - depth) - 1;
}

/** `10.0.0.1`. */
export function addressText(address: number): string {
  const bytes = [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256);
  return bytes.join(".");
}

/** `10.0.0.0/8`. */
export function routeText(prefix: number, depth: number): string {
  return `${addressText(firstOf(prefix, depth))}/${depth}`;
}

/** The routes that a table ought to hold. */
export class RouteList {
  /** In the order in which they were added. */
  readonly routes: Route[] = [];

  /** Next hop of the longest route that covers `address`, or -1. */
  lookup(address: number): number {
    let best: Route | undefined;
    for (const route of this.routes) {
      if (address < route.prefix || address > route.prefix + 2 ** (32 - route.depth) - 1) continue;
      if (best === undefined || route.depth > best.depth) best = route;
    }
    return best === undefined ? -1 : best.nextHop;
  }

  /** Where the route stands in the list, or -1. */
  find(address: number, depth: number): number {
    const prefix = firstOf(address, depth);
    return this.routes.findIndex((route) => route.prefix === prefix && route.depth === depth);
  }

  /** The list as it would be after an addition. */
  with(address: number, depth: number, nextHop: number): Route[] {
    const route = { prefix: firstOf(address, depth), depth, nextHop };
    const at = this.find(address, depth);
    return at < 0 ? [...this.routes, route] : this.routes.with(at, route);
  }

  /** Adds a route or changes its next hop. */
  add(address: number, depth: number, nextHop: number): void {
    const next = this.with(address, depth, nextHop);
    this.routes.splice(0, this.routes.length, ...next);
  }

  /** Removes a route; false when it is not there. */
  delete(address: number, depth: number): boolean {
    const at = this.find(address, depth);
    if (at >= 0) this.routes.splice(at, 1);
    return at >= 0;
  }

  /** The routes in ascending (prefix, depth). */
  sorted(): Route[] {
    return [...this.routes].sort((a, b) => a.prefix - b.prefix || a.depth - b.depth);
  }
}
