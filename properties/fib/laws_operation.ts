import type { Fib4 } from "../../core/fib/fib.ts";
import type { FibKit, FibLaw } from "./law.ts";
import { addressText, routeText } from "./model.ts";
import type { Rig } from "./rig.ts";
import type { FibScenario } from "./scenario.ts";

/** The laws that hold after every single operation. */
export const operationLaws: readonly FibLaw[] = [
  {
    id: "LPM-1",
    statement:
      "after every operation each address has the next hop of the longest prefix that covers it",
    clause: "RFC 1812, 5.2.4.3 (2) Longest Match; RFC 4632, 5.1",
    judged: "drawn",
    check: checkLongestMatch,
  },
  {
    id: "LPM-2",
    statement:
      "add succeeds exactly when rules and groups suffice, and a refusal leaves everything as it was",
    clause: "contract of Fib4.add; DPDK LPM tests: group exhaustion",
    judged: "drawn",
    check: checkRefusedAdd,
  },
  {
    id: "LPM-3",
    statement: "delete of a route that is not there answers false and changes nothing",
    clause: "contract of Fib4.delete; DPDK LPM tests: delete of an absent rule",
    judged: "drawn",
    check: checkAbsentDelete,
  },
  {
    id: "LPM-6",
    statement:
      "after every operation the table uses what its routes need, and when empty what a new one uses",
    clause: "contract of Fib4; DPDK LPM tests: recycling of groups",
    judged: "drawn",
    check: checkUse,
  },
  {
    id: "LPM-11",
    statement: "walk visits each route once, in ascending (prefix, depth), and ends",
    clause: "contract of Fib4.walk",
    judged: "drawn",
    check: checkWalk,
  },
  {
    id: "LPM-13",
    statement: "no look-up and no update touches more entries than the structure states",
    clause: "contract of Fib4.reads; the ledger of the structure",
    needs: "reads",
    judged: "drawn",
    check: checkWork,
  },
];

function checkLongestMatch<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.open(scenario.geometry);
  const seen = new Set<string>();
  let used = 0;
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb === "add" && !outcome.got && !outcome.refusedDefault) seen.add("refused");
    if (outcome.verb === "delete" && outcome.got) seen.add("deleted");
    const uses = kit.ledger?.uses(rig.fib) ?? 0;
    if (uses > used) seen.add("allocated");
    if (uses < used) seen.add("collapsed");
    used = uses;
    rig.checkAnswers([...rig.probes(), ...scenario.bases]);
  }
  for (const label of seen) kit.label(label);
}

function checkRefusedAdd<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const probes = rig.probes();
    const before = rig.snapshot(probes);
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb !== "add") continue;
    const text = `add ${routeText(outcome.prefix, outcome.depth)}`;
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

function checkAbsentDelete<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    if (outcome.verb === "delete" && outcome.got !== outcome.expected) {
      rig.fail(`expected that delete to answer ${outcome.expected}, got ${outcome.got}`);
    }
    if (outcome.refusedDefault || rig.model.find(outcome.prefix, outcome.depth) >= 0) continue;
    checkNotThere(rig, outcome.prefix, outcome.depth);
  }
}

/** Deletes a route that is not there, and its neighbours in depth that are not there either. */
function checkNotThere<F extends Fib4>(rig: Rig<F>, prefix: number, depth: number): void {
  const probes = rig.probes();
  const before = rig.snapshot(probes);
  for (const d of [depth, depth - 1, depth + 1]) {
    if (d < 1 || d > 32 || rig.model.find(prefix, d) >= 0) continue;
    if (rig.delete(prefix, d).got) rig.fail(`${routeText(prefix, d)} is not there: expected false`);
    rig.checkSame(before, rig.snapshot(probes), `after delete of absent ${routeText(prefix, d)}`);
  }
}

function checkUse<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
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
    const { prefix, depth } = routes[step.pick % routes.length]!;
    rig.delete(prefix, depth);
    checkBalance(rig);
  }
  while (rig.model.routes.length > 0) {
    const { prefix, depth } = rig.model.routes[0]!;
    rig.delete(prefix, depth);
    checkBalance(rig);
  }
  if (rig.fib.bytesOccupied !== empty) {
    rig.fail(`empty again: expected ${empty} bytes occupied, got ${rig.fib.bytesOccupied}`);
  }
}

function checkBalance<F extends Fib4>(rig: Rig<F>): void {
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

function checkWalk<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.open(scenario.geometry);
  for (const step of scenario.steps) {
    rig.step(scenario, step);
    kit.operations++;
    const text = (routes: ReturnType<typeof rig.walked>): string[] =>
      routes.map((r) => `${addressText(r.prefix)}/${r.depth} -> ${r.nextHop}`);
    rig.checkSame(text(rig.model.sorted()), text(rig.walked()), "walk");
  }
}

function checkWork<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void {
  const rig = kit.open(scenario.geometry);
  const { reads, touched, touchLimit } = kit.ledger!;
  for (const step of scenario.steps) {
    const before = [...rig.model.routes];
    const start = touched?.(rig.fib) ?? 0;
    const { prefix, depth } = rig.step(scenario, step);
    kit.operations++;
    const work = (touched?.(rig.fib) ?? 0) - start;
    const limit = touchLimit?.(before, rig.model.routes, prefix, depth) ?? Infinity;
    if (work > limit) rig.fail(`expected at most ${limit} entries touched, got ${work}`);
    for (const address of rig.probes()) {
      const expected = reads!(rig.model.routes, address);
      const got = rig.fib.reads(address);
      if (got !== expected) {
        rig.fail(`reads of ${addressText(address)}: expected ${expected}, got ${got}`);
      }
    }
  }
}
