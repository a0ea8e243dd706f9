import type fc from "fast-check";
import {
  checkRuns,
  chosen,
  coverageOf,
  FLOOR_RUNS,
  type PartSubject,
  replayOf,
  type Trial,
  trialOf,
} from "../part.ts";
import type { Field } from "../counterexample/_reader.ts";
import type { Token } from "../replay/token.ts";
import type { Family, Needs, Table } from "./family.ts";
import { FibKit, type FibLawOf } from "./law.ts";
import type { FibGeometry, FibScenarioOf } from "./scenario.ts";

/** Tables of a family and what they are judged with. */
export interface Judged<A, P> {
  readonly family: Family<A, P>;
  readonly laws: readonly FibLawOf<A, P>[];
  readonly make: (geometry: FibGeometry) => Table<A>;
  readonly ledger: Needs<A, P> | undefined;
  /** Whether something is said to look up while the table changes. */
  readonly hasReader: boolean;
  /** Depths at which routes are nested exhaustively. */
  readonly windows: readonly number[];
  /** Draws scenarios with no prefix but /0 shorter than `shortest`. */
  readonly scenarios: (shortest: number) => fc.Arbitrary<FibScenarioOf<A>>;
  /** Reads a scenario off a token. */
  readonly read: (field: Field) => FibScenarioOf<A>;
  /** Least share of the runs of LPM-1 that a label has to be seen in. */
  readonly floors: readonly (readonly [label: string, share: number])[];
  /** What the shares are about. */
  readonly coverage: string;
}

/** Least shares where the ledger counts units that come and go. */
const COUNTED = [["allocated", 0.5], ["collapsed", 0.2]] as const;

/** The laws that `only` lets through, ready to be judged. */
export function fibTrials<A, P>(
  subject: PartSubject,
  judged: Judged<A, P>,
  options: {
    readonly numRuns: number;
    readonly seed?: number;
    readonly shortest?: number;
    readonly defaultRoute?: boolean;
    readonly only?: RegExp;
    readonly replay?: string;
  },
  token?: Token,
): Trial[] {
  const { name } = subject;
  const { family, ledger, make, windows } = judged;
  const { defaultRoute = true, only, seed = 1, shortest = 1 } = options;
  const numRuns = checkRuns(name, options.numRuns);
  const floors = [...judged.floors, ...(ledger?.counted ? COUNTED : [])];
  const replay = replayOf(options.replay ?? token, subject, judged.read);
  return chosen(judged.laws, only, replay).flatMap((law) => {
    const kit = new FibKit(family, make, ledger, windows, seed, shortest, defaultRoute);
    const unjudged = law.needs === "reads" && !ledger?.reads
      ? "the ledger has no reads"
      : law.needs === "default" && !defaultRoute
      ? "the table is said to take no default route"
      : law.needs === "reader" && !judged.hasReader
      ? "nothing is said to read the table while it changes"
      : "";
    const runs = Math.ceil(numRuns / (law.cost ?? 1));
    const scenarios = law.judged === "once" ? undefined : judged.scenarios(shortest);
    const trial = trialOf(subject, law, kit, runs, scenarios, unjudged, replay);
    if (replay !== undefined || law.id !== "LPM-1" || numRuns < FLOOR_RUNS) return [trial];
    return [trial, coverageOf(name, judged.coverage, kit, numRuns, floors)];
  });
}
