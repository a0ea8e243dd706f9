/**
 * Two sides measured in turn, so that what a shared machine does to one it does to the other; what
 * counts is the ratio of each round.
 */
import process from "node:process";

/** One line of the report. */
export interface Row {
  readonly subject: string;
  readonly what: string;
  readonly theirs: string;
  /** Median of both sides. */
  readonly oursRate: number;
  readonly theirsRate: number;
  /** What a rate counts, e.g. `look-ups`. */
  readonly unit: string;
  /** Rate of ours / rate of theirs: quartiles over the rounds. */
  readonly ratio: readonly [q1: number, median: number, q3: number];
  readonly rounds: number;
  /** What the ratio should be at least. */
  readonly goal?: number;
}

/** What is compared. */
export interface Pair {
  readonly subject: string;
  readonly what: string;
  readonly theirs: string;
  readonly unit: string;
  readonly goal?: number | undefined;
  /** Operations of one call. */
  readonly items: number;
  /** Operations of one call on the other side; `items` when left out. */
  readonly theirItems?: number;
  readonly rounds: number;
  /** Calls of our side before the first round. */
  readonly warmUps?: number;
  /** Seconds of one call. */
  timeOurs(round: number): number | Promise<number>;
  timeTheirs(round: number): number | Promise<number>;
}

/** Measures both sides in turn. */
export async function inTurn(pair: Pair): Promise<Row> {
  const { subject, what, theirs, unit, items, theirItems = items, rounds, goal } = pair;
  for (let i = 0; i < (pair.warmUps ?? 3); i++) await pair.timeOurs(0);
  const ours: number[] = [];
  const other: number[] = [];
  for (let round = 0; round < rounds; round++) {
    other.push(theirItems / await pair.timeTheirs(round));
    ours.push(items / await pair.timeOurs(round));
  }
  const ratios = ours.map((rate, i) => rate / other[i]!);
  return {
    subject,
    what,
    theirs,
    unit,
    rounds,
    oursRate: quantile(ours, 0.5),
    theirsRate: quantile(other, 0.5),
    ratio: [quantile(ratios, 0.25), quantile(ratios, 0.5), quantile(ratios, 0.75)],
    ...(goal === undefined ? {} : { goal }),
  };
}

/** The value below which a share of the values lies, the nearest one. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))]!;
}

/**
 * CPU seconds that a call took, of all threads of this process: a neighbour on the machine then costs
 * caches, not time; what compilers and collectors do beside counts against us.
 */
export function cpuSeconds(call: () => void): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
