import type { Fib6 } from "../../core/fib/fib6.ts";
import type { FibGeometry } from "../fib/scenario.ts";
import type { Fib6Ledger } from "./ledger.ts";
import { Rig6 } from "./rig.ts";
import type { Fib6Scenario } from "./scenario.ts";

/** What a law is judged with: the table's maker and what was declared about it. */
export class Fib6Kit<F extends Fib6> {
  /** Steps done; a run without any proves nothing. */
  operations = 0;
  /** How many runs a label was seen in. */
  readonly labels: Map<string, number> = new Map();
  /** The rig that was made last, for faults that end in an exception. */
  rig: Rig6<F> | undefined;

  /** What one law is judged with. */
  constructor(
    readonly make: (geometry: FibGeometry) => F,
    readonly ledger: Fib6Ledger<F> | undefined,
    readonly windows: readonly number[],
    readonly seed: number,
    readonly shortest: number,
  ) {}

  /** A new table beside an empty model. */
  open(geometry: FibGeometry): Rig6<F> {
    this.rig = new Rig6(this.make(geometry), geometry, this.ledger);
    return this.rig;
  }

  /** A new table that has room for these routes. */
  openFor(routes: Parameters<Fib6Ledger<F>["needs"]>[0], spare = 0): Rig6<F> {
    const groups = Math.max(1, (this.ledger?.needs(routes) ?? 0) + spare);
    return this.open({ groups, maxRules: Math.max(1, routes.length), defaultRoute: true });
  }

  /** A new table after all steps of a scenario, none of them judged. */
  run(scenario: Fib6Scenario): Rig6<F> {
    const rig = this.open(scenario.geometry);
    for (const step of scenario.steps) rig.step(scenario, step);
    this.operations += scenario.steps.length;
    return rig;
  }

  /** Counts a run for a label. */
  label(name: string): void {
    this.labels.set(name, (this.labels.get(name) ?? 0) + 1);
  }
}

/** A law of IPv6 forwarding tables, as data. */
export interface Fib6Law {
  /** `LPM-1` ... */
  readonly id: string;
  /** The law in one sentence. */
  readonly statement: string;
  /** Where it comes from. */
  readonly clause: string;
  /** What the ledger has to offer for this law to be judged. */
  readonly needs?: "reads";
  /** Drawn scenarios, or one fixed run. */
  readonly judged: "drawn" | "once";
  /** Does the run and throws a `LawViolation` when the law does not hold. */
  check<F extends Fib6>(kit: Fib6Kit<F>, scenario: Fib6Scenario): void;
}
