import type { Fib4 } from "../../core/fib/fib.ts";
import { bgpLikeRoutes, shuffled } from "./bgp_like.ts";
import type { FibKit, FibLaw } from "./law.ts";
import { firstOf, lastOf } from "./model.ts";
import type { Rig } from "./rig.ts";

/** The laws that are judged by one large run instead of many small ones. */
export const wholeLaws: readonly FibLaw[] = [
  {
    id: "LPM-14",
    statement: "from every set of seven nested routes, every operation leads to the right table",
    clause: "RFC 4632, 5.1, exhaustively: 2^7 sets, 14 operations each, across each boundary",
    judged: "once",
    check: checkExhaustively,
  },
  {
    id: "LPM-16",
    statement:
      "a table as BGP makes them is answered alike by this table and by a scan of its routes",
    clause:
      "RFC 4632, 5.1, on 800 routes with the lengths of the global table, grown and withdrawn",
    judged: "once",
    check: checkBgpLike,
  },
];

/**
 * Seven routes of depths d, d+1, d+2 that fill one block: every way to nest and to be neighbours.
 */
function nest(base: number, depth: number): { prefix: number; depth: number }[] {
  const routes = [];
  for (const d of [depth, depth + 1, depth + 2]) {
    for (let i = 0; i < 2 ** (d - depth); i++) {
      routes.push({ prefix: firstOf(base, depth) + i * 2 ** (32 - d), depth: d });
    }
  }
  return routes;
}

function checkExhaustively<F extends Fib4>(kit: FibKit<F>): void {
  for (const window of kit.windows) {
    for (const groups of [1, 2, 16]) {
      const rig = kit.open({ groups, maxRules: 8, defaultRoute: true });
      const routes = nest(0xac15a9b4, window);
      const addresses = edges(routes);
      for (let set = 0; set < 2 ** routes.length; set++) {
        reach(rig, routes, set);
        for (let i = 0; i < routes.length; i++) {
          toggle(rig, routes[i]!, i);
          rig.checkAnswers(addresses);
          toggle(rig, routes[i]!, i);
          rig.checkAnswers(addresses);
          kit.operations += 2;
        }
        rig.log.splice(0, rig.log.length, ...rig.model.routes.map((r) => JSON.stringify(r)));
      }
    }
  }
}

/** Turns the table into the one that holds the routes whose bits are set, as far as they fit. */
function reach<F extends Fib4>(
  rig: Rig<F>,
  routes: readonly { prefix: number; depth: number }[],
  set: number,
): void {
  routes.forEach(({ prefix, depth }, i) => {
    const wanted = Math.floor(set / 2 ** i) % 2 === 1;
    if (wanted !== rig.model.find(prefix, depth) >= 0) toggle(rig, { prefix, depth }, i);
  });
}

function toggle<F extends Fib4>(
  rig: Rig<F>,
  { prefix, depth }: { prefix: number; depth: number },
  nextHop: number,
): void {
  const there = rig.model.find(prefix, depth) >= 0;
  const outcome = there ? rig.delete(prefix, depth) : rig.add(prefix, depth, nextHop);
  if (outcome.got !== outcome.expected) rig.fail(`expected that to answer ${outcome.expected}`);
}

/** All addresses of a small block; of a large one the ends and the middle of its finest parts. */
function edges(routes: readonly { prefix: number; depth: number }[]): number[] {
  const found = new Set([0, 2 ** 32 - 1]);
  for (const { prefix, depth } of routes) {
    const last = lastOf(prefix, depth);
    const middle = prefix + 2 ** Math.max(0, 31 - depth);
    for (const address of [prefix, prefix - 1, middle, middle - 1, last, last + 1]) {
      if (address >= 0 && address < 2 ** 32) found.add(address);
    }
  }
  return [...found];
}

function checkBgpLike<F extends Fib4>(kit: FibKit<F>): void {
  const routes = bgpLikeRoutes(800, kit.seed, kit.shortest);
  const groups = Math.max(1, kit.ledger?.needs(routes) ?? 0);
  const rig = kit.open({ groups, maxRules: routes.length, defaultRoute: true });
  for (const { prefix, depth, nextHop } of routes) {
    if (!rig.add(prefix, depth, nextHop).got) rig.fail("expected the last route to fit");
    kit.operations++;
  }
  rig.log.splice(0, rig.log.length, `${routes.length} BGP-like routes of seed ${kit.seed}`);
  rig.checkAnswers();
  for (const { prefix, depth } of shuffled(routes, kit.seed).slice(0, 500)) {
    if (!rig.delete(prefix, depth).got) rig.fail("expected that route to be there");
    kit.operations++;
  }
  rig.log.splice(1, rig.log.length, "500 of them deleted in another order");
  rig.checkAnswers();
  for (const { prefix, depth, nextHop } of routes) rig.add(prefix, depth, nextHop);
  rig.log.splice(2, rig.log.length, "all of them added again");
  rig.checkAnswers();
}
