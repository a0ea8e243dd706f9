import { shuffled } from "./bgp_like.ts";
import { type Family, routeText, type RouteTo } from "./family.ts";
import type { FibKit, FibLawForm } from "./law.ts";
import type { Rig } from "./rig.ts";

/** The laws that are judged by one large run instead of many small ones. */
export const wholeLaws: readonly FibLawForm[] = [
  {
    id: "LPM-14",
    statement: "from every set of seven nested routes, every operation leads to the right table",
    judged: "once",
    check: checkExhaustively,
  },
  {
    id: "LPM-16",
    statement:
      "a table as BGP makes them is answered alike by this table and by a scan of its routes",
    judged: "once",
    check: checkBgpLike,
  },
];

/**
 * Seven routes of depths d, d+1, d+2 that fill one block: every way to nest and to be neighbours.
 */
function nest<A, P>(family: Family<A, P>, depth: number): RouteTo<P>[] {
  const halves = (prefix: P): P[] =>
    [family.first(prefix), family.last(prefix)]
      .map((address) => family.prefixOf(address, family.depthOf(prefix) + 1));
  const block = family.prefixOf(family.sample, depth);
  return [block, ...halves(block), ...halves(block).flatMap(halves)]
    .map((prefix, nextHop) => ({ ...prefix, nextHop }));
}

function checkExhaustively<A, P>(kit: FibKit<A, P>): void {
  const { family } = kit;
  for (const window of kit.windows) {
    const routes = nest(family, window);
    const addresses = edges(family, routes);
    // As many units as all need, one fewer, and one.
    const needed = kit.ledger?.limited ? Math.max(1, kit.ledger.needs(routes)) : 1;
    for (const groups of new Set([1, Math.max(1, needed - 1), needed])) {
      const rig = kit.open({ groups, maxRules: routes.length, defaultRoute: true });
      for (let set = 0; set < 2 ** routes.length; set++) {
        reach(rig, routes, set);
        for (const route of routes) {
          toggle(rig, route);
          rig.checkAnswers(addresses);
          toggle(rig, route);
          rig.checkAnswers(addresses);
          kit.operations += 2;
        }
        const there = [...rig.model.routes];
        rig.log.splice(0, rig.log.length, () => `held by then: ${listOf(family, there)}`);
      }
    }
  }
}

function listOf<A, P>(family: Family<A, P>, routes: readonly RouteTo<P>[]): string {
  return routes.map((r) => `${routeText(family, r)} -> ${r.nextHop}`).join(", ") || "nothing";
}

/** Turns the table into the one that holds the routes whose bits are set, as far as they fit. */
function reach<A, P>(rig: Rig<A, P>, routes: readonly RouteTo<P>[], set: number): void {
  routes.forEach((route, i) => {
    const wanted = Math.floor(set / 2 ** i) % 2 === 1;
    if (wanted !== rig.model.find(route) >= 0) toggle(rig, route);
  });
}

function toggle<A, P>(rig: Rig<A, P>, route: RouteTo<P>): void {
  const there = rig.model.find(route) >= 0;
  const outcome = there ? rig.delete(route) : rig.add(route, route.nextHop);
  if (outcome.got !== outcome.expected) rig.fail(`expected that to answer ${outcome.expected}`);
}

/** Ends and middle of the finest parts of a block, the addresses beside it, and those of all. */
function edges<A, P>(family: Family<A, P>, routes: readonly RouteTo<P>[]): A[] {
  const all = family.prefixOf(family.sample, 0);
  const found = new Set([family.first(all), family.last(all)]);
  for (const route of routes) {
    const [first, last] = [family.first(route), family.last(route)];
    const half = Math.min(family.width, family.depthOf(route) + 1);
    const middle = family.first(family.prefixOf(last, half));
    for (const a of [first, last, family.before(first), family.after(last), middle]) {
      if (a !== undefined) found.add(a);
    }
    const below = family.before(middle);
    if (below !== undefined) found.add(below);
  }
  return [...found];
}

function checkBgpLike<A, P>(kit: FibKit<A, P>): void {
  const { routes, gone, stepwise } = kit.family.bgpLike(kit.seed, kit.shortest);
  const rig = kit.openFor(routes);
  const grow = (): void => {
    for (const route of routes) {
      if (!rig.add(route, route.nextHop).got) rig.fail("expected the last route to fit");
      kit.operations++;
      if (stepwise) checkBeneath(rig, route);
    }
  };
  grow();
  rig.log.splice(0, rig.log.length, `${routes.length} BGP-like routes of seed ${kit.seed}`);
  rig.checkAnswers();
  for (const route of shuffled(routes, kit.seed + 1).slice(0, gone)) {
    if (!rig.delete(route).got) rig.fail("expected that route to be there");
    kit.operations++;
    if (stepwise) checkBeneath(rig, route);
  }
  rig.log.splice(1, rig.log.length, `${gone} of them deleted in another order`);
  rig.checkAnswers();
  grow();
  rig.log.splice(2, rig.log.length, "all of them added again");
  rig.checkAnswers();
}

/** An operation shows at its own ends, and where routes beneath it begin and end. */
function checkBeneath<A, P>(rig: Rig<A, P>, prefix: P): void {
  const { family } = rig;
  const beneath = rig.model.routes.filter((route) => family.covers(prefix, family.first(route)));
  rig.checkAnswers([...beneath.slice(-16), prefix].flatMap((near) => rig.endsOf(near)));
}
