import type { Fib4 } from "../../core/fib/fib.ts";
import type { FibKit, FibLaw } from "./law.ts";
import { addressText, firstOf, lastOf, routeText } from "./model.ts";
import type { Rig } from "./rig.ts";
import { type FibScenario, NEXT_HOP_LAST } from "./scenario.ts";

/** The laws about a table as a whole. */
export const tableLaws: readonly FibLaw[] = [
  {
    id: "LPM-4",
    statement: "the order in which routes are added changes nothing",
    clause: "RFC 4632, 5.1: the longest match depends on the routes alone",
    judged: "drawn",
    check: checkOrder,
  },
  {
    id: "LPM-5",
    statement: "adding a route and deleting it again changes nothing, resources included",
    clause: "contract of Fib4",
    judged: "drawn",
    check: checkInverse,
  },
  {
    id: "LPM-7",
    statement:
      "a default route answers every address that nothing else covers, and only while present",
    clause: "RFC 4632, 5.1; RFC 1812, 5.2.4.3 (2)",
    judged: "drawn",
    check: checkDefault,
  },
  {
    id: "LPM-8",
    statement:
      "next hops 0 and 2^24-1 are served, whatever is out of range throws and changes nothing",
    clause: "contract of Fib4.add; layout of rte_lpm_tbl_entry: 24 bits of next hop",
    judged: "drawn",
    check: checkRange,
  },
  {
    id: "LPM-9",
    statement: "lookupBulk answers what lookup answers, for the first n addresses and no more",
    clause: "contract of Fib4.lookupBulk",
    judged: "drawn",
    check: checkBulkTwin,
  },
  {
    id: "LPM-10",
    statement: "host bits of a prefix are masked off, in add and in delete",
    clause: "contract of Fib4.add",
    judged: "drawn",
    check: checkHostBits,
  },
  {
    id: "LPM-17",
    statement: "two tables share nothing, and a cleared table equals a new one",
    clause: "contract of Fib4.clear",
    judged: "drawn",
    check: checkIndependence,
  },
];

function checkOrder<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const routes = kit.run(scenario).model.routes;
  const drawn = kit.open(scenario.geometry);
  for (const { prefix, depth, nextHop } of routes) drawn.add(prefix, depth, nextHop);
  const probes = drawn.probes();
  const expected = drawn.snapshot(probes);
  // Where each route goes in the other order is drawn too: an insertion into the list so far.
  const order: typeof routes = [];
  routes.forEach((route, i) => {
    const pick = scenario.steps[i % scenario.steps.length]!.pick;
    order.splice(pick % (order.length + 1), 0, route);
  });
  for (const sequence of [order, [...routes].reverse(), drawn.model.sorted()]) {
    const other = kit.open(scenario.geometry);
    for (const { prefix, depth, nextHop } of sequence) other.add(prefix, depth, nextHop);
    other.checkSame(expected, other.snapshot(probes), "in another order");
  }
}

function checkInverse<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.run(scenario);
  for (const { base, depth, flip, nextHop } of scenario.steps) {
    const prefix = (scenario.bases[base % scenario.bases.length]! ^ flip) >>> 0;
    if (depth === 0 || rig.model.find(prefix, depth) >= 0) continue;
    if (!rig.fits(prefix, depth, nextHop)) continue;
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    rig.add(prefix, depth, nextHop);
    rig.delete(prefix, depth);
    rig.checkSame(before, rig.snapshot(probes), `after add and delete ${routeText(prefix, depth)}`);
  }
  for (const { prefix, depth, nextHop } of rig.model.sorted()) {
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    rig.add(prefix, depth, nextHop === 0 ? NEXT_HOP_LAST : 0);
    rig.add(prefix, depth, nextHop);
    rig.checkSame(before, rig.snapshot(probes), `after changing ${routeText(prefix, depth)} twice`);
  }
}

function checkDefault<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  // One rule is kept for the default route, so that only its own laws can refuse it.
  const { geometry } = scenario;
  const rig = kit.open({ ...geometry, defaultRoute: true, maxRules: geometry.maxRules + 1 });
  const more = [...scenario.bases, 0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  for (const step of scenario.steps) {
    if (rig.model.routes.length < geometry.maxRules) rig.step(scenario, step);
    kit.operations++;
    const probes = [...rig.probes(), ...more];
    const was = rig.model.routes.find((route) => route.depth === 0);
    const before = rig.snapshot(probes);
    if (!rig.add(step.flip, 0, step.nextHop).got) {
      rig.fail("expected the default route to be taken");
    }
    rig.checkAnswers(probes);
    if (!rig.delete(0, 0).got) rig.fail("expected the default route to be there");
    rig.checkAnswers(probes);
    if (was) rig.add(0, 0, was.nextHop);
    rig.checkSame(before, rig.snapshot(probes), "after the default route came and went");
  }
}

