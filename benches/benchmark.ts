/**
 * What a benchmark is. Each is defined once; `deno bench` (`*_bench.ts`) and mitata (`mitata.ts`)
 * run it. A group holds rows that do the same number of operations by iteration; the first of them
 * is what bounds the others physically (a read of an array as large as the table, a plain copy of
 * the burst), so that every figure is also a ratio inside one run.
 */

/** One row. */
export interface Benchmark {
  readonly group: string;
  readonly name: string;
  /** Operations of one call of `run`. */
  readonly items: number;
  /** Does them; the answer depends on all of them, so that none can be left out. */
  run(): number;
  /** How many runs are enough, where one takes seconds. */
  readonly runs?: number;
  /** Called before each `run`, untimed. */
  before?(): void;
}

/** Operations by iteration where nothing else decides. */
export const ITEMS = 4096;
/** Packets in a burst. */
export const BURSTS = [1, 8, 32, 256] as const;

let copies = 0;

/**
 * A copy of a function that V8 has not seen. Closures of one function literal share what V8 learned
 * at their call sites, so a loop over nine classes of tables would be slow for each of them; a data
 * path has one class at each site. The function may use its arguments only, nothing around it. The
 * number makes the text a new one: V8 gives the same text the function that it compiled before.
 */
export function fresh<F extends (...args: never[]) => unknown>(fn: F): F {
  return new Function(`return ${fn.toString()} // ${copies++}`)() as F;
}

/**
 * Sizes of tables in routes: from BENCH_ROUTES, e.g. `1000,841941`, or 1,000 (in cache) and 100,000.
 * Ends the program with one line and code 2 when the variable is no list of counts.
 */
export function tableSizes(most: number): number[] {
  const text = Deno.env.get("BENCH_ROUTES") ?? "1000,100000";
  const sizes = text.split(",").map(Number);
  if (sizes.some((n) => !Number.isInteger(n) || n < 1 || n > 1_000_000)) {
    console.error(
      `BENCH_ROUTES is "${text}": counts of routes 1..1000000 with commas are expected`,
    );
    Deno.exit(2);
  }
  return [...new Set(sizes.map((n) => Math.min(n, most)))];
}
