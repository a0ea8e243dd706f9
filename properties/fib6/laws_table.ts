import type { Fib6 } from "../../core/fib/fib6.ts";
import type { Fib6Kit, Fib6Law } from "./law.ts";
import { addressText6, firstOf6, lastOf6, routeText6, wordsOf6 } from "./model.ts";
import { prefixAt, type Rig6 } from "./rig.ts";
import { type Fib6Scenario, NEXT_HOP6_LAST } from "./scenario.ts";

/** The laws about a table as a whole. */
export const tableLaws6: readonly Fib6Law[] = [
  {
    id: "LPM-4",
    statement: "the order in which routes are added changes nothing",
    clause: "RFC 7608, 3: the longest match depends on the routes alone",
    judged: "drawn",
    check: checkOrder,
  },
  {
    id: "LPM-5",
    statement: "adding a route and deleting it again changes nothing, resources included",
    clause: "contract of Fib6",
    judged: "drawn",
    check: checkInverse,
  },
  {
    id: "LPM-7",
    statement:
      "a default route answers every address that nothing else covers, and only while present",
    clause: "RFC 7608, 3: prefixes of every length, from /0",
    judged: "drawn",
    check: checkDefault,
  },
  {
    id: "LPM-8",
    statement:
      "next hops 0 and 2^21-1 are served, whatever is out of range throws and changes nothing",
    clause: "contract of Fib6.add; layout of rte_lpm6_tbl_entry: 21 bits of next hop",
    judged: "drawn",
    check: checkRange,
  },
  {
    id: "LPM-9",
    statement: "lookupBulk answers what lookup answers, for the first n addresses and no more",
    clause: "contract of Fib6.lookupBulk",
    judged: "drawn",
    check: checkBulkTwin,
  },
  {
    id: "LPM-10",
    statement: "host bits of a prefix are masked off, in add and in delete",
    clause: "contract of Fib6.add",
    judged: "drawn",
    check: checkHostBits,
  },
  {
    id: "LPM-17",
    statement: "two tables share nothing, and a cleared table equals a new one",
    clause: "contract of Fib6.clear",
    judged: "drawn",
    check: checkIndependence,
  },
];

function checkOrder<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const routes = kit.run(scenario).model.routes;
  const drawn = kit.open(scenario.geometry);
  for (const { bits, nextHop } of routes) drawn.add(bits, nextHop);
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
    for (const { bits, nextHop } of sequence) other.add(bits, nextHop);
    other.checkSame(expected, other.snapshot(probes), "in another order");
  }
}

function checkInverse<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.run(scenario);
  for (const step of scenario.steps) {
    const bits = prefixAt(scenario.bases[step.base % scenario.bases.length]!, scenario, step);
    if (bits === "" || rig.model.find(bits) >= 0 || !rig.fits(bits, step.nextHop)) continue;
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    rig.add(bits, step.nextHop);
    rig.delete(bits);
    rig.checkSame(before, rig.snapshot(probes), `after add and delete ${routeText6(bits)}`);
  }
  for (const { bits, nextHop } of rig.model.sorted()) {
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    rig.add(bits, nextHop === 0 ? NEXT_HOP6_LAST : 0);
    rig.checkAnswers(probes);
    rig.add(bits, nextHop);
    rig.checkSame(before, rig.snapshot(probes), `after changing ${routeText6(bits)} twice`);
  }
}

function checkDefault<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  // One rule is kept for the default route, so that only its own laws can refuse it.
  const { geometry } = scenario;
  const rig = kit.open({ ...geometry, defaultRoute: true, maxRules: geometry.maxRules + 1 });
  const more = [...scenario.bases, firstOf6("0"), lastOf6("0"), firstOf6("1"), lastOf6("1")];
  for (const step of scenario.steps) {
    if (rig.model.routes.length < geometry.maxRules) rig.step(scenario, step);
    kit.operations++;
    const probes = [...rig.probes(), ...more];
    const was = rig.model.routes.find(({ bits }) => bits === "");
    const before = rig.snapshot(probes);
    const host = scenario.bases[step.base % scenario.bases.length]!;
    if (!rig.add("", step.nextHop, host).got) rig.fail("expected the default route to be taken");
    rig.checkAnswers(probes);
    if (!rig.delete("").got) rig.fail("expected the default route to be there");
    rig.checkAnswers(probes);
    if (was) rig.add("", was.nextHop);
    rig.checkSame(before, rig.snapshot(probes), "after the default route came and went");
  }
}

