/** False alarms: the unchanged code under other seeds. */
import { UserError } from "../user_error.ts";
import { casesIn, failuresOf } from "./junit.ts";
import { type ExamOptions, inCopies } from "./run.ts";

/** One test that failed though nothing is wrong. */
export interface FalseAlarm {
  /** The value of PLANECHECK_SEED. */
  readonly seed: number;
  /** Name of the test. */
  readonly test: string;
}

/** Folders whose conformance tests draw from PLANECHECK_SEED. */
const DRAWN = ["core/fib", "properties/mempool", "properties/ring", "stacks"];
const REGISTERS = /^ *(?:conformance|\w+Conformance)\(/m;
const LIMIT_S = 600;

/** The conformance tests of the package: the files that register one. */
export async function drawnTests(root: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await visit(path);
      else if (
        name.endsWith("_test.ts") && REGISTERS.test(await Deno.readTextFile(`${root}/${path}`))
      ) {
        found.push(path);
      }
    }
  };
  for (const folder of DRAWN) await visit(folder);
  return found.sort();
}

/**
 * Runs the conformance tests with the seeds 1 to `seeds`; answers what failed.
 * @throws {UserError} when a run does not end, or runs nothing
 */
export async function falseAlarms(seeds: number, options: ExamOptions): Promise<FalseAlarm[]> {
  const tests = await drawnTests(options.root);
  const alarms: FalseAlarm[] = [];
  const all = Array.from({ length: seeds }, (_, i) => i + 1);
  await inCopies(all, options, async (copy, seed) => {
    const run = await copy.test(tests, LIMIT_S, { PLANECHECK_SEED: `${seed}` });
    if (run.timedOut || casesIn(run.xml) === 0) {
      throw new UserError(`exam: seed ${seed}: expected tests to run and to end, got none`);
    }
    const failed = failuresOf(run.xml);
    for (const { name } of failed) alarms.push({ seed, test: name });
    if (run.code !== 0 && failed.length === 0) {
      alarms.push({ seed, test: run.stderr.trim().split("\n", 1)[0]! });
    }
    options.onStep?.(`seed ${seed}`);
  });
  return alarms.sort((a, b) => a.seed - b.seed);
}
