import type { Fib6 } from "../../core/fib/fib6.ts";
import type { Fib6Kit, Fib6Law } from "./law.ts";
import { addressText6, routeText6 } from "./model.ts";
import type { Rig6 } from "./rig.ts";
import type { Fib6Scenario } from "./scenario.ts";

/** The laws that hold after every single operation. */
export const operationLaws6: readonly Fib6Law[] = [
  {
    id: "LPM-1",
    statement:
      "after every operation each address has the next hop of the longest prefix that covers it",
    clause: "RFC 4291, 2.3; RFC 7608, 3: a router matches the longest prefix of any length to 128",
    judged: "drawn",
    check: checkLongestMatch,
  },
  {
    id: "LPM-2",
    statement:
      "add succeeds exactly when rules and groups suffice, and a refusal leaves everything as it was",
    clause:
      "contract of Fib6.add; DPDK LPM6 tests: group exhaustion in mid-insert and in mid-extension",
    judged: "drawn",
    check: checkRefusedAdd,
  },
  {
    id: "LPM-3",
    statement: "delete of a route that is not there answers false and changes nothing",
    clause: "contract of Fib6.delete; DPDK LPM6 tests: delete of an absent rule",
    judged: "drawn",
    check: checkAbsentDelete,
  },
  {
    id: "LPM-6",
    statement:
      "after every operation the table uses what its routes need, and when empty what a new one uses",
    clause: "contract of Fib6; DPDK FIB6 tests: reservation counters after churn",
    judged: "drawn",
    check: checkUse,
  },
  {
    id: "LPM-11",
    statement: "walk visits each route once, in ascending (prefix, depth), and ends",
    clause: "contract of Fib6.walk",
    judged: "drawn",
    check: checkWalk,
  },
  {
    id: "LPM-13",
    statement: "no look-up reads more entries than the structure states",
    clause: "contract of Fib6.reads; the ledger of the structure",
    needs: "reads",
    judged: "drawn",
    check: checkReads,
  },
];

function checkLongestMatch<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.open(scenario.geometry);
  const seen = new Set<string>();
  let used = 0;
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb === "add" && !outcome.got && !outcome.refusedDefault) seen.add("refused");
    if (outcome.verb === "delete" && outcome.got) seen.add("deleted");
    if (outcome.got && outcome.bits.length > 64) seen.add("beyond 64");
    const uses = kit.ledger?.uses(rig.fib) ?? 0;
    if (uses > used) seen.add("allocated");
    if (uses < used) seen.add("collapsed");
    used = uses;
    rig.checkAnswers([...rig.probes(), ...scenario.bases]);
  }
  for (const label of seen) kit.label(label);
}

function checkRefusedAdd<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb !== "add") continue;
    const text = `add ${routeText6(outcome.bits)}`;
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

function checkAbsentDelete<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb === "delete" && outcome.got !== outcome.expected) {
      rig.fail(`expected that delete to answer ${outcome.expected}, got ${outcome.got}`);
    }
    if (!outcome.refusedDefault && rig.model.find(outcome.bits) < 0) {
      checkNotThere(rig, outcome.bits);
    }
  }
}

/** Deletes a route that is not there, and its neighbours in depth that are not there either. */
function checkNotThere<F extends Fib6>(rig: Rig6<F>, bits: string): void {
  const probes = rig.probes();
  const before = rig.snapshot(probes);
  for (const near of [bits, bits.slice(0, -1), bits.length < 128 ? `${bits}1` : bits]) {
    if (near === "" || rig.model.find(near) >= 0) continue;
    if (rig.delete(near).got) rig.fail(`${routeText6(near)} is not there: expected false`);
    rig.checkSame(before, rig.snapshot(probes), `after delete of absent ${routeText6(near)}`);
  }
}

function checkUse<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
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
    rig.delete(routes[step.pick % routes.length]!.bits);
    checkBalance(rig);
  }
  while (rig.model.routes.length > 0) {
    rig.delete(rig.model.routes[0]!.bits);
    checkBalance(rig);
  }
  if (rig.fib.bytesOccupied !== empty) {
    rig.fail(`empty again: expected ${empty} bytes occupied, got ${rig.fib.bytesOccupied}`);
  }
}

function checkBalance<F extends Fib6>(rig: Rig6<F>): void {
  const { fib, model, ledger } = rig;
  if (fib.size !== model.routes.length) {
    rig.fail(`size: expected ${model.routes.length}, got ${fib.size}`);
  }
  if (ledger && ledger.uses(fib) !== ledger.needs(model.routes)) {
    rig.fail(`units in use: expected ${ledger.needs(model.routes)}, got ${ledger.uses(fib)}`);
  }
  if (fib.bytesOccupied > fib.bytesReserved) {
    rig.fail(`${fib.bytesOccupied} bytes occupied of ${fib.bytesReserved} reserved`);
  }
}

function checkWalk<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    rig.step(scenario, step);
    kit.operations++;
    const text = (routes: ReturnType<typeof rig.walked>): string[] =>
      routes.map((r) => `${routeText6(r.bits)} -> ${r.nextHop}`);
    rig.checkSame(text(rig.model.sorted()), text(rig.walked()), "walk");
  }
}

function checkReads<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    rig.step(scenario, step);
    kit.operations++;
    // The ledger is slow: what one step changed shows around its own routes.
    for (const address of rig.probes().slice(-12)) {
      const expected = kit.ledger!.reads!(rig.model.routes, address);
      const got = rig.fib.reads(rig.wordsOf(address), 0);
      if (got !== expected) {
        rig.fail(`reads of ${addressText6(address)}: expected ${expected}, got ${got}`);
      }
    }
  }
}