function checkRange<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.run(scenario);
  const { fib } = rig;
  const bits = rig.model.routes[0]?.bits ?? "01".repeat(64);
  const words = wordsOf6(bits);
  const depth = bits.length;
  for (const nextHop of [0, NEXT_HOP6_LAST]) {
    if (rig.add(bits, nextHop).got) rig.checkAnswers();
  }
  const probes = rig.probes().slice(0, 12);
  const before = rig.snapshot(probes);
  const bad = [-1, 0.5, NaN, Infinity, 2 ** 32];
  const calls: [string, () => unknown][] = [
    ...[...bad, NEXT_HOP6_LAST + 1].map((hop): [string, () => unknown] => [
      `add ${routeText6(bits)} -> ${hop}`,
      () => fib.add(words, depth, hop),
    ]),
    ...[...bad, 129].flatMap((wrong): [string, () => unknown][] => [
      [`add with depth ${wrong}`, () => fib.add(words, wrong, 1)],
      [`delete with depth ${wrong}`, () => fib.delete(words, wrong)],
    ]),
    ...[...bad, 1].flatMap((wrong): [string, () => unknown][] => [
      [`add of four words from ${wrong} of four`, () => fib.add(words, 64, 1, wrong)],
      [`delete of four words from ${wrong} of four`, () => fib.delete(words, 64, wrong)],
    ]),
    ["add of three words", () => fib.add(words.slice(1), 64, 1)],
  ];
  for (const [text, call] of calls) {
    checkThrows(rig, text, call);
    rig.checkSame(before, rig.snapshot(probes), `after ${text}`);
  }
}

function checkThrows<F extends Fib6>(rig: Rig6<F>, text: string, call: () => unknown): void {
  let got: unknown;
  try {
    got = `answer ${call()}`;
  } catch (error) {
    if (error instanceof RangeError) return;
    got = error;
  }
  rig.fail(`${text}: expected a RangeError, got ${got}`);
}

function checkBulkTwin<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.run(scenario);
  const probes = rig.probes();
  // More addresses than any block that a table may work in, so that the seams are met.
  const addresses = new Uint32Array(4 * 600);
  const at = (i: number): string => probes[i % probes.length]!;
  for (let i = 0; i < 600; i++) addresses.set(rig.wordsOf(at(i)), 4 * i);
  for (const n of [0, 1, 7, 256, 257, 600]) {
    const nextHops = new Int32Array(600).fill(-7);
    rig.fib.lookupBulk(addresses, nextHops, n);
    for (let i = 0; i < 600; i++) {
      // The look-up at a position in a longer array is judged here too.
      const expected = i < n ? rig.fib.lookup(addresses, 4 * i) : -7;
      if (nextHops[i] === expected && (i >= n || expected === rig.lookup(at(i)))) continue;
      const where = `lookupBulk of ${n}, [${i}] ${addressText6(at(i))}`;
      rig.fail(`${where}: expected ${i < n ? expected : "nothing written"}, got ${nextHops[i]}`);
    }
  }
  for (const n of [-1, 0.5, 601]) {
    checkThrows(
      rig,
      `lookupBulk of ${n}`,
      () => rig.fib.lookupBulk(addresses, new Int32Array(700), n),
    );
  }
}

function checkHostBits<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const clean = kit.open(scenario.geometry);
  const dirty = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const { bits, nextHop, verb, refusedDefault } = clean.step(scenario, step);
    kit.operations++;
    if (refusedDefault) continue;
    const host = step.pick % 2 === 0 ? lastOf6(bits) : `${bits}01`.slice(0, 128).padEnd(128, "01");
    if (verb === "add") dirty.add(bits, nextHop, host);
    else dirty.delete(bits, host);
    const probes = clean.probes();
    dirty.checkSame(clean.snapshot(probes), dirty.snapshot(probes), "with host bits set");
  }
}

function checkIndependence<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
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
