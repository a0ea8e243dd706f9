import { routeText } from "./family.ts";
import type { FibKit, FibLawForm } from "./law.ts";
import type { Rig } from "./rig.ts";
import type { FibScenarioOf } from "./scenario.ts";

/** The laws about a table as a whole. */
export const tableLaws: readonly FibLawForm[] = [
  {
    id: "LPM-4",
    statement: "the order in which routes are added changes nothing",
    judged: "drawn",
    check: checkOrder,
  },
  {
    id: "LPM-5",
    statement: "adding a route and deleting it again changes nothing, resources included",
    judged: "drawn",
    check: checkInverse,
  },
  {
    id: "LPM-7",
    statement:
      "a default route answers every address that nothing else covers, and only while present",
    needs: "default",
    judged: "drawn",
    check: checkDefault,
  },
  {
    id: "LPM-8",
    statement:
      "next hops 0 and the greatest are served, whatever is out of range throws and changes nothing",
    judged: "drawn",
    check: checkRange,
  },
  {
    id: "LPM-9",
    statement:
      "lookupBulk answers what lookup answers, for the first n addresses and no more, and throws on an n that does not fit",
    judged: "drawn",
    check: checkBulkTwin,
  },
  {
    id: "LPM-10",
    statement: "host bits of a prefix are masked off, in add and in delete",
    judged: "drawn",
    check: checkHostBits,
  },
  {
    id: "LPM-17",
    statement: "two tables share nothing, and a cleared table equals a new one",
    judged: "drawn",
    check: checkIndependence,
  },
];

function checkOrder<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const routes = kit.run(scenario).model.routes;
  const drawn = kit.open(scenario.geometry);
  for (const route of routes) drawn.add(route, route.nextHop);
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
    for (const route of sequence) other.add(route, route.nextHop);
    other.checkSame(expected, other.snapshot(probes), "in another order");
  }
}

function checkInverse<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const { family } = kit;
  const rig = kit.run(scenario);
  for (const step of scenario.steps) {
    const base = scenario.bases[step.base % scenario.bases.length]!;
    const [address, depth] = family.target(scenario, step, base);
    const prefix = family.prefixOf(address, depth);
    if (depth === 0 || rig.model.find(prefix) >= 0 || !rig.fits(prefix, step.nextHop)) continue;
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    rig.add(prefix, step.nextHop, address);
    rig.delete(prefix, address);
    const text = `after add and delete ${routeText(family, prefix)}`;
    rig.checkSame(before, rig.snapshot(probes), text);
  }
  for (const route of rig.model.sorted()) {
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    rig.add(route, route.nextHop === 0 ? family.nextHopLast : 0);
    rig.checkAnswers(probes);
    rig.add(route, route.nextHop);
    const text = `after changing ${routeText(family, route)} twice`;
    rig.checkSame(before, rig.snapshot(probes), text);
  }
}

function checkDefault<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  // One rule is kept for the default route, so that only its own laws can refuse it.
  const { geometry } = scenario;
  const { family } = kit;
  const rig = kit.open({ ...geometry, defaultRoute: true, maxRules: geometry.maxRules + 1 });
  const all = family.prefixOf(family.sample, 0);
  const ends = [family.first(all), family.last(all)];
  const halves = ends.map((end) => family.prefixOf(end, 1));
  const more = [...scenario.bases, ...ends, family.last(halves[0]!), family.first(halves[1]!)];
  for (const step of scenario.steps) {
    if (rig.model.routes.length < geometry.maxRules) rig.step(scenario, step);
    kit.operations++;
    const probes = [...rig.probes(), ...more];
    const was = rig.model.routes.find((route) => family.depthOf(route) === 0);
    const before = rig.snapshot(probes);
    const host = scenario.bases[step.base % scenario.bases.length]!;
    if (!rig.add(all, step.nextHop, host).got) rig.fail("expected the default route to be taken");
    rig.checkAnswers(probes);
    if (!rig.delete(all).got) rig.fail("expected the default route to be there");
    rig.checkAnswers(probes);
    if (was) rig.add(all, was.nextHop);
    rig.checkSame(before, rig.snapshot(probes), "after the default route came and went");
  }
}

