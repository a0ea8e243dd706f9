/** The exam itself: each fault is planted in a copy of the package, and its tests are run there. */
import { UserError } from "../user_error.ts";
import { Copy, type TestRun } from "./copy.ts";
import { type Fault, planted } from "./fault.ts";
import { best, casesIn, failuresOf, type Finding, findingOf } from "./junit.ts";

/** What became of one fault. */
export interface FaultResult {
  /** The fault. */
  readonly fault: Fault;
  /** What caught it: the law that needed the fewest runs, or else the first test; null if nothing. */
  readonly caught: Finding | null;
  /** Ids of all laws that caught it. */
  readonly laws: readonly string[];
  /** Seconds until its tests were over. */
  readonly seconds: number;
}

/** Seconds that tests may take with a fault, for each one that they take without, and at least. */
const LIMIT_TIMES = 8;
const LIMIT_LEAST_S = 40;
/** Seconds that they may take without a fault. */
const LIMIT_CLEAN_S = 300;

/** How the exam is held. */
export interface ExamOptions {
  /** Folder of the package. */
  readonly root: string;
  /** Copies that are worked on at the same time. */
  readonly jobs: number;
  /** Seconds that tests may take with a fault, whatever they take without (40). */
  readonly leastS?: number;
  /** Called when a step, a fault or a clean run of tests, is over. */
  readonly onStep?: (what: string) => void;
  /** Called with each result. */
  readonly onResult?: (result: FaultResult) => void;
}

/**
 * Plants each fault alone and runs its tests; answers the results in the order of the faults. The
 * tests are run without any fault first, so that nothing counts as caught by a test that fails
 * anyway.
 * @throws {UserError} when a fault cannot be planted, does not parse, or tests fail without one
 */
export async function examine(
  faults: readonly Fault[],
  options: ExamOptions,
): Promise<FaultResult[]> {
  await checkPlantable(faults, options.root);
  const { leastS = LIMIT_LEAST_S } = options;
  const results = new Map<Fault, FaultResult>();
  const seconds = new Map<string, Promise<number>>();
  await inCopies(faults, options, async (copy, fault) => {
    const limits: number[] = [];
    for (const test of fault.tests) {
      let clean = seconds.get(test);
      if (clean === undefined) {
        clean = cleanSeconds(copy, test);
        seconds.set(test, clean);
      }
      limits.push(Math.max(leastS, LIMIT_TIMES * await clean));
    }
    const result = await copy.with(fault, () => examineOne(copy, fault, limits));
    results.set(fault, result);
    options.onStep?.(fault.id);
    options.onResult?.(result);
  });
  return faults.map((fault) => results.get(fault)!);
}

/** Calls `body` for each item, in as many copies of the package at a time as there are jobs. */
export async function inCopies<T>(
  items: readonly T[],
  { root, jobs }: Pick<ExamOptions, "root" | "jobs">,
  body: (copy: Copy, item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    await using copy = await Copy.of(root);
    while (next < items.length) await body(copy, items[next++]!);
  };
  const workers = Array.from({ length: Math.min(jobs, items.length) }, async () => {
    try {
      await work();
    } catch (error) {
      next = items.length;
      throw error;
    }
  });
  // Every copy is to be gone before an error is told.
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** Refuses faults that are no longer in step with the code, all before the first is tried. */
async function checkPlantable(faults: readonly Fault[], root: string): Promise<void> {
  for (const fault of faults) {
    try {
      planted(fault, await Deno.readTextFile(`${root}/${fault.file}`));
    } catch (error) {
      throw new UserError(
        error instanceof RangeError
          ? `exam: ${error.message}`
          : `exam: ${fault.id}: expected a file ${fault.file}, got none that can be read`,
      );
    }
  }
}

async function cleanSeconds(copy: Copy, test: string): Promise<number> {
  const run = await copy.test([test], LIMIT_CLEAN_S);
  if (run.code === 0 && casesIn(run.xml) > 0) return run.seconds;
  const why = run.timedOut
    ? `it took longer than ${LIMIT_CLEAN_S} s`
    : failuresOf(run.xml)[0]?.name ?? (run.stderr.trim().split("\n", 1)[0] || "no test");
  throw new UserError(`exam: ${test}: expected to pass without a fault, got ${why}`);
}

async function examineOne(
  copy: Copy,
  fault: Fault,
  limits: readonly number[],
): Promise<FaultResult> {
  let seconds = 0;
  for (const [i, test] of fault.tests.entries()) {
    const run = await copy.test([test], limits[i]!);
    seconds += run.seconds;
    const findings = findingsOf(fault, test, run);
    if (findings.length === 0) continue;
    const laws = [...new Set(findings.flatMap(({ law }) => law ?? []))];
    return { fault, caught: best(findings), laws, seconds };
  }
  return { fault, caught: null, laws: [], seconds };
}

/** What a run of tests has against the code. */
function findingsOf(fault: Fault, test: string, run: TestRun): Finding[] {
  if (/SyntaxError|could not be parsed/.test(run.stderr + run.xml)) {
    throw new UserError(`exam: ${fault.id}: expected a patch that parses, got a syntax error`);
  }
  const found = failuresOf(run.xml).map(findingOf);
  if (found.length > 0 || (run.code === 0 && !run.timedOut)) return found;
  const how = run.timedOut ? "does not end" : "does not load or crashes";
  return [{ law: null, test: `${test}: ${how}`, runs: null, size: null }];
}
