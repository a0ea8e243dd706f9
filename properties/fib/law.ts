import type { Fib4 } from "../../core/fib/fib.ts";
import { PartKit, type PartLaw } from "../part.ts";
import type { Family, Needs, RouteTo, Table } from "./family.ts";
import { Rig } from "./rig.ts";
import type { FibGeometry, FibScenarioOf } from "./scenario.ts";
import type { FibReader, Watch } from "./watched.ts";

/**
 * Makes what looks up in a table while it changes, from a table that is new. All arrays that
 * look-ups read have to be replaced by watched ones, in the table as in the reader.
 */
export type ReaderOf<F extends Fib4> = (fib: F, watch: Watch) => FibReader;

/** What a law is judged with: the table's maker and what was declared about it. */
export class FibKit<A, P> extends PartKit {
  /** What one law is judged with. */
  constructor(
    readonly family: Family<A, P>,
    readonly make: (geometry: FibGeometry) => Table<A>,
    readonly ledger: Needs<A, P> | undefined,
    readonly windows: readonly number[],
    seed: number,
    readonly shortest: number,
    readonly takesDefault: boolean,
  ) {
    super(seed);
  }

  /** A new table beside an empty model. */
  open(drawn: FibGeometry): Rig<A, P> {
    const geometry = { ...drawn, defaultRoute: drawn.defaultRoute && this.takesDefault };
    const rig = new Rig(this.make(geometry), geometry, this.ledger, this.family);
    this.rig = rig;
    return rig;
  }

  /**
   * A new table that has room for all of these routes, so that its ledger need not be asked about
   * each.
   */
  openFor(routes: readonly RouteTo<P>[]): Rig<A, P> {
    const groups = Math.max(1, this.ledger?.needs(routes) ?? 0);
    const geometry = {
      groups,
      maxRules: Math.max(1, routes.length),
      defaultRoute: this.takesDefault,
    };
    const rig = new Rig(this.make(geometry), geometry, undefined, this.family);
    this.rig = rig;
    return rig;
  }

  /** A new table after all steps of a scenario, none of them judged. */
  run(scenario: FibScenarioOf<A>): Rig<A, P> {
    const rig = this.open(scenario.geometry);
    for (const step of scenario.steps) rig.step(scenario, step);
    this.operations += scenario.steps.length;
    return rig;
  }
}

/** A law of forwarding tables, as data. */
export interface FibLawOf<A, P> extends PartLaw<FibKit<A, P>, FibScenarioOf<A>> {
  /** What has to be there for this law to be judged: reads in the ledger, a reader, a default route. */
  readonly needs?: "reads" | "reader" | "default";
  /** Drawn scenarios, or one fixed run. */
  readonly judged: "drawn" | "once";
  /** How often others are judged for each time that this one is; 1 when left out. */
  readonly cost?: number;
}

/** A law of any family but for its clause; a family may have a statement of its own. */
export interface FibLawForm {
  /** `LPM-1` ... */
  readonly id: string;
  /** The law in one sentence. */
  readonly statement: string;
  /** What the ledger or the table has to offer. */
  readonly needs?: "reads" | "default";
  /** Drawn scenarios, or one fixed run. */
  readonly judged: "drawn" | "once";
  /** Does the run. */
  check<A, P>(kit: FibKit<A, P>, scenario: FibScenarioOf<A>): void;
}
