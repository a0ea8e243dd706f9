import type { Fib6 } from "../../core/fib/fib6.ts";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import { shuffled } from "../fib/bgp_like.ts";
import type { Fib6Kit, Fib6Law } from "./law.ts";
import { after6, before6, bitsOf6, firstOf6, flipped6, lastOf6, type Route6 } from "./model.ts";
import type { Rig6 } from "./rig.ts";

/** The laws that are judged by one large run instead of many small ones. */
export const wholeLaws6: readonly Fib6Law[] = [
  {
    id: "LPM-14",
    statement: "from every set of seven nested routes, every operation leads to the right table",
    clause: "RFC 7608, 3, exhaustively: 2^7 sets, 14 operations each, across levels and words",
    judged: "once",
    check: checkExhaustively,
  },
  {
    id: "LPM-15",
    statement: "all 129 depths nested in one another are told apart, in every word and sign",
    clause: "RFC 7608, 3: any length up to 128; DPDK LPM6 tests: depths 1 to 128 on one base",
    judged: "once",
    check: checkChain,
  },
  {
    id: "LPM-16",
    statement:
      "a table as BGP makes them is answered alike by this table and by a scan of its routes",
    clause: "RFC 7608, 3, on routes with the lengths of the global table, grown and withdrawn",
    judged: "once",
    check: checkBgpLike,
  },
];

/** An address whose words have either sign, and no two alike. */
const BASE = [0xa5c3_9e17, 0x3c96_f00d, 0xd31b_6e59, 0x58e2_94b7]
  .map((word) => word.toString(2).padStart(32, "0")).join("");

/**
 * Seven routes of depths d, d+1, d+2 that fill one block: every way to nest and to be neighbours.
 */
function nest(depth: number): Route6[] {
  const block = BASE.slice(0, depth);
  return ["", "0", "1", "00", "01", "10", "11"]
    .map((tail, nextHop) => ({ bits: block + tail, nextHop }));
}

function checkExhaustively<F extends Fib6>(kit: Fib6Kit<F>): void {
  for (const window of kit.windows) {
    const routes = nest(window);
    for (const spare of kit.ledger?.limited ? [-1, 0] : [0]) {
      const rig = kit.openFor(routes, spare);
      const addresses = edges(routes);
      for (let set = 0; set < 2 ** routes.length; set++) {
        reach(rig, routes, set);
        for (const route of routes) {
          toggle(rig, route);
          rig.checkAnswers(addresses);
          toggle(rig, route);
          rig.checkAnswers(addresses);
          kit.operations += 2;
        }
        rig.log.splice(0, rig.log.length, ...rig.model.routes.map((r) => JSON.stringify(r)));
      }
    }
  }
}

/** Turns the table into the one that holds the routes whose bits are set, as far as they fit. */
function reach<F extends Fib6>(rig: Rig6<F>, routes: readonly Route6[], set: number): void {
  routes.forEach((route, i) => {
    const wanted = Math.floor(set / 2 ** i) % 2 === 1;
    if (wanted !== rig.model.find(route.bits) >= 0) toggle(rig, route);
  });
}

function toggle<F extends Fib6>(rig: Rig6<F>, { bits, nextHop }: Route6): void {
  const there = rig.model.find(bits) >= 0;
  const outcome = there ? rig.delete(bits) : rig.add(bits, nextHop);
  if (outcome.got !== outcome.expected) rig.fail(`expected that to answer ${outcome.expected}`);
}

/** First and last address of each route, and one beside the block. */
function edges(routes: readonly Route6[]): string[] {
  const block = routes[0]!.bits;
  const beside = firstOf6(flipped6(block, block.length - 1));
  return [...new Set([...routes.flatMap(({ bits }) => [firstOf6(bits), lastOf6(bits)]), beside])];
}

function checkChain<F extends Fib6>(kit: Fib6Kit<F>): void {
  const chain = Array.from({ length: 129 }, (_, depth) => depth).filter((depth) =>
    depth === 0 || depth >= kit.shortest
  );
  // Each base with an order of its own: growing, shrinking, mixed, and the corners of the words.
  const bases = [BASE, flipped6(BASE, 0), "1".repeat(128), "0".repeat(128)];
  bases.forEach((base, n) => {
    const routes = chain.map((depth) => ({ bits: base.slice(0, depth), nextHop: depth }));
    const order = n === 0 ? routes : n === 1 ? [...routes].reverse() : shuffled(routes, n);
    // The address that leaves the chain at digit i has the first i digits and no more.
    const addresses = [base, ...Array.from({ length: 128 }, (_, i) => flipped6(base, i))];
    const rig = kit.openFor(routes);
    order.forEach(({ bits, nextHop }, i) => {
      if (!rig.add(bits, nextHop).got) rig.fail("expected all 129 depths to fit");
      kit.operations++;
      if (i % 16 === 0 || i === order.length - 1) rig.checkAnswers(addresses);
    });
    for (const { bits } of order.filter((_, i) => i % 3 > 0)) {
      if (!rig.delete(bits).got) rig.fail("expected that route to be there");
      kit.operations++;
    }
    rig.checkAnswers(addresses);
  });
}

function checkBgpLike<F extends Fib6>(kit: Fib6Kit<F>): void {
  const table = bgpLikeTable6({ routes: 300, seed: kit.seed });
  const routes = shuffled(
    Array.from({ length: table.count }, (_, i) => ({
      bits: bitsOf6(table.prefix.slice(4 * i, 4 * i + 4)).slice(0, table.depth[i]!),
      nextHop: table.nextHop[i]!,
    })),
    kit.seed,
  );
  const rig = kit.openFor(routes);
  const grow = (): void => {
    for (const { bits, nextHop } of routes) {
      if (!rig.add(bits, nextHop).got) rig.fail("expected the last route to fit");
      kit.operations++;
      checkBeneath(rig, bits);
    }
  };
  grow();
  rig.log.splice(0, rig.log.length, `${routes.length} BGP-like routes of seed ${kit.seed}`);
  rig.checkAnswers();
  for (const { bits } of shuffled(routes, kit.seed + 1).slice(0, 200)) {
    if (!rig.delete(bits).got) rig.fail("expected that route to be there");
    kit.operations++;
    checkBeneath(rig, bits);
  }
  rig.log.splice(1, rig.log.length, "200 of them deleted in another order");
  rig.checkAnswers();
  grow();
  rig.log.splice(2, rig.log.length, "all of them added again");
  rig.checkAnswers();
}

/** An operation shows at its own ends, and where routes beneath it begin and end. */
function checkBeneath<F extends Fib6>(rig: Rig6<F>, bits: string): void {
  const near = rig.model.routes.filter((route) => route.bits.startsWith(bits)).slice(-16);
  const addresses = [...near.map((route) => route.bits), bits].flatMap((prefix) => {
    const [first, last] = [firstOf6(prefix), lastOf6(prefix)];
    return [first, last, before6(first) ?? first, after6(last) ?? last];
  });
  rig.checkAnswers(addresses);
}
