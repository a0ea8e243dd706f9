import { routeText } from "./family.ts";
import type { FibKit, FibLawForm } from "./law.ts";
import type { Rig } from "./rig.ts";
import type { FibScenarioOf } from "./scenario.ts";

/** The laws that hold after every single operation. */
export const operationLaws: readonly FibLawForm[] = [
  {
    id: "LPM-1",
    statement:
      "after every operation each address has the next hop of the longest prefix that covers it",
    judged: "drawn",
    check: checkLongestMatch,
  },
  {
    id: "LPM-2",
    statement:
      "add succeeds exactly when rules and groups suffice, and a refusal leaves everything as it was",
    judged: "drawn",
    check: checkRefusedAdd,
  },
  {
    id: "LPM-3",
    statement: "delete of a route that is not there answers false and changes nothing",
    judged: "drawn",
    check: checkAbsentDelete,
  },
  {
    id: "LPM-6",
    statement:
      "after every operation the table uses what its routes need, and when empty what a new one uses",
    judged: "drawn",
    check: checkUse,
  },
  {
    id: "LPM-11",
    statement: "walk visits each route once, in ascending (prefix, depth), and ends",
    judged: "drawn",
    check: checkWalk,
  },
  {
    id: "LPM-13",
    statement: "no look-up and no update touches more entries than the structure states",
    needs: "reads",
    judged: "drawn",
    check: checkWork,
  },
];

function checkLongestMatch<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const rig = kit.open(scenario.geometry);
  const seen = new Set<string>();
  let used = 0;
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb === "add" && !outcome.got && !outcome.refusedDefault) seen.add("refused");
    if (outcome.verb === "delete" && outcome.got) seen.add("deleted");
    if (outcome.got && kit.family.depthOf(outcome.prefix) > 64) seen.add("beyond 64");
    const uses = kit.ledger ? rig.fib.uses() : 0;
    if (uses > used) seen.add("allocated");
    if (uses < used) seen.add("collapsed");
    used = uses;
    rig.checkAnswers([...rig.probes(), ...scenario.bases]);
  }
  for (const label of seen) kit.label(label);
}

function checkRefusedAdd<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb !== "add") continue;
    const text = `add ${routeText(kit.family, outcome.prefix)}`;
    if (outcome.refusedDefault) {
      rig.checkSame(before, rig.snapshot(probes), `after the RangeError of ${text}`);
      continue;
    }
    if (outcome.got !== outcome.expected) {
      rig.fail(`${text}: expected ${outcome.expected}, got ${outcome.got}`);
    }
    if (!outcome.got) rig.checkSame(before, rig.snapshot(probes), `after the refusal of ${text}`);
  }
}

function checkAbsentDelete<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb === "delete" && outcome.got !== outcome.expected) {
      rig.fail(`expected that delete to answer ${outcome.expected}, got ${outcome.got}`);
    }
    if (outcome.refusedDefault || rig.model.find(outcome.prefix) >= 0) continue;
    checkNotThere(rig, outcome.prefix);
  }
}

/** Deletes a route that is not there, and its neighbours in depth that are not there either. */
function checkNotThere<A, P>(rig: Rig<A, P>, prefix: P): void {
  const { family } = rig;
  const depth = family.depthOf(prefix);
  const probes = rig.probes();
  const before = rig.snapshot(probes);
  for (const d of [depth, depth - 1, depth + 1]) {
    if (d < 1 || d > family.width) continue;
    const near = family.prefixOf(family.last(prefix), d);
    if (rig.model.find(near) >= 0) continue;
    const text = routeText(family, near);
    if (rig.delete(near).got) rig.fail(`${text} is not there: expected false`);
    rig.checkSame(before, rig.snapshot(probes), `after delete of absent ${text}`);
  }
}

function checkUse<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const rig = kit.open(scenario.geometry);
  const empty = rig.fib.bytesOccupied;
  for (const step of scenario.steps) {
    rig.step(scenario, step);
    kit.operations++;
    checkBalance(rig);
  }
  for (const step of scenario.steps) {
    const routes = rig.model.routes;
    if (routes.length === 0) break;
    rig.delete(routes[step.pick % routes.length]!);
    checkBalance(rig);
  }
  while (rig.model.routes.length > 0) {
    rig.delete(rig.model.routes[0]!);
    checkBalance(rig);
  }
  if (rig.fib.bytesOccupied !== empty) {
    rig.fail(`empty again: expected ${empty} bytes occupied, got ${rig.fib.bytesOccupied}`);
  }
}

function checkBalance<A, P>(rig: Rig<A, P>): void {
  const { fib, model, ledger } = rig;
  if (fib.size !== model.routes.length) {
    rig.fail(`size: expected ${model.routes.length}, got ${fib.size}`);
  }
  const needs = ledger?.needs(model.routes);
  if (needs !== undefined && fib.uses() !== needs) {
    rig.fail(`units in use: expected ${needs}, got ${fib.uses()}`);
  }
  if (fib.bytesOccupied > fib.bytesReserved) {
    rig.fail(`${fib.bytesOccupied} bytes occupied of ${fib.bytesReserved} reserved`);
  }
}

function checkWalk<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    rig.step(scenario, step);
    kit.operations++;
    rig.checkSame(rig.listed(rig.model.sorted()), rig.listed(rig.walked()), "walk");
  }
}

function checkWork<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void {
  const rig = kit.open(scenario.geometry);
  const { reads, touchLimit } = kit.ledger!;
  for (const step of scenario.steps) {
    const before = [...rig.model.routes];
    const start = rig.fib.touched();
    const { prefix } = rig.step(scenario, step);
    kit.operations++;
    const work = rig.fib.touched() - start;
    const limit = touchLimit?.(before, rig.model.routes, prefix) ?? Infinity;
    if (work > limit) rig.fail(`expected at most ${limit} entries touched, got ${work}`);
    // What one step changed shows around its own routes, which are the last ones.
    for (const address of rig.probes().slice(-kit.family.readsPerStep)) {
      const expected = reads!(rig.model.routes, address);
      const got = rig.fib.reads(address);
      if (got !== expected) {
        rig.fail(`reads of ${kit.family.text(address)}: expected ${expected}, got ${got}`);
      }
    }
  }
}
