/**
 * Runs the suite with mitata and prints nanoseconds by operation and operations by second: medians, with
 * the quartiles, since machines are noisy.
 */
import Table from "cli-table3";
import { do_not_optimize, measure } from "mitata";
import { benchmarks } from "./suite.ts";

const table = new Table({
  head: ["benchmark", "ns/op median", "p25..p75", "M op/s"],
  colAligns: ["left", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});
let group = "";
for (const benchmark of benchmarks()) {
  if (benchmark.group !== group) {
    group = benchmark.group;
    table.push([{ colSpan: 4, content: group }]);
  }
  const stats = await measure(() => do_not_optimize(benchmark.run()), { inner_gc: false });
  const { p25, p50, p75 } = stats;
  const ns = (t: number): string => (t / benchmark.items).toFixed(2);
  const rate = (benchmark.items * 1000) / p50;
  table.push([`  ${benchmark.name}`, ns(p50), `${ns(p25)}..${ns(p75)}`, rate.toFixed(1)]);
}
console.log(table.toString());
