/**
 * Runs the benchmarks with mitata and prints nanoseconds by operation, operations by second and the
 * ratio to the first row of the group: medians, with the quartiles, since machines are noisy.
 *
 *   deno task bench:mitata [rings|mempools|tables|tables6|packets|forwarders|scenarios|model]...
 */
import Table from "cli-table3";
import { do_not_optimize, measure } from "mitata";
import type { Benchmark } from "./benchmark.ts";
import { forwarders } from "./forwarders.ts";
import { mempools } from "./mempools.ts";
import { model } from "./model.ts";
import { packets } from "./packets.ts";
import { rings } from "./rings.ts";
import { scenarios } from "./scenarios.ts";
import { tables } from "./tables.ts";
import { tables6 } from "./tables6.ts";

const SUBJECTS: Readonly<Record<string, () => Benchmark[]>> = {
  rings,
  mempools,
  tables,
  tables6,
  packets,
  forwarders,
  scenarios,
  model,
};

const unknown = Deno.args.find((name) => !Object.hasOwn(SUBJECTS, name));
if (unknown !== undefined) {
  console.error(`"${unknown}" is no subject; expected: ${Object.keys(SUBJECTS).join(", ")}`);
  Deno.exit(2);
}
const table = new Table({
  head: ["benchmark", "ns/op median", "p25..p75", "op/s", "rate / first row"],
  colAligns: ["left", "right", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});
for (const name of Deno.args.length > 0 ? Deno.args : Object.keys(SUBJECTS)) {
  let group = "";
  let first = 0;
  for (const benchmark of SUBJECTS[name]!()) {
    const { p25, p50, p75 } = await measure(() => do_not_optimize(benchmark.run()), {
      inner_gc: false,
      ...(benchmark.runs === undefined
        ? {}
        : { min_samples: benchmark.runs, max_samples: benchmark.runs }),
      // What comes before a run is not to be done for thousands of runs at once.
      ...(benchmark.before === undefined
        ? {}
        : { params: { 0: benchmark.before }, batch_threshold: 0 }),
    });
    const ns = (t: number): string => digits(t / benchmark.items);
    const opsPerSecond = (benchmark.items * 1e9) / p50;
    if (benchmark.group !== group) {
      group = benchmark.group;
      first = opsPerSecond;
      table.push([{ colSpan: 5, content: group }]);
    }
    table.push([
      `  ${benchmark.name}`,
      ns(p50),
      `${ns(p25)}..${ns(p75)}`,
      rate(opsPerSecond),
      digits(opsPerSecond / first),
    ]);
  }
}
console.log(table.toString());

function digits(value: number): string {
  return value < 1000 ? value.toPrecision(3) : Math.round(value).toLocaleString("en-US");
}

function rate(perSecond: number): string {
  return perSecond >= 1e6 ? `${digits(perSecond / 1e6)} M` : `${digits(perSecond / 1e3)} k`;
}