function checkRange<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.run(scenario);
  const { fib } = rig;
  const target = rig.model.routes[0] ?? { prefix: 0x0a000000, depth: 32 };
  const { prefix, depth } = target;
  for (const nextHop of [0, NEXT_HOP_LAST]) {
    if (rig.add(prefix, depth, nextHop).got) rig.checkAnswers();
  }
  const before = rig.snapshot();
  const bad = [-1, 0.5, NaN, Infinity, 2 ** 32];
  const calls: [string, () => unknown][] = [
    ...[...bad, NEXT_HOP_LAST + 1].map((hop): [string, () => unknown] => [
      `add ${routeText(prefix, depth)} -> ${hop}`,
      () => fib.add(prefix, depth, hop),
    ]),
    ...bad.flatMap((wrong): [string, () => unknown][] => [
      [`add with prefix ${wrong}`, () => fib.add(wrong, 24, 1)],
      [`delete with prefix ${wrong}`, () => fib.delete(wrong, 24)],
    ]),
    ...[...bad, 33].flatMap((wrong): [string, () => unknown][] => [
      [`add with depth ${wrong}`, () => fib.add(prefix, wrong, 1)],
      [`delete with depth ${wrong}`, () => fib.delete(prefix, wrong)],
    ]),
  ];
  for (const [text, call] of calls) {
    checkThrows(rig, text, call);
    rig.checkSame(before, rig.snapshot(), `after ${text}`);
  }
}

function checkThrows<F extends Fib4>(rig: Rig<F>, text: string, call: () => unknown): void {
  let got: unknown;
  try {
    got = `answer ${call()}`;
  } catch (error) {
    if (error instanceof RangeError) return;
    got = error;
  }
  rig.fail(`${text}: expected a RangeError, got ${got}`);
}

function checkBulkTwin<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.run(scenario);
  const probes = rig.probes();
  // More addresses than any block that a table may work in, so that the seams are met.
  const addresses = Uint32Array.from({ length: 600 }, (_, i) => probes[i % probes.length]!);
  for (const n of [0, 1, 7, 256, 257, 600]) {
    const nextHops = new Int32Array(600).fill(-7);
    rig.fib.lookupBulk(addresses, nextHops, n);
    for (let i = 0; i < 600; i++) {
      const expected = i < n ? rig.fib.lookup(addresses[i]!) : -7;
      if (nextHops[i] === expected) continue;
      const where = `lookupBulk of ${n}, [${i}] ${addressText(addresses[i]!)}`;
      rig.fail(`${where}: expected ${i < n ? expected : "nothing written"}, got ${nextHops[i]}`);
    }
  }
}

function checkHostBits<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const clean = kit.open(scenario.geometry);
  const dirty = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const { prefix, depth, nextHop, verb, refusedDefault } = clean.step(scenario, step);
    kit.operations++;
    if (refusedDefault) continue;
    const host = step.pick % 2 === 0 ? lastOf(prefix, depth) : firstOf(prefix, depth);
    if (verb === "add") dirty.add(host, depth, nextHop);
    else dirty.delete(host, depth);
    const probes = clean.probes();
    dirty.checkSame(clean.snapshot(probes), dirty.snapshot(probes), "with host bits set");
  }
}

function checkIndependence<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const a = kit.open(scenario.geometry);
  const b = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const [rig, other] = step.pick % 2 === 0 ? [a, b] : [b, a];
    rig.step(scenario, step);
    kit.operations++;
    other.checkAnswers();
    rig.checkAnswers();
  }
  a.fib.clear();
  b.checkAnswers();
  const fresh = kit.open(scenario.geometry);
  a.model.routes.length = 0;
  a.log.push("clear");
  a.checkSame(fresh.snapshot(a.probes()), a.snapshot(a.probes()), "cleared beside new");
  for (const step of scenario.steps) {
    const expected = fresh.step(scenario, step).got;
    const got = a.step(scenario, step).got;
    if (got !== expected) a.fail(`cleared beside new: expected ${expected}, got ${got}`);
    a.checkSame(fresh.snapshot(a.probes()), a.snapshot(a.probes()), "cleared beside new");
  }
}
