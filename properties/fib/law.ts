import type { Fib4 } from "../../core/fib/fib.ts";
import type { FibLedger } from "./ledger.ts";
import { Rig } from "./rig.ts";
import type { FibGeometry, FibScenario } from "./scenario.ts";
import type { FibReader, Watch } from "./watched.ts";

/**
 * Makes what looks up in a table while it changes, from a table that is new. All arrays that
 * look-ups read have to be replaced by watched ones, in the table as in the reader.
 */
export type ReaderOf<F extends Fib4> = (fib: F, watch: Watch) => FibReader;

/** What a law is judged with: the table's maker and what was declared about it. */
export class FibKit<F extends Fib4> {
  /** Steps done; a run without any proves nothing. */
  operations = 0;
  /** How many runs a label was seen in. */
  readonly labels: Map<string, number> = new Map();
  /** The rig that was made last, for faults that end in an exception. */
  rig: Rig<F> | undefined;

  /** What one law is judged with. */
  constructor(
    readonly make: (geometry: FibGeometry) => F,
    readonly ledger: FibLedger<F> | undefined,
    readonly windows: readonly number[],
    readonly seed: number,
    readonly shortest: number,
    readonly readerOf?: ReaderOf<F>,
  ) {}

  /** A new table beside an empty model. */
  open(geometry: FibGeometry): Rig<F> {
    this.rig = new Rig(this.make(geometry), geometry, this.ledger);
    return this.rig;
  }

  /** A new table after all steps of a scenario, none of them judged. */
  run(scenario: FibScenario): Rig<F> {
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

/** A law of forwarding tables, as data. */
export interface FibLaw {
  /** `LPM-1` ... */
  readonly id: string;
  /** The law in one sentence. */
  readonly statement: string;
  /** Where it comes from. */
  readonly clause: string;
  /** What has to be declared for this law to be judged: reads in the ledger, or a reader. */
  readonly needs?: "reads" | "reader";
  /** Drawn scenarios, or one fixed run. */
  readonly judged: "drawn" | "once";
  /** How often others are judged for each time that this one is; 1 when left out. */
  readonly cost?: number;
  /** Does the run and throws a `LawViolation` when the law does not hold. */
  check<F extends Fib4>(kit: FibKit<F>, scenario: FibScenario): void;
}
