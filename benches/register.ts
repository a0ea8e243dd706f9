/**
 * Gives benchmarks to `deno bench`, a file for each subject: it runs every file in an isolate of its own. An
 * iteration does as many operations as the name says in brackets; `deno bench` prints the ratio of
 * each row to the first of its group.
 */
import type { Benchmark } from "./benchmark.ts";

/** Registers the rows. */
export function register(benchmarks: readonly Benchmark[]): void {
  let last = "";
  for (const { group, name, items, run, before, runs } of benchmarks) {
    const baseline = group !== last;
    last = group;
    Deno.bench({
      group,
      baseline,
      name: `${name} [${items}]`,
      ...(runs === undefined ? {} : { n: runs, warmup: 0 }),
      fn: before === undefined ? () => void run() : (b) => {
        before();
        b.start();
        run();
        b.end();
      },
    });
  }
}