function checkRange<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const { family } = kit;
  const rig = kit.run(scenario);
  const { fib } = rig;
  const prefix = rig.model.routes[0] ?? family.prefixOf(family.sample, family.width);
  const [host, depth] = [family.first(prefix), family.depthOf(prefix)];
  for (const nextHop of [0, family.nextHopLast]) {
    if (rig.add(prefix, nextHop).got) rig.checkAnswers();
  }
  const probes = rig.probes();
  const before = rig.snapshot(probes);
  const bad = [-1, 0.5, NaN, Infinity, 2 ** 32];
  const calls: [string, () => unknown][] = [
    ...[...bad, family.nextHopLast + 1].map((hop): [string, () => unknown] => [
      `add ${routeText(family, prefix)} -> ${hop}`,
      () => fib.add(host, depth, hop),
    ]),
    ...[...bad, family.width + 1].flatMap((wrong): [string, () => unknown][] => [
      [`add with depth ${wrong}`, () => fib.add(host, wrong, 1)],
      [`delete with depth ${wrong}`, () => fib.delete(host, wrong)],
    ]),
    ...fib.wrongCalls(host, bad),
  ];
  for (const [text, call] of calls) {
    checkThrows(rig, text, call);
    rig.checkSame(before, rig.snapshot(probes), `after ${text}`);
  }
}

function checkThrows<A, P>(rig: Rig<A, P>, text: string, call: () => unknown): void {
  let got: unknown;
  try {
    got = `answer ${call()}`;
  } catch (error) {
    if (error instanceof RangeError) return;
    got = error;
  }
  rig.fail(`${text}: expected a RangeError, got ${got}`);
}

function checkBulkTwin<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const { family } = kit;
  const rig = kit.run(scenario);
  const probes = rig.probes();
  // More addresses than any block that a table may work in, so that the seams are met.
  const addresses = new Uint32Array(600 * family.words);
  for (let i = 0; i < 600; i++) family.write(addresses, i, probes[i % probes.length]!);
  const alone = probes.map((address) => rig.fib.lookup(address));
  for (const n of [0, 1, 7, 256, 257, 600]) {
    const nextHops = new Int32Array(600).fill(-7);
    rig.fib.lookupBulk(addresses, nextHops, n);
    for (let i = 0; i < 600; i++) {
      // The look-up at a position in a longer array is judged here too.
      const expected = i < n ? rig.fib.lookupAt(addresses, i) : -7;
      if (nextHops[i] === expected && (i >= n || expected === alone[i % probes.length])) continue;
      const where = `lookupBulk of ${n}, [${i}] ${family.text(probes[i % probes.length]!)}`;
      rig.fail(`${where}: expected ${i < n ? expected : "nothing written"}, got ${nextHops[i]}`);
    }
  }
  for (const n of [-1, 0.5, 601]) {
    const hops = new Int32Array(700);
    checkThrows(rig, `lookupBulk of ${n}`, () => rig.fib.lookupBulk(addresses, hops, n));
  }
}

function checkHostBits<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const { family } = kit;
  const clean = kit.open(scenario.geometry);
  const dirty = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const { prefix, nextHop, verb, refusedDefault } = clean.step(scenario, step);
    kit.operations++;
    if (refusedDefault) continue;
    const host = step.pick % 2 === 0 ? family.last(prefix) : family.inside(prefix);
    if (verb === "add") dirty.add(prefix, nextHop, host);
    else dirty.delete(prefix, host);
    const probes = clean.probes();
    dirty.checkSame(clean.snapshot(probes), dirty.snapshot(probes), "with host bits set");
  }
}

function checkIndependence<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
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
  const compare = (): void => {
    const probes = a.probes();
    a.checkSame(fresh.snapshot(probes), a.snapshot(probes), "cleared beside new");
  };
  compare();
  for (const step of scenario.steps) {
    const expected = fresh.step(scenario, step).got;
    const got = a.step(scenario, step).got;
    if (got !== expected) a.fail(`cleared beside new: expected ${expected}, got ${got}`);
    compare();
  }
}
