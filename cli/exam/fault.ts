/** What a planted fault is: a small patch on one source file, and the tests that are to find it. */

/** The classes of faults, in the order of reports. */
export const CLASSES = [
  "LPM",
  "ring",
  "pool",
  "packet",
  "hash",
  "loss and order",
  "NIC",
  "PCIe",
  "interrupt",
  "time",
  "input",
  "harness",
] as const;

/** One of {@link CLASSES}. */
export type FaultClass = typeof CLASSES[number];

/** One fault. */
export interface Fault {
  /** Short, of lower-case words with dashes between, and its own. */
  readonly id: string;
  /** What it is a fault of. */
  readonly class: FaultClass;
  /** The source file, by its path from the root of the package. */
  readonly file: string;
  /** What is wrong, in one sentence. */
  readonly what: string;
  /** The text that is replaced: it occurs in the file once. */
  readonly from: string;
  /** What it becomes. */
  readonly to: string;
  /**
   * The test files that are about this part, a few of those that `deno test` runs, the nearest
   * first; they are run one after another until one fails.
   */
  readonly tests: readonly string[];
  /** For a fault that no test finds yet: why. */
  readonly gap?: string;
}

/** The part of a fault that differs between the faults of one file. */
export type Patch = Pick<Fault, "id" | "what" | "from" | "to" | "gap">;

/** Faults of one file that the same tests are to find. */
export function faultsIn(
  faultClass: FaultClass,
  file: string,
  tests: readonly string[],
  patches: readonly Patch[],
): Fault[] {
  return patches.map((patch) => ({ ...patch, class: faultClass, file, tests }));
}

/**
 * The source of a file with the fault in it.
 * @throws {RangeError} when the text to replace does not occur in it exactly once
 */
export function planted(fault: Fault, source: string): string {
  const { id, file, from, to } = fault;
  const at = source.indexOf(from);
  const times = at < 0 ? 0 : source.indexOf(from, at + 1) < 0 ? 1 : source.split(from).length - 1;
  if (times !== 1) {
    throw new RangeError(
      `Cannot plant ${id}: expected its text in ${file} once, got it ${times} times`,
    );
  }
  return source.slice(0, at) + to + source.slice(at + from.length);
}
